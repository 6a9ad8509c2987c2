// Opening artifacts: a good one, and each way in which a file can be wrong.
#include "runtime/abi/Abi.h"
#include "runtime/api/hone.h"
#include "test/runtime/Sample.h"
#include <filesystem>
#include <gtest/gtest.h>

namespace {

/// "" when the file opens, else the message.
std::string openError(const std::string &path, bool skipVerification = false) {
  HoneModuleOptions options{};
  options.threads = 1;
  options.skip_verification = skipVerification;
  HoneModule *module = nullptr;
  HoneStatus status = hone_module_open(path.c_str(), &options, &module);
  EXPECT_EQ(status == HONE_OK, module != nullptr);
  EXPECT_NE(status, HONE_INTERNAL) << hone_error();
  hone_module_close(module);
  return status == HONE_OK ? "" : hone_error();
}

std::string errorOf(const std::string &bytes) { return openError(sample::save(bytes)); }

void expectPart(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), std::string::npos) << "expected '" << part << "' in '" << message << "'";
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

std::string flipped(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  return bytes;
}

HoneFooter footerOf(const std::string &bytes) {
  HoneFooter footer;
  memcpy(&footer, bytes.data() + bytes.size() - sizeof footer, sizeof footer);
  return footer;
}

TEST(Module, OpensAndTellsItsSignature) {
  HoneModule *module = nullptr;
  ASSERT_EQ(hone_module_open(sample::save(sample::build()).c_str(), nullptr, &module), HONE_OK)
      << hone_error();
  EXPECT_EQ(hone_module_input_count(module), 2u);
  EXPECT_EQ(hone_module_output_count(module), 3u);
  const HoneTensorInfo *ids = hone_module_input(module, 1);
  EXPECT_STREQ(ids->name, "ids");
  EXPECT_EQ(ids->dtype, HONE_I64);
  ASSERT_EQ(ids->rank, 2);
  EXPECT_STREQ(ids->dims[1].name, "seq");
  EXPECT_EQ(ids->dims[1].min, 1);
  EXPECT_EQ(ids->dims[1].max, 8);
  EXPECT_EQ(hone_module_input(module, 0)->dims[1].name, nullptr);
  EXPECT_EQ(hone_module_input(module, 2), nullptr);
  EXPECT_EQ(nlohmann::json::parse(hone_module_metadata(module)), sample::metadata());
  hone_module_close(module);
}

TEST(Module, RefusesEveryTruncation) {
  std::string bytes = sample::build();
  for (size_t length : {size_t(0), size_t(3), size_t(60), size_t(200), bytes.size() / 2, bytes.size() - 1})
    EXPECT_NE(errorOf(bytes.substr(0, length)), "") << length;
  expectPart(errorOf(bytes.substr(0, bytes.size() - 1)), "truncated");
}

TEST(Module, FindsAnAlteredByteInEachPart) {
  std::string bytes = sample::build();
  HoneFooter footer = footerOf(bytes);
  expectPart(errorOf(flipped(bytes, footer.codeSize / 2)), "the code's checksum differs");
  expectPart(errorOf(flipped(bytes, footer.weightOffset + 3)), "the weights' checksum differs");
  expectPart(errorOf(flipped(bytes, footer.metaOffset + 9)), "the metadata's checksum differs");
  expectPart(errorOf(flipped(bytes, bytes.size() - sizeof footer + 9)), "the footer's checksum differs");
}

TEST(Module, SkipsTheChecksumsOfCodeAndWeightsWhenAsked) {
  std::string bytes = sample::build();
  EXPECT_EQ(openError(sample::save(flipped(bytes, footerOf(bytes).weightOffset + 3)), true), "");
}

TEST(Module, FindsAnAlteredByteInManyBlocks) {
  std::string bytes = sample::build([](sample::Parts &parts) { parts.bias.resize(10 << 20, 1.0f); });
  EXPECT_EQ(errorOf(bytes), "");
  HoneFooter footer = footerOf(bytes);
  expectPart(errorOf(flipped(bytes, footer.weightOffset + (9u << 20))), "the weights' checksum differs");
}

TEST(Module, RefusesForeignFiles) {
  expectPart(errorOf("hello"), "is not a Hone artifact");
  expectPart(errorOf(std::string(10000, 'x')), "is not a Hone artifact");
  expectPart(openError(HONE_SAMPLE_CODE), "not a Hone artifact");
  expectPart(openError("/nonexistent/a.hone"), "cannot open");
  expectPart(openError("/"), "is not a regular file");
}

TEST(Module, RefusesNewerFormats) {
  expectPart(errorOf(sample::build({}, [](HoneFooter &f) { f.formatVersion = HONE_FORMAT_VERSION + 1; })),
             "newer than this runtime reads");
  expectPart(errorOf(sample::build({}, [](HoneFooter &f) { f.abiVersion = HONE_ABI_VERSION + 1; })),
             "compile it again");
}

TEST(Module, RefusesSizesThatDoNotFit) {
  auto with = [](uint64_t HoneFooter::*field, uint64_t value) {
    return errorOf(sample::build({}, [=](HoneFooter &f) { f.*field = value; }));
  };
  for (uint64_t value : {uint64_t(1) << 40, UINT64_MAX, UINT64_MAX - 4095}) {
    expectPart(with(&HoneFooter::codeSize, value), "do not fit");
    expectPart(with(&HoneFooter::weightOffset, value), "do not fit");
    expectPart(with(&HoneFooter::weightSize, value), "do not fit");
    expectPart(with(&HoneFooter::metaOffset, value), "do not fit");
    expectPart(with(&HoneFooter::metaSize, value), "do not fit");
  }
}

TEST(Module, RefusesWrongMetadata) {
  auto with = [](const std::function<void(nlohmann::json &)> &change) {
    return errorOf(sample::build([&](sample::Parts &parts) { change(parts.metadata); }));
  };
  expectPart(with([](auto &m) { m = "text"; }), "the metadata is wrong");
  expectPart(with([](auto &m) { m.erase("inputs"); }), "'inputs' is missing");
  expectPart(with([](auto &m) { m["inputs"][0]["dtype"] = "f31"; }), "unknown element type 'f31'");
  expectPart(with([](auto &m) { m["inputs"][0]["shape"] = {1, 1, 1, 1, 1, 1, 1, 1, 1}; }),
             "rank of at most 8");
  expectPart(with([](auto &m) { m["inputs"][0]["shape"][1] = -4; }), "expected a size");
  expectPart(with([](auto &m) { m["calls"][0]["kernel"] = 5; }), "names kernel 5 of 1");
  expectPart(with([](auto &m) { m["weights"][0]["bytes"] = 17; }), "outside the weight segment");
}

TEST(Module, ReadsFreeSizesWithoutAName) {
  std::string bytes = sample::build([](sample::Parts &p) {
    p.metadata["inputs"][1]["shape"][1] = {{"dim", ""}, {"min", 0}};
    p.metadata["target"]["features"] = {"", "-avx512f", "+sse2"};
  });
  HoneModule *module = nullptr;
  ASSERT_EQ(hone_module_open(sample::save(bytes).c_str(), nullptr, &module), HONE_OK) << hone_error();
  const HoneDimInfo &dim = hone_module_input(module, 1)->dims[1];
  EXPECT_STREQ(dim.name, "");
  EXPECT_EQ(dim.max, INT64_MAX);
  hone_module_close(module);
}

TEST(Module, NamesTheMissingCpuFeature) {
  auto with = [](const char *feature) {
    return errorOf(
        sample::build([=](sample::Parts &p) { p.metadata["target"]["features"].push_back(feature); }));
  };
  expectPart(with("tbm"), "needs the CPU feature 'tbm'"); // of AMD processors before 2017 only
  expectPart(with("quantum"), "which this runtime does not know");
}

TEST(Module, NeedsTheEntry) {
  expectPart(errorOf(sample::build([](sample::Parts &p) { p.code = "\177ELF and nothing more"; })),
             "cannot load the code");
}

TEST(Module, OpensAFileThatReplacedAnother) {
  std::string path = sample::save(sample::build());
  HoneModule *first = nullptr, *second = nullptr;
  ASSERT_EQ(hone_module_open(path.c_str(), nullptr, &first), HONE_OK) << hone_error();
  std::string other = sample::save(sample::build([](auto &p) { p.metadata["model"] = "other"; }));
  std::filesystem::rename(other, path);
  ASSERT_EQ(hone_module_open(path.c_str(), nullptr, &second), HONE_OK) << hone_error();
  EXPECT_NE(std::string(hone_module_metadata(first)), hone_module_metadata(second));
  hone_module_close(first);
  hone_module_close(second);
}

} // namespace
