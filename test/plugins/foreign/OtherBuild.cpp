// A plugin of another build of Hone. Its entry would crash the tool that calls it.
extern "C" const char *honePluginBuild() { return "Hone 0.0.1 on LLVM 1.0"; }
extern "C" void mlirGetPassPluginInfo() { __builtin_trap(); }
