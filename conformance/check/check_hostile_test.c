// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captures as they come from the field: frames lost, doubled, out of order or cut, files that begin late or end
 * too soon. Whatever is missing, nothing that real QEMUs sent may be said to break a rule, nor may anything be
 * held that the whole capture does not show as held.
 */
#include "checker.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES_MAX 2048

static struct mfd_frame frames[FRAMES_MAX];
static size_t frame_count;
static bool held[MFD_RULE_COUNT]; /* by the whole capture */
static const char *name;

static void free_frames(void)
{
    for (size_t i = 0; i < frame_count; i++) {
        free((void *)frames[i].bytes);
    }
    frame_count = 0;
}

static void read_frames(void)
{
    char path[512];
    char error[MFD_CAPTURE_ERROR_SIZE];
    struct mfd_capture_reader *reader = NULL;
    FILE *in = NULL;

    free_frames();
    snprintf(path, sizeof(path), "%s/%s", MFD_CAPTURES, name);
    in = fopen(path, "rb");
    assert_non_null(in);
    reader = mfd_capture_open(in, error);
    assert_non_null(reader);
    while (frame_count < FRAMES_MAX && mfd_capture_next(reader, &frames[frame_count], error)) {
        struct mfd_frame *frame = &frames[frame_count++];
        uint8_t *copy = malloc(frame->captured + 1);

        assert_non_null(copy);
        memcpy(copy, frame->bytes, frame->captured);
        frame->bytes = copy;
    }
    assert_string_equal(error, "");
    mfd_capture_close(reader);
}

/* The frames in the order of `order`, cut to `snap` bytes; only the first one when `whole`. */
static void check(const size_t *order, size_t count, size_t snap, const char *what, size_t k)
{
    struct mfd_given nothing = mfd_given_nothing();
    struct mfd_checker *checker = mfd_checker_create(&nothing, 0);
    struct mfd_reassembler *reassembler = mfd_reassembler_create(mfd_checker_found, checker);

    assert_true(checker && reassembler);
    for (size_t i = 0; i < count; i++) {
        struct mfd_frame frame = frames[order[i]];

        frame.number = i + 1;
        frame.captured = frame.captured < snap ? frame.captured : snap;
        assert_true(mfd_reassembler_frame(reassembler, &frame));
    }
    mfd_reassembler_end(reassembler);
    mfd_reassembler_free(reassembler);
    assert_true(mfd_checker_end(checker));
    for (size_t m = 0; m < mfd_checker_count(checker); m++) {
        for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
            enum mfd_checked_state state = mfd_checker_at(checker, m)->rules[rule].state;

            if (!what) {
                held[rule] = state == MFD_CHECKED_HELD;
            } else if (state == MFD_CHECKED_BROKEN || (state == MFD_CHECKED_HELD && !held[rule])) {
                fail_msg("%s, %s %zu: %s is %s", name, what, k, mfd_rule_info(rule)->id,
                         mfd_checked_state_name(state));
            }
        }
    }
    mfd_checker_free(checker);
}

static void check_whole(size_t *order)
{
    for (size_t i = 0; i < frame_count; i++) {
        order[i] = i;
    }
    memset(held, 0, sizeof(held));
    check(order, frame_count, SIZE_MAX, NULL, 0);
}

/* Each frame lost, doubled, and behind the next one. */
static void disturb(size_t *order)
{
    for (size_t k = 0; k < frame_count; k++) {
        memmove(order + k, order + k + 1, (frame_count - k - 1) * sizeof(*order));
        check(order, frame_count - 1, SIZE_MAX, "without frame", k + 1);
        memmove(order + k + 1, order + k, (frame_count - k - 1) * sizeof(*order));
        order[k] = k;
        if (k + 1 < frame_count) {
            order[k] = k + 1;
            order[k + 1] = k;
            check(order, frame_count, SIZE_MAX, "with the next before frame", k + 1);
            order[k + 1] = k + 1;
            order[k] = k;
        }
        memmove(order + k + 1, order + k, (frame_count - k) * sizeof(*order));
        check(order, frame_count + 1, SIZE_MAX, "with twice frame", k + 1);
        memmove(order + k, order + k + 1, (frame_count - k) * sizeof(*order));
    }
}

static void cut(const size_t *order)
{
    static const size_t snaps[] = {14, 40, 60, 66, 68, 100, 128, 200, 400, 1500, 9000, 40000};

    for (size_t k = 1; k < frame_count; k++) {
        check(order, k, SIZE_MAX, "up to frame", k);
        check(order + k, frame_count - k, SIZE_MAX, "from frame", k + 1);
    }
    for (size_t i = 0; i < sizeof(snaps) / sizeof(snaps[0]); i++) {
        check(order, frame_count, snaps[i], "cut to", snaps[i]);
    }
}

static int is_capture(const struct dirent *entry)
{
    return strstr(entry->d_name, ".pcapng") != NULL;
}

static void nothing_that_is_missing_breaks_or_holds_a_rule(void **state)
{
    struct dirent **entries = NULL;
    int count = scandir(MFD_CAPTURES, &entries, is_capture, alphasort);
    size_t *order = calloc(FRAMES_MAX + 1, sizeof(*order));

    (void)state;
    assert_true(count > 20 && order);
    for (int i = 0; i < count; i++) {
        name = entries[i]->d_name;
        read_frames();
        assert_true(frame_count > 10 && frame_count < FRAMES_MAX);
        check_whole(order);
        disturb(order);
        cut(order);
        free_frames();
        free(entries[i]);
    }
    free(entries);
    free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_is_missing_breaks_or_holds_a_rule),
    };

    return cmocka_run_group_tests_name("check_hostile", tests, NULL, NULL);
}
