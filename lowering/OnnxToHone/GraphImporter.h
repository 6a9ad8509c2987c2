// Walks graphs: values by name, initializers as weights, sub-graphs and functions in scopes.
#ifndef HONE_LOWERING_ONNXTOHONE_GRAPHIMPORTER_H
#define HONE_LOWERING_ONNXTOHONE_GRAPHIMPORTER_H
#include "lowering/OnnxToHone/Importer.h"
#include "lowering/OnnxToHone/Node.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hone {

class GraphImporter {
public:
  GraphImporter(mlir::ModuleOp module, const onnx::ModelProto &model, std::string path, llvm::StringRef bytes, const ImportOptions &options,
                std::vector<std::string> *problems);

  bool run();

  /// Imports a sub-graph's nodes at the builder's position; its outputs in order, empty after failures.
  std::vector<mlir::Value> subgraph(const onnx::GraphProto &graph, llvm::ArrayRef<mlir::Value> arguments);
  mlir::Value lookup(const std::string &name) const;
  /// The value of a tensor: a constant when small, else a weight by reference. Null with `error`.
  mlir::Value tensor(const onnx::TensorProto &proto, llvm::StringRef name, std::string &error);
  void report(const std::string &line);

  mlir::OpBuilder b;
  mlir::hone::Shapes shapes;
  mlir::ModuleOp module;

private:
  bool graph(const onnx::GraphProto &graph);
  bool initializers(const onnx::GraphProto &graph);
  bool nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &list);
  void node(const onnx::NodeProto &proto);
  bool inlineFunction(const onnx::NodeProto &proto);
  bool externalRange(const onnx::TensorProto &proto, std::string &file, int64_t &offset, int64_t &length, std::string &error);
  mlir::RankedTensorType inputType(const onnx::ValueInfoProto &input, mlir::ArrayAttr &names, std::string &error);
  int64_t opsetOf(llvm::StringRef domain) const;

  const onnx::ModelProto &model;
  std::string path, folder;
  llvm::StringRef bytes;
  const ImportOptions &options;
  std::vector<std::string> *problems;
  int reported = 0, depth = 0, counter = 0;
  std::vector<std::map<std::string, mlir::Value>> scopes;
  std::map<std::string, int64_t> functionOpsets; // of the function being inlined; empty outside
  mlir::SymbolTable symbols;
  size_t searchFrom = 0; // initializers stand in the file in order

  friend class Node;
};

} // namespace hone
#endif
