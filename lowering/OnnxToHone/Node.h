// One ONNX node as its handler sees it: operands, attributes, and short ways to build hone ops.
#ifndef HONE_LOWERING_ONNXTOHONE_NODE_H
#define HONE_LOWERING_ONNXTOHONE_NODE_H
#include "dialects/hone/HoneDialect.h"
#include "lowering/OnnxToHone/Proto.h"
#include <optional>

namespace hone {

class GraphImporter;

class Node {
public:
  Node(GraphImporter &graph, const onnx::NodeProto &proto, int64_t opset, mlir::Location loc);

  // Operands. A missing optional input is null.
  int inputs() const { return proto.input_size(); }
  int outputs() const { return proto.output_size(); }
  bool has(int i) const { return i < inputs() && !proto.input(i).empty(); }
  bool wants(int i) const { return i < outputs() && !proto.output(i).empty(); }
  mlir::Value in(int i);
  void out(int i, mlir::Value value);

  // Attributes.
  const onnx::AttributeProto *attribute(llvm::StringRef name) const;
  bool hasAttribute(llvm::StringRef name) const { return attribute(name); }
  int64_t integer(llvm::StringRef name, int64_t otherwise) const;
  double real(llvm::StringRef name, double otherwise) const;
  std::string text(llvm::StringRef name, llvm::StringRef otherwise) const;
  std::vector<int64_t> integers(llvm::StringRef name, std::vector<int64_t> otherwise = {}) const;
  std::vector<float> reals(llvm::StringRef name) const;

  // Facts.
  static mlir::Type element(mlir::Value v) { return mlir::cast<mlir::ShapedType>(v.getType()).getElementType(); }
  int64_t rank(mlir::Value v) const { return mlir::cast<mlir::RankedTensorType>(v.getType()).getRank(); }
  int64_t size(mlir::Value v, int64_t axis) const { return mlir::cast<mlir::RankedTensorType>(v.getType()).getDimSize(axis); }
  /// `axis` made non-negative; fails the node when it is out of range.
  int64_t axis(int64_t axis, int64_t rank);
  /// The integers an operand is known to hold; fails the node when only the run knows them.
  std::vector<int64_t> known(int i, llvm::StringRef what);

  // Building. Results are typed by inference; a failure makes the node fail and gives null.
  template <typename Op, typename... Args>
  mlir::Value make(mlir::Type element, Args &&...args) {
    if (failed)
      return {};
    auto op = Op::create(b, loc, mlir::UnrankedTensorType::get(element), std::forward<Args>(args)...);
    return infer(op) ? op->getResult(0) : mlir::Value();
  }
  /// An op whose result has its first operand's element type.
  template <typename Op, typename... Args>
  mlir::Value like(mlir::Value x, Args &&...args) {
    return x ? make<Op>(element(x), x, std::forward<Args>(args)...) : fail("an operand is missing");
  }
  bool infer(mlir::Operation *op);
  mlir::Value constant(mlir::Type element, double value);                        // scalar
  mlir::Value integerTensor(llvm::ArrayRef<int64_t> values);                     // 1-D i64
  mlir::Value cast(mlir::Value x, mlir::Type to);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> sizes);             // 0 copies, -1 infers
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t from, int64_t to);
  mlir::Value unsqueeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value squeeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value compare(mlir::hone::CmpKind kind, mlir::Value x, mlir::Value y);
  mlir::Value reduce(mlir::hone::ReduceKind kind, mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep);
  mlir::Value add(mlir::Value x, mlir::Value y) { return like<mlir::hone::AddOp>(x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return like<mlir::hone::SubOp>(x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return like<mlir::hone::MulOp>(x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return like<mlir::hone::DivOp>(x, y); }
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y);

  /// Reports why this node can't be compiled; gives null.
  mlir::Value fail(const llvm::Twine &why);

  GraphImporter &graph;
  const onnx::NodeProto &proto;
  int64_t opset;
  mlir::OpBuilder &b;
  mlir::hone::Shapes &shapes;
  mlir::Location loc;
  bool failed = false;
};

} // namespace hone
#endif
