// SPDX-License-Identifier: GPL-2.0-or-later
/* For tests: the scenarios that test a sender, played to a peer and recorded. */
#ifndef MFD_TEST_SENDERS_H
#define MFD_TEST_SENDERS_H

#include "choose.h"
#include "cmd.h"
#include "judge.h"
#include "scratch.h"
#include "selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Gets what one instance has come to; `recording` has no event of a sender that did not connect. */
typedef void (*test_sender_fn)(const struct mfd_plan *plan, const struct mfd_recording *recording,
                               const struct mfd_result *result, const char *scratch);

/* Told to cancel, a sender is no longer watched, but recorded. */
static inline bool test_sender_is_cancelled(const struct mfd_plan *plan)
{
    for (size_t i = 0; i < plan->moment_count; i++) {
        if (plan->moments[i].acts & MFD_DO_CANCEL) {
            return true;
        }
    }
    return false;
}

static inline void test_sender_item(const struct mfd_peer *peer,
                                    const struct mfd_selection *selection,
                                    const struct mfd_item *item, test_sender_fn take)
{
    struct mfd_lang_error fault = {0};
    struct mfd_plan *plan = mfd_item_compile(selection, item, false, &fault);
    struct mfd_recording recording = {.count = 0};
    struct mfd_result result = {.id = strdup(item->instance->id)};

    assert_non_null(plan);
    if (plan->expect) {
        mfd_judge_sender(peer, plan, &recording, &result);
        if (result.verdict == MFD_HARNESS_ERROR) {
            fail_msg("%s: %s", result.id, result.detail);
        }
        take(plan, &recording, &result, peer->scratch);
    }
    mfd_recording_free(&recording);
    mfd_result_free(&result);
    mfd_plan_free(plan);
}

/* Every instance that the globs name, to the peer of that name, which must be there. */
static inline void test_senders(const char *name, const char *const *globs,
                                const struct mfd_suite *suite, test_sender_fn take)
{
    struct mfd_choice choice = {.command = "test", .peer = name, .scale = 6};
    struct mfd_run_options options = {
        .scenarios = MFD_SCENARIOS, .globs = globs, .role = "sender", .strength = 1};
    const struct mfd_profile *profile = NULL;
    struct mfd_selection selection;
    struct mfd_peer peer = {0};
    char error[MFD_RUN_ERROR_SIZE];
    char scratch[128];

    assert_int_equal(mfd_choose_peer(&choice, &peer), MFD_OK);
    profile = mfd_choose_profile(&choice, &peer);
    assert_non_null(profile);
    peer.rev = profile->rev;
    assert_true(mfd_scratch_make(NULL, scratch, sizeof(scratch)));
    peer.scratch = scratch;
    if (!mfd_selection_make(&selection, &peer, &options, suite, error)) {
        fail_msg("%s", error);
    }
    assert_true(selection.item_count > 0);
    for (size_t i = 0; i < selection.item_count; i++) {
        test_sender_item(&peer, &selection, &selection.items[i], take);
    }
    mfd_selection_free(&selection);
    assert_int_equal(mfd_scratch_remove(scratch), 0);
    mfd_peer_free(&peer);
}

/* Takes what has a slash for a glob, anything else for a peer, in place of all those that are there. */
static inline void test_senders_arguments(int argc, char **argv, const char **peers, int peers_max,
                                          const char **globs, int globs_max)
{
    int peer_count = 0;
    int glob_count = 0;

    for (int i = 1; i < argc; i++) {
        if (strchr(argv[i], '/') && glob_count < globs_max) {
            globs[glob_count++] = argv[i];
            globs[glob_count] = NULL;
        } else if (peer_count < peers_max) {
            peers[peer_count++] = argv[i];
            peers[peer_count] = NULL;
        }
    }
}

#endif
