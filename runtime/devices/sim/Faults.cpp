// Words of the reports: where in the source an op is, who an actor is, what a clash of two accesses is
// called.
#include "runtime/devices/sim/Machine.h"
#include <algorithm>
#include <filesystem>

namespace hone::rt::sim {

static std::string sourceOf(const Launch &launch, const Op &op) {
  if (!op.location)
    return "";
  const Location &at = launch.program->module->locations[op.location];
  auto file = launch.program->module->files.find(at.file);
  if (file == launch.program->module->files.end())
    return "";
  return text(std::filesystem::path(file->second).filename().string(), ":", at.line);
}

Site siteOf(const Launch &launch, const Op &op, uint32_t group, uint32_t actor, std::string what) {
  Site site;
  site.what = std::move(what);
  site.source = sourceOf(launch, op);
  site.opcode = launch.program->opcodes[op.statement];
  site.line = op.line;
  uint32_t stride = (launch.threads() + 31) / 32 * 32, blocks = launch.clusterSize();
  uint32_t rank = actor / stride;
  if (rank >= blocks) { // an agent: its block is that of the group's first
    rank = 0;
    actor = 0;
  }
  uint32_t clusters[2] = {launch.grid[0] / launch.cluster[0], launch.grid[1] / launch.cluster[1]};
  uint32_t at[3] = {group % clusters[0], group / clusters[0] % clusters[1],
                    group / clusters[0] / clusters[1]};
  uint32_t within[3] = {rank % launch.cluster[0], rank / launch.cluster[0] % launch.cluster[1],
                        rank / launch.cluster[0] / launch.cluster[1]};
  for (int d = 0; d < 3; ++d)
    site.block[d] = at[d] * launch.cluster[d] + within[d];
  site.warp = actor % stride / 32;
  site.lane = actor % 32;
  return site;
}

static void add(Warp &warp, Finding finding) {
  Launch &launch = *warp.group->launch;
  finding.kernel = launch.kernel;
  finding.seed = launch.options->seed;
  launch.report->add(std::move(finding));
  warp.failed |= launch.options->stopsAtFirst;
}

void reportLane(Warp &warp, const Op &op, uint32_t lane, Fault fault, std::string what, std::string message,
                Space space, uint64_t address) {
  Finding finding;
  finding.fault = fault;
  finding.message = std::move(message);
  finding.space = nameOf(space);
  finding.address = address;
  finding.first =
      siteOf(*warp.group->launch, op, warp.group->linear, warp.firstThread + lane, std::move(what));
  add(warp, std::move(finding));
}

/// "shared+592 (sA+592)", "A+40"
static std::string place(const Warp &warp, Space space, uint64_t &at, const Region *region) {
  if (space == Space::Global)
    return text("byte ", at, " of '", region->name, "'");
  const Group &group = *warp.group;
  uint64_t rank = at / group.sharedStride;
  at %= group.sharedStride;
  std::string out = text("shared+", at);
  for (const Program::Symbol &symbol : group.launch->program->sharedSymbols)
    if (at >= symbol.offset && at - symbol.offset < symbol.bytes)
      out += text(" (", symbol.name, "+", at - symbol.offset, ")");
  if (group.blocks.size() > 1)
    out += text(" of cluster rank ", rank);
  return out;
}

/// The asynchronous read that is under way at a place of the group's shared memory.
static Other readerOf(const Group &group, uint64_t at) {
  for (const Block &block : group.blocks)
    for (const Warp &warp : block.warps) {
      for (const AsyncRead &read : warp.async.mmaReads)
        if (read.at < at + 16 && at < read.at + read.bytes)
          return {group.linear, warp.firstThread, read.op};
      for (const BulkStore &store : warp.async.stores)
        if (store.at < at + 16 && at < store.at + store.bytes)
          return {group.linear, warp.firstThread + store.lane, store.op};
    }
  return {group.linear, 0, 0};
}

void reportClash(Warp &warp, const Op &op, uint32_t lane, Clash clash, const Other &other, bool write,
                 Space space, uint64_t at, const Region *region) {
  const Launch &launch = *warp.group->launch;
  Finding finding;
  finding.space = nameOf(space);
  Other side = clash == Clash::InUse ? readerOf(*warp.group, at) : other;
  std::string where = place(warp, space, at, region);
  finding.address = at;
  finding.first = siteOf(launch, op, warp.group->linear, warp.firstThread + lane, write ? "written" : "read");
  const char *second = "written";
  switch (clash) {
  case Clash::None:
    return;
  case Clash::ReadAfterWrite:
  case Clash::WriteAfterWrite:
  case Clash::WriteAfterRead:
    finding.fault = Fault::Race;
    finding.message = text(clash == Clash::ReadAfterWrite    ? "read after write"
                           : clash == Clash::WriteAfterWrite ? "write after write"
                                                             : "write after read",
                           " of ", where, " with no synchronization in between");
    second = clash == Clash::WriteAfterRead ? "read" : "written";
    break;
  case Clash::Uninitialized:
    finding.fault = Fault::Poison;
    finding.message = text("read of ", where, ", which was never written");
    second = nullptr;
    break;
  case Clash::Pending:
    finding.fault = Fault::Async;
    finding.message =
        text(write ? "write to " : "read of ", where, " while an asynchronous copy to it may be under way");
    second = "copied";
    break;
  case Clash::InUse:
    finding.fault = Fault::Async;
    finding.message = text("write to ", where, " while an asynchronous operation may still read it");
    second = "read asynchronously";
    break;
  case Clash::Proxy:
    finding.fault = Fault::Async;
    finding.message = text(
        where, " was written by ordinary stores and is read by the async proxy with no fence.proxy.async "
               "in between");
    break;
  }
  if (second)
    finding.second = siteOf(launch, launch.program->ops[side.op], side.group, side.actor, second);
  add(warp, std::move(finding));
}

} // namespace hone::rt::sim
