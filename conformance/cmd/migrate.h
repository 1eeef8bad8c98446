// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the programs `mfdkit send` and `mfdkit recv` have in common: parameters from the command
 * line and the environment, guest memory, and what they print.
 */
#ifndef MFD_MIGRATE_H
#define MFD_MIGRATE_H

#include "cmd.h"
#include "failure.h"
#include "params.h"

#include <argp.h>

/* Exit status for what is not implemented: the contract of a command under test. */
#define MFD_MIGRATE_UNSUPPORTED 77

/* Key of a parameter's option on the command line. */
#define MFD_MIGRATE_KEY(param) ((int)(param) + 1)

struct mfd_migrate {
    const char *name;    /* "mfdkit send" */
    const char *address; /* its option, as the message about its absence names it: "--to" */
    enum mfd_guest_use use;
    bool ram_may_lack; /* the program gets its blocks in some other way, too */
    enum mfd_tls_end end;
    int trouble; /* exit status where the system refuses something */
    struct mfd_params params;
    struct mfd_guest guest;    /* blocks that mfd_migrate_begin() has mapped */
    struct mfd_tls_creds *tls; /* that it has loaded; NULL: no TLS */
};

/* The options that both have; its input is a struct mfd_migrate. */
extern const struct argp mfd_migrate_argp;

/* Sets the parameter of `key`, for a parser that has mfd_migrate_argp as its child; 0 or ARGP_ERR_UNKNOWN. */
error_t mfd_migrate_option(struct mfd_migrate *m, int key, char *value, struct argp_state *state);
/*
 * Takes environment and command line (by `parser`, with `input`) and maps guest memory. 0, or the
 * exit status; wrong usage ends the process. After 0 mfd_migrate_end() is the caller's.
 */
int mfd_migrate_begin(struct mfd_migrate *m, const struct argp *parser, void *input, int argc,
                      char **argv);
void mfd_migrate_end(struct mfd_migrate *m);
/* Prints what the system refused; returns m->trouble. */
int mfd_migrate_complain(const struct mfd_migrate *m, const char *subject, int error);
/* Prints a sentence about this program; returns `status`. */
int mfd_migrate_say(const struct mfd_migrate *m, int status, const char *sentence);

/* What a migration came to. */
struct mfd_migrate_outcome {
    bool completed;
    const struct mfd_failure *failure;
    uint64_t normal_pages;
    uint64_t zero_pages;
    uint64_t packets;
    uint64_t sync_points;
};

/* Prints it; returns the exit status. */
int mfd_migrate_report(const struct mfd_migrate *m, const struct mfd_migrate_outcome *outcome);

#endif
