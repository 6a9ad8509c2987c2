// Walks graphs: values by name, initializers as weights, sub-graphs and functions in scopes.
#ifndef HONE_LOWERING_ONNXTOHONE_GRAPHIMPORTER_H
#define HONE_LOWERING_ONNXTOHONE_GRAPHIMPORTER_H
#include "lowering/OnnxToHone/Importer.h"
#include "lowering/OnnxToHone/Node.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace hone {

class GraphImporter {
public:
  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
  /// Values by name; null for those that a reported problem leaves without a value.
  using Scope = llvm::StringMap<mlir::Value>;

  GraphImporter(mlir::ModuleOp module, const onnx::ModelProto &model, std::string path, size_t fileSize,
                const ImportOptions &options, std::vector<std::string> *problems);

  bool run();

  /// Imports a sub-graph's nodes at the builder's position. False after a reported problem.
  bool subgraph(Node &owner, const onnx::GraphProto &graph, llvm::ArrayRef<mlir::Value> arguments,
                std::vector<mlir::Value> &results);
  mlir::Value lookup(llvm::StringRef name) const;
  void define(llvm::StringRef name, mlir::Value value) { scopes.back()[name] = value; }
  /// The value of a tensor: a constant when small, else a weight by reference. Null with `error`.
  mlir::Value tensor(const onnx::TensorProto &proto, llvm::StringRef name, std::string &error);
  /// The bytes of `weight` (a get_weight of a file's bytes) as another type of that many bytes; null for
  /// other values.
  mlir::Value reinterpret(mlir::Value weight, mlir::RankedTensorType type);
  /// The rank that the main graph declares of a value, or of what elementwise operators make of it.
  std::optional<int64_t> declaredRank(llvm::StringRef name) const;
  void report(const std::string &line);

  mlir::OpBuilder b;
  mlir::hone::Shapes shapes;
  mlir::ModuleOp module;

private:
  // GraphImporter.cpp
  bool checkOpset();
  bool signature();
  mlir::RankedTensorType inputType(const onnx::ValueInfoProto &input, mlir::ArrayAttr &names,
                                   std::string &error);
  std::optional<int64_t> fixedSize(llvm::StringRef name) const;
  void initializers(const onnx::GraphProto &graph);
  bool checkNames(const Nodes &list);
  void nodes(const Nodes &list);
  void node(const onnx::NodeProto &proto);
  void dropUnused();
  std::string describe(const onnx::NodeProto &proto, int number) const;
  int64_t opsetOf(llvm::StringRef domain) const;

  // Functions.cpp
  const onnx::FunctionProto *functionOf(const onnx::NodeProto &proto) const;
  void inlineFunction(Node &call, const onnx::FunctionProto &function);

  // Tensors.cpp
  struct Bytes {
    std::string file; // relative to the model
    int64_t offset = 0, length = 0;
  };
  bool externalBytes(const onnx::TensorProto &proto, Bytes &at, std::string &error);
  bool readBytes(const Bytes &at, std::vector<char> &out) const;
  mlir::Value weight(llvm::StringRef name, mlir::RankedTensorType type, const Bytes &at);
  mlir::Value constant(mlir::RankedTensorType type, llvm::ArrayRef<char> raw, mlir::Location loc);

  const onnx::ModelProto &model;
  std::string path, folder, shown, prefix;
  size_t fileSize;
  const ImportOptions &options;
  std::vector<std::string> *problems;
  int reported = 0, depth = 0, number = 0;
  bool stopped = false;
  std::vector<Scope> scopes;
  mlir::func::FuncOp function;                 // @main
  const onnx::FunctionProto *inside = nullptr; // the function being inlined
  mlir::SymbolTable symbols;
  llvm::StringMap<int64_t> externalSizes;
  std::map<std::tuple<std::string, int64_t, const void *>, mlir::hone::WeightOp>
      weights; // by file, offset, type

  friend class Node;
};

} // namespace hone
#endif
