// The compiler as a function: what hone-compile's flags fill in.
#ifndef HONE_TOOLS_COMMON_DRIVER_H
#define HONE_TOOLS_COMMON_DRIVER_H
#include "tools/common/Accuracy.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <string>
#include <vector>

namespace hone {

struct CompileOptions {
  std::string model;  // x.onnx, a folder with model.onnx, or x.mlir
  std::string output; // a file; "-" prints IR
  std::string target = "host";
  std::string partition;    // a file of limits and pinned nodes (PartitionFile.h)
  std::string deviceMemory; // for weights: 4GB, 512MiB
  std::map<std::string, std::pair<int64_t, int64_t>> dims; // --dim: least and most; equal fixes
  std::string compileTo, compileFrom;
  std::vector<std::string> compress; // METHOD:KEY=VALUE,... in order
  std::string calibrate;       // samples to learn from and to measure with: a folder, or token ids as .npy
  std::string calibrationFile; // ranges of values: written with samples to learn from, read without
  std::string evalTokens;      // token ids to measure with
  std::string accuracyBudget;  // what it may cost: cosine:0.999, snr:30dB, ppl:+2%
  bool checkOnly = false;
  bool keepNames = false; // IR that is written says which nodes of the model its ops come from
  bool explain = false;
  std::string explainFile, reportFile, saveTemps;
  std::string emit = "hone";               // hone, exe, obj
  std::string runner;                      // hone-run: what --emit=exe puts in front of the artifact
  std::vector<std::string> insertAfter;    // PHASE:PASS
  std::vector<std::string> disabledPasses; // by flag, without dashes
  std::vector<std::string> dialectPlugins; // libraries
  std::string pdlPatterns;
  bool quiet = false, verbose = false, json = false;
  int threads = 0;             // 0: all
  std::string ptxas, cacheDir; // the program, and a folder for what it makes; empty: none
  std::vector<std::string> arguments;
};

/// Compiles a model. Returns the process's exit code: 0 done, 1 the input is at fault, 70 internal error.
/// Messages go to `err`, one line each; IR that was asked for goes to `out`.
int compileModel(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &err);

} // namespace hone
#endif
