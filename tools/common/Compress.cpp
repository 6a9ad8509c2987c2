// The methods of --compress: one table, from which specifications are checked, passes are made and the help
// is printed.
#include "tools/common/Compress.h"
#include "passes/compress/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"

namespace hone {
namespace {

enum class Kind { Number, Switch, Pattern, Choice };

struct Key {
  llvm::StringRef name;
  Kind kind;
  llvm::StringRef initial, summary;
};

struct Method {
  llvm::StringRef name, summary;
  llvm::ArrayRef<Key> keys;
  std::unique_ptr<mlir::Pass> (*make)(const CompressSpec &spec, Calibration *calibration);
};

// Of a choice, `initial` lists what there is, the default first.
#define HONE_INTEGER_KEYS(group)                                                                             \
  {"method", Kind::Choice, "rtn|gptq", "rtn rounds; gptq keeps the products of samples (--calibrate)"},      \
      {"group", Kind::Number, group, "neighbours along the sum of a product that share a scale; 0: all"},    \
      {"zeros", Kind::Switch, "", "zero points beside the scales (rtn)"},                                    \
      {"sweeps", Kind::Number, "0", "refinements behind gptq's first pass"},                                 \
      {"embeddings", Kind::Switch, "", "tables whose rows are picked, too"},                                 \
      {"only", Kind::Pattern, "", "nodes to change, by name with * and ? (repeatable; none: all)"},          \
      {"skip", Kind::Pattern, "", "nodes to leave (repeatable)"},
const Key narrowKeys[] = {HONE_INTEGER_KEYS("32")}, wideKeys[] = {HONE_INTEGER_KEYS("0")};
#undef HONE_INTEGER_KEYS

template <typename Options>
Options integerOptions(const CompressSpec &spec, int64_t bits) {
  Options options;
  options.bits = bits;
  for (const auto &[key, value] : spec.settings) {
    if (key == "group")
      llvm::StringRef(value).getAsInteger(10, options.group);
    else if (key == "embeddings")
      options.embeddings = true;
    else if (key == "only" || key == "skip")
      (key == "only" ? options.only : options.skip).push_back(value);
  }
  return options;
}

template <int64_t bits>
std::unique_ptr<mlir::Pass> integers(const CompressSpec &spec, Calibration *calibration) {
  if (!spec.needsSamples()) {
    auto options = integerOptions<QuantizeWeightsOptions>(spec, bits);
    options.zeros = spec.find("zeros") != nullptr;
    return createQuantizeWeights(options);
  }
  auto options = integerOptions<GptqWeightsOptions>(spec, bits);
  llvm::StringRef(*spec.find("sweeps")).getAsInteger(10, options.sweeps);
  return createGptqWeights(options, *calibration);
}

const Method methods[] = {
    {"int4", "weights of products rounded to 4 bits, computed with rows of 16 bits", narrowKeys, integers<4>},
    {"int8", "weights of products rounded to 8 bits, computed with rows of 16 bits", wideKeys, integers<8>},
};

std::string check(const Key &key, llvm::StringRef value, bool isGiven) {
  if (key.kind == Kind::Switch)
    return isGiven ? ("'" + key.name + "' is a switch and takes no value").str() : "";
  if (!isGiven || value.empty())
    return ("'" + key.name + "' expects a value: " + key.name + "=...").str();
  int64_t number;
  if (key.kind == Kind::Number && (value.getAsInteger(10, number) || number < 0))
    return ("'" + key.name + "': expected a number of 0 or more, got '" + value + "'").str();
  if (key.kind == Kind::Choice && !llvm::is_contained(llvm::split(key.initial, '|'), value))
    return ("'" + key.name + "': expected " + key.initial + ", got '" + value + "'").str();
  if (key.kind == Kind::Pattern)
    if (auto pattern = llvm::GlobPattern::create(value); !pattern)
      return ("'" + key.name + "': " + llvm::toString(pattern.takeError())).str();
  return "";
}

} // namespace

std::string parseCompress(llvm::StringRef text, CompressSpec &spec) {
  auto [name, rest] = text.split(':');
  spec.text = text.str();
  spec.method = name.str();
  std::string where = ("--compress=" + text + ": ").str();
  auto method = llvm::find_if(methods, [&](const Method &m) { return m.name == name; });
  if (method == std::end(methods)) {
    auto names = llvm::map_range(methods, [](const Method &m) { return m.name.str(); });
    return where + "no method '" + name.str() + "' is built; built are: " + llvm::join(names, " ") +
           " (see --help-compress)";
  }
  llvm::SmallVector<llvm::StringRef> parts;
  rest.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    auto [keyName, value] = part.split('=');
    auto key = llvm::find_if(method->keys, [&, wanted = keyName](const Key &k) { return k.name == wanted; });
    if (key == method->keys.end()) {
      auto names = llvm::map_range(method->keys, [](const Key &k) { return k.name.str(); });
      return where + "'" + name.str() + "' has no setting '" + keyName.str() +
             "'; it has: " + llvm::join(names, " ");
    }
    if (std::string why = check(*key, value, part.contains('=')); !why.empty())
      return where + why;
    bool isRepeated =
        llvm::any_of(spec.settings, [&, wanted = keyName](const auto &s) { return s.first == wanted; });
    if (isRepeated && key->kind != Kind::Pattern)
      return where + "'" + keyName.str() + "' is given twice";
    spec.settings.emplace_back(keyName.str(), value.str());
  }
  for (const Key &key : method->keys)
    if (!key.initial.empty() &&
        !llvm::any_of(spec.settings, [&](const auto &s) { return s.first == key.name; }))
      spec.settings.emplace_back(key.name.str(), key.initial.split('|').first.str());
  if (spec.needsSamples() && spec.find("zeros"))
    return where + "gptq is symmetric: no 'zeros'";
  return "";
}

const std::string *CompressSpec::find(llvm::StringRef key) const {
  for (const auto &[name, value] : settings)
    if (name == key)
      return &value;
  return nullptr;
}

bool CompressSpec::needsSamples() const {
  const std::string *how = find("method");
  return how && *how != "rtn";
}

static bool isTokenFile(llvm::StringRef path) {
  return path.ends_with(".npy") && llvm::sys::fs::is_regular_file(path);
}

SampleSources calibrationSources(const CompileOptions &options) {
  return isTokenFile(options.calibrate) ? SampleSources{"", options.calibrate}
                                        : SampleSources{options.calibrate, ""};
}

SampleSources evaluationSources(const CompileOptions &options) {
  SampleSources sources = calibrationSources(options);
  if (!options.evalTokens.empty())
    sources.tokens = options.evalTokens;
  return sources;
}

std::string readCompressions(const CompileOptions &options, std::vector<CompressSpec> &specs) {
  const std::string &calibrate = options.calibrate, &tokens = options.evalTokens;
  bool hasSamples = !calibrate.empty() || !tokens.empty();
  for (const std::string &text : options.compress) {
    CompressSpec &spec = specs.emplace_back();
    if (std::string why = parseCompress(text, spec); !why.empty())
      return why;
    if (spec.needsSamples() && calibrate.empty())
      return "--compress=" + text + " learns from samples: give --calibrate=DIR or --calibrate=TOKENS.npy";
  }
  if (hasSamples && specs.empty())
    return "--calibrate and --eval-tokens are for --compress: give one";
  if (!calibrate.empty() && !llvm::sys::fs::is_directory(calibrate) && !isTokenFile(calibrate))
    return "--calibrate: '" + calibrate + "' is neither a folder nor an .npy file";
  if (!tokens.empty() && !isTokenFile(tokens))
    return "--eval-tokens: '" + tokens + "' is no .npy file";
  if (options.accuracyBudget.empty())
    return "";
  if (!hasSamples)
    return "--accuracy-budget needs samples: give --calibrate=DIR or --eval-tokens=FILE.npy";
  return checkBudget(options.accuracyBudget, nullptr);
}

void addCompressPasses(const CompressSpec &spec, Calibration *calibration, mlir::OpPassManager &pm) {
  for (const Method &method : methods)
    if (method.name == spec.method)
      pm.addPass(method.make(spec, calibration));
}

std::string compressHelp() {
  std::string text;
  llvm::raw_string_ostream to(text);
  to << "--compress=METHOD[:KEY[=VALUE],...]   (repeatable: a later one takes what earlier ones left)\n";
  for (const Method &method : methods) {
    to << "\n" << llvm::formatv("  {0,-6} {1}\n", method.name, method.summary);
    for (const Key &key : method.keys) {
      std::string name = (key.name + (key.initial.empty() ? "" : "=" + key.initial.str())).str();
      to << llvm::formatv("    {0,-12} {1}\n", name, key.summary);
    }
  }
  to << "\nExamples:\n"
        "  hone-compile model.onnx -o model.hone --compress=int4:group=32,embeddings,skip=*lm_head*\n"
        "  hone-compile model.onnx -o model.hone --compress=int8:only=*lm_head* --compress=int4\n"
        "  hone-compile model.onnx -o model.hone --compress=int4 --calibrate=samples   (measures what it "
        "costs)\n";
  return text;
}

} // namespace hone
