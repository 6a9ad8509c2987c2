// Builds artifact files from the compiled sample.
#define XXH_INLINE_ALL
#include "test/runtime/Sample.h"
#include "runtime/abi/Abi.h"
#include "runtime/abi/Checksum.h"
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace sample {

using nlohmann::json;

json metadata() {
  json batch = {{"dim", "batch"}, {"min", 0}, {"max", 100000}},
       seq = {{"dim", "seq"}, {"min", 1}, {"max", 8}};
  return {{"format", HONE_FORMAT_VERSION},
          {"hone", "0.1.0"},
          {"model", "sample.onnx"},
          {"target", {{"name", "x86-64"}, {"features", json::array({"sse2"})}}},
          {"options", json::object()},
          {"inputs",
           {{{"name", "x"}, {"dtype", "f32"}, {"shape", {batch, 4}}},
            {{"name", "ids"}, {"dtype", "i64"}, {"shape", {batch, seq}}}}},
          {"outputs",
           {{{"name", "y"}, {"dtype", "f32"}, {"shape", {batch, 4}}},
            {{"name", "exp/e:0"}, {"dtype", "f32"}, {"shape", {batch, 4}}},
            {{"name", "total"}, {"dtype", "i64"}, {"shape", {batch}}}}},
          {"kernels", {{{"name", "twice"}, {"family", "rowwise"}, {"config", "none"}, {"bytes", 100}}}},
          {"calls",
           {{{"kernel", 0}, {"nodes", {"layer0/mul"}}, {"device", "host"}},
            {{"kernel", 0}, {"nodes", {"check/ids"}}, {"device", "host"}},
            {{"kernel", -1}, {"nodes", {"layer1/scatter"}}, {"device", "host"}}}},
          {"weights",
           {{{"name", "bias"},
             {"dtype", "f32"},
             {"shape", {4}},
             {"offset", 0},
             {"bytes", 16},
             {"from", {"bias"}}}}},
          {"plan", {{"arena", "dynamic"}, {"weight_bytes", 16}}}};
}

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void writeFile(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string build(const std::function<void(Parts &)> &before,
                  const std::function<void(HoneFooter &)> &after) {
  Parts parts;
  parts.code = readFile(HONE_SAMPLE_CODE);
  parts.metadata = metadata();
  if (before)
    before(parts);
  std::string file = parts.code, text = parts.metadata.dump();
  HoneFooter &footer = parts.footer;
  footer.codeSize = file.size();
  file.resize((file.size() + HONE_WEIGHT_ALIGN - 1) / HONE_WEIGHT_ALIGN * HONE_WEIGHT_ALIGN);
  footer.weightOffset = file.size();
  footer.weightSize = parts.bias.size() * sizeof(float);
  file.append(reinterpret_cast<const char *>(parts.bias.data()), footer.weightSize);
  footer.metaOffset = file.size();
  footer.metaSize = text.size();
  file += text;
  footer.codeChecksum = honeChecksum(parts.code.data(), parts.code.size());
  footer.weightChecksum =
      honeWeightChecksum(reinterpret_cast<const uint8_t *>(parts.bias.data()), footer.weightSize);
  footer.metaChecksum = honeChecksum(text.data(), text.size());
  footer.formatVersion = HONE_FORMAT_VERSION;
  footer.abiVersion = HONE_ABI_VERSION;
  memcpy(footer.magic, HONE_FOOTER_MAGIC, sizeof footer.magic);
  if (after)
    after(footer);
  footer.footerChecksum = honeChecksum(&footer, offsetof(HoneFooter, footerChecksum));
  return file.append(reinterpret_cast<const char *>(&footer), sizeof footer);
}

namespace {
struct Folder {
  Folder() {
    path = (std::filesystem::temp_directory_path() / "hone-test-XXXXXX").string();
    if (!mkdtemp(path.data()))
      abort();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};
} // namespace

std::string freshPath(const std::string &suffix) {
  static Folder folder;
  static int number = 0;
  return folder.path + "/" + std::to_string(number++) + suffix;
}

std::string save(const std::string &bytes) {
  std::string path = freshPath(".hone");
  writeFile(path, bytes);
  return path;
}

} // namespace sample
