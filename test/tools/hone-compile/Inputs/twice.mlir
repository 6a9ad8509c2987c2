func.func @main(%x: tensor<?x4xf32> {hone.dims = ["n", 4], hone.name = "x"}) -> (tensor<?x4xf32> {hone.name = "y"}) {
  %a = hone.add %x, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %r = hone.relu %a : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = hone.relu %r : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
