// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests: migrations put into captures, and whether tshark marks in each the rules that are broken, and no others.
 *
 * One capture has all migrations whose receivers are set up alike, since tshark is told by preferences. There is one set of captures
 * in a process, which begins with mfd_marks_begin().
 */
#ifndef MFD_MARKS_FIXTURE_H
#define MFD_MARKS_FIXTURE_H

#include "event.h"
#include "plan.h"
#include "rule.h"

/* One migration. Whoever adds it fills in what it breaks. */
struct mfd_marks_sample {
    bool wanted[MFD_RULE_COUNT]; /* what the observer finds broken */
    bool open[MFD_RULE_COUNT];   /* the observer did not see enough to say */
    bool named[MFD_RULE_COUNT];  /* rules that the scenario is about */
    bool refused;                /* what it does wrong must not be accepted */
    bool twin;                   /* without its fault */
    char *id;                    /* owned by the captures */
    size_t covered;              /* hellos that pass under TLS */
    bool marked[MFD_RULE_COUNT]; /* by tshark, the last time */
    size_t uncovered;            /* hellos under TLS that it could read then */
};

/* Sees that tshark has the plugin, and makes a folder for the captures. Keys of TLS sessions of this process are logged there. */
bool mfd_marks_begin(void);
/*
 * A migration as the plan has it, in the capture that it belongs to; `no_switchover` as the preference. The sample is
 * valid until the next one is added.
 */
struct mfd_marks_sample *mfd_marks_add(const struct mfd_plan *plan, bool no_switchover);
/* An event of the migration that was added last, with its line of the scenario or NULL. Fails the test where it cannot be written. */
void mfd_marks_event(const struct mfd_event *event, const char *text);
/* Nothing more is added: finishes the files. */
void mfd_marks_finish(void);
/*
 * Takes all captures through tshark with the options `how` and compares; each difference is told. `payload`: pages are looked at,
 * so that rules about them count. Hellos under TLS that are not read with the keys are differences, too. Returns how many there are.
 */
size_t mfd_marks_differences(const char *how, bool payload);
size_t mfd_marks_count(void);
/* By index, in no order. */
const struct mfd_marks_sample *mfd_marks_at(size_t i);
/* Removes the folder, unless $MFD_KEEP is set; 0, or -1. */
int mfd_marks_remove(void);

#endif
