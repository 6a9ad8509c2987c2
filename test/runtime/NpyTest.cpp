// .npy files: round trips of every type and shape, files of other writers, hostile files.
#include "runtime/api/npy.h"
#include "test/runtime/Sample.h"
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>

namespace {

std::string header(const std::string &dictionary, int version = 1) {
  std::string length = {static_cast<char>(dictionary.size() & 255),
                        static_cast<char>(dictionary.size() >> 8)};
  if (version > 1)
    length += std::string(2, '\0');
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' + length + dictionary;
}

std::string descr(const std::string &type, const std::string &shape, const char *order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

std::string errorOf(const std::string &bytes) {
  std::string path = sample::freshPath(".npy");
  sample::writeFile(path, bytes);
  HoneTensor tensor;
  HoneStatus status = hone_npy_read(path.c_str(), &tensor);
  EXPECT_NE(status, HONE_INTERNAL);
  if (status != HONE_OK)
    return hone_error();
  hone_npy_free(&tensor);
  return "";
}

void expectError(const std::string &bytes, const std::string &part) {
  std::string message = errorOf(bytes);
  EXPECT_NE(message.find(part), std::string::npos) << "expected '" << part << "' in '" << message << "'";
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Npy, RoundTripsEveryTypeAndShape) {
  for (int dtype = HONE_F32; dtype <= HONE_Bool; ++dtype)
    for (const std::vector<int64_t> &shape :
         {std::vector<int64_t>{}, {5}, {0}, {2, 3}, {1, 0, 7}, {1, 1, 1, 1, 1, 1, 2, 2}}) {
      HoneTensor written{};
      written.dtype = static_cast<HoneDType>(dtype);
      written.rank = static_cast<int>(shape.size());
      std::copy(shape.begin(), shape.end(), written.dims);
      int64_t bytes = hone_tensor_bytes(&written);
      std::string data(static_cast<size_t>(bytes), '\1');
      written.data = data.data();
      std::string path = sample::freshPath(".npy");
      ASSERT_EQ(hone_npy_write(path.c_str(), &written), HONE_OK) << hone_error();
      HoneTensor read;
      ASSERT_EQ(hone_npy_read(path.c_str(), &read), HONE_OK) << hone_error();
      EXPECT_EQ(read.dtype, dtype == HONE_BF16 ? HONE_U16 : written.dtype);
      EXPECT_EQ(std::vector<int64_t>(read.dims, read.dims + read.rank), shape);
      EXPECT_EQ(memcmp(read.data, data.data(), data.size()), 0);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(read.data) % 64, 0u);
      EXPECT_EQ((std::filesystem::file_size(path) - data.size()) % 64, 0u);
      hone_npy_free(&read);
    }
}

TEST(Npy, ReadsWhatOthersWrite) {
  EXPECT_EQ(errorOf(header(descr("<f4", "(2,)")) + std::string(8, 'x')), "");
  EXPECT_EQ(errorOf(header(descr("<f4", "(2,)"), 2) + std::string(8, 'x')), "");
  EXPECT_EQ(errorOf(header(descr("<f4", "(2,)"), 3) + std::string(8, 'x')), "");
  EXPECT_EQ(errorOf(header(descr("=i8", "(1L, 2L)")) + std::string(16, 'x')), "");
  EXPECT_EQ(errorOf(header(descr("<u1", "(3,)", "True")) + std::string(3, 'x')), "");
  EXPECT_EQ(errorOf(header(descr("|V2", "(3,)")) + std::string(6, 'x')), "");
  EXPECT_EQ(errorOf(header("{\"shape\":(),\"fortran_order\":False,\"descr\":\"|b1\"}") + "x"), "");
}

TEST(Npy, RefusesWhatItCannotRead) {
  expectError("", "is not a .npy file");
  expectError("PK\3\4 an archive", "is not a .npy file");
  expectError(header(descr("<f4", "(2,)"), 9), "expected .npy version 1 to 3, got 9");
  expectError(header(descr(">f4", "(2,)")) + std::string(8, 'x'), "element type '>f4' is not supported");
  expectError(header(descr("|O", "(2,)")), "element type '|O' is not supported");
  expectError(header(descr("<U8", "(2,)")), "is not supported");
  expectError(header(descr("<f4", "(2, 2)", "True")) + std::string(16, 'x'), "Fortran order");
  expectError(header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}"),
              "cannot read 'descr'");
}

TEST(Npy, RefusesHostileHeaders) {
  expectError(header(descr("<f4", "(2,)")) + "1234567", "truncated: expected 8 bytes");
  expectError(header(descr("<f4", "(2,)")).substr(0, 30), "truncated: the header");
  expectError(header(descr("<f4", "(4000000000, 4000000000, 4000000000)")), "overflows");
  expectError(header(descr("<f4", "(99999999999999999999,)")), "cannot read 'shape'");
  expectError(header(descr("<f4", "(1000000000000,)")), "truncated");
  expectError(header(descr("<f4", "(-1,)")), "cannot read 'shape'");
  expectError(header(descr("<f4", "(2")), "cannot read 'shape'");
  expectError(header(descr("<f4", "(1" + std::string(100, ',') + ")")), "cannot read 'shape'");
  std::string deep = "(";
  for (int i = 0; i < 40; ++i)
    deep += "1,";
  expectError(header(descr("<f4", deep + ")")), "cannot read 'shape'");
  expectError(header("{'descr': '<f4', 'fortran_order': False}"), "lacks");
  expectError(header("{'descr': '<f4"), "cannot read 'descr'");
  expectError(header("{'what': 1}"), "unknown key 'what'");
  expectError(header("nonsense"), "not a dictionary");
  expectError(header(""), "not a dictionary");
  expectError(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff", 12), "at most 65536 bytes");
  expectError(std::string("\x93NUMPY\x02\0\x01\x00", 10), "truncated");
  for (size_t i = 0; i < 60; ++i) // any one byte changed: an answer, whatever it is
    for (char c : {'\0', '(', '9', '\xff'}) {
      std::string bytes = header(descr("<f4", "(2,)")) + std::string(8, 'x');
      bytes[i] = c;
      errorOf(bytes);
    }
}

TEST(Npy, WritesWholeOrNotAtAll) {
  float value = 1;
  HoneTensor tensor{nullptr, HONE_F32, 0, {}, &value};
  EXPECT_EQ(hone_npy_write("/nonexistent/a.npy", &tensor), HONE_INVALID);
  EXPECT_NE(std::string(hone_error()).find("cannot write"), std::string::npos);
  tensor.dtype = HONE_I4;
  EXPECT_EQ(hone_npy_write(sample::freshPath(".npy").c_str(), &tensor), HONE_INVALID);
}

TEST(Element, ConvertsHalfFloatsExactly) {
  for (int bits = 0; bits < 65536; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    for (HoneDType dtype : {HONE_F16, HONE_BF16}) {
      double value = hone_element(dtype, &half, 0);
      uint16_t back = 0;
      hone_set_element(dtype, &back, 0, value);
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(hone_element(dtype, &back, 0)));
      else
        ASSERT_EQ(back, half) << value;
    }
  }
  auto f16 = [](double value) {
    uint16_t bits;
    hone_set_element(HONE_F16, &bits, 0, value);
    return bits;
  };
  EXPECT_EQ(f16(1.0), 0x3C00);
  EXPECT_EQ(f16(65504), 0x7BFF);
  EXPECT_EQ(f16(65519.9), 0x7BFF);
  EXPECT_EQ(f16(65520), 0x7C00);
  EXPECT_EQ(f16(1 + 1.0 / 2048), 0x3C00);             // halfway: to even
  EXPECT_EQ(f16(1 + 3.0 / 2048), 0x3C02);             // halfway: to even
  EXPECT_EQ(f16(2047.0 / 1024 + 1.0 / 2048), 0x4000); // carries into the exponent
  EXPECT_EQ(f16(std::ldexp(1, -25)), 0);
  EXPECT_EQ(f16(std::ldexp(1.5, -25)), 1);
}

TEST(Element, CutsIntegersToTheirRange) {
  uint8_t bytes[2] = {};
  hone_set_element(HONE_I4, bytes, 1, -3);
  hone_set_element(HONE_I4, bytes, 0, 100);
  EXPECT_EQ(hone_element(HONE_I4, bytes, 1), -3);
  EXPECT_EQ(hone_element(HONE_I4, bytes, 0), 7);
  int64_t wide;
  hone_set_element(HONE_I64, &wide, 0, 1e30);
  EXPECT_EQ(wide, INT64_MAX);
  hone_set_element(HONE_I64, &wide, 0, -1e30);
  EXPECT_EQ(wide, INT64_MIN);
  uint8_t small;
  hone_set_element(HONE_U8, &small, 0, -5);
  EXPECT_EQ(small, 0);
}

} // namespace
