// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A fault run with its twin, which must differ in nothing but what the fault touches. */
struct pair {
    struct mfd_fixture faulty;
    struct mfd_fixture twin;
};

static struct pair make(const char *steps)
{
    return (struct pair){mfd_fixture_plan(steps, "10.0"), mfd_fixture_twin(steps, "10.0")};
}

static void drop(struct pair *pair)
{
    mfd_fixture_free(&pair->faulty);
    mfd_fixture_free(&pair->twin);
}

/* The one deviating SEND. */
static const struct mfd_step *deviating_send(const struct mfd_plan *plan)
{
    for (size_t i = 0; i < plan->steps.count; i++) {
        if (plan->steps.list[i].deviation && plan->steps.list[i].kind == MFD_STEP_SEND) {
            return &plan->steps.list[i];
        }
    }
    fail_msg("nothing deviates");
    return NULL;
}

static void bytes_differ_only_where_marked(const struct mfd_step *faulty,
                                           const struct mfd_step *right)
{
    assert_int_equal(faulty->size, right->size);
    for (size_t i = 0; i < right->size; i++) {
        bool marked = i >= faulty->fault_offset && i < faulty->fault_offset + faulty->fault_size;

        assert_true(marked || faulty->bytes[i] == right->bytes[i]);
    }
}

/* ---- fields ---- */

static void a_field_takes_the_bytes_that_its_value_says(void **state)
{
    static const struct {
        const char *fault;
        size_t offset;
        size_t size;
        const char *bytes;
    } cases[] = {
        {"magic=0", 0, 4, "\x00\x00\x00\x00"},
        {"magic=0x11223345", 0, 4, "\x11\x22\x33\x45"},
        {"magic=x'5145564d'", 0, 4, "QEVM"},
        {"magic=swapped", 0, 4, "\x44\x33\x22\x11"},
        {"version=4G-1", 4, 4, "\xff\xff\xff\xff"},
        {"version=-1", 4, 4, "\xff\xff\xff\xff"},
        {"version=-2", 4, 4, "\xff\xff\xff\xfe"},
        {"version=-2G", 4, 4, "\x80\x00\x00\x00"},
        {"version=swapped", 4, 4, "\x01\x00\x00\x00"},
        {"id=channels", 24, 1, "\x02"},
        {"id=-1", 24, 1, "\xff"},
        {"hello.id=$n", 24, 1, "\x09"},
        {"reserved=x'01020304050607'", 25, 7, "\x01\x02\x03\x04\x05\x06\x07"},
        {"reserved=-1", 25, 7, "\xff\xff\xff\xff\xff\xff\xff"},
        {"reserved[1]=3", 26, 1, "\x03"},
        {"reserved=\"seven b\"", 25, 7, "seven b"},
        {"reserved_wide[3]=1", 56, 8, "\0\0\0\0\0\0\0\x01"},
        {"uuid=\"00000000-0000-0000-0000-000000000000\"", 8, 16,
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
        {"uuid=x'00112233445566778899aabbccddeeff'", 8, 16,
         "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"},
        {"magic=0 version=0", 0, 8, "\0\0\0\0\0\0\0\0"},
        {"version=2 id=0", 4, 21, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char steps[256];
        struct pair pair;
        const struct mfd_step *faulty = NULL;

        snprintf(steps, sizeof(steps), "each n in 9 / ch 1 hello ! %s / expect refused",
                 cases[i].fault);
        pair = make(steps);
        faulty = deviating_send(pair.faulty.plan);
        assert_int_equal(faulty->fault_offset, cases[i].offset);
        assert_int_equal(faulty->fault_size, cases[i].size);
        if (cases[i].bytes) {
            assert_memory_equal(faulty->bytes + cases[i].offset, cases[i].bytes, cases[i].size);
        }
        bytes_differ_only_where_marked(faulty, mfd_fixture_send(&pair.twin.plan->steps, 0));
        drop(&pair);
    }
}

static void a_swapped_uuid_is_a_little_endian_guid(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "uuid 00112233-4455-6677-8899-aabbccddeeff / ch 0 hello ! uuid=swapped / expect refused",
        "10.0");

    (void)state;
    assert_memory_equal(deviating_send(f.plan)->bytes + 8,
                        "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
    mfd_fixture_free(&f);
}

static void elements_are_addressed_one_by_one_or_all_at_once(void **state)
{
    struct pair one = make("ch 0 data pages=0..3 ! offset[3]=len(mem0) / expect refused");
    struct pair all = make("ch 0 data pages=0..3 ! packet.offset=-4K / expect refused");

    (void)state;
    assert_int_equal(deviating_send(one.faulty.plan)->fault_offset, 320 + 24);
    assert_int_equal(
        mfd_fixture_field(&one.faulty, deviating_send(one.faulty.plan), "packet.offset", 3),
        2 << 20);
    assert_int_equal(deviating_send(all.faulty.plan)->fault_size, 1024);
    assert_int_equal(
        mfd_fixture_field(&all.faulty, deviating_send(all.faulty.plan), "packet.offset", 127),
        UINT64_MAX - 4095);
    drop(&one);
    drop(&all);
}

static void texts_are_filled_up_with_nul(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("ch 0 data pages=0 ! ramblock=\"m\" / expect refused", "10.0");
    const uint8_t *name = deviating_send(f.plan)->bytes + 64;

    (void)state;
    assert_memory_equal(name, "m\0\0\0\0", 5);
    mfd_fixture_free(&f);
}

static void a_field_of_a_macro_is_that_of_the_first_message_that_has_it(void **state)
{
    static const struct {
        const char *fault;
        size_t offset;
    } cases[] = {
        {"magic=0", 0},   /* header */
        {"version=0", 4}, /* header, not section */
        {"section.version=3", 30},
        {"type=9", 8}, /* config */
        {"footer.id=9", 72},
        {"memsize.word=5", 34},
        {"block.used_length=4M", 47},
        {"marker.word=0", 55},
        {"eos.word=32", 63},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char steps[128];
        struct pair pair;

        snprintf(steps, sizeof(steps), "main start ! %s / expect refused", cases[i].fault);
        pair = make(steps);
        assert_int_equal(deviating_send(pair.faulty.plan)->fault_offset, cases[i].offset);
        assert_int_equal(pair.faulty.plan->deviating, 0);
        bytes_differ_only_where_marked(deviating_send(pair.faulty.plan),
                                       mfd_fixture_send(&pair.twin.plan->steps, 0));
        drop(&pair);
    }
}

static void several_faults_are_located_in_the_right_message(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main section ! length=200 idstr=\"rom\" instance=7 / expect refused", "10.0");
    const struct mfd_step *section = deviating_send(f.plan);

    (void)state;
    assert_memory_equal(section->bytes, "\x01\0\0\0\x01\xc8rom\0\0\0\x07\0\0\0\x04", 17);
    mfd_fixture_free(&f);
}

static void a_fault_of_finish_or_round_is_on_main(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch * ready / round ! part.id=9 / finish ! twice / expect refused", "10.0");
    const struct mfd_step *part = deviating_send(f.plan);

    (void)state;
    assert_int_equal(part->conn, 0);
    assert_int_equal(mfd_fixture_field(&f, part, "part.id", 0), 9);
    assert_int_equal(f.plan->deviating, 0);
    assert_false(mfd_fixture_send(&f.plan->steps, 3)->deviation);
    mfd_fixture_free(&f);
}

/* ---- other kinds ---- */

static char *shape_of(const char *steps)
{
    struct mfd_fixture f = mfd_fixture_plan(steps, "10.0");
    char *shape = mfd_fixture_shape(f.plan, &f.plan->steps);

    mfd_fixture_free(&f);
    return shape;
}

static void structural_faults_change_what_is_sent(void **state)
{
    static const char *const cases[][2] = {
        {"ch 0 ready ! omit / ch 0 sync / expect waiting", "connect ch 0, send ch 0"},
        {"ch 0 connect ! omit / expect waiting", ""},
        {"ch 0 hello ! twice / ch 0 sync / expect waiting",
         "connect ch 0, send ch 0, send ch 0, send ch 0"},
        {"ch 0 hello ! cut=3 / ch 0 sync / ch 1 hello / expect waiting",
         "connect ch 0, send ch 0, connect ch 1, send ch 1"},
        {"ch 0 hello ! cut=0 / ch 0 sync / expect waiting", "connect ch 0"},
        {"ch 0 hello ! cut=3 close / ch 0 sync / expect waiting",
         "connect ch 0, send ch 0, close ch 0"},
        {"ch 0 hello ! reset / ch 0 close / expect waiting", "connect ch 0, send ch 0, reset ch 0"},
        {"ch 0 connect ! close / ch 0 hello / expect waiting", "connect ch 0, close ch 0"},
        {"! ch 0 close / ch 0 hello / ch 1 hello / expect waiting",
         "connect ch 0, close ch 0, connect ch 1, send ch 1"},
        {"ch 0 hello / ch 0 close ! omit / ch 0 sync / expect waiting",
         "connect ch 0, send ch 0, send ch 0"},
        {"! extra x send x'00' / ! extra x close / expect waiting",
         "connect extra x, send extra x, close extra x"},
        {"main start / ch * ready / finish ! omit / expect waiting",
         "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, send ch 0, send ch 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *shape = shape_of(cases[i][0]);

        assert_string_equal(shape, cases[i][1]);
        free(shape);
    }
}

static void what_is_cut_keeps_the_parts_it_has(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("main start ! footer.id=9 cut=70 / expect refused", "10.0");
    const struct mfd_step *start = deviating_send(f.plan);

    (void)state;
    assert_int_equal(start->size, 70);
    assert_int_equal(start->part_count, 7);
    assert_int_equal(start->parts[6].message, MFD_MSG_eos);
    assert_int_equal(start->parts[6].size, 7);
    assert_int_equal(start->fault_size, 0); /* the footer is behind the cut */
    mfd_fixture_free(&f);
}

static void a_pad_stands_behind_all_bytes(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("ch 0 data pages=0 ! pad=x'0102' / expect refused", "10.0");
    const struct mfd_step *data = deviating_send(f.plan);

    (void)state;
    assert_int_equal(data->size, 1344 + 4096 + 2);
    assert_int_equal(data->fault_offset, 1344 + 4096);
    assert_int_equal(data->fault_size, 2);
    assert_int_equal(data->bytes[data->size - 1], 2);
    mfd_fixture_free(&f);
}

static void a_payload_takes_the_place_of_the_pages(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ch 0 data pages=0 ! payload=\"abc\" / main page pages=0,1 ! payload=x'' / expect refused",
        "10.0");
    const struct mfd_step *data = mfd_fixture_send(&f.plan->steps, 0);
    const struct mfd_step *page = mfd_fixture_send(&f.plan->steps, 1);

    (void)state;
    assert_int_equal(data->size, 1344 + 3);
    assert_int_equal(data->fault_offset, 1344);
    assert_int_equal(data->fault_size, 3);
    assert_memory_equal(data->bytes + 1344, "abc", 3);
    assert_int_equal(page->size, 13 + 13 + 4096);
    assert_int_equal(page->parts[1].offset, 13);
    mfd_fixture_free(&f);
}

static void a_line_that_is_a_fault_is_missing_in_the_twin(void **state)
{
    struct pair pair =
        make("main start / ch * ready / ! extra x hello id=1 magic=0 / ch 0 data pages=0 / "
             "expect accepted");
    const struct mfd_step *extra = deviating_send(pair.faulty.plan);

    (void)state;
    assert_int_equal(extra->conn, 3);
    assert_int_equal(extra->fault_offset, 0);
    assert_int_equal(extra->fault_size, 4);
    assert_int_equal(mfd_fixture_field(&pair.faulty, extra, "hello.id", 0), 1);
    assert_int_equal(pair.faulty.plan->deviating, 3);
    assert_int_equal(pair.faulty.plan->conn_count, 4);
    assert_int_equal(pair.twin.plan->conn_count, 3);
    assert_true(pair.faulty.plan->steps.list[6].deviation); /* its connect is part of the fault */
    drop(&pair);
}

static void a_whole_line_without_a_field_marks_all_its_bytes(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan("! ch 0 sync / expect refused", "10.0");

    (void)state;
    assert_int_equal(deviating_send(f.plan)->fault_size, 1344);
    mfd_fixture_free(&f);
}

/* ---- errors ---- */

static void a_fault_that_cannot_be_applied_is_told_with_its_line(void **state)
{
    static const struct {
        const char *steps;
        const char *message;
    } cases[] = {
        {"ch 0 hello ! id=0", "id=0: that is the right value, so it is no fault"},
        {"ch 0 hello ! magic=0x11223344",
         "magic=0x11223344: that is the right value, so it is no fault"},
        {"ch 0 hello ! id=256", "id=256: does not fit into the field"},
        {"ch 0 hello ! id=-129", "id=-129: does not fit into the field"},
        {"ch 0 hello ! magic=4G", "magic=4G: does not fit into the field"},
        {"ch 0 hello ! magic=x'00'", "magic=x'00': the field has another size"},
        {"ch 0 hello ! uuid=x'00'", "uuid=x'00': the field has another size"},
        {"ch 0 hello ! reserved=\"six by\"", "reserved=\"six by\": the field has another size"},
        {"ch 0 hello ! reserved_wide[4]=1", "reserved_wide[4]=1: the field has no such element"},
        {"ch 0 hello ! reserved_wide[-1]=1", "reserved_wide[-1]=1: too small"},
        {"ch 0 data pages=0 ! offset[slots]=1", "offset[slots]=1: the field has no such element"},
        {"ch 0 hello ! magic=$t", "magic=$t: that field takes no text"},
        {"ch 0 hello ! uuid=$n", "uuid=$n: that field takes no number"},
        {"ch 0 hello ! uuid=$t", "uuid=$t: no UUID"},
        {"ch 0 hello ! magic=$w", "magic=$w: no value for that field"},
        {"ch 0 hello ! reserved=$s", "reserved=$s: no value for that field"},
        {"ch 0 hello ! cut=64", "cut=64: the step has no more bytes than that"},
        {"ch 0 hello ! cut=-1", "cut=-1: too small"},
        {"ch 0 hello ! cut=$t", "cut=$t: not a number"},
        {"ch 0 hello ! pad=$n", "pad=$n: takes x'hex'"},
        {"ch 0 data pages=0 ! payload=$n", "payload=$n: takes \"text\" or x'hex'"},
        {"ch 0 data pages=0 ! block=$t", "block=$t: names no block"},
        {"ch 0 data pages=0 ! block=mem0",
         "ramblock=\"mem0\": that is the right value, so it is no fault"},
        {"ch 0 data pages=0 ! stream=fresh", "stream=fresh: nothing is compressed here"},
        {"method zlib / ch 0 sync ! stream=fresh", "stream=fresh: nothing is compressed here"},
        {"method zlib / ch 0 data zero=0 ! stream=finished",
         "stream=finished: nothing is compressed here"},
        {"method qpl / ch 0 data pages=0 ! stream=fresh", "stream=fresh: the method has no stream"},
        {"method uadk / ch 0 data pages=0 ! stream=finished",
         "stream=finished: the method has no stream"},
        {"method qpl / ch 0 data pages=0 ! next_packet_size=8K stream=padded",
         "stream=padded: the method has no empty blocks of that size"},
        {"method zlib / ch 0 data pages=0 ! stream=padded",
         "stream=padded: needs a next_packet_size above that of the payload"},
        {"method zlib / ch 0 data pages=0 ! next_packet_size=9 stream=padded",
         "stream=padded: needs a next_packet_size above that of the payload"},
        {"ch 0 hello ! plain", "plain: needs TLS"},
        {"ch 0 hello ! foreign", "foreign: needs TLS"},
        {"tls psk / ch 0 hello / ch 0 sync ! plain", "plain: the connection stands already"},
        {"main config ! name=\"none!\"", "name=\"none!\": the field has another size"},
        {"speak 7.2 / main start ! marker.word=1",
         "marker.word=1: the field is not in the bytes of this step"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char steps[256];
        struct mfd_fixture f;

        snprintf(steps, sizeof(steps),
                 "each n in 1 / each t in \"t\" / each w in none / each s in swapped / %s / "
                 "expect refused",
                 cases[i].steps);
        f = mfd_fixture_compile(steps, "10.0", 0, false);
        if (f.plan || strcmp(f.error.text, cases[i].message) != 0 || f.error.line < 6) {
            fail_msg("%s gave %u: %s", cases[i].steps, f.error.line,
                     f.plan ? "no error" : f.error.text);
        }
        mfd_fixture_free(&f);
        f = mfd_fixture_compile(steps, "10.0", 0, true);
        assert_non_null(f.plan); /* the twin has no such fault */
        mfd_fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_takes_the_bytes_that_its_value_says),
        cmocka_unit_test(a_swapped_uuid_is_a_little_endian_guid),
        cmocka_unit_test(elements_are_addressed_one_by_one_or_all_at_once),
        cmocka_unit_test(texts_are_filled_up_with_nul),
        cmocka_unit_test(a_field_of_a_macro_is_that_of_the_first_message_that_has_it),
        cmocka_unit_test(several_faults_are_located_in_the_right_message),
        cmocka_unit_test(a_fault_of_finish_or_round_is_on_main),
        cmocka_unit_test(structural_faults_change_what_is_sent),
        cmocka_unit_test(what_is_cut_keeps_the_parts_it_has),
        cmocka_unit_test(a_pad_stands_behind_all_bytes),
        cmocka_unit_test(a_payload_takes_the_place_of_the_pages),
        cmocka_unit_test(a_line_that_is_a_fault_is_missing_in_the_twin),
        cmocka_unit_test(a_whole_line_without_a_field_marks_all_its_bytes),
        cmocka_unit_test(a_fault_that_cannot_be_applied_is_told_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
