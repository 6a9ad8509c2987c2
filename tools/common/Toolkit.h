// What the machine offers to a compile besides Hone itself.
#ifndef HONE_TOOLS_COMMON_TOOLKIT_H
#define HONE_TOOLS_COMMON_TOOLKIT_H
#include "tools/common/Driver.h"

namespace hone {
/// Fills in the hone-run beside this program (argv[0] and the address of main), the CUDA toolkit's assembler
/// (in the PATH, or where the toolkit is installed) and the user's cache folder. Environment variables are
/// read here and nowhere else.
void findToolkit(CompileOptions &options, const char *program, void *main);
} // namespace hone
#endif
