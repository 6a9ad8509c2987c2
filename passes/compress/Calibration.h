// What a pass that learns from samples asks for. Who runs the graph is not the pass's business.
#ifndef HONE_PASSES_COMPRESS_CALIBRATION_H
#define HONE_PASSES_COMPRESS_CALIBRATION_H
#include "dialects/hone/HoneDialect.h"
#include "passes/compress/math/Gptq.h"
#include "passes/compress/math/Ranges.h"

namespace hone {

/// What the ONNX node that an op comes from is called; of several the first.
std::string nodeName(mlir::Operation *op);

class Calibration {
public:
  virtual ~Calibration() = default;

  /// X^T X [K, K] over all rows of all samples of a value [..., K] of f32 in the body of @main, computed by
  /// the graph as it is now: what was changed in front of the value shows in it. Values are asked for in the
  /// order of the body. Fails with an error that was emitted.
  virtual mlir::FailureOr<Eigen::MatrixXf> moments(mlir::Value value) = 0;

  /// Who reads a value, for what a file may know of it: the value, the first product that reads it by the
  /// name of its node, and a number that stands for the elements of that product's weight.
  struct Reader {
    mlir::Value value;
    std::string node;
    uint64_t weight = 0;
  };
  /// The largest size of each element of the last axis, [K], over the same rows. In the same order.
  virtual mlir::FailureOr<Eigen::VectorXf> peaks(const Reader &reader) = 0;
  /// How far the elements reach from zero. In the same order.
  virtual mlir::FailureOr<Ranges> ranges(const Reader &reader) = 0;
  /// Sums over the same rows of a value [..., 2 N] of f32: x is element i of a row, y element N + i.
  struct PairSums {
    int64_t rows = 0;
    Eigen::ArrayXd x, y, xx, xy; ///< [N]
  };
  /// In the same order. The value and what it is computed from stand until `rewind`.
  virtual mlir::FailureOr<PairSums> pairs(mlir::Value value) = 0;
  /// Values are asked for from the front again.
  virtual void rewind() = 0;
  /// The elements of a weight of f32, row-major.
  virtual mlir::FailureOr<std::vector<float>> elements(mlir::hone::WeightOp weight) = 0;
  struct Place {
    std::string file;
    int64_t offset;
  };
  /// Keeps bytes that a weight may refer to for as long as the module is compiled.
  virtual mlir::FailureOr<Place> keep(llvm::ArrayRef<char> bytes) = 0;
  /// Hears what became of a layer on samples: which share of its outputs' energy is lost.
  virtual void note(mlir::Operation *layer, double lostShare) = 0;
  virtual void progress(llvm::StringRef what, size_t done, size_t all) = 0;
  virtual const ParallelFor &parallel() const = 0;
};

} // namespace hone
#endif
