#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the harnesses for ClusterFuzzLite and for OSS-Fuzz, whose images set what is used here: $SRC, $WORK and $OUT are
# folders, $CC, $CXX and their flags bring instrumentation and sanitizer, $LIB_FUZZING_ENGINE is what has a main().
# Into $OUT go NAME_fuzzer, its seed corpus, dictionary and options, and the libraries that the image which runs them
# may lack. fuzz/cluster-try does the same on this machine.
set -euo pipefail

tree=$SRC/mfdkit
build=$WORK/mfdkit
options=(
    -DCMAKE_BUILD_TYPE=Cluster # a name without flags of its own: those of the image are all
    -DMFD_BUILD_TESTS=OFF -DMFD_DISSECTOR=OFF -DMFD_WERROR=OFF
    -DMFD_FUZZ_ENGINE=given "-DMFD_FUZZ_LINK=$LIB_FUZZING_ENGINE"
    # the engine may be C++
    "-DCMAKE_C_LINK_EXECUTABLE=$CXX $CXXFLAGS <CMAKE_C_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>"
    "-DCMAKE_INSTALL_RPATH=\$ORIGIN/lib" -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON
    "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags" # libraries of libraries are looked for there, too
)

# A custom mutator is known to libFuzzer; other engines have mutators of their own.
[[ ${FUZZING_ENGINE:-libfuzzer} != libfuzzer ]] || options+=(-DMFD_FUZZ_MUTATOR=ON)

cmake -G Ninja -S "$tree" -B "$build" "${options[@]}"
mapfile -t names < <(cut -d ' ' -f 1 "$build/fuzz/fuzzers.txt")
cmake --build "$build" --target "${names[@]/%/_fuzzer}"

mkdir -p "$OUT/lib"
while read -r name corpus; do
    program=$OUT/${name}_fuzzer
    cp "$build/fuzz/${name}_fuzzer" "$program"
    cp "$tree/fuzz/multifd.dict" "$program.dict"
    printf '[libfuzzer]\nmax_len = 16384\ntimeout = 60\n' >"$program.options"
    rm -f "${program}_seed_corpus.zip"
    # scenarios of one name lie in several folders, and archives of seeds have none
    seeds=$WORK/seeds/$name
    rm -rf "$seeds"
    mkdir -p "$seeds"
    while read -r file; do
        cp "$tree/$corpus/$file" "$seeds/${file//\//_}"
    done < <(cd "$tree/$corpus" && find . -type f -size -1024k -printf '%P\n')
    zip -q -j -r "${program}_seed_corpus.zip" "$seeds"
    # all but what belongs to the C library; of the program as it was built, which has no such folder beside it
    ldd "$build/fuzz/${name}_fuzzer" | awk '$2 == "=>" && $1 !~ /^(libc|libm|libdl|libpthread|librt|libresolv)\.so/ { print $3 }' |
        xargs -r cp -L -t "$OUT/lib"
done <"$build/fuzz/fuzzers.txt"
