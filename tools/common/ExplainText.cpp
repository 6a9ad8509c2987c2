// The explanation for people. Layers that repeat are one entry: names that differ only in numbers fold into
// `layer.{0..29}`, and entries whose folded text agrees are counted.
#include "dialects/hone/Costs.h"
#include "tools/common/Explain.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using llvm::StringRef;
using mlir::hone::ExampleSizes;

namespace hone {

namespace {

/// Strings that agree but for the numbers in them.
class FoldedName {
public:
  /// The text with every number taken out.
  static std::string templateOf(StringRef text) {
    std::string result;
    for (size_t i = 0; i < text.size(); ++i)
      if (!llvm::isDigit(text[i]))
        result += text[i];
      else if (i == 0 || !llvm::isDigit(text[i - 1]))
        result += number;
    return result;
  }

  void add(StringRef text) {
    size_t slot = 0;
    for (StringRef rest = text; !(rest = rest.drop_while([](char c) { return !llvm::isDigit(c); })).empty();
         ++slot) {
      StringRef digits = rest.take_while(llvm::isDigit);
      rest = rest.drop_front(digits.size());
      slots.resize(std::max(slots.size(), slot + 1));
      slots[slot].push_back(digits.str());
    }
    if (pattern.empty())
      pattern = templateOf(text);
  }

  std::string str() const {
    if (pattern.empty())
      return "(no name)";
    std::string result;
    size_t slot = 0;
    for (char c : pattern)
      if (c == number)
        result += numbers(slots[slot++]);
      else
        result += c;
    return result;
  }

private:
  static std::string numbers(const std::vector<std::string> &all) {
    if (llvm::all_equal(all))
      return all.front();
    bool counts = true;
    for (size_t i = 1; i < all.size(); ++i)
      counts &=
          std::strtoll(all[i].c_str(), nullptr, 10) == std::strtoll(all[i - 1].c_str(), nullptr, 10) + 1;
    if (counts && all.size() > 2)
      return "{" + all.front() + ".." + all.back() + "}";
    if (all.size() > 3)
      return "{" + all[0] + "," + all[1] + ",...," + all.back() + "}";
    return "{" + llvm::join(all, ",") + "}";
  }

  static constexpr char number = 1; // no name has it
  std::string pattern;
  std::vector<std::vector<std::string>> slots;
};

/// Entries in order of first appearance, equal ones together. An entry is a list of lines; `{node}` stands
/// for names.
class Folded {
public:
  /// `key` tells entries apart; `names` are what differs only in numbers within one key.
  void add(const std::string &key, llvm::ArrayRef<std::string> names) {
    std::string full = key;
    for (const std::string &name : names)
      full += "\n" + FoldedName::templateOf(name);
    auto [found, isNew] = index.try_emplace(full, entries.size());
    if (isNew)
      entries.push_back({0, std::vector<FoldedName>(names.size())});
    Entry &entry = entries[found->second];
    ++entry.times;
    for (size_t i = 0; i < names.size(); ++i)
      entry.names[i].add(names[i]);
    order.resize(entries.size());
    if (isNew)
      order.back() = total;
    ++total;
  }

  struct Entry {
    int times;
    std::vector<FoldedName> names;
  };
  std::vector<Entry> entries;
  std::vector<size_t> order; // of the first that was added to each entry

private:
  std::map<std::string, size_t> index;
  size_t total = 0;
};

void heading(llvm::raw_ostream &out, StringRef text, StringRef meaning) {
  out << "\n" << text << "\n  " << meaning << "\n\n";
}

} // namespace

static void printComposites(const Explanation &e, llvm::raw_ostream &out) {
  heading(
      out, "composite ops",
      "What Hone computes as one op, whether the model has it as one or spells it out (then it is raised).");
  if (e.composites.empty())
    out << "  none\n";
  std::map<std::string, int> missed;
  for (const Explanation::Miss &miss : e.misses)
    ++missed[miss.pattern];
  std::map<std::string, Explanation::Composite> rows = e.composites;
  for (auto &[pattern, count] : missed)
    rows.try_emplace(pattern);
  for (auto &[name, count] : rows) {
    out << "  " << llvm::left_justify(name, 12) << llvm::right_justify(std::to_string(count.all), 4) << ": "
        << count.inModel << " in the model, " << count.raised() << " raised";
    if (auto found = missed.find(name); found != missed.end())
      out << ", " << found->second << " almost";
    out << "\n";
  }
  if (e.misses.empty())
    return;
  heading(out, "almost raised",
          "What looks like a composite op and stays spelled out, at which node, and why.");
  Folded folded;
  for (const Explanation::Miss &miss : e.misses)
    folded.add(miss.pattern + "\n" + miss.reason, {miss.node});
  for (auto [entry, first] : llvm::zip(folded.entries, folded.order)) {
    const Explanation::Miss &miss = e.misses[first];
    out << "  " << miss.pattern << " at " << entry.names[0].str();
    if (entry.times > 1)
      out << " (x " << entry.times << ")";
    out << "\n      " << miss.reason << "\n";
  }
}

/// Everything about a kernel that has to agree for two to be one entry, and its names.
static std::pair<std::string, std::vector<std::string>> identityOf(const Explanation &e,
                                                                   const Explanation::Kernel &kernel) {
  std::string key = kernel.family + "\n" + kernel.config + "\n" + kernel.device;
  std::vector<std::string> names;
  for (const Explanation::Part &part : kernel.parts) {
    key += "\n" + part.role + " " + llvm::join(part.ops, ",");
    names.push_back(part.node);
  }
  for (const Refusal &no : kernel.refused) {
    key += "\n" + no.op + no.reason + no.rule + e.familyOf(no);
    names.push_back(no.node);
  }
  return {key, names};
}

/// 1.23 MB, 4.56 us.
static std::string amount(double value, StringRef unit) {
  static const std::pair<double, const char *> scales[] = {{1e9, "G"}, {1e6, "M"},  {1e3, "k"},
                                                           {1, ""},    {1e-3, "m"}, {1e-6, "u"}};
  auto scale = llvm::find_if(scales, [&](auto &s) { return value >= s.first; });
  if (scale == std::end(scales))
    scale = value > 0 ? std::prev(std::end(scales)) : &scales[3];
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g ", value / scale->first) << scale->second << unit;
  return text;
}

static void printKernels(const Explanation &e, llvm::raw_ostream &out) {
  using Kernel = Explanation::Kernel;
  heading(
      out, "kernels",
      "A kernel is one pass over memory: a root, what it absorbed in front of it and behind it, and how "
      "it reads its\n"
      "  weight. Behind its name: the bytes that it reads and writes, what fusion saves of them, and the "
      "predicted time\n"
      "  with what it goes into. Below each, what it did not absorb, which kernel has that instead, and why "
      "[by which rule].");
  Folded folded;
  std::vector<std::string> rules;
  for (const Explanation::Kernel &kernel : e.kernels) {
    auto [key, names] = identityOf(e, kernel);
    folded.add(key, names);
  }
  std::map<std::string, int> families;
  for (const Explanation::Kernel &kernel : e.kernels)
    ++families[kernel.family];
  out << "  " << e.kernels.size() << " in " << folded.entries.size() << " forms:";
  for (auto [i, family] : llvm::enumerate(families))
    out << (i ? ", " : " ") << family.second << " " << family.first;
  out << "\n";
  out << "  all together " << amount(e.total(&Kernel::bytes), "B")
      << " read and written, op by op it would be " << amount(e.total(&Kernel::bytesAlone), "B")
      << "; predicted " << amount(e.total(&Kernel::seconds), "s") << "\n";
  if (!e.openSizes.empty())
    out << "  with " << ExampleSizes::usual
        << " for sizes that are not fixed (--dim fixes them): " << llvm::join(e.openSizes, ", ") << "\n";
  for (auto [entry, first] : llvm::zip(folded.entries, folded.order)) {
    const Kernel &kernel = e.kernels[first];
    out << "\n  " << kernel.family;
    if (entry.times > 1)
      out << " x " << entry.times;
    if (!kernel.config.empty())
      out << " (" << kernel.config << ")";
    out << ": " << amount(kernel.bytes, "B");
    if (kernel.bytesAlone > kernel.bytes)
      out << ", " << amount(kernel.bytesAlone - kernel.bytes, "B") << " saved";
    out << ", " << amount(kernel.seconds, "s") << " (" << kernel.bound << ")\n";
    size_t name = 0;
    for (const Explanation::Part &part : kernel.parts)
      out << "    " << llvm::left_justify(part.role, 7) << " "
          << llvm::left_justify(llvm::join(part.ops, ", "), 12) << " " << entry.names[name++].str() << "\n";
    for (const Refusal &no : kernel.refused) {
      std::string node = entry.names[name++].str(), family = e.familyOf(no);
      // A root beside a root is no lost chance.
      if (no.rule == "one root")
        continue;
      if (StringRef(no.rule).ends_with(" root"))
        out << "    not a " << StringRef(no.rule).rsplit(' ').first << " kernel: ";
      else
        out << "    not absorbed: " << no.op << "  " << node
            << (family.empty() ? "" : " (in a " + family + " kernel)") << "\n      ";
      out << no.reason << " [" << no.rule << "]\n";
      if (!llvm::is_contained(rules, no.rule))
        rules.push_back(no.rule);
    }
  }
  llvm::sort(rules);
  if (!rules.empty())
    out << "\n  rules and where they stand\n";
  for (const std::string &rule : rules)
    out << "    " << llvm::left_justify(rule, 24) << sourceOf(rule) << "\n";
}

static void printRemarks(const Explanation &e, llvm::raw_ostream &out) {
  if (e.remarks.empty())
    return;
  heading(out, "remarks", "What else passes said, at which node.");
  Folded folded;
  for (const Remark &remark : e.remarks)
    folded.add("", {remark.message, remark.node});
  for (const Folded::Entry &entry : folded.entries) {
    std::string node = entry.names[1].str();
    out << "  " << entry.names[0].str();
    if (entry.times > 1)
      out << " (x " << entry.times << ")";
    out << "\n      at " << node << "\n";
  }
}

void Explanation::print(llvm::raw_ostream &out) const {
  out << model << (target.empty() ? "" : " for " + target) << "\n";
  printComposites(*this, out);
  printRemarks(*this, out);
  if (!hasKernels) {
    out << "\nkernels, placement: not known, the phase 'kernels' did not run\n";
    return;
  }
  printKernels(*this, out);
  heading(out, "placement", "What runs where.");
  for (auto &[device, ops] : devices)
    out << "  " << device << ": " << ops << " ops in "
        << llvm::count_if(kernels, [&, device = device](const Kernel &k) { return k.device == device; })
        << " kernels\n";
  if (!outside.empty()) {
    out << "  without a kernel (views and sizes cost nothing; the rest is control flow and the runtime's "
           "library):";
    for (auto [i, op] : llvm::enumerate(outside))
      out << (i ? ", " : " ") << op.second << " " << op.first;
    out << "\n";
  }
  bool isSmall = weights.bytes < 1000000;
  out << "  weights: " << weights.count << " of "
      << llvm::format("%.1f", double(weights.bytes) / (isSmall ? 1e3 : 1e6)) << (isSmall ? " KB, " : " MB, ")
      << weights.computed << " of them packed or folded while the artifact is written\n";
}

} // namespace hone
