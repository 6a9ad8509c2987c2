module attributes {hone.target = #hone.target<"x86-64-v3", "x86-64-v3", "+avx2,+fma", {vector_bits = 256 : i64}>} {
  func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
    %s = hone.sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %y = hone.mul %x, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}
