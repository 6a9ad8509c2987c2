// Reads options from text: "sim:sm_80,seed=3,check=all".
#include "runtime/devices/sim/Sim.h"
#include <charconv>

namespace hone::rt::sim {

Result<CheckSet> CheckSet::parse(std::string_view list) {
  CheckSet set;
  struct Name {
    std::string_view name;
    bool CheckSet::*field;
  };
  static constexpr Name names[] = {{"align", &CheckSet::align},      {"poison", &CheckSet::poison},
                                   {"races", &CheckSet::races},      {"global-races", &CheckSet::globalRaces},
                                   {"async", &CheckSet::async},      {"divergence", &CheckSet::divergence},
                                   {"deadlock", &CheckSet::deadlock}};
  while (!list.empty()) {
    size_t end = std::min(list.find_first_of(",+"), list.size());
    std::string_view name = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (name == "all") {
      bool global = set.globalRaces;
      set = usual();
      set.globalRaces = global;
      continue;
    }
    if (name == "bounds" || name == "none") // bounds are always checked
      continue;
    bool found = false;
    for (const Name &n : names)
      if (n.name == name)
        found = set.*n.field = true;
    if (!found)
      return invalid("expected checks among bounds, align, poison, races, global-races, async, divergence, "
                     "deadlock, all, got '",
                     name, "'");
  }
  // Races on global memory are races.
  set.races |= set.globalRaces;
  return set;
}

Result<SimOptions> SimOptions::parse(std::string_view text) { return parse(text, {}); }

Result<SimOptions> SimOptions::parse(std::string_view text, SimOptions options) {
  std::string whole(text);
  if (text.starts_with("sim"))
    text.remove_prefix(3);
  if (text.starts_with(":"))
    text.remove_prefix(1);
  while (!text.empty()) {
    size_t end = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    auto number = [](std::string_view digits, auto &to) {
      auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
      return error == std::errc() && stop == digits.data() + digits.size() && !digits.empty();
    };
    if (part.starts_with("sm_")) {
      std::string_view digits = part.substr(3);
      options.chipSpecific = digits.ends_with('a');
      if (options.chipSpecific)
        digits.remove_suffix(1);
      if (!number(digits, options.capability) || options.capability < 75 || options.capability > 129)
        return invalid("expected a chip from sm_75 to sm_120a, got '", part, "'");
      continue;
    }
    size_t at = part.find('=');
    std::string_view key = part.substr(0, at), value = at == part.npos ? "" : part.substr(at + 1);
    bool good = false;
    if (key == "seed") {
      good = number(value, options.seed);
    } else if (key == "schedule") {
      good = value == "order" || value == "random";
      options.randomSchedule = value == "random";
    } else if (key == "async") {
      good = value == "late" || value == "early" || value == "random";
      options.delivery = value == "late"    ? Delivery::Late
                         : value == "early" ? Delivery::Early
                                            : Delivery::Random;
    } else if (key == "threads") {
      good = number(value, options.threads) && options.threads >= 1 && options.threads <= 1024;
    } else if (key == "resident") {
      good = number(value, options.resident) && options.resident >= 1 && options.resident <= 4096;
    } else if (key == "check") {
      Result<CheckSet> set = CheckSet::parse(value);
      if (!set.ok())
        return set.status();
      options.checks = *set;
      good = true;
    } else if (key == "memory") {
      good = number(value, options.memoryBytes);
    } else if (key == "record") {
      options.record = value;
      good = !value.empty();
    }
    if (!good)
      return invalid("device '", whole,
                     "': expected sm_NN, seed=N, schedule=order|random, async=late|early|random, threads=N, "
                     "resident=N, check=A+B, memory=BYTES or record=FOLDER, got '",
                     part, "'");
  }
  return options;
}

} // namespace hone::rt::sim
