// A plugin whose build had a function that this one has not.
extern "C" void honeFunctionOfAnotherBuild();
extern "C" void mlirGetPassPluginInfo() { honeFunctionOfAnotherBuild(); }
