// What hone-compile asks of the machine that it runs on.
#ifndef HONE_TOOLS_HONECOMPILE_MACHINE_H
#define HONE_TOOLS_HONECOMPILE_MACHINE_H
#include "tools/common/Driver.h"

namespace hone {
/// A bug of Hone ends with one line and 70, never with a stack dump.
void catchCrashes();
/// The CUDA toolkit's assembler, in the PATH or where the toolkit is installed, and the user's cache folder.
void findToolkit(CompileOptions &options);
} // namespace hone
#endif
