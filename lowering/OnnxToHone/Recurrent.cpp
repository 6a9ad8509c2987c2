// LSTM: one hone.lstm a direction.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void lstm(Node &n) {
  std::string direction = n.text("direction", "forward");
  int64_t hidden = n.integer("hidden_size", 0), directions = direction == "bidirectional" ? 2 : 1;
  if (n.has(7) || n.has(4) || n.hasAttribute("clip") || n.integer("input_forget", 0) || n.hasAttribute("activations")) {
    // The default activations may be written out.
    bool isDefault = !n.has(7) && !n.has(4) && !n.hasAttribute("clip") && !n.integer("input_forget", 0);
    if (auto *names = n.attribute("activations"); isDefault && names)
      for (int i = 0; i < names->strings_size(); ++i)
        isDefault &= names->strings(i) == (i % 3 == 0 ? "Sigmoid" : "Tanh");
    if (!isDefault) {
      n.fail("peepholes, sequence lengths, clipping and other activations of LSTM are not built");
      return;
    }
  }
  bool batchFirst = n.integer("layout", 0);
  Value x = n.in(0);
  if (batchFirst)
    x = n.transpose(x, {1, 0, 2});
  Type element = Node::element(x);
  if (hidden <= 0)
    hidden = n.size(n.in(2), 2);
  auto part = [&](Value all, int64_t d) { return n.squeeze(n.slice(all, 0, d, d + 1), {0}); };
  auto state = [&](int i, int64_t d) -> Value {
    if (n.has(i)) {
      Value given = n.in(i);
      return part(batchFirst ? n.transpose(given, {1, 0, 2}) : given, d);
    }
    Value batch = n.make<ShapeOp>(n.b.getI64Type(), x, n.b.getI64IntegerAttr(1), n.b.getI64IntegerAttr(2));
    Value dims = n.make<ConcatOp>(n.b.getI64Type(), ValueRange{batch, n.integerTensor({hidden})}, int64_t(0));
    return n.make<FillOp>(element, dims, n.constant(element, 0));
  };
  SmallVector<Value> outputs, hiddens, cells;
  for (int64_t d = 0; d < directions && !n.failed; ++d) {
    Value bias = n.has(3) ? part(n.in(3), d) : n.make<FillOp>(element, n.integerTensor({8 * hidden}), n.constant(element, 0));
    Value w = part(n.in(1), d), r = part(n.in(2), d), h = state(5, d), c = state(6, d);
    if (n.failed)
      return;
    Type open = UnrankedTensorType::get(element);
    auto op = LstmOp::create(n.b, n.loc, TypeRange{open, open, open}, x, w, r, bias, h, c, direction == "reverse" || d == 1);
    if (!n.infer(op))
      return;
    outputs.push_back(n.unsqueeze(op.getOutput(), {1}));
    hiddens.push_back(n.unsqueeze(op.getLastHidden(), {0}));
    cells.push_back(n.unsqueeze(op.getLastCell(), {0}));
  }
  auto join = [&](ArrayRef<Value> parts, int64_t axis) { return parts.size() == 1 ? parts[0] : n.make<ConcatOp>(element, parts, axis); };
  Value y = join(outputs, 1), h = join(hiddens, 0), c = join(cells, 0);
  n.out(0, batchFirst ? n.transpose(y, {2, 0, 1, 3}) : y);
  n.out(1, batchFirst ? n.transpose(h, {1, 0, 2}) : h);
  n.out(2, batchFirst ? n.transpose(c, {1, 0, 2}) : c);
}

ArrayRef<OpRow> recurrentRows() {
  static const OpRow rows[] = {{"", "LSTM", 1, lstm}};
  return rows;
}

} // namespace hone
