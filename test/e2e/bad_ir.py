"""IR files that hone-compile must refuse, for bad_models.py: users edit dumps by hand. (name, text, words, flags)"""

MAIN = """func.func @main(%x: tensor<?x4xf32> {hone.dims = ["n", 4], hone.name = "x"}) -> (tensor<?x4xf32> {hone.name = "y"}) {
BODY
  return %y : tensor<?x4xf32>
}
"""


def main(*lines):
    return MAIN.replace("BODY", "\n".join("  " + line for line in lines))


def weight(attributes, kind="tensor<4xf32>"):
    return f"hone.weight @w : {kind} {attributes}\n" + main(f"%w = hone.get_weight @w : {kind}",
                                                           f"%y = hone.add %x, %w : (tensor<?x4xf32>, {kind}) -> tensor<?x4xf32>")


def cases():
    relu = "%y = hone.relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>"
    good = main(relu)
    yield "empty", "", ["main"], ()
    yield "bytes", "\0\1\2\xff" * 1000, [":1"], ()
    yield "syntax", good.replace("func.func", "func.fnc"), [":1"], ()
    yield "half", good[: len(good) // 2], [], ()
    yield "no-main", good.replace("@main", "@mane"), ["main"], ()
    yield "declared-main", "func.func private @main(tensor<4xf32>) -> tensor<4xf32>\n", ["main"], ()
    yield "main-is-no-function", "hone.weight @main : tensor<4xf32> file \"w\" offset 0 length 16\n", [], ()
    yield "unknown-op", main("%y = hone.frobnicate %x : (tensor<?x4xf32>) -> tensor<?x4xf32>"), ["frobnicate"], ()
    yield "unknown-dialect", main('%y = "alien.op"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>'), ["unregistered dialect"], ()
    yield "wrong-types", main("%y = hone.add %x, %x : (tensor<?x4xf32>, tensor<?x4xi64>) -> tensor<?x4xf32>"), [], ()
    yield "argument-no-tensor", good.replace("%x: tensor<?x4xf32>", "%n: index, %x: tensor<?x4xf32>"), ["index"], ()
    yield "argument-unranked", good.replace("tensor<?x4xf32> {hone.dims", "tensor<*xf32> {hone.dims"), [], ()
    yield "argument-of-complex", "func.func @main(%x: tensor<4xcomplex<f32>> {hone.name = \"x\"}) -> tensor<4xcomplex<f32>> {\n  return %x : tensor<4xcomplex<f32>>\n}\n", [], ()
    yield "argument-rank-9", "func.func @main(%x: tensor<1x1x1x1x1x1x1x1x4xf32> {hone.name = \"x\"}) -> tensor<1x1x1x1x1x1x1x1x4xf32> {\n  return %x : tensor<1x1x1x1x1x1x1x1x4xf32>\n}\n", [], ()
    yield "dims-no-list", good.replace('["n", 4]', "5"), ["hone.dims"], ()
    yield "dims-too-short", good.replace('["n", 4]', '["n"]'), ["hone.dims"], ()
    yield "dims-contradict", good.replace('["n", 4]', '["n", 5]'), ["hone.dims"], ()
    yield "name-no-text", good.replace('hone.name = "x"', "hone.name = 3"), ["hone.name"], ()
    yield "calls-itself", main("%y = func.call @main(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>"), [], ()
    yield "huge-type", good.replace("?x4xf32", "9223372036854775807x9223372036854775807xf32").replace('["n", 4]', "[1, 1]"), [], ()
    yield "deep-brackets", 'module attributes {a = ' + "[" * 100_000 + "]" * 100_000 + "} {}\n", ["nested"], ()
    yield "deep-regions", "module {" * 50_000 + "}" * 50_000, ["nested"], ()
    yield "weight-missing-file", weight('file "missing.bin" offset 0 length 16'), ["missing.bin"], ()
    yield "weight-past-end", weight('file "data.bin" offset 0 length 16'), ["data.bin"], ()
    yield "weight-negative-offset", weight('file "data.bin" offset -8 length 16'), [], ()
    yield "weight-length-lies", weight('file "data.bin" offset 0 length 4'), [], ()
    yield "weight-is-a-folder", weight('file "inner" offset 0 length 16'), ["inner"], ()
    yield "weight-is-a-device", weight('file "device.bin" offset 0 length 16'), ["device.bin"], ()
    yield "weight-of-open-size", weight('file "data.bin" offset 0 length 16', "tensor<?xf32>"), [], ()
    yield "weight-undefined", main("%w = hone.get_weight @nowhere : tensor<4xf32>", "%y = hone.add %x, %w : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>"), ["nowhere"], ()
    yield "recipe-of-itself", weight("{\n  %a = hone.get_weight @w : tensor<4xf32>\n  %b = hone.relu %a : (tensor<4xf32>) -> tensor<4xf32>\n  hone.yield %b : tensor<4xf32>\n}"), ["@w|'w'"], ()
    for phase in ("schedule", "codegen", "package"):
        yield f"resumed-too-late-{phase}", good, [], (f"--compile-from={phase}",)
    yield "unknown-family", main('%y = "hone.kernel"(%x) <{dims = [[0, -5], [0, -5]], family = "nope"}> ({\n  ^bb0(%a: tensor<?x4xf32>):\n    %b = hone.relu %a : (tensor<?x4xf32>) -> tensor<?x4xf32>\n'
                                 '    hone.yield %b : tensor<?x4xf32>\n  }) : (tensor<?x4xf32>) -> tensor<?x4xf32>'), ["nope"], ("--compile-from=schedule",)
