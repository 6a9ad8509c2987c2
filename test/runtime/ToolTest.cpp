// hone-run as a program: results, comparisons, files, exit codes.
#include "runtime/api/npy.h"
#include "test/runtime/Sample.h"
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace {

struct Answer {
  int code;
  std::string out, err;
};

class Tool : public testing::Test {
protected:
  static void SetUpTestSuite() { model = new std::string(sample::save(sample::build())); }
  static void TearDownTestSuite() { delete model; }

  Answer run(const std::string &arguments) { return runProgram(HONE_RUN, arguments); }
  Answer runProgram(const std::string &program, const std::string &arguments) {
    std::string out = sample::freshPath(".out"), err = sample::freshPath(".err");
    int status = std::system((program + " " + arguments + " >" + out + " 2>" + err).c_str());
    EXPECT_TRUE(WIFEXITED(status)) << arguments;
    return {WEXITSTATUS(status), sample::readFile(out), sample::readFile(err)};
  }
  Answer runModel(const std::string &arguments) { return run(*model + " " + arguments); }
  void expectError(const std::string &arguments, const std::string &part, int code = 1) {
    Answer answer = runModel(arguments);
    EXPECT_EQ(answer.code, code) << answer.err;
    EXPECT_TRUE(answer.err.starts_with("error: ")) << answer.err;
    EXPECT_NE(answer.err.find(part), std::string::npos) << answer.err;
  }
  template <typename T>
  std::string file(HoneDType dtype, std::vector<int64_t> dims, const std::vector<T> &data) {
    HoneTensor tensor{nullptr, dtype, static_cast<int>(dims.size()), {}, data.data()};
    std::copy(dims.begin(), dims.end(), tensor.dims);
    std::string path = sample::freshPath(".npy");
    EXPECT_EQ(hone_npy_write(path.c_str(), &tensor), HONE_OK) << hone_error();
    return path;
  }
  std::string inputs() {
    return "--input x=" + file<float>(HONE_F32, {1, 4}, {1, 2, 3, 4}) +
           " --input ids=" + file<int64_t>(HONE_I64, {1, 2}, {5, 6}) + " ";
  }
  static std::string *model;
};
std::string *Tool::model = nullptr;

TEST_F(Tool, PrintsAndWritesOutputs) {
  std::string folder = sample::freshPath("/deep/er");
  Answer answer = runModel(inputs() + "--output-dir " + folder);
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("y: f32 [1,4] = 2.5 5.5 8.5 11.5"), std::string::npos) << answer.out;
  HoneTensor total;
  ASSERT_EQ(hone_npy_read((folder + "/total.npy").c_str(), &total), HONE_OK) << hone_error();
  EXPECT_EQ(hone_element(total.dtype, total.data, 0), 11);
  hone_npy_free(&total);
  EXPECT_TRUE(std::filesystem::exists(folder + "/exp_e_0.npy"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 3);
}

TEST_F(Tool, ComparesWithFiles) {
  EXPECT_EQ(runModel(inputs() + "--expect y=" + file<float>(HONE_F32, {1, 4}, {2.5, 5.5, 8.5, 11.5})).code,
            0);
  std::string off = "--expect y=" + file<float>(HONE_F32, {1, 4}, {2.5, 5.5, 9.5, 11.6});
  expectError(inputs() + off, "output 'y': 2 of 4 elements are outside", 2);
  expectError(inputs() + off, "the worst at [0,2]: expected 9.5, got 8.5", 2);
  EXPECT_EQ(runModel(inputs() + off + " --rtol 0.2 --atol 0.5").code, 0);
  expectError(inputs() + "--expect y=" + file<float>(HONE_F32, {4}, {0, 0, 0, 0}),
              "expected f32 [4], got f32 [1, 4]", 2);
  expectError(inputs() + "--expect nope=x.npy",
              "output 'nope' does not exist; the outputs are 'y', 'exp/e:0', 'total'");
  Answer answer = runModel(inputs() + off + " --json");
  EXPECT_EQ(answer.code, 2);
  EXPECT_EQ(nlohmann::json::parse(answer.out)["compared"][0]["worst"]["index"], nlohmann::json({0, 2}));
}

TEST_F(Tool, MakesInputs) {
  Answer answer = runModel("--random-inputs --dim batch=3 --json");
  ASSERT_EQ(answer.code, 0) << answer.err;
  auto outputs = nlohmann::json::parse(answer.out)["outputs"];
  EXPECT_EQ(outputs[0]["shape"], nlohmann::json({3, 4}));
  EXPECT_EQ(outputs[2]["shape"], nlohmann::json({3}));
  EXPECT_EQ(runModel("--random-inputs --dim batch=3 --json").out, answer.out);
  EXPECT_NE(runModel("--random-inputs=5 --dim batch=3 --json").out, answer.out);
  EXPECT_EQ(run("--random-inputs " + *model).code, 0); // the file is not the seed
  expectError("--random-inputs --dim nope=3", "--dim: no input has a dimension 'nope'");
  // Sizes that files give are used for the others.
  EXPECT_EQ(
      runModel("--random-inputs --input x=" + file<float>(HONE_F32, {7, 4}, std::vector<float>(28))).code, 0);
}

TEST_F(Tool, MakesInputsWithoutNamesAndWithFormulas) {
  std::string path = sample::save(sample::build([](sample::Parts &p) {
    p.metadata["inputs"][0]["shape"][0] = {{"dim", "past - 2*(seq-1)//2"}, {"min", 0}};
    p.metadata["inputs"][1]["shape"] = {{{"dim", "past"}, {"min", 3}}, {{"dim", "seq"}, {"min", 1}}};
  }));
  Answer answer = run(path + " --random-inputs --dim past=8 --dim seq=2 --json");
  ASSERT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(nlohmann::json::parse(answer.out)["outputs"][0]["shape"], nlohmann::json({7, 4}));
  std::string unnamed = sample::save(sample::build([](sample::Parts &p) {
    p.metadata["inputs"][0]["shape"][0] = p.metadata["inputs"][1]["shape"][0] = {{"dim", ""}, {"min", 0}};
  }));
  EXPECT_EQ(run(unnamed + " --random-inputs").code, 0);
}

TEST_F(Tool, Measures) {
  for (const char *threads : {"1", "2"}) {
    Answer answer =
        runModel(std::string("--random-inputs --dim batch=64 --bench --reps=50 --json --threads=") + threads);
    ASSERT_EQ(answer.code, 0) << answer.err;
    auto report = nlohmann::json::parse(answer.out);
    EXPECT_LE(report["min_ms"], report["p50_ms"]);
    EXPECT_LE(report["p90_ms"], report["p99_ms"]);
    if (!report["allocations_per_run"].is_null()) {
      EXPECT_EQ(report["allocations_per_run"], 0);
    }
    EXPECT_GT(report["peak_rss_bytes"], 1000000);
  }
  EXPECT_NE(runModel("--random-inputs --bench").out.find("allocations per run"), std::string::npos);
}

TEST_F(Tool, ComparesWithTheMachine) {
  auto limit = [&](const std::string &path) {
    Answer answer = run(path + " --random-inputs --dim batch=64 --bench --reps=5 --json --threads=1");
    EXPECT_EQ(answer.code, 0) << answer.err;
    return nlohmann::json::parse(answer.out)["limit"];
  };
  EXPECT_TRUE(limit(*model).is_null()); // its calls have no costs
  std::string path = sample::save(sample::build([](sample::Parts &p) {
    p.metadata["calls"][0]["flops"] = "2*batch*(seq + 3)//4";
    p.metadata["calls"][0]["weight_bytes"] = "16";
    p.metadata["calls"][0]["arithmetic"] = "f32";
  }));
  nlohmann::json report = limit(path);
  EXPECT_EQ(report["flops"]["f32"], 128);
  // x [64, 4] f32, ids [64, 1] i64, 16 bytes of weights, y and exp/e:0 like x, total [64] i64.
  EXPECT_EQ(report["bytes"], 64 * 16 * 3 + 64 * 8 * 2 + 16);
  EXPECT_GT(report["measured_gflops"]["f32"], 0.1);
  EXPECT_GT(report["measured_gb_per_s"], 0.1);
  EXPECT_GT(report["percent"], 0);
  EXPECT_EQ(report["uncounted_calls"], 0);
  Answer text = run(path + " --random-inputs --bench --reps=5 --threads=1");
  EXPECT_NE(text.out.find(" % of the machine's limit"), std::string::npos) << text.out;
  EXPECT_EQ(run(path + " --random-inputs --bench --reps=5 --no-limit").out.find("limit"), std::string::npos);
}

TEST_F(Tool, LoopsAndFeeds) {
  Answer answer = runModel(inputs() + "--loop 3 --feed y=x");
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("y: f32 [1,4] = 11.5 26.5"), std::string::npos) << answer.out;
  expectError(inputs() + "--loop 3 --feed y=nope", "--feed: input 'nope' does not exist");
  expectError(inputs() + "--loop 2 --feed total=x", "expected f32, got i64");
}

TEST_F(Tool, WritesATrace) {
  std::string trace = sample::freshPath(".json");
  ASSERT_EQ(runModel(inputs() + "--loop 2 --profile=" + trace).code, 0);
  auto events = nlohmann::json::parse(sample::readFile(trace))["traceEvents"];
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["name"], "layer0/mul");
  EXPECT_EQ(events[0]["args"]["kernel"], "twice");
}

TEST_F(Tool, Inspects) {
  Answer answer = runModel("--inspect");
  EXPECT_EQ(answer.code, 0);
  for (const char *part :
       {"sample.onnx", "ids", "[batch, seq]", "seq in 1..8", "twice", "layer0/mul", "bias"})
    EXPECT_NE(answer.out.find(part), std::string::npos) << part << "\n" << answer.out;
  EXPECT_EQ(nlohmann::json::parse(runModel("--inspect --json").out), sample::metadata());
}

TEST_F(Tool, RefusesWhatIsWrong) {
  expectError("", "input 'x' is missing");
  expectError("--input x", "--input: expected NAME=FILE.npy, got 'x'");
  expectError("--input x=/nonexistent.npy", "/nonexistent.npy: cannot open");
  expectError("--nonsense", "--nonsense");
  expectError("--threads=0", "--threads: expected 1 to 1024, got 0");
  expectError("--dim batch=x", "--dim: expected NAME=SIZE");
  expectError("--random-inputs --device=cuda:1", "has no kernels for device 'cuda:1'");
  expectError("--random-inputs --device=sim:sm_90a", "has no kernels for device 'sim:sm_90a'");
  expectError("--check=all", "--check: the checks are the simulator's");
  expectError("--generate", "is not built into this hone-run");
  expectError("--tune", "is not built into this hone-run");
  expectError(inputs() + "--output-dir /dev/null/x", "cannot make the folder");
  expectError(inputs() + "--input ids=" + file<int64_t>(HONE_I64, {1, 1}, {1}), "input 'ids' is given twice");
  Answer missing = run("/nonexistent.hone");
  EXPECT_EQ(missing.code, 1);
  EXPECT_EQ(missing.err, "error: /nonexistent.hone: cannot open: No such file or directory\n");
}

/// What hone-compile --emit=exe writes: this program, then an artifact at the next page.
std::string executable(const std::string &artifact) {
  std::string bytes = sample::readFile(HONE_RUN);
  bytes.resize((bytes.size() + 4095) / 4096 * 4096);
  std::string path = sample::save(bytes + artifact);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

TEST_F(Tool, RunsTheModelBehindIt) {
  std::string program = executable(sample::build());
  Answer answer = runProgram(program, inputs());
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("y: f32 [1,4] = 2.5 5.5 8.5 11.5"), std::string::npos) << answer.out;
  EXPECT_EQ(runProgram(program, "--inspect --json").out, runModel("--inspect --json").out);
  EXPECT_NE(runProgram(program, "--help").out.find("--inspect"), std::string::npos);
  Answer other = runProgram(program, *model);
  EXPECT_EQ(other.code, 1);
  EXPECT_EQ(run(program + " --random-inputs").code, 0); // as a file
}

TEST_F(Tool, FindsDamageInTheModelBehindIt) {
  std::string artifact = sample::build();
  size_t text = artifact.find("sample.onnx");
  ASSERT_NE(text, std::string::npos);
  artifact[text] = 'S';
  Answer answer = runProgram(executable(artifact), "--inspect");
  EXPECT_EQ(answer.code, 1);
  EXPECT_NE(answer.err.find("is damaged: the metadata's checksum differs"), std::string::npos) << answer.err;
}

TEST_F(Tool, FailuresInsideNameTheNode) {
  std::string bad = file<int64_t>(HONE_I64, {1, 1}, {-1}), broken = file<int64_t>(HONE_I64, {1, 1}, {-4});
  expectError("--random-inputs --input ids=" + bad,
              "node 'check/ids' (twice): expected ids that are not negative");
  expectError("--random-inputs --input ids=" + broken, "failed with 7", 70);
}

TEST_F(Tool, Helps) {
  Answer answer = run("--help");
  EXPECT_EQ(answer.code, 0);
  EXPECT_NE(answer.out.find("Examples:"), std::string::npos);
  EXPECT_EQ(run("--version").code, 0);
}

} // namespace
