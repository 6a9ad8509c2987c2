// A task is on the device when it is on the source's side of the cut. A datum costs its transfer once,
// however many read it: an extra node for each direction stands for "somebody there reads it". The same node
// for what is stored costs nothing by itself; under a memory limit it costs a price for each byte
// (Lagrange's), and the price at which a cut just fits gives both a cut and a bound. What is left between the
// two is searched: a stored thing is on the device or is not.
#include "passes/partition/Cut.h"
#include <algorithm>
#include <cmath>
#include <queue>

namespace hone {

namespace {

constexpr int64_t infinite = int64_t(1) << 60;

/// Maximum flow by Dinic's method.
class FlowGraph {
public:
  explicit FlowGraph(int nodes) : first(nodes, -1) {}

  int addNode() {
    first.push_back(-1);
    return int(first.size()) - 1;
  }
  void addEdge(int from, int to, int64_t capacity) {
    edges.push_back({to, first[from], capacity});
    first[from] = int(edges.size()) - 1;
    edges.push_back({from, first[to], 0});
    first[to] = int(edges.size()) - 1;
  }
  int64_t maximize(int source, int sink) {
    int64_t flow = 0;
    while (findLevels(source, sink)) {
      next = first;
      while (int64_t pushed = push(source, sink, infinite))
        flow += pushed;
    }
    return flow;
  }
  /// After maximize: whether a node is on the source's side.
  bool isWithSource(int node) const { return level[node] >= 0; }

private:
  struct Edge {
    int to, next;
    int64_t left;
  };

  bool findLevels(int source, int sink) {
    level.assign(first.size(), -1);
    level[source] = 0;
    std::queue<int> open({source});
    for (; !open.empty(); open.pop())
      for (int e = first[open.front()]; e >= 0; e = edges[e].next)
        if (edges[e].left > 0 && level[edges[e].to] < 0) {
          level[edges[e].to] = level[open.front()] + 1;
          open.push(edges[e].to);
        }
    return level[sink] >= 0;
  }

  /// Along one path, without recursion: paths are as long as models are deep.
  int64_t push(int source, int sink, int64_t most) {
    std::vector<int> path; // of edges
    for (int at = source; at != sink;) {
      int &e = next[at];
      while (e >= 0 && !(edges[e].left > 0 && level[edges[e].to] == level[at] + 1))
        e = edges[e].next;
      if (e >= 0) {
        path.push_back(e);
        at = edges[e].to;
      } else if (at == source) {
        return 0;
      } else { // a dead end: step back, and not this way again
        at = edges[path.back() ^ 1].to;
        next[at] = edges[next[at]].next;
        path.pop_back();
      }
    }
    for (int e : path)
      most = std::min(most, edges[e].left);
    for (int e : path) {
      edges[e].left -= most;
      edges[e ^ 1].left += most;
    }
    return most;
  }

  std::vector<int> first, next, level;
  std::vector<Edge> edges;
};

/// What the search has decided of each stored thing.
enum class Choice : int8_t { open, kept, left }; // kept: its bytes are taken; left: no reader on the device

class Search {
public:
  Search(const CutProblem &problem, int mostSteps) : problem(problem), stepsLeft(mostSteps) {}

  std::optional<Cut> run() {
    if (problem.memory == CutProblem::unlimited) {
      Cut cut;
      cut.places = minimum(std::vector<Choice>(problem.stored.size(), Choice::open), 0);
      cut.cost = cut.bound = problem.costOf(cut.places);
      return cut;
    }
    std::vector<Choice> choices(problem.stored.size(), Choice::open);
    int64_t taken = 0;
    for (size_t i = 0; i < choices.size(); ++i)
      if (isNeeded(problem.stored[i])) {
        choices[i] = Choice::kept;
        taken += problem.stored[i].bytes;
      }
    if (taken > problem.memory)
      return std::nullopt;
    for (bool fromEnd : {true, false})
      leaveRun(choices, fromEnd);
    int64_t bound = explore(choices, taken);
    if (!best)
      return std::nullopt;
    best->bound = std::min(bound, best->cost);
    return best;
  }

private:
  bool isNeeded(const CutProblem::Stored &stored) const {
    return std::any_of(stored.readers.begin(), stored.readers.end(),
                       [&](int task) { return problem.tasks[task].pinned == Place::device; });
  }

  /// The cut that is least when each open byte on the device costs `price`.
  std::vector<Place> minimum(const std::vector<Choice> &choices, double price) {
    int count = int(problem.tasks.size()), device = count, host = count + 1;
    FlowGraph graph(count + 2);
    for (int i = 0; i < count; ++i) {
      const CutProblem::Task &task = problem.tasks[i];
      // An edge is cut when it leaves the device's side.
      graph.addEdge(i, host, task.pinned == Place::host ? infinite : 0);
      graph.addEdge(device, i, task.pinned == Place::device ? infinite : 0);
      graph.addEdge(i, host, task.cost[int(Place::device)]);
      graph.addEdge(device, i, task.cost[int(Place::host)]);
    }
    for (const CutProblem::Datum &datum : problem.data) {
      int readByHost = graph.addNode(), readByDevice = graph.addNode();
      graph.addEdge(datum.producer, readByHost, datum.transfer);
      graph.addEdge(readByDevice, datum.producer, datum.transfer);
      for (int reader : datum.readers) {
        graph.addEdge(readByHost, reader, infinite);
        graph.addEdge(reader, readByDevice, infinite);
      }
    }
    for (size_t i = 0; i < problem.stored.size(); ++i) {
      if (choices[i] == Choice::kept || (choices[i] == Choice::open && price == 0))
        continue;
      int node = graph.addNode();
      double cost = std::ceil(price * double(problem.stored[i].bytes));
      graph.addEdge(node, host,
                    choices[i] == Choice::left ? infinite : int64_t(std::min(cost, double(infinite))));
      for (int reader : problem.stored[i].readers)
        graph.addEdge(reader, node, infinite);
    }
    graph.maximize(device, host);
    std::vector<Place> places;
    for (int i = 0; i < count; ++i)
      places.push_back(graph.isWithSource(i) ? Place::device : Place::host);
    return places;
  }

  bool isStored(size_t i, const std::vector<Place> &places) const {
    return std::any_of(problem.stored[i].readers.begin(), problem.stored[i].readers.end(),
                       [&](int task) { return places[task] == Place::device; });
  }
  int64_t openBytes(const std::vector<Choice> &choices, const std::vector<Place> &places) const {
    int64_t bytes = 0;
    for (size_t i = 0; i < choices.size(); ++i)
      if (choices[i] == Choice::open && isStored(i, places))
        bytes += problem.stored[i].bytes;
    return bytes;
  }

  /// Keeps the cut if it is the best that fits.
  void offer(const std::vector<Place> &places) {
    if (problem.bytesOf(places) > problem.memory)
      return;
    int64_t cost = problem.costOf(places);
    if (!best || cost < best->cost)
      best = Cut{places, cost, 0};
  }

  /// Models are chains of like layers, where prices say all or nothing: leaves as many stored things as it
  /// takes off the device, in order from the end or the start of the program.
  void leaveRun(const std::vector<Choice> &choices, bool fromEnd) {
    std::vector<size_t> open;
    for (size_t i = 0; i < choices.size(); ++i)
      if (choices[i] == Choice::open)
        open.push_back(i);
    if (fromEnd)
      std::reverse(open.begin(), open.end());
    size_t few = 0, enough = open.size();
    while (few <= enough && stepsLeft > 0) {
      size_t count = (few + enough) / 2;
      std::vector<Choice> tried = choices;
      for (size_t i = 0; i < count; ++i)
        tried[open[i]] = Choice::left;
      --stepsLeft;
      std::vector<Place> places = minimum(tried, 0);
      offer(places);
      if (problem.bytesOf(places) > problem.memory)
        few = count + 1;
      else if (count == 0)
        break;
      else
        enough = count - 1;
    }
  }

  /// Searches what is left open, `taken` bytes being spoken for. Returns a bound on the costs there.
  int64_t explore(std::vector<Choice> choices, int64_t taken) {
    int64_t room = problem.memory - taken;
    auto bytesAt = [&](double price, std::vector<Place> &places, int64_t &bound) {
      --stepsLeft;
      places = minimum(choices, price);
      int64_t bytes = openBytes(choices, places);
      // Lagrange's bound; prices are rounded up by less than one for each stored thing.
      double reached = double(problem.costOf(places)) + price * (double(bytes) - double(room));
      bound = std::max<int64_t>(
          bound, int64_t(std::ceil(reached - double(choices.size()) - 1e-6 * std::abs(reached))));
      offer(places);
      return bytes;
    };
    int64_t bound = 0;
    std::vector<Place> rich, poor; // too many bytes, few enough
    if (bytesAt(0, rich, bound) <= room)
      return problem.costOf(rich); // nothing is in the way
    double low = 0, high = 1;
    while (stepsLeft > 0 && bytesAt(high, poor, bound) > room && high < 1e15)
      low = high, rich = poor, high *= 16;
    for (int i = 0; i < 24 && stepsLeft > 0; ++i) {
      double middle = low == 0 ? high / 16 : std::sqrt(low * high);
      std::vector<Place> places;
      if (bytesAt(middle, places, bound) > room)
        low = middle, rich = places;
      else
        high = middle, poor = places;
      if (high / std::max(low, 1e-12) < 1.001)
        break;
    }
    if (best && bound >= best->cost)
      return bound;
    // The largest thing that the two disagree on, else the largest that is open.
    int pick = -1;
    bool isDisputed = false;
    for (size_t i = 0; i < choices.size(); ++i) {
      if (choices[i] != Choice::open)
        continue;
      bool disputed = !poor.empty() && isStored(i, rich) != isStored(i, poor);
      if (pick < 0 ||
          std::pair(disputed, problem.stored[i].bytes) > std::pair(isDisputed, problem.stored[pick].bytes))
        pick = int(i), isDisputed = disputed;
    }
    if (pick < 0 || stepsLeft <= 0)
      return bound;
    choices[pick] = Choice::left;
    int64_t without = explore(choices, taken), with = infinite;
    if (problem.stored[pick].bytes <= room) {
      choices[pick] = Choice::kept;
      with = explore(choices, taken + problem.stored[pick].bytes);
    }
    return std::max(bound, std::min(without, with));
  }

  const CutProblem &problem;
  int stepsLeft;
  std::optional<Cut> best;
};

} // namespace

int64_t CutProblem::costOf(const std::vector<Place> &places) const {
  int64_t cost = 0;
  for (size_t i = 0; i < tasks.size(); ++i)
    cost += tasks[i].cost[int(places[i])];
  for (const Datum &datum : data)
    if (std::any_of(datum.readers.begin(), datum.readers.end(),
                    [&](int reader) { return places[reader] != places[datum.producer]; }))
      cost += datum.transfer;
  return cost;
}

int64_t CutProblem::bytesOf(const std::vector<Place> &places) const {
  int64_t bytes = 0;
  for (const Stored &one : stored)
    if (std::any_of(one.readers.begin(), one.readers.end(),
                    [&](int reader) { return places[reader] == Place::device; }))
      bytes += one.bytes;
  return bytes;
}

std::optional<Cut> findCut(const CutProblem &problem, int mostSteps) {
  return Search(problem, mostSteps).run();
}

} // namespace hone
