// What every function of the C interface does around its work: no exception leaves, and a
// failure leaves its message for hone_error.
#ifndef HONE_RUNTIME_API_GUARD_H
#define HONE_RUNTIME_API_GUARD_H
#include "runtime/api/hone.h"
#include "runtime/base/Status.h"
#include <exception>
#include <new>

namespace hone::rt {

/// Keeps the message of a failure for hone_error.
HoneStatus report(const Status &status);

template <typename Body>
HoneStatus guarded(Body &&body) {
  try {
    return report(body());
  } catch (const std::bad_alloc &) {
    return report({Status::Invalid, "out of memory"});
  } catch (const std::exception &why) {
    return report({Status::Internal, why.what()});
  } catch (...) {
    return report({Status::Internal, "unknown exception"});
  }
}

} // namespace hone::rt
#endif
