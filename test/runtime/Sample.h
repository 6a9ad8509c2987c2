// Makes artifacts of sample.c, right and wrong ones, as the packager would.
#ifndef HONE_TEST_RUNTIME_SAMPLE_H
#define HONE_TEST_RUNTIME_SAMPLE_H
#include "runtime/abi/Artifact.h"
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sample {

struct Parts {
  std::string code;
  std::vector<float> bias{0.5f, 1.5f, 2.5f, 3.5f}; // the weight segment starts with it
  nlohmann::json metadata;
  HoneFooter footer{};
};

/// What the sample says about itself.
nlohmann::json metadata();
std::string readFile(const std::string &path);
void writeFile(const std::string &path, const std::string &bytes);

/// The bytes of an artifact. `before` changes the parts; `after` changes the footer, whose checksum is then
/// made.
std::string build(const std::function<void(Parts &)> &before = {},
                  const std::function<void(HoneFooter &)> &after = {});
/// Writes bytes under a new name in the test's temporary folder.
std::string save(const std::string &bytes);
/// A path in the test's temporary folder that no file has.
std::string freshPath(const std::string &suffix);

} // namespace sample
#endif
