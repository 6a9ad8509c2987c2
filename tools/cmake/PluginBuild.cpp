// Part of every plugin (hone_add_plugin adds it): the build it was made for, which the tools compare with
// theirs.
#include "tools/common/PluginBuild.h"

extern "C" __attribute__((visibility("default"))) const char *honePluginBuild() { return HONE_PLUGIN_BUILD; }
