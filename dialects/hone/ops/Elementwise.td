// Elementwise ops: numpy broadcasting, one `buildScalar` each (ops/Elementwise.cpp).
#ifndef HONE_ELEMENTWISE_TD
#define HONE_ELEMENTWISE_TD
include "dialects/hone/HoneDialect.td"

class Hone_Elementwise<string mnemonic, list<Trait> traits = []>
    : Hone_ElementOp<mnemonic, !listconcat([DeclareOpInterfaceMethods<ElementwiseOpInterface>], traits)> {
  let description = [{
    Operands broadcast as numpy does, aligned at the last dimension; the result has the broadcast shape. Operands that do not broadcast, or
    differ in element type where the summary does not say otherwise, are an error. 16-bit floats are computed in f32 and rounded back.
  }];
  let results = (outs Hone_Tensor:$result);
}

class Hone_Unary<string mnemonic, string text, list<Trait> traits = []> : Hone_Elementwise<mnemonic, traits> {
  let summary = text;
  let arguments = (ins Hone_Tensor:$input);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}
class Hone_Binary<string mnemonic, string text, list<Trait> traits = []> : Hone_Elementwise<mnemonic, traits> {
  let summary = text;
  let arguments = (ins Hone_Tensor:$lhs, Hone_Tensor:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Hone_AbsOp : Hone_Unary<"abs", "|x|">;
def Hone_NegOp : Hone_Unary<"neg", "-x">;
def Hone_SignOp : Hone_Unary<"sign", "-1, 0 or 1">;
def Hone_FloorOp : Hone_Unary<"floor", "round down">;
def Hone_CeilOp : Hone_Unary<"ceil", "round up">;
def Hone_RoundOp : Hone_Unary<"round", "round to nearest, ties to even">;
def Hone_SqrtOp : Hone_Unary<"sqrt", "square root">;
def Hone_RsqrtOp : Hone_Unary<"rsqrt", "1 / sqrt(x)">;
def Hone_ReciprocalOp : Hone_Unary<"reciprocal", "1 / x">;
def Hone_ExpOp : Hone_Unary<"exp", "e^x">;
def Hone_LogOp : Hone_Unary<"log", "natural logarithm">;
def Hone_SinOp : Hone_Unary<"sin", "sine">;
def Hone_CosOp : Hone_Unary<"cos", "cosine">;
def Hone_TanOp : Hone_Unary<"tan", "tangent">;
def Hone_AsinOp : Hone_Unary<"asin", "arc sine">;
def Hone_AcosOp : Hone_Unary<"acos", "arc cosine">;
def Hone_AtanOp : Hone_Unary<"atan", "arc tangent">;
def Hone_SinhOp : Hone_Unary<"sinh", "hyperbolic sine">;
def Hone_CoshOp : Hone_Unary<"cosh", "hyperbolic cosine">;
def Hone_AsinhOp : Hone_Unary<"asinh", "inverse hyperbolic sine">;
def Hone_AcoshOp : Hone_Unary<"acosh", "inverse hyperbolic cosine">;
def Hone_AtanhOp : Hone_Unary<"atanh", "inverse hyperbolic tangent">;
def Hone_ErfOp : Hone_Unary<"erf", "error function">;
def Hone_TanhOp : Hone_Unary<"tanh", "hyperbolic tangent">;
def Hone_SigmoidOp : Hone_Unary<"sigmoid", "1 / (1 + e^-x)">;
def Hone_SoftplusOp : Hone_Unary<"softplus", "log(1 + e^x)">;
def Hone_ReluOp : Hone_Unary<"relu", "max(x, 0)">;
def Hone_SiluOp : Hone_Unary<"silu", "x * sigmoid(x)", [Hone_Composite]>;
def Hone_NotOp : Hone_Unary<"not", "logical not of i1, bitwise not of integers">;
def Hone_IsNanOp : Hone_Unary<"is_nan", "whether x is not a number; i1">;
def Hone_IsInfOp : Hone_Unary<"is_inf", "whether x is infinite; i1"> {
  let arguments = (ins Hone_Tensor:$input, DefaultValuedAttr<BoolAttr, "true">:$negative,
                   DefaultValuedAttr<BoolAttr, "true">:$positive);
}
def Hone_GeluOp : Hone_Unary<"gelu", "x * Phi(x), by erf or, with `tanh`, by its tanh approximation", [Hone_Composite]> {
  let arguments = (ins Hone_Tensor:$input, UnitAttr:$tanh);
}
def Hone_CastOp : Hone_Unary<"cast", "conversion to the element type `to`; float to int truncates, to i1 tests for zero"> {
  let arguments = (ins Hone_Tensor:$input, TypeAttr:$to, DefaultValuedAttr<BoolAttr, "true">:$saturate);
}

def Hone_BitcastOp : Hone_Unary<"bitcast", "the same bits as element type `to` of equal width"> {
  let arguments = (ins Hone_Tensor:$input, TypeAttr:$to);
}

def Hone_AddOp : Hone_Binary<"add", "x + y", [Commutative]>;
def Hone_SubOp : Hone_Binary<"sub", "x - y">;
def Hone_MulOp : Hone_Binary<"mul", "x * y", [Commutative]>;
def Hone_DivOp : Hone_Binary<"div", "x / y; integers truncate towards zero">;
def Hone_ModOp : Hone_Binary<"mod", "remainder with the sign of y, or of x with `fmod`"> {
  let arguments = (ins Hone_Tensor:$lhs, Hone_Tensor:$rhs, UnitAttr:$fmod);
}
def Hone_PowOp : Hone_Binary<"pow", "x^y, in x's type; y may be of another">;
def Hone_MinOp : Hone_Binary<"min", "the smaller; NaN if either is", [Commutative]>;
def Hone_MaxOp : Hone_Binary<"max", "the larger; NaN if either is", [Commutative]>;
def Hone_AndOp : Hone_Binary<"and", "bitwise and; logical for i1", [Commutative]>;
def Hone_OrOp : Hone_Binary<"or", "bitwise or; logical for i1", [Commutative]>;
def Hone_XorOp : Hone_Binary<"xor", "bitwise exclusive or; logical for i1", [Commutative]>;
def Hone_ShlOp : Hone_Binary<"shl", "shift left">;
def Hone_ShrOp : Hone_Binary<"shr", "shift right, filling with zeros for unsigned types">;

def Hone_CmpEq : I32EnumAttrCase<"eq", 0>;
def Hone_CmpNe : I32EnumAttrCase<"ne", 1>;
def Hone_CmpLt : I32EnumAttrCase<"lt", 2>;
def Hone_CmpLe : I32EnumAttrCase<"le", 3>;
def Hone_CmpGt : I32EnumAttrCase<"gt", 4>;
def Hone_CmpGe : I32EnumAttrCase<"ge", 5>;
def Hone_CmpKind : I32EnumAttr<"CmpKind", "comparison", [Hone_CmpEq, Hone_CmpNe, Hone_CmpLt, Hone_CmpLe, Hone_CmpGt, Hone_CmpGe]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_CmpOp : Hone_Elementwise<"cmp"> {
  let summary = "comparison; i1, false for NaN (`ne`: true)";
  let arguments = (ins Hone_CmpKind:$kind, Hone_Tensor:$lhs, Hone_Tensor:$rhs);
  let assemblyFormat = "$kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}
def Hone_SelectOp : Hone_Elementwise<"select"> {
  let summary = "condition ? x : y; the condition is i1";
  let arguments = (ins Hone_Tensor:$condition, Hone_Tensor:$lhs, Hone_Tensor:$rhs);
  let assemblyFormat = "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}
#endif
