// A phase that does not exist, and IR on the standard output where there is none.
// RUN: not hone-compile %s --compile-to=polish -o - 2>&1 | FileCheck %s
// RUN: not hone-compile %s -o - 2>&1 | FileCheck %s --check-prefix=STDOUT

// CHECK: error: --compile-to: unknown phase 'polish'; phases: import simplify compress fuse partition kernels schedule codegen package
// STDOUT: error: only IR goes to the standard output: add --compile-to=PHASE
module {}
