// Errors are values: a code that becomes the exit code or C status, and one line that
// names the file or op and the cause. Nothing in the runtime throws across a function of another file.
#ifndef HONE_RUNTIME_BASE_STATUS_H
#define HONE_RUNTIME_BASE_STATUS_H
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace hone::rt {

struct Status {
  enum Code { Ok = 0, Invalid = 1, Internal = 70 };
  Code code = Ok;
  std::string message;
  bool ok() const { return code == Ok; }
};

/// All arguments printed one after the other.
template <typename... Parts>
std::string text(const Parts &...parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// The user's input (file, flag, tensor) is at fault.
template <typename... Parts>
Status invalid(const Parts &...parts) {
  return {Status::Invalid, text(parts...)};
}

/// A value, or why there is none.
template <typename T>
class Result {
public:
  Result(T value) : held(std::move(value)) {}
  Result(Status why) : why(std::move(why)) {}
  bool ok() const { return held.has_value(); }
  const Status &status() const { return why; }
  T &operator*() { return *held; }
  T *operator->() { return &*held; }

private:
  std::optional<T> held;
  Status why;
};

} // namespace hone::rt
#endif
