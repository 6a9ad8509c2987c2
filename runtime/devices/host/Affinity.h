// Which cores a thread may use. A thread that was pinned here still counts its former cores as
// allowed, or the next context it makes would put all its workers on one core.
#ifndef HONE_RUNTIME_DEVICES_HOST_AFFINITY_H
#define HONE_RUNTIME_DEVICES_HOST_AFFINITY_H
#include <vector>

namespace hone::rt {

/// Cores that the calling thread may use, in order, pinning by `pinTo` aside; never empty.
std::vector<int> allowedCores();
/// The calling thread runs on this core only; where the system refuses it stays as it is.
void pinTo(int core);
/// The calling thread runs on any of these.
void allow(const std::vector<int> &cores);

} // namespace hone::rt
#endif
