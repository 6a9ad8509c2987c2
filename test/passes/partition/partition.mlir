// The program divided between both devices: by costs, by pins, by the memory for weights; what crosses is said.
// RUN: hone-opt %s --hone-assign-devices --split-input-file 2> %t.said | FileCheck %s
// RUN: FileCheck %s --check-prefix=SAID < %t.said

// A small op is done on the host before its operand would have reached the GPU; a product is worth the way there and back.
// SAID: partition: 2 ops on cuda with 4.194 MB of weights, 1 on the host, 2 tensors cross; predicted 245 us, all on cuda 265 us, all on host 1570 us
module attributes {hone.partition = {pins = [], sizes = {m = 512 : i64}}, hone.target = #hone.target<"host", "host", "", {bandwidth = 60 : i64, gflops = 700 : i64, launch = 1000 : i64}>, hone.device_target = #hone.target<"sm_80", "sm_80", "", {bandwidth = 2000 : i64, cuda = 1 : i64, f32 = 20 : i64, launch = 2500 : i64, link = 25 : i64, link_latency = 10000 : i64, tensor = 312 : i64}>} {
  hone.weight @w : tensor<1024x1024xf32> file "w" offset 0 length 4194304
  // CHECK-LABEL: func.func @main
  // CHECK: hone.matmul {{.*}}hone.device = "cuda"
  // CHECK: hone.relu {{.*}}hone.device = "cuda"
  // CHECK: hone.neg {{.*}}hone.device = "host"
  func.func @main(%x: tensor<?x1024xf32> {hone.dims = ["m", 1024]}, %s: tensor<4xf32>) -> (tensor<?x1024xf32>, tensor<4xf32>) {
    %w = hone.get_weight @w : tensor<1024x1024xf32>
    %0 = hone.matmul %x, %w : (tensor<?x1024xf32>, tensor<1024x1024xf32>) -> tensor<?x1024xf32>
    %1 = hone.relu %0 : (tensor<?x1024xf32>) -> tensor<?x1024xf32>
    %2 = hone.neg %s : (tensor<4xf32>) -> tensor<4xf32>
    return %1, %2 : tensor<?x1024xf32>, tensor<4xf32>
  }
}

// -----

// Memory for one of two weights: the larger product stays on the GPU. A view has the memory of its operand.
// SAID: partition: its result (2.097 MB) goes from cuda to host, predicted 93.89 us
// SAID: partition: runs on the host: with its weights the device's memory would be exceeded
// SAID: partition: 1 ops on cuda with 4.194 MB of weights, 1 on the host, 2 tensors cross; predicted 1779 us, all on cuda is not allowed, all on host 3070 us
module attributes {hone.partition = {memory = 5000000 : i64, pins = [], sizes = {m = 512 : i64}}, hone.target = #hone.target<"host", "host", "", {bandwidth = 60 : i64, gflops = 700 : i64, launch = 1000 : i64}>, hone.device_target = #hone.target<"sm_80", "sm_80", "", {bandwidth = 2000 : i64, cuda = 1 : i64, f32 = 20 : i64, launch = 2500 : i64, link = 25 : i64, link_latency = 10000 : i64, tensor = 312 : i64}>} {
  hone.weight @w : tensor<1024x1024xf32> file "w" offset 0 length 4194304
  hone.weight @v : tensor<512x1024xf32> file "w" offset 4194304 length 2097152
  // CHECK-LABEL: func.func @main
  // CHECK: hone.matmul {{.*}}hone.device = "cuda"
  // CHECK: hone.matmul {{.*}}hone.device = "host"
  func.func @main(%x: tensor<?x1024xf32> {hone.dims = ["m", 1024]}) -> tensor<?x1024xf32> {
    %shape = hone.constant dense<[-1, 512]> : tensor<2xi64> : tensor<2xi64>
    %w = hone.get_weight @w : tensor<1024x1024xf32>
    %v = hone.get_weight @v : tensor<512x1024xf32>
    %0 = hone.matmul %x, %w : (tensor<?x1024xf32>, tensor<1024x1024xf32>) -> tensor<?x1024xf32>
    %1 = hone.reshape %0, %shape : (tensor<?x1024xf32>, tensor<2xi64>) -> tensor<?x512xf32>
    %2 = hone.matmul %1, %v : (tensor<?x512xf32>, tensor<512x1024xf32>) -> tensor<?x1024xf32>
    return %2 : tensor<?x1024xf32>
  }
}

// -----

// The first pattern that a node's name matches counts.
// SAID: loc("first"): partition: its result (0.032 KB) goes from host to cuda, predicted 10 us
// SAID: partition: 1 ops on cuda with 0 KB of weights, 1 on the host, 2 tensors cross; predicted 20 us, all on cuda is not allowed, all on host is not allowed
// CHECK-LABEL: func.func @main
// CHECK: hone.neg {{.*}}hone.device = "host"
// CHECK: hone.relu {{.*}}hone.device = "cuda"
module attributes {hone.partition = {pins = [["*first*", "host"], ["*", "cuda"]], sizes = {}}, hone.target = #hone.target<"host", "host", "", {bandwidth = 60 : i64, gflops = 700 : i64, launch = 1000 : i64}>, hone.device_target = #hone.target<"sm_80", "sm_80", "", {bandwidth = 2000 : i64, cuda = 1 : i64, f32 = 20 : i64, launch = 2500 : i64, link = 25 : i64, link_latency = 10000 : i64, tensor = 312 : i64}>} {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    %0 = hone.neg %x : (tensor<8xf32>) -> tensor<8xf32> loc("first")
    %1 = hone.relu %0 : (tensor<8xf32>) -> tensor<8xf32> loc("second")
    return %1 : tensor<8xf32>
  }
}
