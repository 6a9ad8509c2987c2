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

/// Multiplications and additions a second of one kind of arithmetic, on `threads` pinned cores.
double measureArithmetic(const std::string &kind, int threads);
/// Bytes a second that `threads` pinned cores read, over and over, from a block of so many bytes.
double measureReading(double bytes, int threads);

/// Percent of the machine's limit for runs that take `ms`: null when the file has no costs.
Json limitOf(const Work &work, double ms, int threads);

} // namespace hone::run
#endif
