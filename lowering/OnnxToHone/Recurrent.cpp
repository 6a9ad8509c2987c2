// LSTM, GRU and RNN layers. A plain LSTM direction is one hone.lstm; all others are loops over cells.
#include "lowering/OnnxToHone/Loops.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {

/// One activation with its parameters.
struct Activation {
  std::string name;
  double alpha = 0, beta = 0;

  static bool isKnown(StringRef name) {
    return llvm::is_contained({"sigmoid", "tanh", "relu", "hardsigmoid", "leakyrelu", "thresholdedrelu",
                               "elu", "softsign", "softplus", "affine", "scaledtanh"},
                              name);
  }
  /// Alphas are given in order to those activations that take one; so are betas.
  static double defaultAlpha(StringRef name) {
    return llvm::StringSwitch<double>(name)
        .Case("leakyrelu", 0.01)
        .Case("thresholdedrelu", 1)
        .Case("elu", 1)
        .Case("hardsigmoid", 0.2)
        .Default(0);
  }
  static bool takesAlpha(StringRef name) {
    return llvm::is_contained({"leakyrelu", "thresholdedrelu", "elu", "hardsigmoid", "affine", "scaledtanh"},
                              name);
  }
  static bool takesBeta(StringRef name) {
    return llvm::is_contained({"hardsigmoid", "affine", "scaledtanh"}, name);
  }

  Value apply(Node &n, Value x) const {
    auto number = [&](double value) { return n.number(x, value); };
    if (name == "sigmoid")
      return n.like<SigmoidOp>(x);
    if (name == "tanh")
      return n.like<TanhOp>(x);
    if (name == "relu")
      return n.like<ReluOp>(x);
    if (name == "softplus")
      return n.like<SoftplusOp>(x);
    if (name == "softsign")
      return n.div(x, n.add(number(1), n.like<AbsOp>(x)));
    if (name == "affine")
      return n.add(n.mul(x, number(alpha)), number(beta));
    if (name == "scaledtanh")
      return n.mul(n.like<TanhOp>(n.mul(x, number(beta))), number(alpha));
    if (name == "hardsigmoid")
      return n.min(n.max(n.add(n.mul(x, number(alpha)), number(beta)), number(0)), number(1));
    if (name == "thresholdedrelu")
      return n.select(n.compare(CmpKind::gt, x, number(alpha)), x, number(0));
    Value isNegative = n.compare(CmpKind::lt, x, number(0));
    if (name == "leakyrelu")
      return n.select(isNegative, n.mul(x, number(alpha)), x);
    return n.select(isNegative, n.mul(number(alpha), n.sub(n.like<ExpOp>(n.min(x, number(0))), number(1))),
                    x); // elu
  }
};

/// What the three operators share: operands brought to [T, B, ...], one direction after the other.
struct Layer {
  Node &n;
  int64_t gates, perDirection; // gates in the weights; activations of a direction
  int64_t hidden = 0, directions = 1;
  bool batchFirst, startsBackward, isPlain = true;
  std::string direction;
  Value x, w, r, batch, lengths;
  Type element;
  double clip;
  std::vector<Activation> activations;
  SmallVector<Value> outputs, hiddens, cells;

  Layer(Node &n, Value w, Value r, int64_t gates, std::vector<std::string> defaults)
      : n(n), gates(gates), perDirection(int64_t(defaults.size())), batchFirst(n.integer("layout", 0)),
        direction(n.text("direction", "forward")), x(n.in(0)), w(w), r(r), clip(n.real("clip", 0)) {
    directions = direction == "bidirectional" ? 2 : 1;
    startsBackward = direction == "reverse";
    if (n.rank(x) != 3 || n.rank(w) != 3 || n.rank(r) != 3) {
      n.fail("expected an input [time, batch, size] and weights of rank 3");
      return;
    }
    hidden = n.knownSize(r, 2, "recurrent weights");
    if (n.integer("hidden_size", hidden) != hidden || n.knownSize(w, 1, "weights") != gates * hidden ||
        n.knownSize(r, 1, "recurrent weights") != gates * hidden) {
      n.fail("expected weights of " + Twine(gates) + " gates of the hidden size");
      return;
    }
    if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
      n.fail("expected a direction 'forward', 'reverse' or 'bidirectional', got '" + direction + "'");
      return;
    }
    element = Node::element(x);
    if (batchFirst)
      x = n.transpose(x, {1, 0, 2});
    batch = n.dim(x, 1);
    // Lengths that are all the whole sequence say nothing.
    lengths = n.in(4);
    if (auto known = lengths ? n.shapes.constants(lengths) : std::nullopt;
        known && llvm::all_of(*known, [&](int64_t length) { return length == n.size(x, 0); }))
      lengths = {};
    readActivations(defaults);
    isPlain &= !lengths && clip == 0;
  }

  void readActivations(const std::vector<std::string> &defaults) {
    std::vector<std::string> names;
    if (auto *given = n.attribute("activations"))
      for (const std::string &name : given->strings())
        names.push_back(StringRef(name).lower());
    std::vector<float> alphas = n.reals("activation_alpha"), betas = n.reals("activation_beta");
    size_t alpha = 0, beta = 0;
    for (int64_t i = 0; i < directions * perDirection; ++i) {
      std::string usual = StringRef(defaults[i % perDirection]).lower(),
                  name = size_t(i) < names.size() ? names[i] : usual;
      if (!Activation::isKnown(name)) {
        n.fail("activation '" + name + "' is not built");
        return;
      }
      Activation made{name, Activation::defaultAlpha(name), name == "hardsigmoid" ? 0.5 : 0};
      if (Activation::takesAlpha(name) && alpha < alphas.size())
        made.alpha = alphas[alpha++];
      if (Activation::takesBeta(name) && beta < betas.size())
        made.beta = betas[beta++];
      isPlain &= name == usual;
      activations.push_back(made);
    }
  }

  bool isBackward(int64_t d) const { return startsBackward || d == 1; }
  const Activation &activation(int64_t d, int64_t i) const { return activations[d * perDirection + i]; }
  Value part(Value all, int64_t d) { return all ? n.pick(all, 0, d) : all; }
  Value zeros(ArrayRef<Value> sizes) { return n.fill(n.shapeFrom(sizes), n.constant(element, 0)); }
  /// The initial state of a direction.
  Value state(int i, int64_t d) {
    if (!n.has(i))
      return zeros({batch, n.one(hidden)});
    return part(batchFirst ? n.transpose(n.in(i), {1, 0, 2}) : n.in(i), d);
  }
  Value clipped(Value v) { return clip > 0 ? n.min(n.max(v, n.number(v, -clip)), n.number(v, clip)) : v; }
  /// Columns of gate `g` of a [..., gates * H] tensor.
  Value gate(Value all, int64_t g) { return n.slice(all, n.rank(all) - 1, g * hidden, (g + 1) * hidden); }

  using Cell =
      llvm::function_ref<void(Value projected, ArrayRef<Value> states, SmallVectorImpl<Value> &next)>;

  /// Runs a cell over the projected input [T, B, gates * H]; the first state is the output.
  void run(int64_t d, Value projected, ArrayRef<Value> states, Cell cell) {
    Value steps = n.extent(x, 0);
    std::vector<Value> results = makeLoop(
        n, steps, {}, states,
        [&](Value iteration, Value, ArrayRef<Value> carried, Value &next, std::vector<Value> &given) {
          Value at = isBackward(d) ? n.sub(n.sub(steps, n.i64(1)), iteration) : iteration;
          // The carried sizes are those of the initial states.
          SmallVector<Value> now;
          for (Value value : carried)
            now.push_back(n.reshapeTo(value, n.shapeFrom({batch, n.one(hidden)})));
          SmallVector<Value> then;
          cell(n.gather(projected, at, 0), now, then);
          if (n.failed)
            return false;
          Value shown = then[0];
          if (lengths) { // beyond its length a row keeps its states and shows zeros
            Value isInside = n.unsqueeze(n.compare(CmpKind::lt, at, n.cast(lengths, n.b.getI64Type())), {1});
            for (auto [value, old] : llvm::zip(then, now))
              value = n.select(isInside, value, old);
            shown = n.select(isInside, shown, n.number(shown, 0));
          }
          given.assign(then.begin(), then.end());
          given.push_back(shown);
          next = n.constant(n.b.getI1Type(), 1);
          return !n.failed;
        });
    if (n.failed)
      return;
    Value y = results.back();
    outputs.push_back(n.unsqueeze(isBackward(d) ? reversed(n, y, 0) : y, {1}));
    hiddens.push_back(n.unsqueeze(results[0], {0}));
    if (states.size() > 1)
      cells.push_back(n.unsqueeze(results[1], {0}));
  }

  void finish() {
    if (n.failed)
      return;
    Value y = n.concat(outputs, 1), h = n.concat(hiddens, 0);
    n.out(0, batchFirst ? n.transpose(y, {2, 0, 1, 3}) : y);
    n.out(1, batchFirst ? n.transpose(h, {1, 0, 2}) : h);
    if (!cells.empty()) {
      Value c = n.concat(cells, 0);
      n.out(2, batchFirst ? n.transpose(c, {1, 0, 2}) : c);
    }
  }
};

} // namespace

/// Inputs X, W, R, B, sequence_lens, initial_h, initial_c, P; gates i, o, f, c.
static void lstmOf(Node &n, Value weight, Value recurrent) {
  Layer l(n, weight, recurrent, 4, {"sigmoid", "tanh", "tanh"});
  bool coupled = n.integer("input_forget", 0);
  for (int64_t d = 0; d < l.directions && !n.failed; ++d) {
    Value w = l.part(l.w, d), r = l.part(l.r, d), h = l.state(5, d), c = l.state(6, d),
          bias = l.part(n.in(3), d);
    if (l.isPlain && !coupled && !n.has(7)) {
      if (!bias)
        bias = l.zeros({n.one(8 * l.hidden)});
      if (n.failed)
        return;
      Type open = UnrankedTensorType::get(l.element);
      auto op =
          LstmOp::create(n.b, n.loc, TypeRange{open, open, open}, l.x, w, r, bias, h, c, l.isBackward(d));
      if (!n.infer(op))
        return;
      l.outputs.push_back(n.unsqueeze(op.getOutput(), {1}));
      l.hiddens.push_back(n.unsqueeze(op.getLastHidden(), {0}));
      l.cells.push_back(n.unsqueeze(op.getLastCell(), {0}));
      continue;
    }
    Value projected = n.matmul(l.x, w, false, true), peepholes = l.part(n.in(7), d);
    if (bias)
      projected = n.add(
          projected, n.add(n.slice(bias, 0, 0, 4 * l.hidden), n.slice(bias, 0, 4 * l.hidden, 8 * l.hidden)));
    l.run(d, projected, {h, c}, [&](Value in, ArrayRef<Value> states, SmallVectorImpl<Value> &next) {
      Value all = n.add(in, n.matmul(states[0], r, false, true)), cell = states[1];
      auto looked = [&](Value v, int64_t p, Value at) {
        return peepholes ? n.add(v, n.mul(l.gate(peepholes, p), at)) : v;
      };
      Value i = l.activation(d, 0).apply(n, l.clipped(looked(l.gate(all, 0), 0, cell)));
      Value f = coupled ? n.sub(n.number(i, 1), i)
                        : l.activation(d, 0).apply(n, l.clipped(looked(l.gate(all, 2), 2, cell)));
      Value g = l.activation(d, 1).apply(n, l.clipped(l.gate(all, 3)));
      Value newCell = n.add(n.mul(f, cell), n.mul(i, g));
      Value o = l.activation(d, 0).apply(n, l.clipped(looked(l.gate(all, 1), 1, newCell)));
      next.assign({n.mul(o, l.activation(d, 2).apply(n, newCell)), newCell});
    });
  }
  l.finish();
}

static void lstm(Node &n) { lstmOf(n, n.in(1), n.in(2)); }

/// com.microsoft: weights [directions, in, gates * H] as bytes. They become real; what runs through the layer
/// stays so, which is more exact than bytes that are quantized anew at each step.
static void dynamicQuantizeLstm(Node &n) {
  auto real = [&](int weight, int scale) {
    auto across = [&](Value v) { // one number, or one for each direction or column
      v = n.cast(v, n.b.getF32Type());
      return n.rank(v) == 0 ? v
                            : n.unsqueeze(v, n.rank(v) == 1 ? ArrayRef<int64_t>{1, 2} : ArrayRef<int64_t>{1});
    };
    Value centered = n.sub(n.cast(n.in(weight), n.b.getF32Type()), across(n.in(scale + 1)));
    return n.transpose(n.mul(centered, across(n.in(scale))), {0, 2, 1});
  };
  if (n.rank(n.in(1)) != 3 || n.rank(n.in(2)) != 3 || !n.has(8) || !n.has(9) || !n.has(10) || !n.has(11))
    n.fail("expected weights of rank 3 with their scales and zero points");
  else
    lstmOf(n, real(1, 8), real(2, 10));
}

/// Gates z, r, h.
static void gru(Node &n) {
  Layer l(n, n.in(1), n.in(2), 3, {"sigmoid", "tanh"});
  bool resetsAfter = n.integer("linear_before_reset", 0);
  for (int64_t d = 0; d < l.directions && !n.failed; ++d) {
    Value w = l.part(l.w, d), r = l.part(l.r, d), bias = l.part(n.in(3), d),
          projected = n.matmul(l.x, w, false, true);
    if (!bias)
      bias = l.zeros({n.one(6 * l.hidden)});
    projected = n.add(projected, n.slice(bias, 0, 0, 3 * l.hidden));
    Value inner = n.slice(bias, 0, 3 * l.hidden, 6 * l.hidden);
    Value rGates = n.slice(r, 0, 0, 2 * l.hidden), rHidden = n.slice(r, 0, 2 * l.hidden, 3 * l.hidden);
    l.run(d, projected, {l.state(5, d)}, [&](Value in, ArrayRef<Value> states, SmallVectorImpl<Value> &next) {
      Value h = states[0], both = n.add(n.matmul(h, rGates, false, true), n.slice(inner, 0, 0, 2 * l.hidden)),
            innerH = l.gate(inner, 2);
      Value z = l.activation(d, 0).apply(n, l.clipped(n.add(l.gate(in, 0), l.gate(both, 0))));
      Value reset = l.activation(d, 0).apply(n, l.clipped(n.add(l.gate(in, 1), l.gate(both, 1))));
      Value recurrent = resetsAfter ? n.mul(reset, n.add(n.matmul(h, rHidden, false, true), innerH))
                                    : n.add(n.matmul(n.mul(reset, h), rHidden, false, true), innerH);
      Value g = l.activation(d, 1).apply(n, l.clipped(n.add(l.gate(in, 2), recurrent)));
      next.assign({n.add(n.mul(n.sub(n.number(z, 1), z), g), n.mul(z, h))});
    });
  }
  l.finish();
}

static void rnn(Node &n) {
  Layer l(n, n.in(1), n.in(2), 1, {"tanh"});
  for (int64_t d = 0; d < l.directions && !n.failed; ++d) {
    Value w = l.part(l.w, d), r = l.part(l.r, d), bias = l.part(n.in(3), d),
          projected = n.matmul(l.x, w, false, true);
    if (bias)
      projected =
          n.add(projected, n.add(n.slice(bias, 0, 0, l.hidden), n.slice(bias, 0, l.hidden, 2 * l.hidden)));
    l.run(d, projected, {l.state(5, d)}, [&](Value in, ArrayRef<Value> states, SmallVectorImpl<Value> &next) {
      next.assign({l.activation(d, 0).apply(n, l.clipped(n.add(in, n.matmul(states[0], r, false, true))))});
    });
  }
  l.finish();
}

ArrayRef<OpRow> recurrentRows() {
  static const OpRow rows[] = {{"", "LSTM", 1, lstm, 3, 8},
                               {"com.microsoft", "DynamicQuantizeLSTM", 1, dynamicQuantizeLstm, 3, 12},
                               {"", "GRU", 1, gru, 3, 6},
                               {"", "RNN", 1, rnn, 3, 6}};
  return rows;
}

} // namespace hone
