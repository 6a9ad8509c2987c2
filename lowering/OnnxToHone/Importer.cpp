// Opens and parses the model file; everything about graphs is in GraphImporter.cpp.
#include "lowering/OnnxToHone/Importer.h"
#include "lowering/OnnxToHone/GraphImporter.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

using namespace mlir;

namespace hone {

OwningOpRef<ModuleOp> importOnnx(StringRef path, MLIRContext &context, const ImportOptions &options, std::vector<std::string> *problems) {
  std::string file = path.str();
  if (llvm::sys::fs::is_directory(file)) {
    llvm::SmallString<256> inside(file);
    llvm::sys::path::append(inside, "model.onnx");
    file = inside.str().str();
  }
  std::string shown = llvm::sys::path::filename(file).str();
  Location loc = NameLoc::get(StringAttr::get(&context, shown));
  auto error = [&](const Twine &message) -> OwningOpRef<ModuleOp> {
    emitError(FileLineColLoc::get(&context, shown, 0, 0)) << message;
    return {};
  };
  // Mapped, not read: weights are taken from the file by offset.
  auto buffer = llvm::MemoryBuffer::getFile(file, false, false);
  if (!buffer)
    return error("can't be opened: " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.empty())
    return error("the file is empty");
  if (bytes.size() >= (size_t(2) << 30))
    return error("the file has more than 2 GB, which protobuf can't hold; keep weights as external data");
  google::protobuf::LogSilencer silent;
  onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()), int(bytes.size()));
  stream.SetRecursionLimit(400);
  stream.SetTotalBytesLimit(INT32_MAX);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return error("not a complete ONNX model: it is truncated, no protobuf, or nested too deeply");
  if (!model.has_graph() || model.opset_import_size() == 0)
    return error("expected a graph and an opset, which an ONNX model has");

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr("hone.model", StringAttr::get(&context, shown));
  GraphImporter importer(*module, model, file, bytes, options, problems);
  if (!importer.run())
    return {};
  return module;
}

} // namespace hone
