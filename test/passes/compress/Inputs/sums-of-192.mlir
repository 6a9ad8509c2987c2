hone.weight @w : tensor<192x16xf32> file "m" offset 0 length 12288
func.func @main(%x: tensor<?x192xf32>) -> tensor<?x16xf32> {
  %w = hone.get_weight @w : tensor<192x16xf32>
  %y = hone.matmul %x, %w : (tensor<?x192xf32>, tensor<192x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
