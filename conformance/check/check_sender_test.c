// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Senders that `mfdkit test --role sender` drives, real QEMUs among them, recorded as it does it: what the check says
 * of the capture is, rule by rule, what the observer said while they ran.
 *
 * Peers and globs of scenarios may be named: check_sender_test qemu=sid send/whole.
 */
#include "capture.h"
#include "capture_write.h"
#include "oversight.h"
#include "recording.h"
#include "test_given.h"
#include "test_senders.h"

#include <errno.h>
#include <stdio.h>

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
static size_t different; /* rules that the two see differently */

static enum mfd_checked_state observed(const struct mfd_result *result, enum mfd_rule rule)
{
    for (size_t i = 0; i < result->rule_count; i++) {
        if (result->rules[i].rule == rule) {
            return result->rules[i].broken ? MFD_CHECKED_BROKEN : MFD_CHECKED_HELD;
        }
    }
    return MFD_CHECKED_UNDECIDED;
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
        if (here != there && !(test_sender_is_cancelled(plan) && there == MFD_CHECKED_UNDECIDED)) {
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

static void check_item(const struct mfd_plan *plan, const struct mfd_recording *recording,
                       const struct mfd_result *result, const char *scratch)
{
    char *path = NULL;

    /* no capture shows what is encrypted; of a sender that did not connect there is none */
    if (plan->tls || !recording->count) {
        return;
    }
    path = mfd_recording_save(recording, plan, scratch, 0);
    if (!path) {
        fail_msg("%s: %s", result->id, strerror(errno));
    }
    different += check_capture(path, plan, result);
    remove(path);
    migrations++;
    free(path);
}

static void the_check_says_of_a_capture_what_the_observer_said_of_the_sender(void **state)
{
    struct mfd_suite suite;
    char error[MFD_RUN_ERROR_SIZE];

    (void)state;
    assert_true(mfd_suite_load_some(MFD_SCENARIOS, globs, &suite, error));
    for (size_t i = 0; peers[i]; i++) {
        size_t migrations_before = migrations;
        size_t decided_before = decided;
        size_t different_before = different;

        test_senders(peers[i], globs, &suite, check_item);
        print_message("%s: %zu migrations, %zu rules decided, %zu seen differently\n", peers[i],
                      migrations - migrations_before, decided - decided_before,
                      different - different_before);
        assert_true(migrations > migrations_before);
        assert_true(decided > decided_before);
    }
    mfd_suite_free(&suite);
    assert_int_equal(different, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_says_of_a_capture_what_the_observer_said_of_the_sender),
    };

    test_senders_arguments(argc, argv, peers, PEERS_MAX, globs, GLOBS_MAX);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
