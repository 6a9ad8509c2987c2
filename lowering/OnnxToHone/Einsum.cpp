// Einsum: operands are contracted one after the other as matrix products over merged dimensions.
#include "lowering/OnnxToHone/OpTable.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {
/// A tensor whose dimensions have labels; letters, and 256 + i for the i-th dimension of "..." from the
/// right.
struct Labelled {
  Value value;
  SmallVector<int> labels;
};
} // namespace

static bool has(ArrayRef<int> labels, int label) { return llvm::is_contained(labels, label); }

static SmallVector<int> labelsOf(Node &n, StringRef term, int64_t rank) {
  SmallVector<int> labels;
  size_t letters = llvm::count_if(term, llvm::isAlpha);
  for (size_t i = 0; i < term.size(); ++i) {
    if (llvm::isAlpha(term[i])) {
      labels.push_back(term[i]);
    } else if (term.substr(i).starts_with("...")) {
      for (int64_t k = rank - int64_t(letters); k-- > 0;)
        labels.push_back(256 + int(k));
      i += 2;
    } else {
      n.fail("expected letters and '...' in the equation, got '" + term + "'");
      return {};
    }
  }
  if (rank >= 0 && int64_t(labels.size()) != rank)
    n.fail("expected " + Twine(rank) + " labels in the equation, got '" + term + "'");
  return labels;
}

static Labelled arranged(Node &n, Labelled x, ArrayRef<int> order) {
  SmallVector<int64_t> perm;
  for (int label : order)
    perm.push_back(std::find(x.labels.begin(), x.labels.end(), label) - x.labels.begin());
  return {n.transpose(x.value, perm), SmallVector<int>(order)};
}

/// Sums over the labels that are not kept.
static Labelled summed(Node &n, Labelled x, function_ref<bool(int)> isKept) {
  SmallVector<int64_t> axes;
  SmallVector<int> labels;
  for (auto [axis, label] : llvm::enumerate(x.labels))
    if (isKept(label))
      labels.push_back(label);
    else
      axes.push_back(int64_t(axis));
  return {axes.empty() ? x.value : n.reduce(ReduceKind::sum, x.value, axes, false), labels};
}

/// Repeated labels take the diagonal.
static Labelled diagonal(Node &n, Labelled x) {
  for (size_t second = 1; second < x.labels.size(); ++second) {
    size_t first = std::find(x.labels.begin(), x.labels.end(), x.labels[second]) - x.labels.begin();
    if (first == second)
      continue;
    int64_t rank = n.rank(x.value);
    auto at = [&](size_t axis) {
      return n.unsqueeze(n.positions(x.value, int64_t(axis)), axesFrom(1, rank - int64_t(axis)));
    };
    Value kept = n.select(n.compare(CmpKind::eq, at(first), at(second)), x.value, n.number(x.value, 0));
    x.value = n.reduce(ReduceKind::sum, kept, {int64_t(second)}, false);
    x.labels.erase(x.labels.begin() + second--);
  }
  return x;
}

static Labelled contract(Node &n, Labelled a, Labelled c, function_ref<bool(int)> isKept) {
  a = summed(n, a, [&](int label) { return isKept(label) || has(c.labels, label); });
  c = summed(n, c, [&](int label) { return isKept(label) || has(a.labels, label); });
  SmallVector<int> batch, inner, rows, columns;
  for (int label : a.labels)
    (!has(c.labels, label) ? rows : isKept(label) ? batch : inner).push_back(label);
  for (int label : c.labels)
    if (!has(a.labels, label))
      columns.push_back(label);
  auto joined = [](ArrayRef<int> x, ArrayRef<int> y, ArrayRef<int> z) {
    SmallVector<int> all(x);
    all.append(y.begin(), y.end());
    all.append(z.begin(), z.end());
    return all;
  };
  int64_t b = int64_t(batch.size()), k = int64_t(inner.size()), r = int64_t(rows.size()),
          s = int64_t(columns.size());
  Value left = arranged(n, a, joined(batch, rows, inner)).value,
        right = arranged(n, c, joined(batch, inner, columns)).value;
  SmallVector<int> labels = joined(batch, rows, columns);
  if (k == 0)
    return {n.mul(n.unsqueeze(left, axesFrom(b + r, b + r + s)), n.unsqueeze(right, axesFrom(b, b + r))),
            labels};
  // One dimension each for the rows, the columns and what is summed.
  auto merged = [&](Value x, int64_t first, int64_t second) {
    if (first == 1 && second == 1)
      return x;
    return n.reshapeTo(x, n.shapeFrom({n.dims(x, 0, b), n.product(x, b, b + first),
                                       n.product(x, b + first, b + first + second)}));
  };
  Value y = n.matmul(merged(left, r, k), merged(right, k, s));
  if (r != 1 || s != 1) {
    Value leading = n.dims(y, 0, b);
    y = n.reshapeTo(y, n.shapeFrom({leading, n.dims(left, b, b + r), n.dims(right, b + k, b + k + s)}));
  }
  return {y, labels};
}

static void einsum(Node &n) {
  std::string equation = n.text("equation", "");
  llvm::erase_if(equation, [](char c) { return c == ' '; });
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (int(terms.size()) != n.inputs()) {
    n.fail("expected " + Twine(n.inputs()) + " terms in the equation, got '" + equation + "'");
    return;
  }
  SmallVector<Labelled> operands;
  for (auto [i, term] : llvm::enumerate(terms)) {
    Value x = n.in(int(i));
    operands.push_back({x, labelsOf(n, term, n.rank(x))});
  }
  SmallVector<int> wanted;
  int64_t dots = 0;
  for (const Labelled &operand : operands)
    dots = std::max<int64_t>(dots, llvm::count_if(operand.labels, [](int label) { return label >= 256; }));
  if (StringRef(equation).contains("->")) {
    wanted = labelsOf(n, right,
                      right.contains("...") ? int64_t(llvm::count_if(right, llvm::isAlpha)) + dots
                                            : int64_t(right.size()));
  } else { // "..." and all labels that occur once, in alphabetical order
    for (int64_t i = dots; i-- > 0;)
      wanted.push_back(256 + int(i));
    for (int label = 'A'; label <= 'z'; ++label)
      if (left.count(char(label)) == 1 && llvm::isAlpha(char(label)))
        wanted.push_back(label);
  }
  if (n.failed)
    return;
  for (Labelled &operand : operands)
    operand = diagonal(n, operand);
  Labelled result = operands[0];
  for (size_t i = 1; i < operands.size() && !n.failed; ++i)
    result = contract(n, result, operands[i], [&](int label) {
      return has(wanted, label) ||
             llvm::any_of(ArrayRef<Labelled>(operands).drop_front(i + 1),
                          [&](const Labelled &later) { return has(later.labels, label); });
    });
  result = summed(n, result, [&](int label) { return has(wanted, label); });
  for (int label : wanted)
    if (!has(result.labels, label) || llvm::count(wanted, label) != 1) {
      n.fail("expected every label of the result once, and in an operand, got '" + equation + "'");
      return;
    }
  n.out(0, arranged(n, result, wanted).value);
}

ArrayRef<OpRow> einsumRows() {
  static const OpRow rows[] = {{"", "Einsum", 12, einsum, 1, anyNumber}};
  return rows;
}

} // namespace hone
