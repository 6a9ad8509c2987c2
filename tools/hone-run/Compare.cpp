// Compares outputs with files: |got - expected| <= atol + rtol * |expected|, NaN equals NaN, equal
// infinities are equal. Integers are compared with the same rule, but exactly when they are equal.
#include "tools/hone-run/Report.h"
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

namespace hone::run {

namespace {

struct Worst {
  int64_t index = -1, outside = 0;
  double got = 0, expected = 0, error = -1;
};

int64_t elementCount(const HoneTensor &tensor) {
  int64_t count = 1;
  for (int i = 0; i < tensor.rank; ++i)
    count *= tensor.dims[i];
  return count;
}

Worst findWorst(const HoneTensor &got, const HoneTensor &expected, double rtol, double atol) {
  Worst worst;
  for (int64_t i = 0, count = elementCount(got); i < count; ++i) {
    double g = hone_element(got.dtype, got.data, i), e = hone_element(expected.dtype, expected.data, i);
    bool same = g == e || (std::isnan(g) && std::isnan(e));
    double error = same ? 0 : std::fabs(g - e);
    bool outside = !same && !(error <= atol + rtol * std::fabs(e));
    if (outside && !(error >= 0))
      error = INFINITY; // NaN on one side
    worst.outside += outside;
    // An element outside always beats one inside, whatever their errors are.
    bool beats = outside == (worst.outside > 0 && worst.error >= 0) ? error > worst.error
                                                                    : outside && worst.outside == 1;
    if (beats || worst.index < 0)
      worst = {i, worst.outside, g, e, error};
  }
  return worst;
}

std::vector<int64_t> coordinates(int64_t index, const HoneTensor &tensor) {
  std::vector<int64_t> at(static_cast<size_t>(tensor.rank));
  for (int d = tensor.rank - 1; d >= 0; --d) {
    at[static_cast<size_t>(d)] = index % tensor.dims[d];
    index /= tensor.dims[d];
  }
  return at;
}

bool sameShape(const HoneTensor &a, const HoneTensor &b) {
  return a.dtype == b.dtype && a.rank == b.rank && std::equal(a.dims, a.dims + a.rank, b.dims);
}

} // namespace

bool compare(const Session &session, Json &report) {
  bool good = true;
  report = Json::array();
  const Options &options = session.options;
  for (const auto &[name, file] : options.expects) {
    HoneTensor got = session.output(session.findOutput(name));
    OwnedTensor expected = readTensor(file, got.dtype);
    Json row = {{"name", name}, {"ok", false}};
    if (!sameShape(got, expected.view)) {
      row["expected"] = describe(expected.view);
      row["got"] = describe(got);
      fprintf(stderr, "error: output '%s': expected %s, got %s\n", name.c_str(),
              describe(expected.view).c_str(), describe(got).c_str());
      good = false;
      report.push_back(row);
      continue;
    }
    Worst worst = findWorst(got, expected.view, options.rtol, options.atol);
    row["ok"] = worst.outside == 0;
    row["outside"] = worst.outside;
    row["elements"] = elementCount(got);
    if (worst.index >= 0)
      row["worst"] = {{"index", coordinates(worst.index, got)},
                      {"got", worst.got},
                      {"expected", worst.expected},
                      {"error", worst.error}};
    if (worst.outside) {
      good = false;
      fprintf(stderr,
              "error: output '%s': %lld of %lld elements are outside rtol %g, atol %g; the worst at %s: "
              "expected %.9g, "
              "got %.9g\n",
              name.c_str(), static_cast<long long>(worst.outside), static_cast<long long>(elementCount(got)),
              options.rtol, options.atol, Json(coordinates(worst.index, got)).dump().c_str(), worst.expected,
              worst.got);
    } else if (!options.json && !options.quiet) {
      printf("%s: agrees, largest error %g\n", name.c_str(), std::max(worst.error, 0.0));
    }
    report.push_back(row);
  }
  return good;
}

} // namespace hone::run
