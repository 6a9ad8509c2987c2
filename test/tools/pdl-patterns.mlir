// Rewrites of a PDL file in both tools; what is wrong with the file is one error with its line.
// DEFINE: %{patterns} = %hone_source/test/plugins/double-relu.mlir
// RUN: hone-opt %s --pdl-patterns=%{patterns} | FileCheck %s
// RUN: hone-compile %s --compile-to=simplify -o - --pdl-patterns=%{patterns} | FileCheck %s
// RUN: hone-compile %s -o %t.hone --pdl-patterns=%{patterns}

// CHECK-COUNT-1: hone.relu
// CHECK-NOT: hone.relu
func.func @main(%x: tensor<4xf32> {hone.name = "x"}) -> (tensor<4xf32> {hone.name = "y"}) {
  %a = hone.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = hone.relu %a : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// RUN: split-file %S/Inputs/bad-patterns.txt %t.bad
// DEFINE: %{file} =
// DEFINE: %{compile} = not hone-compile %s -o %t.none --pdl-patterns=%{file}
// DEFINE: %{opt} = not hone-opt %s --pdl-patterns=%{file}
// RUN: rm -f %t.none
// REDEFINE: %{file} = %t.bad/syntax.mlir
// RUN: %{compile} 2>&1 | FileCheck %s --check-prefix=SYNTAX
// RUN: %{opt} 2>&1 | FileCheck %s --check-prefix=SYNTAX
// SYNTAX: syntax.mlir:2
// REDEFINE: %{file} = %t.bad/unknown-op.mlir
// RUN: %{compile} 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: %{opt} 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: unknown-op.mlir:4{{.*}}there is no op 'hone.frobnicate'
// REDEFINE: %{file} = %t.bad/native.mlir
// RUN: %{compile} 2>&1 | FileCheck %s --check-prefix=NATIVE
// NATIVE: error: {{.*}}native.mlir:4: native functions are known to passes in C++ only
// REDEFINE: %{file} = %t.bad/empty.mlir
// RUN: %{compile} 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: {{.*}}empty.mlir:{{.*}}expected at least one pdl.pattern
// REDEFINE: %{file} = %t.bad/endless.mlir
// RUN: %{compile} 2>&1 | FileCheck %s --check-prefix=ENDLESS
// ENDLESS: error: {{.*}}the patterns of '{{.*}}endless.mlir' did not come to an end
// REDEFINE: %{file} = %t.bad/missing.mlir
// RUN: %{compile} 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: --pdl-patterns: '{{.*}}missing.mlir' does not exist
// RUN: %{compile} 2>&1 | count 1
// RUN: not ls %t.none
