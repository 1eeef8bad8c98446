// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"test", mfd_cmd_test, "run scenarios against a peer and judge it"},
    {"report", mfd_cmd_report, "other reports out of those of mfdkit test --json"},
    {"diff", mfd_cmd_diff, "what changed from one report to another"},
    {"baseline", mfd_cmd_baseline, "hold a baseline against a report, or write one"},
    {"list", mfd_cmd_list, "rules, fields, scenarios, profiles, mutants or defects"},
    {"explain", mfd_cmd_explain, "one rule, field, scenario, defect or profile"},
    {"coverage", mfd_cmd_coverage, "what stands behind each rule, and what hangs in the air"},
    {"shrink", mfd_cmd_shrink, "the smallest scenario with which a peer still does the same"},
    {"fmt", mfd_cmd_fmt, "write scenario files in their one form"},
    {"send", mfd_cmd_send, "the reference sender"},
    {"recv", mfd_cmd_recv, "the reference receiver"},
    {"pcap", mfd_cmd_pcap, "scenarios as captures, without any peer"},
    {"import", mfd_cmd_import, "an input of a fuzz harness as a scenario"},
    {"check", mfd_cmd_check, "which rules the migrations in a capture held"},
    {"proxy", mfd_cmd_proxy, "between two real peers: records, judges the sender, injects faults"},
    {"mutants", mfd_cmd_mutants,
     "weaken the reference one rule or line at a time and see who notices"},
    {"interop", mfd_cmd_interop, "migrate between every two of some peers, and compare memory"},
    {"bench", mfd_cmd_bench, "how fast the reference is, against nothing but reads and writes"},
    {"doctor", mfd_cmd_doctor, "what mfdkit works with, and what of it is there"},
    {"qemu", mfd_cmd_qemu, "fetch QEMU of another Debian release, or list those that are there"},
};

static void usage(FILE *out)
{
    fprintf(out, "usage: mfdkit COMMAND [ARGUMENT...]\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].what);
    }
    fprintf(out, "\nmfdkit COMMAND --help tells more of each.\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return MFD_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return MFD_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("mfdkit %s\n", MFD_SUITE_VERSION);
        return MFD_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "mfdkit: there is no command '%s'\n", argv[1]);
    usage(stderr);
    return MFD_USAGE;
}
