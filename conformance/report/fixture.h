// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run for the tests of the reports: one result of each verdict, and text that no report may pass on as
 * it is (markup, control characters, bytes that are not UTF-8).
 */
#ifndef MFD_FIXTURE_H
#define MFD_FIXTURE_H

#include "result.h"

#include <stdio.h>

/* Fills `run`, summarised; mfd_run_free() frees it. */
void fixture_run(struct mfd_run *run);

/* What a report writes for `run`, as a string owned by the caller. */
char *fixture_written(bool (*write)(FILE *out, const struct mfd_run *run),
                      const struct mfd_run *run);

/* Fails the test unless `text` is what the file golden/NAME beside the tests holds. */
void fixture_assert_golden(const char *text, const char *name);

/* Writes `text` to a new file and returns its name, owned by the caller, who removes it. */
char *fixture_file(const char *text);

/* Exit status of a program, whose output goes to the test's; 127 if it could not be run. */
int fixture_exec(char *const argv[]);

/*
 * What a command of the program prints, errors included, and its exit status; argv[0] is its name and NULL
 * ends it. Owned by the caller.
 */
char *fixture_output(int (*command)(int argc, char **argv), char **argv, int *status);
/* Fails the test unless the command ends with `status` and `text` is in what it prints. */
void fixture_expect_said(int (*command)(int argc, char **argv), char **argv, int status,
                         const char *text);

/* A folder of its own with one scenario, and the baseline of qemu-7.2 with one line beside it. */
struct fixture_tree {
    char *root;
    char scenarios[256]; /* the folder to name on a command line */
};

/* Set-up and tear-down of a group of tests, whose state it is. */
int fixture_tree_make(void **state);
int fixture_tree_drop(void **state);
/* `name` is relative to the root. */
void fixture_tree_write(const struct fixture_tree *tree, const char *name, const char *text);
void fixture_tree_remove(const struct fixture_tree *tree, const char *name);

#endif
