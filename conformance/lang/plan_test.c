// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SMALL 256u

static int compare_pages(const void *a, const void *b)
{
    return memcmp(a, b, SMALL);
}

static void every_content_is_unique_and_never_zero(void **state)
{
    enum { BLOCKS = 3, PAGES = 40, GENERATIONS = 20, COUNT = BLOCKS * PAGES * GENERATIONS };
    uint8_t *pages = malloc((size_t)COUNT * SMALL);
    uint8_t zero[SMALL] = {0};
    size_t n = 0;

    (void)state;
    assert_non_null(pages);
    for (unsigned block = 0; block < BLOCKS; block++) {
        for (size_t page = 0; page < PAGES; page++) {
            for (uint32_t generation = 1; generation <= GENERATIONS; generation++) {
                mfd_page_content(pages + n * SMALL, SMALL, block, page, generation);
                assert_memory_not_equal(pages + n * SMALL, zero, SMALL);
                n++;
            }
        }
    }
    qsort(pages, COUNT, SMALL, compare_pages);
    for (size_t i = 1; i < COUNT; i++) {
        assert_memory_not_equal(pages + i * SMALL, pages + (i - 1) * SMALL, SMALL);
    }
    free(pages);
}

/* A page that is smeared over two, or half written, must not look right in any part. */
static void two_contents_share_no_word(void **state)
{
    uint8_t one[4096];
    uint8_t other[4096];

    (void)state;
    mfd_page_content(one, sizeof(one), 0, 7, 1);
    mfd_page_content(other, sizeof(other), 0, 7, 2);
    for (size_t i = 16; i < sizeof(one); i += 8) {
        assert_memory_not_equal(one + i, other + i, 8);
    }
}

static void a_content_is_the_same_whenever_it_is_asked_for(void **state)
{
    uint8_t one[4096];
    uint8_t other[4096];

    (void)state;
    mfd_page_content(one, sizeof(one), 2, 1u << 20, 9);
    mfd_page_content(other, sizeof(other), 2, 1u << 20, 9);
    assert_memory_equal(one, other, sizeof(one));
}

static void a_fill_is_what_the_block_says(void **state)
{
    struct mfd_plan_block block = {.fill = MFD_FILL_BYTE, .fill_byte = 0xaa};
    uint8_t page[SMALL];
    uint8_t sent[SMALL];
    uint8_t other[SMALL];

    (void)state;
    mfd_page_filled(page, SMALL, &block, 0, 3);
    for (size_t i = 0; i < SMALL; i++) {
        assert_int_equal(page[i], 0xaa);
    }
    block.fill = MFD_FILL_ZERO;
    mfd_page_filled(page, SMALL, &block, 0, 3);
    assert_int_equal(page[0] | page[SMALL - 1], 0);
    block.fill = MFD_FILL_RANDOM;
    mfd_page_filled(page, SMALL, &block, 0, 3);
    mfd_page_filled(other, SMALL, &block, 0, 4);
    assert_memory_not_equal(page, other, SMALL);
    mfd_page_content(sent, SMALL, 0, 3, 1);
    assert_memory_not_equal(page, sent, SMALL);
}

static void the_expected_page_follows_the_model(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ram mem0 64K fill=bb / main start / ch * ready / ch 0 data pages=1 zero=2 / finish / expect accepted",
        "10.0");
    uint8_t page[4096];
    uint8_t sent[4096];
    uint8_t zero[4096] = {0};

    (void)state;
    mfd_page_expected(page, f.plan, 0, 0);
    assert_int_equal(page[4095], 0xbb);
    mfd_page_expected(page, f.plan, 0, 1);
    mfd_page_content(sent, sizeof(sent), 0, 1, 1);
    assert_memory_equal(page, sent, sizeof(sent));
    mfd_page_expected(page, f.plan, 0, 2);
    assert_memory_equal(page, zero, sizeof(zero));
    mfd_fixture_free(&f);
}

/* ---- digest ---- */

static uint64_t digest(const char *steps, const char *release, bool twin)
{
    struct mfd_fixture f = mfd_fixture_compile(steps, release, 0, twin);
    uint64_t value = mfd_plan_digest(f.plan);

    mfd_fixture_free(&f);
    return value;
}

static void equal_plans_have_one_digest(void **state)
{
    (void)state;
    /* two faults in the same place have the same twin */
    assert_int_equal(
        digest("main start / ch 0 ready / ch 1 hello ! id=9 / expect refused", "10.0", true),
        digest("main start / ch 0 ready / ch 1 hello ! magic=0 / expect waiting", "10.0", true));
    /* so have a fault and nothing, and a step that is a fault as a whole */
    assert_int_equal(
        digest("main start / ch * ready / ! extra x connect / expect refused", "10.0", true),
        digest("main start / ch * ready / ! ch 0 close / expect waiting", "10.0", true));
    /* a release without a difference on the wire is another peer all the same */
    assert_int_not_equal(digest("main start / expect accepted", "10.0", false),
                         digest("main start / expect accepted", "11.1", false));
}

static void whatever_a_peer_sees_changes_the_digest(void **state)
{
    static const char *const others[] = {
        "main start / ch * ready / settle / ch 0 data pages=1 / expect accepted",
        "main start / ch * ready / ch 0 data pages=0 / expect accepted",
        "main start / ch * ready / settle / ch 1 data pages=0 / expect accepted",
        "main start / ch * ready / settle / ch 0 data pages=0 split=9 / expect accepted",
        "main start / ch * ready / settle / ch 0 data pages=0 split=9,* / expect accepted",
        "main start / ch * ready / settle / ch 0 data pages=0 / ch 0 shut / expect accepted",
        "channels 3 / main start / ch * ready / settle / ch 0 data pages=0 / expect accepted",
        "ram mem0 2M fill=01 / main start / ch * ready / settle / ch 0 data pages=0 / expect accepted",
        "ram mem0 4M / main start / ch * ready / settle / ch 0 data pages=0 / expect accepted",
        "uuid none / main start / ch * ready / settle / ch 0 data pages=0 / expect accepted",
        "speak 9.0 / main start / ch * ready / settle / ch 0 data pages=0 / expect accepted",
        "page 8K / main start / ch * ready / settle / ch 0 data pages=0 / expect accepted",
    };
    uint64_t first = digest(
        "main start / ch * ready / settle / ch 0 data pages=0 / expect accepted", "10.0", false);

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_not_equal(first, digest(others[i], "10.0", false));
    }
}

static void nothing_is_freed_for_nothing(void **state)
{
    (void)state;
    mfd_plan_free(NULL);
    mfd_scenario_free(NULL);
    mfd_instances_free(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_content_is_unique_and_never_zero),
        cmocka_unit_test(two_contents_share_no_word),
        cmocka_unit_test(a_content_is_the_same_whenever_it_is_asked_for),
        cmocka_unit_test(a_fill_is_what_the_block_says),
        cmocka_unit_test(the_expected_page_follows_the_model),
        cmocka_unit_test(equal_plans_have_one_digest),
        cmocka_unit_test(whatever_a_peer_sees_changes_the_digest),
        cmocka_unit_test(nothing_is_freed_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
