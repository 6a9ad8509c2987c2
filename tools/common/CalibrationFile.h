// What samples said of values, as text: a later compile reads it instead of running them again.
#ifndef HONE_TOOLS_COMMON_CALIBRATIONFILE_H
#define HONE_TOOLS_COMMON_CALIBRATIONFILE_H
#include "passes/compress/Calibration.h"

namespace hone {

/// A JSON object with a line a value, in the order of the model's body:
///   {"node": "layer0/MatMul", "weight": "93f0...", "minmax": 4.1, "percentile": 3.2, "entropy": 2.9,
///   "mse": 3.7}
///   {"node": "layer0/MatMul", "weight": "93f0...", "channels": [0.9, 4.1, ...]}
/// `node` is the first product that reads the value and `weight` a hash of its weight, by which a file of
/// another model is known. Ranges are sizes (distances from zero), all kinds of them, so that another may be
/// chosen later; `channels` is the largest size of each element of the last axis. Numbers have 9 digits,
/// which give a float back exactly.
class CalibrationFile {
public:
  /// False: `error` says why.
  bool read(const std::string &path, std::string &error);
  bool isRead() const { return !path.empty(); }
  std::string text() const;

  void add(const Calibration::Reader &reader, const Ranges &ranges);
  void add(const Calibration::Reader &reader, const Eigen::VectorXf &peaks);

  /// What the file says of a value. None: `error` says what is missing or does not fit.
  std::optional<Ranges> ranges(const Calibration::Reader &reader, std::string &error);
  std::optional<Eigen::VectorXf> peaks(const Calibration::Reader &reader, std::string &error);

private:
  /// A line: ranges, or channels.
  struct Entry {
    std::string node, weight;
    std::optional<Ranges> ranges;
    std::vector<float> channels;
    bool isUsed = false; ///< products of one name take their lines in order
  };
  Entry *find(const Calibration::Reader &reader, bool wantsRanges, std::string &error);

  std::string path; // that was read
  std::vector<Entry> entries;
};

} // namespace hone
#endif
