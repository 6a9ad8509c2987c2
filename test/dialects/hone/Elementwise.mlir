// Every elementwise op of several operands prints, parses back and broadcasts as numpy does.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8]}, %y: tensor<8xf32>, %i: tensor<?x8xi32> {hone.dims = ["n", 8]}, %j: tensor<1xi32>) {
  // CHECK: hone.add %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %add = hone.add %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.sub %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %sub = hone.sub %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.mul %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %mul = hone.mul %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.div %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %div = hone.div %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.mod %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %mod = hone.mod %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.pow %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %pow = hone.pow %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.min %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %min = hone.min %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.max %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %max = hone.max %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.and %{{.*}}, %{{.*}} : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<?x8xi32>
  %and = hone.and %i, %j : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<*xi32>
  // CHECK: hone.or %{{.*}}, %{{.*}} : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<?x8xi32>
  %or = hone.or %i, %j : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<*xi32>
  // CHECK: hone.xor %{{.*}}, %{{.*}} : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<?x8xi32>
  %xor = hone.xor %i, %j : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<*xi32>
  // CHECK: hone.shl %{{.*}}, %{{.*}} : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<?x8xi32>
  %shl = hone.shl %i, %j : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<*xi32>
  // CHECK: hone.shr %{{.*}}, %{{.*}} : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<?x8xi32>
  %shr = hone.shr %i, %j : (tensor<?x8xi32>, tensor<1xi32>) -> tensor<*xi32>
  // CHECK: hone.mod %{{.*}}, %{{.*}} {fmod} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %fmod = hone.mod %x, %y {fmod} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.cmp eq %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %eq = hone.cmp eq %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xi1>
  // CHECK: hone.cmp ne %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %ne = hone.cmp ne %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xi1>
  // CHECK: hone.cmp lt %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %lt = hone.cmp lt %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xi1>
  // CHECK: hone.cmp le %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %le = hone.cmp le %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xi1>
  // CHECK: hone.cmp gt %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %gt = hone.cmp gt %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xi1>
  // CHECK: hone.cmp ge %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  %ge = hone.cmp ge %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xi1>
  // CHECK: hone.select %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %select = hone.select %lt, %x, %y : (tensor<*xi1>, tensor<?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}
