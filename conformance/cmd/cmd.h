// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the program mfdkit. Each gets its own name as argv[0] and returns the exit code:
 * 0 all as expected, 1 something unexpected, 2 usage, 3 the harness itself failed, 4 nothing ran.
 */
#ifndef MFD_CMD_H
#define MFD_CMD_H

enum mfd_exit { MFD_OK = 0, MFD_UNEXPECTED = 1, MFD_USAGE = 2, MFD_HARNESS = 3, MFD_NOTHING = 4 };

int mfd_cmd_test(int argc, char **argv);
int mfd_cmd_report(int argc, char **argv);
int mfd_cmd_diff(int argc, char **argv);
int mfd_cmd_shrink(int argc, char **argv);
int mfd_cmd_coverage(int argc, char **argv);
int mfd_cmd_list(int argc, char **argv);
int mfd_cmd_explain(int argc, char **argv);
int mfd_cmd_fmt(int argc, char **argv);
int mfd_cmd_send(int argc, char **argv);
int mfd_cmd_recv(int argc, char **argv);
int mfd_cmd_mutants(int argc, char **argv);
int mfd_cmd_qemu(int argc, char **argv);
int mfd_cmd_interop(int argc, char **argv);
int mfd_cmd_doctor(int argc, char **argv);
int mfd_cmd_import(int argc, char **argv);
int mfd_cmd_pcap(int argc, char **argv);
int mfd_cmd_bench(int argc, char **argv);
int mfd_cmd_baseline(int argc, char **argv);
int mfd_cmd_check(int argc, char **argv);
int mfd_cmd_proxy(int argc, char **argv);

#endif
