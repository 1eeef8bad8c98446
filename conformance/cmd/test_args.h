// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of mfdkit test.
 */
#ifndef MFD_TEST_ARGS_H
#define MFD_TEST_ARGS_H

#include "report_files.h"

#include <stdbool.h>

#define MFD_GLOBS_MAX 64

struct mfd_test_args {
    const char *peer;
    char **command; /* behind "--", or NULL */
    const char *globs[MFD_GLOBS_MAX + 1];
    unsigned glob_count;
    const char *role; /* "receiver" or "sender": of the peer */
    const char *profile;
    const char *baseline;
    const char *scenarios;
    struct mfd_report_files files;
    const char *wrap;
    const char *save_pcap;
    double scale;
    unsigned jobs;
    unsigned repeat;
    unsigned strength;
    unsigned seed;
    unsigned shard;
    unsigned shards;
    bool strict;
    bool tap;
    bool bisect;
};

/*
 * Reads the command line; strings stay those of argv. A wrong one ends the process with a message and exit
 * code 2, --help with 0.
 */
void mfd_test_args_parse(int argc, char **argv, struct mfd_test_args *args);

#endif
