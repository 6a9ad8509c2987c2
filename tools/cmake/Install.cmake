# What `cmake --install` copies: tools, libraries, headers with what was generated, and the package files that
# find_package(Hone) reads (HoneConfig.cmake.in says what it offers).
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Hone)
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/hone)

install(TARGETS hone-run)
install(TARGETS HoneRuntime EXPORT HoneRuntimeTargets)
install(EXPORT HoneRuntimeTargets NAMESPACE Hone:: DESTINATION ${package})
install(DIRECTORY runtime/api runtime/abi DESTINATION ${headers}/runtime
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def" PATTERN "Guard.h" EXCLUDE)

if(HONE_BUILD_COMPILER)
  install(TARGETS hone-opt hone-compile hone-lsp-server)
  install(TARGETS HoneCompiler EXPORT HoneCompilerTargets)
  install(EXPORT HoneCompilerTargets NAMESPACE Hone:: DESTINATION ${package})
  foreach(part dialects passes)
    install(DIRECTORY ${part} DESTINATION ${headers} FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
    install(DIRECTORY ${CMAKE_BINARY_DIR}/${part} DESTINATION ${headers}
            FILES_MATCHING PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE PATTERN "*.dir" EXCLUDE)
  endforeach()
  install(FILES ${CMAKE_BINARY_DIR}/tools/common/PluginBuild.h DESTINATION ${headers}/tools/common)
  install(FILES tools/cmake/PluginBuild.cpp DESTINATION ${package})
endif()

configure_package_config_file(tools/cmake/HoneConfig.cmake.in ${CMAKE_BINARY_DIR}/HoneConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/HoneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/HoneConfig.cmake ${CMAKE_BINARY_DIR}/HoneConfigVersion.cmake DESTINATION ${package})
