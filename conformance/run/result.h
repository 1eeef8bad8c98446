// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The result of one scenario instance on one peer: the one structure that all reports render.
 */
#ifndef MFD_RESULT_H
#define MFD_RESULT_H

#include "outcome.h"
#include "rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mfd_verdict {
    MFD_PASS,
    MFD_FAIL,
    MFD_WARN,           /* a SHOULD is not met; a failure under --strict */
    MFD_KNOWN,          /* not as expected, but as the baseline says */
    MFD_STALE,          /* the baseline promises a deviation that is no longer there */
    MFD_BLOCKED,        /* its positive twin does not pass, so it proves nothing */
    MFD_NOT_APPLICABLE, /* not for this profile */
    MFD_VERDICT_UNSUPPORTED,
    MFD_VERDICT_UNDECIDED,
    MFD_HARNESS_ERROR,
    MFD_VERDICT_COUNT
};

/* "pass", "not_applicable" and so on: the keys of the JSON summary. */
const char *mfd_verdict_name(enum mfd_verdict verdict);
/* MFD_VERDICT_COUNT if there is none of that name. */
enum mfd_verdict mfd_verdict_find(const char *name);

/* What became of a connection by one happening. */
enum mfd_happening_kind {
    MFD_HAPPENED_OPEN,
    MFD_HAPPENED_DATA,
    MFD_HAPPENED_END,  /* closed, half-closed or reset */
    MFD_HAPPENED_NOTE, /* nothing: a send or a connect that was not possible */
    MFD_HAPPENED_COUNT
};

/* One thing that happened, for the report of a failure. */
struct mfd_happening {
    double ms;  /* since the start of the run */
    char *conn; /* "ch 1" */
    bool from_peer;
    bool deviation; /* it is the scenario's fault */
    enum mfd_happening_kind kind;
    char *text; /* "hello (64 bytes)", "closed", "reset" */
};

/* A rule that a sender keeps, as it came out of one migration; one that is not listed was undecided. */
struct mfd_result_rule {
    enum mfd_rule rule;
    bool broken; /* else held */
    char *text;  /* how it was broken first, or NULL */
};

/* What the ids of results begin with that are about one rule over all migrations of a sender. */
#define MFD_RESULT_OF_RULE "rule/"

struct mfd_result {
    char *id;
    char *params;       /* "n=13", "" if none */
    enum mfd_rule rule; /* MFD_RULE_COUNT: about no rule, as for a line of the baseline */
    const char *level;  /* MUST, SHOULD, MAY: of `rule` for the role tested */
    const char *role;   /* "receiver" or "sender" */
    mfd_outcomes expect;
    enum mfd_outcome got; /* MFD_OUTCOME_COUNT where the scenario was not played */
    enum mfd_verdict verdict;
    double ms;
    char *twin; /* verdict name of the positive twin; NULL where there is none */
    bool exited;
    int exit_code;   /* if exited by itself */
    int signal;      /* if ended by a signal that the harness did not send; else 0 */
    char *sanitizer; /* report, or NULL */
    char *detail;    /* what was seen, in a sentence; the error where verdict is HARNESS_ERROR */
    char *peer_log;  /* end of what the peer printed, or NULL */
    char *defect;    /* id of the baseline line, or NULL */
    char *pcap;      /* path, or NULL */
    char *rerun;     /* command that runs this instance again */
    struct mfd_result_rule *rules; /* role sender, where the scenario was played */
    size_t rule_count;

    /* For the report of a failure; absent (NULL, 0) otherwise. */
    struct mfd_happening *happenings;
    size_t happening_count;
    char *offending; /* the deviating message as annotated hexdump, or NULL */
    char *path;      /* scenario file */
    unsigned line;   /* of the deviation */
};

struct mfd_run {
    char *suite_version;
    char *peer_kind;    /* "ref", "qemu", "command" */
    char *peer_version; /* "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", or "" */
    char *peer_path;    /* or "" */
    char *profile;      /* "qemu-7.2" */
    const char *role;
    bool strict;
    struct mfd_result *results;
    size_t count;
    size_t summary[MFD_VERDICT_COUNT];
    double ms;
};

void mfd_happenings_free(struct mfd_happening *happenings, size_t count);
/*
 * A new one at the end of the list, without anything in it, to be filled by the caller. NULL if there are `most` of
 * them, or no memory: the report is shorter then, the verdict the same.
 */
struct mfd_happening *mfd_happenings_add(struct mfd_happening **happenings, size_t *count,
                                         size_t most);
void mfd_result_free(struct mfd_result *result); /* its members, not itself */
void mfd_run_free(struct mfd_run *run);          /* likewise */

/* Fills `summary` from the results. */
void mfd_run_summarise(struct mfd_run *run);

/*
 * Whether the result makes the run exit with 1: fail, stale, a SHOULD that is not met under --strict, or
 * blocked by a twin that the baseline does not list.
 */
bool mfd_result_unexpected(const struct mfd_result *result, bool strict);

/*
 * Exit code of a summarised run: 1 if anything is unexpected, else 3 if the harness failed anywhere, else
 * 4 if nothing was tested (no results, or only not applicable, unsupported and undecided ones), else 0.
 * A proven failure outranks a harness error: bisecting must not skip a bad commit.
 */
int mfd_run_exit_code(const struct mfd_run *run);

#endif
