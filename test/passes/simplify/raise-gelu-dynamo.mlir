// torch.onnx.export(dynamo=True) below opset 20: (0.5 * x) * (1 + erf(x * 0.7071)).
// RUN: hone-opt %s --hone-raise-activations | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.gelu %arg0 : (tensor
// CHECK-NOT: hone.erf
// CHECK-NOT: hone.mul
func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = hone.constant dense<0.707106769> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %h = hone.mul %half, %x : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %d = hone.mul %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %e = hone.erf %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %one, %e : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %h, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
