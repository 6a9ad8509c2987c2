func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %0 = hone.exp %x : (tensor<?x8xf32>) -> tensor<?x8xf32> loc("front/Exp")
  %1 = hone.softmax %0 axis 1 : (tensor<?x8xf32>) -> tensor<?x8xf32> loc("Softmax")
  return %1 : tensor<?x8xf32>
}
