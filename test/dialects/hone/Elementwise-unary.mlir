// Every elementwise op of one operand prints, parses back and has the type of its input.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8]}, %b: tensor<?x8xi1> {hone.dims = ["n", 8]}) {
  // CHECK: hone.abs %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %abs = hone.abs %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.bitcast %{{.*}} {to = i32} : (tensor<?x8xf32>) -> tensor<?x8xi32>
  %bits = hone.bitcast %x {to = i32} : (tensor<?x8xf32>) -> tensor<*xi32>
  // CHECK: hone.neg %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %neg = hone.neg %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.sign %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sign = hone.sign %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.floor %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %floor = hone.floor %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.ceil %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %ceil = hone.ceil %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.round %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %round = hone.round %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.sqrt %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sqrt = hone.sqrt %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.rsqrt %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %rsqrt = hone.rsqrt %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reciprocal %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %reciprocal = hone.reciprocal %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.exp %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %exp = hone.exp %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.log %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %log = hone.log %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.sin %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sin = hone.sin %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.cos %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %cos = hone.cos %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.tan %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %tan = hone.tan %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.asin %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %asin = hone.asin %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.acos %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %acos = hone.acos %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.atan %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %atan = hone.atan %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.sinh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sinh = hone.sinh %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.cosh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %cosh = hone.cosh %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.asinh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %asinh = hone.asinh %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.acosh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %acosh = hone.acosh %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.atanh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %atanh = hone.atanh %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.erf %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %erf = hone.erf %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.tanh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %tanh = hone.tanh %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.sigmoid %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %sigmoid = hone.sigmoid %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.softplus %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %softplus = hone.softplus %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.relu %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %relu = hone.relu %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.silu %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %silu = hone.silu %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.not %{{.*}} : (tensor<?x8xi1>) -> tensor<?x8xi1>
  %not = hone.not %b : (tensor<?x8xi1>) -> tensor<*xi1>
  // CHECK: hone.is_nan %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xi1>
  %is_nan = hone.is_nan %x : (tensor<?x8xf32>) -> tensor<*xi1>
  // CHECK: hone.is_inf %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xi1>
  %is_inf = hone.is_inf %x : (tensor<?x8xf32>) -> tensor<*xi1>
  // CHECK: hone.gelu %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %gelu = hone.gelu %x : (tensor<?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.cast %{{.*}} {to = i32} : (tensor<?x8xf32>) -> tensor<?x8xi32>
  %cast = hone.cast %x {to = i32} : (tensor<?x8xf32>) -> tensor<*xi32>
  // CHECK: hone.gelu %{{.*}} {tanh} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %gelu_tanh = hone.gelu %x {tanh} : (tensor<?x8xf32>) -> tensor<*xf32>
  return
}
