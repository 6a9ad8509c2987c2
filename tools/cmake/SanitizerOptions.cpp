// Part of every program with the compiler in it when sanitizers are on. lld's library is not instrumented but
// shares LLVM's inline allocators with code that is: what one side poisons, the other hands out.
extern "C" const char *__asan_default_options() { return "allow_user_poisoning=0"; }
