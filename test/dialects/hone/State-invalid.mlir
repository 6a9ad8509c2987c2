// What a weight must say of itself.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a type with static shape, got 'tensor<?xf32>'}}
hone.weight @w : tensor<?xf32> file "m" offset 0 length 4

// -----

// expected-error @+1 {{expected either bytes of a file or a recipe}}
hone.weight @w : tensor<1xf32>

// -----

// expected-error @+1 {{expected an offset and a length beside the file}}
"hone.weight"() <{file = "m", sym_name = "w", type = tensor<1xf32>}> ({}) : () -> ()

// -----

// expected-error @+1 {{expected a recipe that yields one tensor}}
hone.weight @w : tensor<1xf32> {
  hone.yield
}

// -----

func.func @main() {
  // expected-error @+1 {{expected a weight named nothing}}
  %w = hone.get_weight @nothing : tensor<*xf32>
  return
}
