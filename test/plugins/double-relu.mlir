// A user's rewrite in PDL: relu of relu is relu.
module @patterns {
  pdl.pattern @relu_of_relu : benefit(1) {
    %type = pdl.type
    %x = pdl.operand
    %inner = pdl.operation "hone.relu"(%x : !pdl.value) -> (%type : !pdl.type)
    %value = pdl.result 0 of %inner
    %outer = pdl.operation "hone.relu"(%value : !pdl.value) -> (%type : !pdl.type)
    pdl.rewrite %outer {
      pdl.replace %outer with %inner
    }
  }
}
