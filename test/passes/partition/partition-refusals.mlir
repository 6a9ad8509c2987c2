// Pins that match nothing, and pinned weights that the memory is too small for.
// RUN: hone-opt %s --hone-assign-devices --split-input-file --verify-diagnostics
module attributes {hone.partition = {pins = [["layer7*", "host"]], sizes = {}}, hone.target = #hone.target<"host", "host", "", {bandwidth = 60 : i64, gflops = 700 : i64, launch = 1000 : i64}>, hone.device_target = #hone.target<"sm_80", "sm_80", "", {bandwidth = 2000 : i64, cuda = 1 : i64, f32 = 20 : i64, launch = 2500 : i64, link = 25 : i64, link_latency = 10000 : i64, tensor = 312 : i64}>} {
  // expected-error @+1 {{--partition: no node that becomes a kernel matches 'layer7*'}}
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    %0 = hone.neg %x : (tensor<8xf32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

// expected-error @+1 {{hone.partition: expected pins of a pattern and 'host' or 'cuda', got ["*", "cuda:1"]}}
module attributes {hone.partition = {pins = [["*", "cuda:1"]], sizes = {}}, hone.target = #hone.target<"host", "host", "", {bandwidth = 60 : i64, gflops = 700 : i64, launch = 1000 : i64}>, hone.device_target = #hone.target<"sm_80", "sm_80", "", {bandwidth = 2000 : i64, cuda = 1 : i64, f32 = 20 : i64, launch = 2500 : i64, link = 25 : i64, link_latency = 10000 : i64, tensor = 312 : i64}>} {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    %0 = hone.neg %x : (tensor<8xf32>) -> tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}

// -----

module attributes {hone.partition = {memory = 1000 : i64, pins = [], sizes = {}}, hone.target = #hone.target<"host", "host", "", {bandwidth = 60 : i64, gflops = 700 : i64, launch = 1000 : i64}>, hone.device_target = #hone.target<"sm_80", "sm_80", "", {bandwidth = 2000 : i64, cuda = 1 : i64, f32 = 20 : i64, launch = 2500 : i64, link = 25 : i64, link_latency = 10000 : i64, tensor = 312 : i64}>} {
  hone.weight @w : tensor<1024xf32> file "w" offset 0 length 4096
  // expected-error @+1 {{the weights of nodes that are pinned to cuda do not fit its memory of 1 KB: pin fewer, or give more (--device-memory)}}
  func.func @main(%x: tensor<1024xf32>) -> tensor<1024xf32> {
    %w = hone.get_weight @w : tensor<1024xf32>
    %0 = hone.mul %x, %w {hone.device = "cuda"} : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
    return %0 : tensor<1024xf32>
  }
}
