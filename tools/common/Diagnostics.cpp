// One line an error: `error: model.onnx: node 'name': message`.
#include "tools/common/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"

namespace hone {

DiagnosticPrinter::DiagnosticPrinter(mlir::MLIRContext &context, llvm::raw_ostream &err, std::string model,
                                     std::function<void()> before)
    : context(context), err(err), model(std::move(model)), before(std::move(before)) {
  id = context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) { return handle(d); });
}

DiagnosticPrinter::~DiagnosticPrinter() { context.getDiagEngine().eraseHandler(id); }

std::string DiagnosticPrinter::nodeOf(mlir::Location location) {
  if (auto named = mlir::dyn_cast<mlir::NameLoc>(location))
    return named.getName().str();
  if (auto fused = mlir::dyn_cast<mlir::FusedLoc>(location); fused && !fused.getLocations().empty())
    return nodeOf(fused.getLocations().front());
  return "";
}

std::string DiagnosticPrinter::where(mlir::Location location) const {
  if (std::string node = nodeOf(location); !node.empty())
    return model + ": node '" + node + "': ";
  if (auto fused = mlir::dyn_cast<mlir::FusedLoc>(location); fused && !fused.getLocations().empty())
    return where(fused.getLocations().front());
  if (auto file = mlir::dyn_cast<mlir::FileLineColLoc>(location))
    return file.getFilename().str() + (file.getLine() ? ":" + std::to_string(file.getLine()) : "") + ": ";
  return model + ": ";
}

/// Names come from the model: they may hold new lines, escape sequences or a megabyte.
static std::string onOneLine(llvm::StringRef text) {
  constexpr size_t longest = 2000;
  std::string line = text.take_front(longest).str();
  for (char &c : line)
    if (c == '\n' || c == '\t')
      c = ' ';
    else if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = '?';
  return text.size() > longest ? line + "..." : line;
}

mlir::LogicalResult DiagnosticPrinter::handle(mlir::Diagnostic &diagnostic) {
  std::string message = diagnostic.str();
  // The importer names the node itself.
  bool isPlaced = llvm::StringRef(message).contains("node '") ||
                  llvm::StringRef(message).contains("node #") || llvm::StringRef(message).starts_with(model);
  std::string line = (isPlaced ? (llvm::StringRef(message).starts_with(model) ? "" : model + ": ")
                               : where(diagnostic.getLocation())) +
                     message;
  line = onOneLine(line);
  if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Remark)
    before();
  switch (diagnostic.getSeverity()) {
  case mlir::DiagnosticSeverity::Error:
    // One cause gives one line: what fails because of it says nothing new.
    if (errors++ < 20)
      err << "error: " << line << "\n";
    break;
  case mlir::DiagnosticSeverity::Warning:
    err << "warning: " << line << "\n";
    break;
  case mlir::DiagnosticSeverity::Remark:
    if (std::string node = nodeOf(diagnostic.getLocation()); !node.empty())
      kept.push_back({onOneLine(node), onOneLine(message)});
    else
      kept.push_back(
          {llvm::StringRef(where(diagnostic.getLocation())).rtrim(": ").str(), onOneLine(message)});
    break;
  case mlir::DiagnosticSeverity::Note:
    err << "note: " << line << "\n";
    break;
  }
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Remark &&
        !llvm::StringRef(note.str()).contains("see current operation"))
      err << "note: " << onOneLine(note.str()) << "\n";
  return mlir::success();
}

} // namespace hone
