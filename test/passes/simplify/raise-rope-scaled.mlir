// torch.onnx.export(dynamo=True): the tables times a factor (1 for most models, another with long-context scaling), starts from the end of the head.
// RUN: hone-opt %s --hone-raise-rope --hone-simplify-movement | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.rope
// CHECK-SAME: heads = 4
// CHECK-NOT: hone.neg
func.func @main(%x: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]}, %f: tensor<?x?x8xf32> {hone.dims = ["b", "s", 8]}) -> tensor<?x4x?x16xf32> {
  %zero = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %one = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %mid = hone.constant dense<-8> : tensor<1xi64> : tensor<1xi64>
  %end = hone.constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %factor = hone.constant dense<1.25> : tensor<f32> : tensor<f32>
  %both = hone.concat %f, %f axis 2 : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x16xf32>
  %cos = hone.cos %both : (tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  %sin = hone.sin %both : (tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  %cs = hone.mul %cos, %factor : (tensor<?x?x16xf32>, tensor<f32>) -> tensor<?x?x16xf32>
  %ss = hone.mul %sin, %factor : (tensor<?x?x16xf32>, tensor<f32>) -> tensor<?x?x16xf32>
  %c = hone.unsqueeze %cs [1] : (tensor<?x?x16xf32>) -> tensor<?x1x?x16xf32>
  %s = hone.unsqueeze %ss [1] : (tensor<?x?x16xf32>) -> tensor<?x1x?x16xf32>
  %straight = hone.mul %x, %c : (tensor<?x4x?x16xf32>, tensor<?x1x?x16xf32>) -> tensor<?x4x?x16xf32>
  %first = hone.slice %x, %zero, %mid, %one [3] : (tensor<?x4x?x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4x?x8xf32>
  %second = hone.slice %x, %mid, %end, %one [3] : (tensor<?x4x?x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4x?x8xf32>
  %minus = hone.neg %second : (tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %half = hone.concat %minus, %first axis 3 : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x16xf32>
  %turned = hone.mul %half, %s : (tensor<?x4x?x16xf32>, tensor<?x1x?x16xf32>) -> tensor<?x4x?x16xf32>
  %y = hone.add %straight, %turned : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}
