// What the attention operators of all domains share: one description, onto hone.attention and hone.rope.
#ifndef HONE_LOWERING_ONNXTOHONE_HEADS_H
#define HONE_LOWERING_ONNXTOHONE_HEADS_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

struct Heads {
  mlir::Value query, key, value;  // [B, S, N*H], [B, L, Nkv*H], [B, L, Nkv*Hv]
  mlir::Value pastKey, pastValue; // [B, Nkv, P, H], or null
  mlir::Value mask, lengths;      // as hone.attention has them, or null
  int64_t heads = 0, keyHeads = 0;
  double scale = 0; // 0: 1 / sqrt(H)
  double softcap = 0;
  bool causal = false; // the last query sees all keys
  int64_t window = -1;
};

/// The output [B, S, N*Hv] and, when asked for, the present keys and values; null after failing.
struct Attended {
  mlir::Value output, presentKey, presentValue;
};
Attended attend(Node &n, const Heads &h, bool wantsPresent);

/// [B, N, S, H] -> [B, S, N*H] and back.
mlir::Value mergeHeads(Node &n, mlir::Value x);
mlir::Value splitHeads(Node &n, mlir::Value x, int64_t heads);
/// Each of [B, Nkv, S, H] heads several times in a row, `heads` in all.
mlir::Value repeatHeads(Node &n, mlir::Value x, int64_t heads);

/// One mask that says what both say; i1 keeps, floats are added. Either may be null.
mlir::Value combineMasks(Node &n, mlir::Value a, mlir::Value c);
/// i1 [S, T]: key t <= s + offset; `offset` broadcasts to [B, 1, S, T] or is a scalar.
mlir::Value causalMask(Node &n, mlir::Value queryCount, mlir::Value keyCount, mlir::Value offset);
/// i1 [B, 1, 1, T]: key t < lengths[b].
mlir::Value lengthMask(Node &n, mlir::Value lengths, mlir::Value keyCount);

/// Turns x [B, S, D] or [B, N, S, H]; `heads` 0: from the shapes. Gives null after failing.
mlir::Value rotate(Node &n, mlir::Value x, mlir::Value cos, mlir::Value sin, mlir::Value positions,
                   int64_t heads, bool interleaved);

} // namespace hone
#endif
