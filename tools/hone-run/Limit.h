// How much of the machine a run uses: what it has to compute and read, and how fast this machine does that.
#ifndef HONE_TOOLS_HONE_RUN_LIMIT_H
#define HONE_TOOLS_HONE_RUN_LIMIT_H
#include "tools/hone-run/Report.h"

namespace hone::run {

/// Work of one run, summed over the calls that it makes.
struct Work {
  std::map<std::string, double> flops; ///< by kind of arithmetic: f32, i16, i8
  double bytes = 0;                    ///< weights that are read, inputs, outputs
  int calls = 0, uncounted = 0;        ///< uncounted: calls whose cost has no formula
};

/// Makes a profiled run to see which calls there are; throws Exit.
Work workOf(Session &session);

/// The core of each thread that measures; may repeat.
using Cores = std::vector<int>;

/// Multiplications and additions a second of one kind of arithmetic, on all of these cores.
double measureArithmetic(const std::string &kind, const Cores &cores);
/// Bytes a second that these cores read, over and over, from a block of so many bytes.
double measureReading(double bytes, const Cores &cores);

/// Percent of the machine's limit for runs of the session that take `ms`: null when the file has no costs.
Json limitOf(Session &session, double ms);

} // namespace hone::run
#endif
