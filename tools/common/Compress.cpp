// The methods of --compress: one table, from which specifications are checked, passes are made and the help
// is printed.
#include "tools/common/Compress.h"
#include "passes/compress/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"

namespace hone {
namespace {

enum class Kind { Number, Share, ShareOrSwitch, Ratio, Switch, Pattern, Choice };

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

// Of a choice, `initial` lists what there is, the default first. A ratio is written without its key: 2:4.
#define HONE_NAME_KEYS                                                                                       \
  {"only", Kind::Pattern, "", "nodes to change, by name with * and ? (repeatable; none: all)"},              \
      {"skip", Kind::Pattern, "", "nodes to leave (repeatable)"}
#define HONE_INTEGER_KEYS(group)                                                                             \
  {"method", Kind::Choice, "rtn|gptq|awq|awq+gptq",                                                          \
   "rtn rounds; gptq keeps the products of samples, awq gives channels with large inputs finer steps "       \
   "(--calibrate)"},                                                                                         \
      {"group", Kind::Number, group, "neighbours along the sum of a product that share a scale; 0: all"},    \
      {"zeros", Kind::Switch, "", "zero points beside the scales (rtn)"},                                    \
      {"sweeps", Kind::Number, "0", "refinements behind gptq's first pass"},                                 \
      {"embeddings", Kind::Switch, "", "tables whose rows are picked, too"},                                 \
      {"rank", Kind::Number, "0", "of two thin products beside each that make good what rounding did"},      \
      {"rows", Kind::Choice, "16|8", "bits that rows of the other operand are rounded to as they come"},     \
      {"smooth", Kind::ShareOrSwitch, "",                                                                    \
       "moves large channels from rows of 8 bits to the weights, by that power; 0.5 (--calibrate)"},         \
      {"range", Kind::Choice, "none|minmax|percentile|entropy|mse",                                          \
       "what rows of 8 bits are cut off at: all of the samples, 99.99 % of the elements, the nearest "       \
       "distribution, the least error (--calibrate)"},                                                       \
      HONE_NAME_KEYS,
const Key narrowestKeys[] = {HONE_INTEGER_KEYS("64")}, narrowKeys[] = {HONE_INTEGER_KEYS("32")},
          wideKeys[] = {HONE_INTEGER_KEYS("0")};
const Key byteFloatKeys[] = {
    {"group", Kind::Number, "0", "neighbours along the sum of a product that share a scale; 0: all"},
    {"embeddings", Kind::Switch, "", "tables whose rows are picked, too"},
    {"rows", Kind::Choice, "16|8",
     "bits that rows of the other operand are rounded to as they come (GPUs whose tensor cores take fp8)"},
    HONE_NAME_KEYS};
const Key refitKeys[] = {HONE_NAME_KEYS};
const Key narrowFloatKeys[] = {HONE_NAME_KEYS};
const Key pruneKeys[] = {
    {"N:M", Kind::Ratio, "", "keeps N of every M neighbours along the sum of a product, as 2:4"},
    {"share", Kind::Share, "", "of the elements of a row that go, where no N:M is given (0.5)"},
    {"magnitude", Kind::Share, "", "share= with method=magnitude"},
    {"channels", Kind::Share, "", "of the channels between products that go: arrays get smaller"},
    {"heads", Kind::Share, "", "of the heads that go, with channels= or alone"},
    {"multiple", Kind::Number, "", "of which the channels that stay are one (8)"},
    {"method", Kind::Choice, "magnitude|wanda|sparsegpt|data",
     "magnitude: the smallest go; wanda: the smallest times their inputs; sparsegpt: the others make good "
     "for them; data: the same for channels and heads (all three: --calibrate)"},
    {"global", Kind::Switch, "", "one threshold for all weights (magnitude, share)"},
    HONE_NAME_KEYS};
const Key sparseKeys[] = {
    {"least", Kind::Share, "", "of zeros from which a weight is stored so (where it gains time)"},
    HONE_NAME_KEYS};
const Key rankKeys[] = {
    {"energy", Kind::Share, "", "of what outputs vary to keep (0.99)"},
    {"rank", Kind::Number, "", "of every weight, instead of energy"},
    {"method", Kind::Choice, "svd|data", "svd: of the weight; data: of its outputs on samples (--calibrate)"},
    HONE_NAME_KEYS};
#undef HONE_INTEGER_KEYS

template <typename Options>
void readNames(const CompressSpec &spec, Options &options) {
  for (const auto &[key, value] : spec.settings)
    if (key == "only" || key == "skip")
      (key == "only" ? options.only : options.skip).push_back(value);
}

template <typename Options>
Options integerOptions(const CompressSpec &spec, int64_t bits) {
  Options options;
  options.bits = bits;
  for (const auto &[key, value] : spec.settings) {
    if (key == "group")
      llvm::StringRef(value).getAsInteger(10, options.group);
    else if (key == "embeddings")
      options.embeddings = true;
  }
  options.rows = *spec.find("rows") == "8" ? 8 : 16;
  readNames(spec, options);
  return options;
}

template <int64_t bits>
std::unique_ptr<mlir::Pass> integers(const CompressSpec &spec, Calibration *calibration) {
  const std::string &method = *spec.find("method");
  if (method == "rtn" && *spec.find("rank") == "0") {
    auto options = integerOptions<QuantizeWeightsOptions>(spec, bits);
    options.zeros = spec.find("zeros") != nullptr;
    return createQuantizeWeights(options);
  }
  auto options = integerOptions<GptqWeightsOptions>(spec, bits);
  llvm::StringRef(*spec.find("sweeps")).getAsInteger(10, options.sweeps);
  options.spread = method != "awq";
  options.learns = method != "rtn";
  if (const std::string *rank = spec.find("rank")) // auto has none
    llvm::StringRef(*rank).getAsInteger(10, options.rank);
  return createGptqWeights(options, *calibration);
}

std::unique_ptr<mlir::Pass> byteFloats(const CompressSpec &spec, Calibration *) {
  auto options = integerOptions<QuantizeWeightsOptions>(spec, 8);
  options.isFloat = true;
  return createQuantizeWeights(options);
}

/// What stands in front of rounding; null: nothing.
std::unique_ptr<mlir::Pass> channelScaling(const CompressSpec &spec, Calibration *calibration) {
  const std::string *method = spec.find("method"), *smooth = spec.find("smooth");
  if (!smooth && !(method && llvm::StringRef(*method).starts_with("awq")))
    return nullptr;
  ScaleChannelsOptions options;
  options.method = smooth ? "smooth" : "awq";
  if (smooth && !smooth->empty())
    llvm::StringRef(*smooth).getAsDouble(options.alpha);
  llvm::StringRef(*spec.find("group")).getAsInteger(10, options.group);
  llvm::StringRef(spec.method).drop_front(3).getAsInteger(10, options.bits); // intN
  readNames(spec, options);
  return createScaleChannels(options, *calibration);
}

/// What stands in front of rounding rows of 8 bits; null: nothing.
std::unique_ptr<mlir::Pass> rowClipping(const CompressSpec &spec, Calibration *calibration) {
  const std::string *range = spec.find("range");
  if (!range || *range == "none")
    return nullptr;
  ClipRowsOptions options;
  options.range = *range;
  llvm::StringRef(*spec.find("group")).getAsInteger(10, options.group);
  readNames(spec, options);
  return createClipRows(options, *calibration);
}

bool isStructured(const CompressSpec &spec) { return spec.find("channels") || spec.find("heads"); }

std::unique_ptr<mlir::Pass> structure(const CompressSpec &spec, Calibration *calibration) {
  PruneStructureOptions options;
  options.learns = spec.needsSamples();
  if (const std::string *share = spec.find("channels"))
    llvm::StringRef(*share).getAsDouble(options.channels);
  if (const std::string *share = spec.find("heads"))
    llvm::StringRef(*share).getAsDouble(options.heads);
  if (const std::string *multiple = spec.find("multiple"))
    llvm::StringRef(*multiple).getAsInteger(10, options.multiple);
  readNames(spec, options);
  return createPruneStructure(options, *calibration);
}

std::unique_ptr<mlir::Pass> pruning(const CompressSpec &spec, Calibration *calibration) {
  if (isStructured(spec))
    return structure(spec, calibration);
  PruneWeightsOptions options;
  options.method = *spec.find("method");
  options.global = spec.find("global") != nullptr;
  for (llvm::StringRef key : {"share", "magnitude"})
    if (const std::string *share = spec.find(key))
      llvm::StringRef(*share).getAsDouble(options.share);
  if (const std::string *ratio = spec.find("N:M")) {
    auto [keep, of] = llvm::StringRef(*ratio).split(':');
    keep.getAsInteger(10, options.keep);
    of.getAsInteger(10, options.of);
  }
  readNames(spec, options);
  return createPruneWeights(options, *calibration);
}

std::unique_ptr<mlir::Pass> lowRank(const CompressSpec &spec, Calibration *calibration) {
  FactorWeightsOptions options;
  options.learns = spec.needsSamples();
  if (const std::string *energy = spec.find("energy"))
    llvm::StringRef(*energy).getAsDouble(options.energy);
  if (const std::string *rank = spec.find("rank"))
    llvm::StringRef(*rank).getAsInteger(10, options.rank);
  readNames(spec, options);
  return createFactorWeights(options, *calibration);
}

std::unique_ptr<mlir::Pass> sparse(const CompressSpec &spec, Calibration *calibration) {
  StoreSparseOptions options;
  if (const std::string *least = spec.find("least"))
    llvm::StringRef(*least).getAsDouble(options.least);
  readNames(spec, options);
  return createStoreSparse(options, *calibration);
}

std::unique_ptr<mlir::Pass> refit(const CompressSpec &spec, Calibration *calibration) {
  RefitProductsOptions options;
  readNames(spec, options);
  return createRefitProducts(options, *calibration);
}

template <bool isBrain>
std::unique_ptr<mlir::Pass> floats(const CompressSpec &spec, Calibration *) {
  NarrowProductsOptions options;
  options.element = isBrain ? "bf16" : "f16";
  readNames(spec, options);
  return createNarrowProducts(options);
}

const Key autoKeys[] = {
    {"method", Kind::Choice, "gptq", "how the 4 bits are chosen"},
    {"group", Kind::Number, "32",
     "neighbours along the sum of a product that share a scale of 4 bits; 0: all"},
    {"sweeps", Kind::Number, "0", "refinements behind gptq's first pass"},
    {"rows", Kind::Choice, "16|8", "bits that rows of the other operand are rounded to as they come"},
    HONE_NAME_KEYS};
const Method methods[] = {
    {"auto", "4 bits where the budget allows it, 8 or all where not (--accuracy-budget, --calibrate)",
     autoKeys, integers<4>},
    {"int3", "weights of products rounded to 3 bits, which so far lie in 4", narrowestKeys, integers<3>},
    {"int4", "weights of products rounded to 4 bits, computed with rows of 16 bits", narrowKeys, integers<4>},
    {"int8", "weights of products rounded to 8 bits, computed with rows of 16 bits", wideKeys, integers<8>},
    {"fp8", "weights of products rounded to floats of 8 bits (e4m3), for kernels of GPUs", byteFloatKeys,
     byteFloats},
    {"f16", "products with floats of 16 bits and sums of f32: tensor cores of GPUs", narrowFloatKeys,
     floats<false>},
    {"bf16", "the same with the range of f32 and 8 bits of precision", narrowFloatKeys, floats<true>},
    {"prune", "elements of weights become zero; or channels and heads go, and arrays get smaller", pruneKeys,
     pruning},
    {"sparse", "weights with many zeros stored without them (behind prune, or for models that have them)",
     sparseKeys, sparse},
    {"refit", "a slope and an offset for each output of products behind what lost something (--calibrate)",
     refitKeys, refit},
    {"lowrank", "products with a matrix become two products with thin ones", rankKeys, lowRank},
};

#undef HONE_NAME_KEYS

/// "2:4".
bool isRatio(llvm::StringRef text) {
  auto [keep, of] = text.split(':');
  int64_t a, b;
  return !keep.getAsInteger(10, a) && !of.getAsInteger(10, b);
}

std::string check(const Key &key, llvm::StringRef value, bool isGiven) {
  if (key.kind == Kind::ShareOrSwitch && !isGiven)
    return "";
  if (key.kind == Kind::Switch)
    return isGiven ? ("'" + key.name + "' is a switch and takes no value").str() : "";
  if (!isGiven || value.empty())
    return ("'" + key.name + "' expects a value: " + key.name + "=...").str();
  int64_t number;
  if (key.kind == Kind::Number && (value.getAsInteger(10, number) || number < 0))
    return ("'" + key.name + "': expected a number of 0 or more, got '" + value + "'").str();
  double share;
  if ((key.kind == Kind::Share || key.kind == Kind::ShareOrSwitch) &&
      (value.getAsDouble(share) || !(share >= 0 && share < 1)))
    return ("'" + key.name + "': expected a share from 0 to below 1, got '" + value + "'").str();
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
    if (isRatio(part))
      keyName = "N:M", value = part;
    auto key = llvm::find_if(method->keys, [&, wanted = keyName](const Key &k) { return k.name == wanted; });
    if (key == method->keys.end()) {
      auto names = llvm::map_range(method->keys, [](const Key &k) { return k.name.str(); });
      return where + "'" + name.str() + "' has no setting '" + keyName.str() +
             "'; it has: " + llvm::join(names, " ");
    }
    if (std::string why = check(*key, value, part.contains('=') || isRatio(part)); !why.empty())
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
  auto both = [&](llvm::StringRef a, llvm::StringRef b) { return spec.find(a) && spec.find(b); };
  if (spec.find("zeros") && *spec.find("rank") != "0")
    return where + "weights with a correction are symmetric: no 'zeros' with 'rank'";
  if (spec.find("zeros") && *spec.find("method") != "rtn")
    return where + *spec.find("method") + " is symmetric: no 'zeros'";
  if (spec.find("zeros") && spec.method == "int3")
    return where + "3 bits are symmetric: no 'zeros'";
  if (spec.find("smooth") && *spec.find("rows") != "8")
    return where + "'smooth' is for rows of 8 bits: give rows=8";
  if (spec.find("smooth") && llvm::StringRef(*spec.find("method")).starts_with("awq"))
    return where + "give either 'smooth' or method=awq";
  if (const std::string *range = spec.find("range"); range && *range != "none" && *spec.find("rows") != "8")
    return where + "'range' is for rows of 8 bits: give rows=8";
  for (auto [a, b] : {std::pair("share", "magnitude"),
                      {"N:M", "share"},
                      {"N:M", "magnitude"},
                      {"N:M", "global"},
                      {"energy", "rank"}})
    if (both(a, b))
      return where + "give either '" + a + "' or '" + b + "'";
  if ((spec.find("magnitude") || spec.find("global")) && spec.needsSamples())
    return where + "'" + (spec.find("global") ? "global" : "magnitude") + "' is for method=magnitude";
  if (isStructured(spec)) {
    for (llvm::StringRef other : {"N:M", "share", "magnitude", "global"})
      if (spec.find(other))
        return where + "give either 'channels' and 'heads' or '" + other.str() + "'";
    if (*spec.find("method") == "wanda" || *spec.find("method") == "sparsegpt")
      return where + "channels and heads go by method=magnitude or method=data";
  } else if (spec.find("multiple")) {
    return where + "'multiple' is for channels=";
  } else if (spec.method == "prune" && *spec.find("method") == "data") {
    return where + "method=data is for channels= and heads=";
  }
  return "";
}

const std::string *CompressSpec::find(llvm::StringRef key) const {
  for (const auto &[name, value] : settings)
    if (name == key)
      return &value;
  return nullptr;
}

bool CompressSpec::learns() const {
  const std::string *how = find("method");
  return method == "refit" || (how && *how != "rtn" && *how != "magnitude" && *how != "svd");
}

bool CompressSpec::readsRanges() const {
  const std::string *range = find("range");
  return find("smooth") || (range && *range != "none");
}

bool CompressSpec::readsWeights() const {
  const std::string *rank = find("rank");
  return needsSamples() || method == "prune" || method == "sparse" || method == "lowrank" ||
         (rank && *rank != "0");
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

static bool isRefit(const CompressSpec &spec) { return spec.method == "refit"; }

std::string readCompressions(const CompileOptions &options, std::vector<CompressSpec> &specs) {
  const std::string &calibrate = options.calibrate, &tokens = options.evalTokens;
  bool hasSamples = !calibrate.empty() || !tokens.empty();
  for (const std::string &text : options.compress) {
    CompressSpec &spec = specs.emplace_back();
    if (std::string why = parseCompress(text, spec); !why.empty())
      return why;
    bool isKnown = !spec.learns() && !options.calibrationFile.empty();
    if (spec.needsSamples() && calibrate.empty() && !isKnown)
      return "--compress=" + text + " learns from samples: give --calibrate=DIR or --calibrate=TOKENS.npy";
  }
  if (hasSamples && specs.empty())
    return "--calibrate and --eval-tokens are for --compress: give one";
  if (!options.calibrationFile.empty() &&
      llvm::none_of(specs, [](const CompressSpec &spec) { return spec.readsRanges(); }))
    return "--calibration-file holds what 'smooth' and 'range=' need: give one, as "
           "--compress=int8:rows=8,smooth";
  if (!calibrate.empty() && !llvm::sys::fs::is_directory(calibrate) && !isTokenFile(calibrate))
    return "--calibrate: '" + calibrate + "' is neither a folder nor an .npy file";
  if (!tokens.empty() && !isTokenFile(tokens))
    return "--eval-tokens: '" + tokens + "' is no .npy file";
  bool searches = llvm::any_of(specs, [](const CompressSpec &spec) { return spec.searches(); });
  if (searches && specs.size() > 1)
    return "--compress=auto chooses for all weights: it is given alone";
  if (!specs.empty() && isRefit(specs.front()))
    return "--compress=refit makes good what others lost: give one in front, as --compress=int4 "
           "--compress=refit";
  if (searches && options.accuracyBudget.empty())
    return "--compress=auto needs what it may cost: --accuracy-budget=cosine:0.999, snr:30dB or ppl:+2%";
  if (options.accuracyBudget.empty())
    return "";
  if (!hasSamples)
    return "--accuracy-budget needs samples: give --calibrate=DIR or --eval-tokens=FILE.npy";
  return checkBudget(options.accuracyBudget, nullptr);
}

void addCompressPasses(llvm::ArrayRef<CompressSpec> specs, Calibration *calibration,
                       mlir::OpPassManager &pm) {
  for (const CompressSpec &spec : specs) {
    auto method = llvm::find_if(methods, [&](const Method &m) { return m.name == spec.method; });
    if (auto scaling = channelScaling(spec, calibration))
      pm.addPass(std::move(scaling));
    if (!isRefit(spec) && llvm::any_of(specs, isRefit))
      pm.addPass(createNoteWeights());
    if (auto clipping = rowClipping(spec, calibration))
      pm.addPass(std::move(clipping));
    pm.addPass(method->make(spec, calibration));
  }
}

std::string compressHelp() {
  std::string text;
  llvm::raw_string_ostream to(text);
  to << "--compress=METHOD[:KEY[=VALUE],...]   (repeatable: a later one takes what earlier ones left)\n";
  for (const Method &method : methods) {
    to << "\n" << llvm::formatv("  {0,-7} {1}\n", method.name, method.summary);
    for (const Key &key : method.keys) {
      std::string name = (key.name + (key.initial.empty() ? "" : "=" + key.initial.str())).str();
      to << llvm::formatv("    {0,-12} {1}\n", name, key.summary);
    }
  }
  to << "\nExamples:\n"
        "  hone-compile model.onnx -o model.hone --compress=int4:group=32,embeddings,skip=*lm_head*\n"
        "  hone-compile model.onnx -o model.hone --compress=int8:only=*lm_head* --compress=int4\n"
        "  hone-compile model.onnx -o model.hone --compress=auto --accuracy-budget=cosine:0.999 "
        "--calibrate=samples\n"
        "  hone-compile model.onnx -o model.hone --compress=prune:2:4,method=sparsegpt --calibrate=samples\n"
        "  hone-compile model.onnx -o model.hone --compress=lowrank:energy=0.99,method=data "
        "--calibrate=samples\n"
        "  hone-compile model.onnx -o model.hone --compress=int8:rows=8,smooth --calibrate=samples "
        "--calibration-file=ranges.json\n"
        "  hone-compile model.onnx -o model.hone --compress=int8:rows=8,smooth "
        "--calibration-file=ranges.json   "
        "(no samples are run)\n"
        "  hone-compile model.onnx -o model.hone --compress=int4 --calibrate=samples   (measures what it "
        "costs)\n";
  return text;
}

} // namespace hone
