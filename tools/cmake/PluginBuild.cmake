# Writes the header that names this build to plugins: cmake -DOUT= -DFILES= -DVERSIONS= -P PluginBuild.cmake
set(all "")
foreach(file ${FILES})
  file(SHA256 ${file} sum)
  string(APPEND all ${sum})
endforeach()
string(SHA256 sum "${all}")
string(SUBSTRING ${sum} 0 12 sum)
file(WRITE ${OUT} "// The build of Hone that a plugin belongs to; generated.\n#define HONE_PLUGIN_BUILD \"${VERSIONS}, headers ${sum}\"\n")
