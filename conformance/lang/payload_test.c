// SPDX-License-Identifier: GPL-2.0-or-later
/* What a receiver makes of compressed payload in plans. */
#include "lang_fixture.h"
#include "method.h"
#include "packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096u
#define HEADER 1344u
#define OPENING "main start / ch * ready / settle / "

static const char *const streams[] = {"zlib", "zstd"};

static struct mfd_fixture plan_for(const char *method, const char *steps)
{
    char text[512];

    snprintf(text, sizeof(text), "method %s / " OPENING "%s / expect refused", method, steps);
    return mfd_fixture_plan(text, "11.1");
}

static struct mfd_decoder *decoder_for(const struct mfd_fixture *f)
{
    struct mfd_decoder *decoder = NULL;

    assert_int_equal(mfd_decoder_open(&decoder, f->plan->method, PAGE), 0);
    return decoder;
}

/* Decodes the packet of a step as its header says; where the pages are right. */
static bool decode(struct mfd_decoder *decoder, const struct mfd_step *step,
                   struct mfd_finding *finding)
{
    struct mfd_packet packet = mfd_packet_unpack(step->bytes, MFD_REV_11_1);
    struct iovec payload = {step->bytes + HEADER, step->size - HEADER};
    struct iovec pages = {calloc(packet.normal_pages, PAGE), (size_t)packet.normal_pages * PAGE};
    bool good = false;

    assert_non_null(pages.iov_base);
    assert_int_equal(packet.next_packet_size, payload.iov_len);
    good = mfd_decoder_pages(decoder, &payload, 1, &pages, 1, finding);
    for (uint32_t i = 0; good && i < packet.normal_pages; i++) {
        uint8_t *page = (uint8_t *)pages.iov_base + (size_t)i * PAGE;
        uint8_t content[PAGE];

        mfd_page_content(content, PAGE, 0, (size_t)(mfd_packet_offset(step->bytes, i) / PAGE),
                         mfd_get32(page + 4));
        assert_memory_equal(page, content, PAGE);
    }
    free(pages.iov_base);
    return good;
}

/* The `n`th step with pages, from 0 on, of those on that connection. */
static const struct mfd_step *packet_on(const struct mfd_steps *steps, unsigned conn, size_t n)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];

        if (step->kind == MFD_STEP_SEND && step->conn == conn && step->part_count == 1 &&
            mfd_get32(step->bytes + MFD_PACKET_NORMAL_PAGES) && n-- == 0) {
            return step;
        }
    }
    fail_msg("there are fewer packets");
    return NULL;
}

static void every_connection_has_a_stream_of_its_own(void **state)
{
    static const char *const methods[] = {"zlib", "zstd", "qpl", "uadk"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct mfd_fixture f =
            plan_for(methods[i],
                     "ch 0 data pages=0..3 / ch 1 data pages=4..7 / ch 0 data pages=0,9 zero=3 / "
                     "ch 1 data pages=0..63");

        for (unsigned conn = 1; conn <= 2; conn++) {
            struct mfd_decoder *decoder = decoder_for(&f);
            struct mfd_finding finding;

            for (size_t n = 0; n < 2; n++) {
                const struct mfd_step *step = packet_on(&f.plan->steps, conn, n);

                assert_int_equal(mfd_get32(step->bytes + MFD_PACKET_FLAGS), f.plan->method);
                assert_true(step->size < HEADER + 64 * PAGE);
                assert_true(decode(decoder, step, &finding));
            }
            mfd_decoder_close(decoder);
        }
        mfd_fixture_free(&f);
    }
}

static void the_witness_goes_on_with_the_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fixture f =
            plan_for(streams[i], "ch 0 data pages=0..3 / ch 0 data pages=4 ! packet_num=99");
        struct mfd_decoder *decoder = decoder_for(&f);
        struct mfd_finding finding;

        assert_true(decode(decoder, packet_on(&f.plan->steps, 1, 0), &finding));
        assert_true(decode(decoder, packet_on(&f.plan->steps, 1, 1), &finding));
        assert_true(decode(decoder, packet_on(&f.plan->witness, 1, 0), &finding));
        mfd_decoder_close(decoder);
        mfd_fixture_free(&f);
    }
}

static void a_packet_that_is_left_out_leaves_no_gap_in_the_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fixture f =
            plan_for(streams[i], "ch 0 data pages=0..3 / ch 0 data pages=4 ! omit");
        struct mfd_decoder *decoder = decoder_for(&f);
        struct mfd_finding finding;

        assert_true(decode(decoder, packet_on(&f.plan->steps, 1, 0), &finding));
        assert_true(decode(decoder, packet_on(&f.plan->witness, 1, 0), &finding));
        mfd_decoder_close(decoder);
        mfd_fixture_free(&f);
    }
}

static void a_fresh_stream_is_right_but_for_not_being_the_first(void **state)
{
    static const enum mfd_rule rules[] = {MFD_PAY_003, MFD_PAY_005};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fixture f =
            plan_for(streams[i], "ch 0 data pages=0..3 / ch 0 data pages=4..7 ! stream=fresh");
        const struct mfd_step *fault = packet_on(&f.plan->steps, 1, 1);
        struct mfd_decoder *first = decoder_for(&f);
        struct mfd_decoder *second = decoder_for(&f);
        struct mfd_finding finding;

        assert_int_equal(fault->fault_offset, HEADER);
        assert_int_equal(fault->fault_size, fault->size - HEADER);
        assert_true(decode(first, packet_on(&f.plan->steps, 1, 0), &finding));
        assert_false(decode(first, fault, &finding));
        assert_int_equal(finding.rule, rules[i]);
        assert_true(decode(second, fault, &finding));
        assert_true(decode(second, packet_on(&f.plan->witness, 1, 0), &finding));
        mfd_decoder_close(first);
        mfd_decoder_close(second);
        mfd_fixture_free(&f);
    }
}

static void a_finished_stream_ends_with_its_packet(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fixture f =
            plan_for(streams[i], "ch 0 data pages=0..3 / ch 0 data pages=4..7 ! stream=finished");
        struct mfd_decoder *first = decoder_for(&f);
        struct mfd_decoder *second = decoder_for(&f);
        struct mfd_finding finding;

        assert_true(decode(first, packet_on(&f.plan->steps, 1, 0), &finding));
        assert_false(decode(first, packet_on(&f.plan->steps, 1, 1), &finding));
        assert_int_equal(finding.rule, MFD_PAY_010);
        assert_true(decode(second, packet_on(&f.plan->witness, 1, 0), &finding));
        mfd_decoder_close(first);
        mfd_decoder_close(second);
        mfd_fixture_free(&f);
    }
}

static void padding_fills_up_to_the_size_and_decodes_to_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fixture f =
            plan_for(streams[i], "ch 0 data pages=0 ! next_packet_size=1M+777 stream=padded");
        const struct mfd_step *fault = packet_on(&f.plan->steps, 1, 0);
        struct mfd_decoder *decoder = decoder_for(&f);
        struct mfd_finding finding;

        assert_int_equal(fault->size, HEADER + (1u << 20) + 777);
        assert_true(decode(decoder, fault, &finding));
        assert_true(decode(decoder, packet_on(&f.plan->witness, 1, 0), &finding));
        mfd_decoder_close(decoder);
        mfd_fixture_free(&f);
    }
}

static void padding_leaves_room_for_what_stands_behind_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mfd_fixture f =
            plan_for(streams[i],
                     "ch 0 data pages=0 ! next_packet_size=8K stream=padded pad=x'ffffffffffff'");
        const struct mfd_step *fault = packet_on(&f.plan->steps, 1, 0);
        struct mfd_decoder *decoder = decoder_for(&f);
        struct mfd_finding finding;

        assert_int_equal(fault->size, HEADER + 8192);
        assert_false(decode(decoder, fault, &finding));
        assert_int_equal(finding.rule, MFD_PAY_012);
        mfd_decoder_close(decoder);
        mfd_fixture_free(&f);
    }
}

static void a_size_that_is_a_fault_stays(void **state)
{
    static const char *const words[] = {"fresh", "finished"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char steps[100];
        struct mfd_fixture f;

        snprintf(steps, sizeof(steps), "ch 0 data pages=0 ! next_packet_size=5 stream=%s",
                 words[i / 2]);
        f = plan_for(streams[i % 2], steps);
        assert_int_equal(mfd_get32(packet_on(&f.plan->steps, 1, 0)->bytes + MFD_PACKET_NEXT_SIZE),
                         5);
        mfd_fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_connection_has_a_stream_of_its_own),
        cmocka_unit_test(the_witness_goes_on_with_the_stream),
        cmocka_unit_test(a_packet_that_is_left_out_leaves_no_gap_in_the_stream),
        cmocka_unit_test(a_fresh_stream_is_right_but_for_not_being_the_first),
        cmocka_unit_test(a_finished_stream_ends_with_its_packet),
        cmocka_unit_test(padding_fills_up_to_the_size_and_decodes_to_nothing),
        cmocka_unit_test(padding_leaves_room_for_what_stands_behind_it),
        cmocka_unit_test(a_size_that_is_a_fault_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
