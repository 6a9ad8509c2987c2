// Loops over the lanes of slots. With all lanes there is no condition in the loop, so that it becomes vector
// code.
#ifndef HONE_RUNTIME_DEVICES_SIM_OPS_LANES_H
#define HONE_RUNTIME_DEVICES_SIM_OPS_LANES_H
#include "runtime/devices/sim/Decode.h"
#include "runtime/devices/sim/Machine.h"
#include <type_traits>

namespace hone::rt::sim {

/// d[lane] = f(lane) for the lanes of the mask.
template <class D, class F>
inline void fill(D *d, uint32_t mask, F f) {
  if (mask == everyLane) {
    for (uint32_t lane = 0; lane < 32; ++lane)
      d[lane] = f(lane);
  } else {
    for (uint32_t lane = 0; lane < 32; ++lane)
      d[lane] = mask >> lane & 1 ? f(lane) : d[lane];
  }
}

template <class D, class A, class F>
void unary(Warp &w, const Op &o, uint32_t mask) {
  const A *a = w.at<A>(o.a);
  fill(w.at<D>(o.d), mask, [&](uint32_t l) { return static_cast<D>(F()(a[l])); });
}
template <class D, class A, class B, class F>
void binary(Warp &w, const Op &o, uint32_t mask) {
  const A *a = w.at<A>(o.a);
  const B *b = w.at<B>(o.b);
  fill(w.at<D>(o.d), mask, [&](uint32_t l) { return static_cast<D>(F()(a[l], b[l])); });
}
template <class D, class A, class B, class C, class F>
void ternary(Warp &w, const Op &o, uint32_t mask) {
  const A *a = w.at<A>(o.a);
  const B *b = w.at<B>(o.b);
  const C *c = w.at<C>(o.c);
  fill(w.at<D>(o.d), mask, [&](uint32_t l) { return static_cast<D>(F()(a[l], b[l], c[l])); });
}

/// One row of a table by type: the handler of an op for one type.
struct TypeHandler {
  Type type;
  Handler run;
};
inline Handler handlerFor(Decoding &d, Type type, std::initializer_list<TypeHandler> rows) {
  for (const TypeHandler &row : rows)
    if (row.type == type)
      return row.run;
  if (type != Type::None)
    d.fail("type '.", infoOf(type).name, "' is not supported");
  return nullptr;
}
inline int bytesOf(Type type) { return infoOf(type).bits == 1 ? 1 : infoOf(type).bits / 8; }
inline bool isSigned(Type type) { return infoOf(type).kind == TypeClass::Signed; }
inline bool isFloat(Type type) { return infoOf(type).kind == TypeClass::Float; }

/// d = op(a), d = op(a, b) ... all of one width.
inline void operands(Decoding &d, int n, int bytes) {
  if (!d.expectOperands(static_cast<size_t>(n) + 1, static_cast<size_t>(n) + 1))
    return;
  d.op.d = d.write(size_t(0), bytes);
  uint32_t *slots[] = {&d.op.a, &d.op.b, &d.op.c};
  for (int i = 0; i < n; ++i)
    *slots[i] = d.read(static_cast<size_t>(i) + 1, bytes);
}

} // namespace hone::rt::sim
#endif
