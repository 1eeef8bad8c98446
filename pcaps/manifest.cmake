# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -D MFDKIT=PROGRAM -D FOLDER=DIR -D MANIFEST=FILE -D LIBRARIES=TEXT [-D CHECK=ON] -P manifest.cmake
#
# Makes the captures of all scenarios in FOLDER and writes their SHA-256 to MANIFEST, or compares.
file(REMOVE_RECURSE ${FOLDER})
execute_process(COMMAND ${MFDKIT} pcap ** -d ${FOLDER} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "mfdkit pcap failed: ${status}")
endif()

set(lines "# SHA-256 of the capture of each scenario: mfdkit pcap '**' -d DIR makes them, and in DIR\n"
          "# sha256sum -c compares. Compressed payload is that of ${LIBRARIES}.\n")
file(GLOB_RECURSE captures RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT captures)
foreach(capture IN LISTS captures)
  file(SHA256 ${FOLDER}/${capture} sum)
  list(APPEND lines "${sum}  ${capture}\n")
endforeach()
string(CONCAT text ${lines})

if(NOT CHECK)
  file(WRITE ${MANIFEST} "${text}")
  return()
endif()
file(READ ${MANIFEST} wanted)
if(NOT text STREQUAL wanted)
  file(WRITE ${FOLDER}.manifest "${text}")
  execute_process(COMMAND diff ${MANIFEST} ${FOLDER}.manifest)
  message(FATAL_ERROR
    "${MANIFEST} is not what the scenarios give. If they are meant so: cmake --build DIR --target manifest")
endif()
