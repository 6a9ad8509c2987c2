// Runs samples through a graph that changes on the way: each op once for each sample.
#ifndef HONE_TOOLS_COMMON_CALIBRATE_H
#define HONE_TOOLS_COMMON_CALIBRATE_H
#include "lowering/Package/Weights.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/compress/Calibration.h"
#include "tools/common/Accuracy.h"
#include "tools/common/CalibrationFile.h"
#include "tools/common/Runner.h"
#include "tools/common/Samples.h"

namespace hone {

struct CalibrationSetup {
  SampleSources sources;
  std::string folder;              // for pieces of the graph
  std::string weightFile;          // where kept bytes go
  PackageOptions package;          // reads weights
  CalibrationFile *file = nullptr; // what is known of values: asked first, or else written to; null: none
  int threads = 0;
  /// Compiles a module of one function for this machine and writes it to a file.
  std::function<bool(mlir::ModuleOp, const std::string &)> compile;
  std::function<void(llvm::StringRef, size_t, size_t)> progress;
};

/// The body of @main is run in pieces, from what was asked for last to what is asked for now. Between pieces,
/// the values that the rest of the body reads are kept for every sample. Pieces are compiled for the exact
/// sizes of the samples.
class StagedCalibration : public Calibration {
public:
  StagedCalibration(mlir::ModuleOp module, CalibrationSetup setup);

  mlir::FailureOr<Eigen::MatrixXf> moments(mlir::Value value) override;
  mlir::FailureOr<Eigen::VectorXf> peaks(const Reader &reader) override;
  mlir::FailureOr<Ranges> ranges(const Reader &reader) override;
  mlir::FailureOr<PairSums> pairs(mlir::Value value) override;
  void rewind() override;
  mlir::FailureOr<std::vector<float>> elements(mlir::hone::WeightOp weight) override;
  mlir::FailureOr<Place> keep(llvm::ArrayRef<char> bytes) override;
  void note(mlir::Operation *layer, double lostShare) override;
  const std::vector<LayerAccuracy> &layers() const { return noted; }
  void progress(llvm::StringRef what, size_t done, size_t all) override { setup.progress(what, done, all); }
  const ParallelFor &parallel() const override { return parallelFor; }

private:
  /// A tensor of one sample.
  struct Stored {
    HoneTensor view;
    std::shared_ptr<void> memory;
  };
  using Values = llvm::SmallVector<mlir::Value>;

  bool readSamples();
  /// The samples of a value of f32, computed up to it, and how long its last axis is; null: failed.
  const std::vector<Stored> *samplesOf(mlir::Value value, int64_t &k);
  bool advance(mlir::Value to);
  /// The ops from the last place up to `last`, as a function of what is stored.
  mlir::OwningOpRef<mlir::ModuleOp> piece(mlir::Operation *last, const Values &inputs, const Values &outputs,
                                          size_t sample);
  bool run(mlir::Operation *last, const Values &inputs, const Values &outputs);
  bool isKnown(mlir::Value value);
  bool fail(const llvm::Twine &message);

  mlir::ModuleOp module;
  CalibrationSetup setup;
  mlir::func::FuncOp main;
  WeightSource weights;
  ParallelFor parallelFor;
  size_t samples = 0, pieces = 0;
  int64_t kept = 0;                                                // bytes in the weight file
  mlir::Operation *reached = nullptr;                              // the last op that was run; null: none yet
  llvm::DenseMap<mlir::Value, std::vector<Stored>> stored, inputs; // inputs: of @main, as they were read
  std::vector<LayerAccuracy> noted;
  llvm::DenseMap<mlir::Operation *, bool> known; // ops that read weights and constants only
};

} // namespace hone
#endif
