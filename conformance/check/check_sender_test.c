// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Senders that `mfdkit test --role sender` drives, real QEMUs among them, recorded as it does it: what the check says
 * of the capture is, rule by rule, what the observer said while they ran.
 *
 * Peers and globs of scenarios may be named: check_sender_test qemu=sid send/whole.
 */
#include "capture.h"
#include "capture_write.h"
#include "choose.h"
#include "cmd.h"
#include "judge.h"
#include "oversight.h"
#include "recording.h"
#include "scratch.h"
#include "selection.h"
#include "test_given.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEERS_MAX 8
#define GLOBS_MAX 8

static const char *peers[PEERS_MAX + 1] = {"ref", "qemu", "qemu=trixie"};
/* Whole migrations of every method, and such as the receiver ends at different places. */
static const char *globs[GLOBS_MAX + 1] = {"send/whole",           "send/zero",
                                           "send/hello-closed",    "send/page-reset",
                                           "send/sync-closed",     "send/last-sync-reset",
                                           "send/main-end-closed", NULL};

static size_t decided; /* verdicts compared that the observer could give */
static size_t migrations;

static enum mfd_checked_state observed(const struct mfd_result *result, enum mfd_rule rule)
{
    for (size_t i = 0; i < result->rule_count; i++) {
        if (result->rules[i].rule == rule) {
            return result->rules[i].broken ? MFD_CHECKED_BROKEN : MFD_CHECKED_HELD;
        }
    }
    return MFD_CHECKED_UNDECIDED;
}

/* Told to cancel, a sender is no longer watched, but recorded. */
static bool is_cancelled(const struct mfd_plan *plan)
{
    for (size_t i = 0; i < plan->moment_count; i++) {
        if (plan->moments[i].acts & MFD_DO_CANCEL) {
            return true;
        }
    }
    return false;
}

/* How many rules the two see differently. */
static size_t compare(const struct mfd_checked *checked, const struct mfd_plan *plan,
                      const struct mfd_result *result)
{
    size_t wrong = 0;

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        enum mfd_rule rule = (enum mfd_rule)i;
        enum mfd_checked_state here = checked->rules[rule].state;
        enum mfd_checked_state there = observed(result, rule);

        if (!mfd_oversight_rule(rule)) {
            continue;
        }
        here = here == MFD_CHECKED_NOT_APPLICABLE ? MFD_CHECKED_UNDECIDED : here;
        decided += there != MFD_CHECKED_UNDECIDED;
        if (here != there && !(is_cancelled(plan) && there == MFD_CHECKED_UNDECIDED)) {
            print_error("%s: %s is %s as it runs, %s in its capture%s%s\n", result->id,
                        mfd_rule_info(rule)->id, mfd_checked_state_name(there),
                        mfd_checked_state_name(here), checked->rules[rule].reason ? ": " : "",
                        checked->rules[rule].reason ? checked->rules[rule].reason : "");
            wrong++;
        }
    }
    return wrong;
}

/* How many rules the check of a capture, in which there must be one migration, sees differently. */
static size_t check_capture(const char *path, const struct mfd_plan *plan,
                            const struct mfd_result *result)
{
    struct mfd_given given = test_given(plan);
    struct mfd_verdicts verdicts;
    char error[MFD_CAPTURE_ERROR_SIZE];
    FILE *in = fopen(path, "rbe");
    size_t wrong = 1;

    assert_non_null(in);
    if (!mfd_verdicts_read(in, &given, MFD_CAPTURE_PORT, &verdicts, error)) {
        print_error("%s: %s\n", result->id, error);
    } else if (mfd_checker_count(verdicts.checker) != 1) {
        print_error("%s: %zu migrations\n", result->id, mfd_checker_count(verdicts.checker));
    } else {
        wrong = compare(mfd_checker_at(verdicts.checker, 0), plan, result);
    }
    mfd_verdicts_free(&verdicts);
    return wrong;
}

static size_t run_item(const struct mfd_peer *peer, const struct mfd_selection *selection,
                       const struct mfd_item *item)
{
    struct mfd_lang_error fault = {0};
    struct mfd_plan *plan = mfd_item_compile(selection, item, false, &fault);
    struct mfd_recording recording = {.count = 0};
    struct mfd_result result = {.id = strdup(item->instance->id)};
    char *path = NULL;
    size_t wrong = 0;

    assert_non_null(plan);
    /* no capture shows what is encrypted; of a sender that did not connect there is none */
    if (plan->expect && !plan->tls) {
        mfd_judge_sender(peer, plan, &recording, &result);
        if (result.verdict == MFD_HARNESS_ERROR) {
            fail_msg("%s: %s", result.id, result.detail);
        }
    }
    if (recording.count) {
        path = mfd_recording_save(&recording, plan, peer->scratch, 0);
        if (!path) {
            fail_msg("%s: %s", result.id, strerror(errno));
        }
        wrong = check_capture(path, plan, &result);
        remove(path);
        migrations++;
    }
    free(path);
    mfd_recording_free(&recording);
    mfd_result_free(&result);
    mfd_plan_free(plan);
    return wrong;
}

static size_t run_peer(const char *name, const struct mfd_suite *suite)
{
    struct mfd_choice choice = {.command = "test", .peer = name, .scale = 6};
    struct mfd_run_options options = {
        .scenarios = MFD_SCENARIOS, .globs = globs, .role = "sender", .strength = 1};
    const struct mfd_profile *profile = NULL;
    struct mfd_selection selection;
    struct mfd_peer peer = {0};
    char error[MFD_RUN_ERROR_SIZE];
    char scratch[128];
    size_t wrong = 0;

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
        wrong += run_item(&peer, &selection, &selection.items[i]);
    }
    mfd_selection_free(&selection);
    assert_int_equal(mfd_scratch_remove(scratch), 0);
    mfd_peer_free(&peer);
    return wrong;
}

static void the_check_says_of_a_capture_what_the_observer_said_of_the_sender(void **state)
{
    struct mfd_suite suite;
    char error[MFD_RUN_ERROR_SIZE];
    size_t wrong = 0;

    (void)state;
    assert_true(mfd_suite_load_some(MFD_SCENARIOS, globs, &suite, error));
    for (size_t i = 0; peers[i]; i++) {
        size_t migrations_before = migrations;
        size_t decided_before = decided;
        size_t here = run_peer(peers[i], &suite);

        print_message("%s: %zu migrations, %zu rules decided, %zu seen differently\n", peers[i],
                      migrations - migrations_before, decided - decided_before, here);
        assert_true(migrations > migrations_before);
        assert_true(decided > decided_before);
        wrong += here;
    }
    mfd_suite_free(&suite);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_says_of_a_capture_what_the_observer_said_of_the_sender),
    };
    size_t peer_count = 0;
    size_t glob_count = 0;

    for (int i = 1; i < argc; i++) {
        if (strchr(argv[i], '/') && glob_count < GLOBS_MAX) {
            globs[glob_count++] = argv[i];
            globs[glob_count] = NULL;
        } else if (peer_count < PEERS_MAX) {
            peers[peer_count++] = argv[i];
            peers[peer_count] = NULL;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
