#ifndef HONE_PASSES_FUSE_TD
#define HONE_PASSES_FUSE_TD
include "mlir/Pass/PassBase.td"

def MergeProjections : Pass<"hone-merge-projections", "::mlir::ModuleOp"> {
  let summary = "makes the products that project one tensor to query, key and value one product";
  let description = [{
    Two or three `hone.matmul` of one left operand with weights, each with or without a bias row, that feed the same
    `hone.attention` directly or through `hone.rope`, become one product with the weights side by side (a recipe) and a
    `hone.slice` for each. Quantized weights are joined as they are: numbers, scales and zero points by column. The slices
    cost nothing where their reader absorbs them, as attention and rotations do. Why projections were not merged is said in remarks.

    Needs: inferred shapes, raised attention. Numerics: unchanged, each column is the same sum.
  }];
}

def MergeRotations : Pass<"hone-merge-rotations", "::mlir::ModuleOp"> {
  let summary = "rotations of neighbouring columns by the same angles, as of query and key, become one";
  let description = [{
    Two `hone.rope` of adjacent column slices of one tensor, with the same tables, positions and head size, whose results only `hone.attention`
    reads, become one over the columns of both, and a `hone.slice` for each, which attention reads in place. One kernel less a layer.

    Needs: merged projections. Numerics: unchanged.
  }];
}

def AlignProducts : Pass<"hone-align-products", "::mlir::ModuleOp"> {
  let summary = "writes out operands that fast products cannot read: transposed on the left, broadcast over leading dimensions";
  let description = [{
    A `hone.matmul` of f32 with `transpose_a` gets a `hone.transpose` in front; operands whose leading dimensions broadcast get a
    `hone.expand`, but for one matrix on the right, which kernels read as it is. Products by a single row or column, where a
    copy would cost as much as the product, stay, with a remark.

    Needs: inferred shapes. Numerics: unchanged but for the order of sums, which is another kernel's.
  }];
}
#endif
