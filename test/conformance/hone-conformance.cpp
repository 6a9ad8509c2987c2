// Compiles and runs models for run.py. The compiler is loaded once; each job gets a child
// of its own, so that a crash is one failed test. The child compiles and then becomes hone-run.
//
//   hone-conformance HONE_RUN TIMEOUT     a line a job: MODEL <tab> ARTIFACT <tab> LOG <tab> ARGUMENT of
//   hone-run...
//                                         answers each with its exit code; -1: crashed, -2: took too long
#include "tools/common/Driver.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

static std::vector<std::string> split(const std::string &line) {
  std::vector<std::string> fields;
  size_t begin = 0, end;
  while ((end = line.find('\t', begin)) != std::string::npos) {
    fields.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  fields.push_back(line.substr(begin));
  return fields;
}

[[noreturn]] static void work(const char *run, unsigned seconds, const char *target,
                              std::vector<std::string> job) {
  alarm(seconds);
  int log = open(job[2].c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
    _exit(70);
  hone::CompileOptions options;
  options.model = job[0];
  options.output = job[1];
  options.threads = 1;
  options.target = target;
  if (int code = hone::compileModel(options, llvm::outs(), llvm::errs()))
    _exit(code);
  std::vector<char *> arguments{const_cast<char *>(run), job[1].data()};
  for (size_t i = 3; i < job.size(); ++i)
    arguments.push_back(job[i].data());
  arguments.push_back(nullptr);
  execv(run, arguments.data());
  perror(run);
  _exit(70);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "error: expected HONE_RUN TIMEOUT TARGET\n");
    return 1;
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<std::string> job = split(line);
    if (job.size() < 3) {
      fprintf(stderr, "error: expected MODEL, ARTIFACT and LOG, got '%s'\n", line.c_str());
      return 1;
    }
    pid_t child = fork();
    if (child == 0)
      work(argv[1], unsigned(atoi(argv[2])), argv[3], std::move(job));
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
      return 70;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) == SIGALRM ? -2 : -1;
    printf("%d\n", code);
    fflush(stdout);
  }
  return 0;
}
