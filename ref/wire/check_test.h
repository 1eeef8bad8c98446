// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Helpers of the tests of checks: a message on the heap with exactly its size, what a check finds in
 * it as one line of text, and which rules were ever found.
 */
#ifndef MFD_CHECK_TEST_H
#define MFD_CHECK_TEST_H

#include "check.h"
#include "field.h"
#include "wire_test.h"

#include <stdio.h>

typedef void check_function(const struct mfd_check_context *context, const uint8_t *buf, size_t len,
                            struct mfd_findings *findings);

/* Findings of the last call of found(), and the rules of all calls. */
static struct mfd_finding last[4 * 2048 + 64];
static size_t last_count;
static bool ever_found[MFD_RULE_COUNT];

/* What holds for every finding in a message of `len` bytes. */
static void assert_sound(const struct mfd_finding *finding, enum mfd_rev rev, size_t len)
{
    assert_int_equal(mfd_rule_info(finding->rule)->kind, MFD_KIND_BYTES);
    assert_true(mfd_rule_applies(finding->rule, rev));
    assert_true((size_t)finding->offset + finding->width <= len);
}

/* Checks `len` bytes and names what was found, in order: "MF-HDR-015 MF-HDR-004", or "";
 * cut where there are very many. */
static const char *found(check_function *check, const struct mfd_check_context *context,
                         const uint8_t *bytes, size_t len)
{
    static char text[512];
    uint8_t *copy = test_copy(bytes, len);
    struct mfd_findings findings = {last, COUNT(last), 0};
    size_t used = 0;

    check(context, copy, len, &findings);
    free(copy);
    assert_true(findings.count <= COUNT(last));
    last_count = findings.count;
    text[0] = '\0';
    for (size_t i = 0; i < findings.count; i++) {
        assert_sound(&last[i], context->rev, len);
        ever_found[last[i].rule] = true;
        if (used < sizeof(text)) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                     mfd_rule_info(last[i].rule)->id);
        }
    }
    return text;
}

/* The finding number `i` of the last call. */
#define ASSERT_FINDING(i, at, length, is, should_be) \
    do { \
        assert_true((size_t)(i) < last_count); \
        assert_int_equal(last[i].offset, at); \
        assert_int_equal(last[i].width, length); \
        assert_true(last[i].got == (uint64_t)(is)); \
        assert_true(last[i].want == (uint64_t)(should_be)); \
    } while (0)

/* Any bytes of any length: no read beyond them, sound findings, and room changes only what is kept. */
static inline void assert_total(check_function *check, const struct mfd_check_context *context,
                                const uint8_t *bytes, size_t len)
{
    struct mfd_finding few[3];
    struct mfd_findings little = {few, (size_t)(len % 4), 0};
    uint8_t *copy = test_copy(bytes, len);

    found(check, context, bytes, len);
    check(context, copy, len, &little);
    free(copy);
    assert_int_equal(little.count, last_count);
    for (size_t i = 0; i < little.room && i < little.count; i++) {
        assert_int_equal(few[i].rule, last[i].rule);
        assert_int_equal(few[i].offset, last[i].offset);
        assert_true(few[i].got == last[i].got && few[i].want == last[i].want);
    }
}

/* Fails unless each rule about that message's bytes was found at some time. */
static inline void assert_all_found(const char *message)
{
    size_t len = strlen(message);

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);

        if (info->kind == MFD_KIND_BYTES && strncmp(info->field, message, len) == 0 &&
            info->field[len] == '.') {
            print_message("%s\n", info->id);
            assert_true(ever_found[i]);
        }
    }
}

#endif
