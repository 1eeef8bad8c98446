# SPDX-License-Identifier: GPL-2.0-or-later
# mfd_pure(NAME LIBRARY): the ctest NAME fails if LIBRARY imports more than mem* and str*, or has
# writable data. Instrumentation imports its own runtime, so only plain builds have the test.
set(MFD_PURITY_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/purity.cmake)

function(mfd_pure name library)
  if(NOT MFD_BUILD_TESTS OR MFD_SANITIZE OR MFD_COVERAGE)
    return()
  endif()
  add_test(NAME ${name}
    COMMAND ${CMAKE_COMMAND} -D NM=${CMAKE_NM} -D LIBRARY=$<TARGET_FILE:${library}> -P ${MFD_PURITY_SCRIPT})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 60)
endfunction()
