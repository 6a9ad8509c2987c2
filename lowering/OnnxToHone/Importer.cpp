// Opens and parses the model file; everything about graphs is in GraphImporter.cpp.
#include "lowering/OnnxToHone/Importer.h"
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/Skeleton.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

using namespace mlir;

namespace hone {

/// Sub-graphs cost four levels of messages each.
constexpr int messageDepth = 4 * maxGraphDepth + 40;

OwningOpRef<ModuleOp> importOnnx(StringRef path, MLIRContext &context, const ImportOptions &options,
                                 std::vector<std::string> *problems) {
  std::string file = path.str();
  if (llvm::sys::fs::is_directory(file)) {
    llvm::SmallString<256> inside(file);
    llvm::sys::path::append(inside, "model.onnx");
    file = inside.str().str();
  }
  std::string shown = llvm::sys::path::filename(file).str();
  Location loc = FileLineColLoc::get(&context, shown, 0, 0);
  auto error = [&](const Twine &message) -> OwningOpRef<ModuleOp> {
    emitError(loc) << message;
    return {};
  };
  // Mapped, not read: only what the skeleton needs is touched.
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error("can't be opened: " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.empty())
    return error("the file is empty");
  onnx::ModelProto model;
  {
    std::string why, skeleton = skeletonOf(bytes, why);
    if (skeleton.empty())
      return error(why.empty() ? "the file is empty" : why);
    if (skeleton.size() > size_t(INT32_MAX))
      return error("the graph without its weights has more than 2 GB, which protobuf can't hold");
    google::protobuf::LogSilencer silent;
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(skeleton.data()),
                                                  int(skeleton.size()));
    stream.SetRecursionLimit(messageDepth);
    if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
      return error("not an ONNX model: its fields are not those of one, or are nested too deeply");
  }
  if (!model.has_graph())
    return error("expected a graph, which an ONNX model has");
  if (model.opset_import_size() == 0)
    return error("expected the opset that the model is written in");
  llvm::StringMap<int64_t> versions;
  for (const auto &opset : model.opset_import()) {
    std::string domain = opset.domain() == "ai.onnx" ? "" : opset.domain();
    int64_t version = opset.version(), first = versions.try_emplace(domain, version).first->second;
    if (version < 0)
      return error("expected an opset of domain '" + domain + "', got " + std::to_string(version));
    if (version != first)
      return error("domain '" + domain + "' has two opsets, " + std::to_string(first) + " and " +
                   std::to_string(version));
  }

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr("hone.model", StringAttr::get(&context, shown));
  GraphImporter importer(*module, model, file, bytes.size(), options, problems);
  if (!importer.run())
    return {};
  return module;
}

} // namespace hone
