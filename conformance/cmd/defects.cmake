# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -D MFDKIT=PROGRAM -D MADE=FILE -D DOCUMENT=FILE [-D CHECK=ON] -P defects.cmake
#
# Writes DOCUMENT as `mfdkit coverage --defects` prints it, or compares.
execute_process(COMMAND ${MFDKIT} coverage --defects OUTPUT_FILE ${MADE} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "mfdkit coverage --defects failed: ${status}")
endif()
if(NOT CHECK)
  file(COPY_FILE ${MADE} ${DOCUMENT} ONLY_IF_DIFFERENT)
  return()
endif()
execute_process(COMMAND diff ${DOCUMENT} ${MADE} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${DOCUMENT} is not current: build the target docs and commit the file")
endif()
