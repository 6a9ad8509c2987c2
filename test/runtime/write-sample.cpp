// Writes the sample artifact to a file, for tests of programs.
#include "test/runtime/Sample.h"

int main(int argc, char **argv) {
  if (argc != 2)
    return 1;
  sample::writeFile(argv[1], sample::build());
}
