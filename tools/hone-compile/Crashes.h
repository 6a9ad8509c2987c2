// What a crash of hone-compile says.
#ifndef HONE_TOOLS_HONECOMPILE_CRASHES_H
#define HONE_TOOLS_HONECOMPILE_CRASHES_H

namespace hone {
/// A bug of Hone ends with one line and 70, never with a stack dump.
void catchCrashes();
} // namespace hone
#endif
