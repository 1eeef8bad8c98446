# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -D MFDKIT=PROGRAM -D DOCUMENT=FILE -P mutants.cmake
#
# Fails unless DOCUMENT tells of every mutant that there is, and of no other. What became of them it says from the
# run of the target mutants-document, which takes minutes.
execute_process(COMMAND ${MFDKIT} list mutants OUTPUT_VARIABLE list RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "mfdkit list mutants failed: ${status}")
endif()
string(REGEX MATCHALL "(^|\n)[^ \n]+" names "${list}")
file(STRINGS ${DOCUMENT} rows REGEX "^\\| `")
list(LENGTH names there)
list(LENGTH rows told)
if(there EQUAL 0 OR NOT there EQUAL told)
  message(FATAL_ERROR "${DOCUMENT} tells of ${told} mutants, there are ${there}: build the target mutants-document")
endif()
foreach(name row IN ZIP_LISTS names rows)
  string(STRIP "${name}" name)
  string(FIND "${row}" "| `${name}` |" at)
  if(NOT at EQUAL 0)
    message(FATAL_ERROR "${DOCUMENT} has no row for ${name} where it belongs: build the target mutants-document")
  endif()
endforeach()
