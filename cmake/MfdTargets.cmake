# SPDX-License-Identifier: GPL-2.0-or-later
# Functions that every folder uses to declare its library and its tests.

find_package(PkgConfig REQUIRED)

function(mfd_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2)
  if(MFD_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(MFD_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${MFD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${MFD_SANITIZE})
  endif()
  if(MFD_FUZZ_ENGINE STREQUAL libfuzzer)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(MFD_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -O0)
    target_link_options(${target} PRIVATE --coverage)
  endif()
endfunction()

# mfd_library(NAME SOURCES file... [LIBS lib...]): a static library whose headers lie beside its sources.
function(mfd_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_LIBS})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON) # the dissector is a module
  mfd_flags(${name})
endfunction()

# mfd_test(SOURCE [THREADS] [EXHAUSTIVE] [QEMU] [LIBS lib...] [ARGS arg...]): x_test.c becomes the ctest `x`, one
# cmocka group. THREADS: it has what the thread sanitizer looks for. EXHAUSTIVE: it goes through every scenario or a
# hundred thousand runs, which takes minutes under a sanitizer; those see the same code played by `mfdkit test`.
# QEMU: it migrates with real ones by the dozen, under a sanitizer at night only.
function(mfd_test source)
  if(NOT MFD_BUILD_TESTS)
    return()
  endif()
  if(NOT TARGET PkgConfig::CMOCKA)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET GLOBAL cmocka)
  endif()
  cmake_parse_arguments(arg "THREADS;EXHAUSTIVE;QEMU" "" "LIBS;ARGS" ${ARGN})
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "_test$" "" name ${target})
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE ${arg_LIBS} PkgConfig::CMOCKA)
  mfd_flags(${target})
  add_test(NAME ${name} COMMAND ${target} ${arg_ARGS})
  set(labels unit)
  if(arg_THREADS)
    list(APPEND labels threads)
    if(NOT TARGET thread_tests)
      add_custom_target(thread_tests)
    endif()
    add_dependencies(thread_tests ${target})
  endif()
  if(arg_EXHAUSTIVE)
    list(APPEND labels exhaustive)
  endif()
  if(arg_QEMU)
    list(APPEND labels qemu)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 900)
endfunction()
