// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include "check.h"
#include "mainstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_shape(const struct mfd_fixture *fixture, const struct mfd_steps *steps,
                         const char *shape)
{
    char *got = mfd_fixture_shape(fixture->plan, steps);

    assert_string_equal(got, shape);
    free(got);
}

/* ---- configuration ---- */

static void a_plan_without_headers_has_the_defaults(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan("main start / expect accepted", "10.0");
    const struct mfd_plan *plan = f.plan;
    static const uint8_t zero[MFD_UUID_SIZE];

    (void)state;
    assert_string_equal(plan->id, "test/case");
    assert_string_equal(plan->params, "");
    assert_int_equal(plan->speak, MFD_REV_10_0);
    assert_int_equal(plan->sync, MFD_SYNC_MARKER);
    assert_int_equal(plan->zero, MFD_ZERO_PACKET);
    assert_int_equal(plan->channels, 2);
    assert_int_equal(plan->method, 0);
    assert_int_equal(plan->page_size, 4096);
    assert_true(plan->uuid_set);
    assert_memory_not_equal(plan->uuid, zero, sizeof(zero));
    assert_string_equal(plan->machine, "none");
    assert_int_equal(plan->block_count, 1);
    assert_string_equal(plan->blocks[0].name, "mem0");
    assert_int_equal(plan->blocks[0].size, 2 << 20);
    assert_int_equal(plan->blocks[0].page_count, 512);
    assert_int_equal(plan->conn_count, 3);
    assert_string_equal(plan->conns[2].name, "ch 1");
    assert_int_equal(plan->deviating, -1);
    assert_false(plan->twin);
    assert_int_equal(plan->expect, MFD_OUTCOME_BIT(MFD_ACCEPTED));
    mfd_fixture_free(&f);
}

static void headers_set_the_configuration(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("speak 7.2 / channels 5 / page 64K / uuid none / ram a 1M fill=aa / "
                         "ram b 0 resizable / main start / extra x connect / expect accepted",
                         "10.0");
    const struct mfd_plan *plan = f.plan;
    static const uint8_t zero[MFD_UUID_SIZE];

    (void)state;
    assert_int_equal(plan->speak, MFD_REV_7_2);
    assert_int_equal(plan->sync, MFD_SYNC_SECTION);
    assert_int_equal(plan->zero, MFD_ZERO_MAIN);
    assert_int_equal(plan->channels, 5);
    assert_int_equal(plan->page_size, 65536);
    assert_false(plan->uuid_set);
    assert_memory_equal(plan->uuid, zero, sizeof(zero));
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].fill, MFD_FILL_BYTE);
    assert_int_equal(plan->blocks[0].fill_byte, 0xaa);
    assert_true(plan->blocks[1].resizable);
    assert_int_equal(plan->blocks[1].page_count, 0);
    assert_int_equal(plan->conn_count, 7);
    assert_int_equal(plan->conns[6].kind, MFD_CONN_EXTRA);
    assert_string_equal(plan->conns[6].name, "extra x");
    mfd_fixture_free(&f);
}

static void a_uuid_is_configured_and_carried(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "uuid 00112233-4455-6677-8899-aabbccddeeff / ch 0 hello / expect accepted", "10.0");
    const struct mfd_step *hello = mfd_fixture_send(&f.plan->steps, 0);

    (void)state;
    assert_int_equal(f.plan->uuid[15], 0xff);
    assert_memory_equal(hello->bytes + 8, f.plan->uuid, MFD_UUID_SIZE);
    mfd_fixture_free(&f);
}

static void a_resizable_block_goes_by_the_name_that_the_peer_knows(void **state)
{
    struct mfd_scenario *scenario = mfd_fixture_scenario(
        "ram tiny 0 resizable / ram mem0 2M / main start / ch 0 data pages=0 block=mem0 ! "
        "block=tiny / expect refused");
    struct mfd_target target = {
        .rev = MFD_REV_10_0, .machine = "pc", .resizable_name = "/rom@etc/acpi/tables"};
    struct mfd_lang_error error;
    size_t count = 0;
    struct mfd_instance *instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);
    struct mfd_plan *plan = mfd_scenario_compile(scenario, instances, &target, false, &error);
    struct mfd_fixture f = {scenario, instances, count, plan, error};
    const struct mfd_step *data = mfd_fixture_send(&plan->steps, 1);

    (void)state;
    assert_string_equal(plan->blocks[0].name, "tiny");
    assert_string_equal(plan->blocks[0].wire_name, "/rom@etc/acpi/tables");
    assert_string_equal(plan->blocks[1].wire_name, "mem0");
    assert_string_equal((const char *)data->bytes + 64, "/rom@etc/acpi/tables");
    assert_int_equal(data->fault_offset, 64);
    assert_int_equal(data->fault_size, 256);
    mfd_fixture_free(&f);
}

static void a_stage_of_2017_has_hellos_alone_and_is_for_peers_that_can_be_set_to_it(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "speak 2017-text / uuid none / main start / ch * ready / round / finish / expect accepted",
        "10.0");
    const struct mfd_step *hello = mfd_fixture_send(&f.plan->steps, 1);
    struct mfd_target fixed = {.rev = MFD_REV_10_0, .machine = "none"};
    struct mfd_plan *plan = NULL;

    (void)state;
    assert_int_equal(f.plan->peer_rev, MFD_REV_2017_TEXT);
    assert_int_equal(hello->size, 49);
    assert_memory_equal(hello->bytes, "5c49fd7e-af88-4a07-b6e8-091fd696ad40 multifd 000", 49);
    assert_shape(&f, &f.plan->steps,
                 "connect main, send main, connect ch 0, send ch 0, connect ch 1, send ch 1, send "
                 "main, send main");
    plan = mfd_scenario_compile(f.scenario, f.instances, &fixed, false, &f.error);
    assert_int_equal(plan->expect, 0);
    mfd_plan_free(plan);
    mfd_fixture_free(&f);
    f = mfd_fixture_plan("speak 2017-binary / main start / ch 1 hello ! id=0 / expect refused",
                         "10.0");
    assert_int_equal(mfd_fixture_send(&f.plan->steps, 1)->size, 20);
    assert_int_equal(f.plan->witness.count, 0);
    mfd_fixture_free(&f);
}

/* ---- connections ---- */

static void a_connection_opens_with_its_first_step(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch 1 connect / ch 0..1 ready / settle / ch 0 sync / expect waiting", "10.0");

    (void)state;
    assert_shape(
        &f, &f.plan->steps,
        "connect main, send main, connect ch 1, connect ch 0, send ch 0, send ch 1, settle, send ch 0");
    mfd_fixture_free(&f);
}

static void connections_end_as_they_are_told(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ch 0 hello / ch 0 shut / ch 1 close / extra x connect / extra x reset / expect waiting",
        "10.0");

    (void)state;
    assert_shape(
        &f, &f.plan->steps,
        "connect ch 0, send ch 0, shut ch 0, connect ch 1, close ch 1, connect extra x, reset extra x");
    mfd_fixture_free(&f);
}

static void steps_carry_line_and_canonical_text(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("main start / ch 0 hello  !  id=7 / expect refused", "10.0");
    struct mfd_fixture twin =
        mfd_fixture_twin("main start / ch 0 hello  !  id=7 / expect refused", "10.0");
    const struct mfd_step *hello = mfd_fixture_send(&f.plan->steps, 1);

    (void)state;
    assert_int_equal(hello->line, 3);
    assert_true(hello->deviation);
    assert_string_equal(hello->text, "ch 0 hello ! id=7");
    assert_string_equal(mfd_fixture_send(&twin.plan->steps, 1)->text, "ch 0 hello");
    assert_false(mfd_fixture_send(&twin.plan->steps, 1)->deviation);
    mfd_fixture_free(&f);
    mfd_fixture_free(&twin);
}

static void writes_are_split_as_asked(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "each n in 5 / ch 0 hello split=1,$n / ch 1 hello split=2,* / ch 1 sync ! split=7 / expect waiting",
        "10.0");
    const struct mfd_step *first = mfd_fixture_send(&f.plan->steps, 0);
    const struct mfd_step *second = mfd_fixture_send(&f.plan->steps, 1);
    const struct mfd_step *third = mfd_fixture_send(&f.plan->steps, 2);

    (void)state;
    assert_int_equal(first->split_count, 2);
    assert_int_equal(first->split[1], 5);
    assert_false(first->split_repeat);
    assert_int_equal(second->split_count, 1);
    assert_true(second->split_repeat);
    assert_int_equal(third->split[0], 7);
    assert_true(third->deviation);
    assert_int_equal(third->fault_size, 0);
    mfd_fixture_free(&f);
}

/* ---- main ---- */

static void assert_parts(const struct mfd_step *step, const char *names)
{
    char got[256] = "";

    for (size_t i = 0; i < step->part_count; i++) {
        strcat(got, i ? " " : "");
        strcat(got, mfd_message_name(step->parts[i].message));
    }
    assert_string_equal(got, names);
}

static void main_carries_the_sync_point_as_the_revision_does(void **state)
{
    static const char steps[] = "main start / main flush / finish / expect accepted";
    struct mfd_fixture marker = mfd_fixture_plan(steps, "8.1");
    struct mfd_fixture section = mfd_fixture_plan(steps, "8.0");

    (void)state;
    assert_parts(mfd_fixture_send(&marker.plan->steps, 0),
                 "header config section memsize block marker eos footer");
    assert_parts(mfd_fixture_send(&marker.plan->steps, 1), "part marker eos footer");
    assert_parts(mfd_fixture_send(&marker.plan->steps, 2), "part marker eos footer end vmdesc");
    assert_parts(mfd_fixture_send(&section.plan->steps, 0),
                 "header config section memsize block eos footer");
    assert_parts(mfd_fixture_send(&section.plan->steps, 1), "part eos footer");
    assert_parts(mfd_fixture_send(&section.plan->steps, 2), "part eos footer end vmdesc");
    assert_int_equal(
        mfd_fixture_field(&marker, mfd_fixture_send(&marker.plan->steps, 1), "part.type", 0), 2);
    assert_int_equal(
        mfd_fixture_field(&marker, mfd_fixture_send(&marker.plan->steps, 2), "part.type", 0), 3);
    mfd_fixture_free(&marker);
    mfd_fixture_free(&section);
}

static void every_record_of_main_can_stand_alone(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ram a 1M / ram b 1M / main header / main config / main section / main memsize / main block / "
        "main block block=b / main marker / main eos / main footer / main openrp / main ping value=7 / "
        "main switchover / main command command=9 argument=x'0102' / main part / main zero pages=1,3 block=b / "
        "main page pages=2 / main eos / main footer / main last / main end / main vmdesc / expect waiting",
        "10.0");
    static const char *const parts[] = {
        "header",    "config", "section", "memsize", "block",   "block",   "marker",
        "eos",       "footer", "command", "command", "command", "command", "part",
        "zero zero", "page",   "eos",     "footer",  "part",    "end",     "vmdesc",
    };
    const struct mfd_step *step = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_parts(mfd_fixture_send(&f.plan->steps, i), parts[i]);
    }
    assert_int_equal(mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, 3), "memsize.word", 0),
                     (2 << 20) + 4);
    step = mfd_fixture_send(&f.plan->steps, 10);
    assert_int_equal(mfd_fixture_field(&f, step, "command.command", 0), 2);
    assert_int_equal(step->bytes[8], 7);
    assert_int_equal(
        mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, 11), "command.command", 0), 11);
    step = mfd_fixture_send(&f.plan->steps, 12);
    assert_int_equal(mfd_fixture_field(&f, step, "command.command", 0), 9);
    assert_int_equal(mfd_fixture_field(&f, step, "command.length", 0), 2);
    assert_int_equal(mfd_fixture_send(&f.plan->steps, 15)->size, 8 + 1 + 1 + 4096);
    assert_int_equal(f.plan->blocks[1].pages[3].state, MFD_PAGE_ZERO);
    assert_int_equal(f.plan->blocks[0].pages[2].state, MFD_PAGE_DATA);
    mfd_fixture_free(&f);
}

/* ---- packets ---- */

static void packets_are_numbered_over_all_channels(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ch * ready / ch 1 data pages=0 / ch 0 data pages=1 / ch 1 empty num=same / ch 0 sync num=77 / ch 0 sync / "
        "ch 0 empty num=same / expect waiting",
        "7.2");
    static const uint64_t numbers[] = {0, 1, 2, 3, 2, 77, 4, 4};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(
            mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, i), "packet.packet_num", 0),
            numbers[i]);
    }
    mfd_fixture_free(&f);
}

static void the_header_is_that_of_the_revision(void **state)
{
    static const char steps[] = "ch 0 sync / ch 0 data pages=3,5 / ch 0 empty / expect waiting";
    struct mfd_fixture old = mfd_fixture_plan(steps, "8.1");
    struct mfd_fixture new = mfd_fixture_plan(steps, "9.0");
    const struct mfd_step *data = mfd_fixture_send(&new.plan->steps, 1);

    (void)state;
    assert_int_equal(
        mfd_fixture_field(&old, mfd_fixture_send(&old.plan->steps, 0), "packet.pages_alloc", 0),
        128);
    assert_int_equal(
        mfd_fixture_field(&new, mfd_fixture_send(&new.plan->steps, 0), "packet.pages_alloc", 0), 0);
    assert_int_equal(
        mfd_fixture_field(&new, mfd_fixture_send(&new.plan->steps, 0), "packet.flags", 0), 1);
    assert_int_equal(
        mfd_fixture_field(&new, mfd_fixture_send(&new.plan->steps, 2), "packet.pages_alloc", 0),
        128);
    assert_int_equal(
        mfd_fixture_field(&new, mfd_fixture_send(&new.plan->steps, 2), "packet.flags", 0), 0);
    assert_int_equal(mfd_fixture_field(&new, data, "packet.flags", 0), 0);
    assert_int_equal(mfd_fixture_field(&new, data, "packet.pages_alloc", 0), 128);
    assert_int_equal(mfd_fixture_field(&new, data, "packet.normal_pages", 0), 2);
    assert_int_equal(mfd_fixture_field(&new, data, "packet.next_packet_size", 0), 8192);
    assert_int_equal(mfd_fixture_field(&new, data, "packet.offset", 1), 5 * 4096);
    assert_int_equal(data->part_count, 1);
    assert_int_equal(data->parts[0].size, 1344);
    assert_int_equal(data->size, 1344 + 8192);
    mfd_fixture_free(&old);
    mfd_fixture_free(&new);
}

static void zero_pages_follow_the_normal_ones(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("ch 0 data pages=1 zero=7,0..1 / expect waiting", "9.0");
    const struct mfd_step *data = mfd_fixture_send(&f.plan->steps, 0);

    (void)state;
    assert_int_equal(mfd_fixture_field(&f, data, "packet.normal_pages", 0), 1);
    assert_int_equal(mfd_fixture_field(&f, data, "packet.zero_pages", 0), 3);
    assert_int_equal(mfd_fixture_field(&f, data, "packet.offset", 1), 7 * 4096);
    assert_int_equal(mfd_fixture_field(&f, data, "packet.offset", 3), 4096);
    assert_int_equal(data->size, 1344 + 4096);
    assert_int_equal(f.plan->blocks[0].pages[7].state, MFD_PAGE_ZERO);
    assert_int_equal(f.plan->blocks[0].pages[0].state, MFD_PAGE_ZERO);
    assert_int_equal(f.plan->blocks[0].pages[1].state, MFD_PAGE_DATA);
    mfd_fixture_free(&f);
}

static void a_packet_may_carry_pages_and_sync(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("speak 7.2 / ch 0 data pages=0..127 sync=1 / expect waiting", "10.0");

    (void)state;
    assert_int_equal(mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, 0), "packet.flags", 0),
                     1);
    assert_int_equal(
        mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, 0), "packet.normal_pages", 0), 128);
    mfd_fixture_free(&f);
}

static void a_device_packet_has_its_state_behind_it(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "ch 0 device idstr=\"vfio\" instance=3 size=64 / ch 0 device / expect waiting", "10.0");
    const struct mfd_step *device = mfd_fixture_send(&f.plan->steps, 0);

    (void)state;
    assert_int_equal(device->size, 276 + 64);
    assert_int_equal(mfd_fixture_field(&f, device, "device.flags", 0), 0x40);
    assert_int_equal(mfd_fixture_field(&f, device, "device.instance_id", 0), 3);
    assert_int_equal(mfd_fixture_field(&f, device, "device.next_packet_size", 0), 64);
    assert_string_equal((const char *)device->bytes + 12, "vfio");
    assert_int_equal(mfd_fixture_send(&f.plan->steps, 1)->size, 276 + 16);
    mfd_fixture_free(&f);
}

static void smaller_pages_make_more_slots(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("page 1K / ch 0 data pages=0..511 / expect waiting", "10.0");
    const struct mfd_step *data = mfd_fixture_send(&f.plan->steps, 0);

    (void)state;
    assert_int_equal(data->parts[0].size, 320 + 8 * 512);
    assert_int_equal(mfd_fixture_field(&f, data, "packet.offset", 511), 511 * 1024);
    mfd_fixture_free(&f);
}

/* ---- memory ---- */

static void the_model_holds_what_was_sent_last(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch * ready / ch 0 data pages=7,8 / round / ch 1 data pages=7 / ch 0 data zero=8 / expect waiting",
        "10.0");
    const struct mfd_model_page *pages = f.plan->blocks[0].pages;
    const struct mfd_step *first = mfd_fixture_send(&f.plan->steps, 3);
    uint8_t page[4096];

    (void)state;
    assert_int_equal(pages[7].state, MFD_PAGE_DATA);
    assert_int_equal(pages[7].generation, 2);
    assert_int_equal(pages[8].state, MFD_PAGE_ZERO);
    assert_int_equal(pages[6].state, MFD_PAGE_FILL);
    mfd_page_content(page, sizeof(page), 0, 7, 1);
    assert_memory_equal(first->bytes + 1344, page, sizeof(page));
    mfd_page_expected(page, f.plan, 0, 7);
    assert_memory_not_equal(first->bytes + 1344, page, sizeof(page));
    mfd_fixture_free(&f);
}

static void bare_bytes_are_sent_as_often_as_it_says(void **state)
{
    static const uint8_t three[] = {1, 2, 1, 2, 1, 2};
    struct mfd_fixture f =
        mfd_fixture_plan("! extra x send x'0102' times=3 / expect waiting", "10.0");
    struct mfd_fixture huge = mfd_fixture_compile(
        "! extra x send x'0102' times=2097153 / expect waiting", "10.0", 0, false);
    const struct mfd_step *sent = mfd_fixture_send(&f.plan->steps, 0);

    (void)state;
    assert_int_equal(sent->size, sizeof(three));
    assert_memory_equal(sent->bytes, three, sizeof(three));
    assert_null(huge.plan);
    assert_string_equal(huge.error.text, "times: too large");
    mfd_fixture_free(&f);
    mfd_fixture_free(&huge);
}

static void the_model_follows_what_the_sender_meant(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "main start / ch * ready / ch 0 data pages=0 ! offset[0]=4K / ch 0 data pages=2 ! twice / "
        "ch 1 data pages=3 ! omit / ! ch 0 data pages=4 / extra x data pages=5 / ch 1 data pages=6 ! cut=1400 / "
        "ch 1 data pages=7 / expect waiting",
        "10.0");
    const struct mfd_model_page *pages = f.plan->blocks[0].pages;

    (void)state;
    assert_int_equal(pages[0].state, MFD_PAGE_DATA); /* the fault does not change what was meant */
    assert_int_equal(pages[1].state, MFD_PAGE_FILL);
    assert_int_equal(pages[2].generation, 1);        /* the same bytes twice */
    assert_int_equal(pages[3].state, MFD_PAGE_FILL); /* never sent */
    assert_int_equal(pages[4].state, MFD_PAGE_DATA); /* a whole line counts as sent */
    assert_int_equal(pages[5].state, MFD_PAGE_FILL); /* not on a connection of the migration */
    assert_int_equal(pages[6].state, MFD_PAGE_FILL); /* cut */
    assert_int_equal(pages[7].state, MFD_PAGE_FILL); /* behind the cut */
    mfd_fixture_free(&f);
}

/* ---- correct messages break no rule ---- */

static void check_messages(const struct mfd_plan *plan)
{
    struct mfd_ramblock blocks[1] = {{.used_length = 2 << 20, .max_length = 2 << 20}};
    struct mfd_ramtable table = {blocks, 1};
    struct mfd_check_context context = {plan->speak, plan->page_size, plan->channels, plan->uuid,
                                        0,           &table};
    struct mfd_finding list[8];

    strcpy(blocks[0].name, "mem0");
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        for (size_t j = 0; j < step->part_count; j++) {
            struct mfd_findings findings = {list, 8, 0};
            const uint8_t *at = step->bytes + step->parts[j].offset;

            if (step->parts[j].message == MFD_MSG_hello) {
                mfd_check_hello(&context, at, step->parts[j].size, &findings);
            } else if (step->parts[j].message == MFD_MSG_packet) {
                mfd_check_packet(&context, at, step->parts[j].size, &findings);
            }
            if (findings.count) {
                fail_msg("%s breaks %s", step->text, mfd_rule_info(list[0].rule)->id);
            }
        }
    }
}

static void what_is_sent_without_a_fault_breaks_no_rule(void **state)
{
    (void)state;
    for (int rev = MFD_REV_FIRST; rev <= MFD_REV_LATEST; rev++) {
        const char *steps =
            rev < MFD_REV_9_0
                ? "main start / ch * ready / ch 0 data pages=0..9 / round / finish / expect accepted"
                : "main start / ch * ready / ch 0 data pages=0..9 zero=30..40 / ch 1 data zero=1 / "
                  "round / finish / expect accepted";
        struct mfd_fixture f = mfd_fixture_plan(steps, mfd_rev_info((enum mfd_rev)rev)->name);

        check_messages(f.plan);
        mfd_fixture_free(&f);
    }
}

/* The iterator that a receiver uses walks over all of main. */
static void main_is_a_stream_that_a_receiver_can_follow(void **state)
{
    struct mfd_fixture f =
        mfd_fixture_plan("main start / round / finish / expect accepted", "10.0");
    struct mfd_ramblock blocks[1] = {{.used_length = 2 << 20, .max_length = 2 << 20}};
    struct mfd_ramtable table = {blocks, 1};
    struct mfd_check_context context = {f.plan->speak, 4096, 2, f.plan->uuid, 0, &table};
    struct mfd_main main;
    uint8_t stream[1024];
    size_t len = 0;
    size_t at = 0;

    (void)state;
    strcpy(blocks[0].name, "mem0");
    for (size_t i = 0; i < f.plan->steps.count; i++) {
        const struct mfd_step *step = &f.plan->steps.list[i];

        if (step->conn == 0 && step->kind == MFD_STEP_SEND) {
            memcpy(stream + len, step->bytes, step->size);
            len += step->size;
        }
    }
    mfd_main_start(&main, &context, "none");
    while (at < len) {
        struct mfd_finding list[4];
        struct mfd_findings findings = {list, 4, 0};
        struct mfd_record record;

        assert_int_equal(mfd_main_next(&main, stream + at, len - at, &record, &findings), 0);
        assert_int_equal(findings.count, 0);
        at += record.size + (size_t)record.payload;
    }
    assert_int_equal(at, len);
    assert_int_equal(main.place, MFD_AT_VMDESC);
    mfd_fixture_free(&f);
}

/* ---- where it does not apply ---- */

static void a_scenario_for_other_revisions_has_no_steps(void **state)
{
    static const struct {
        const char *steps;
        const char *release;
    } cases[] = {
        {"only 9.0.. / main start / expect accepted", "8.2"},
        {"main start / expect accepted for ..7.2", "8.0"},
        {"method qatzip / main start / expect accepted", "9.1"},
        {"speak 7.2 / method qpl / main start / expect accepted", "10.0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mfd_fixture f = mfd_fixture_plan(cases[i].steps, cases[i].release);

        assert_int_equal(f.plan->expect, 0);
        assert_int_equal(f.plan->steps.count, 0);
        mfd_fixture_free(&f);
        f = mfd_fixture_twin(cases[i].steps, cases[i].release);
        assert_int_equal(f.plan->expect, 0);
        mfd_fixture_free(&f);
    }
}

static void the_expectation_is_that_of_the_revision(void **state)
{
    static const char steps[] = "ch 0 data pages=0 ! zero_pages=slots / expect refused for 9.0.. / "
                                "expect accepted or waiting for ..8.2";
    struct mfd_fixture old = mfd_fixture_plan(steps, "8.2");
    struct mfd_fixture new = mfd_fixture_plan(steps, "9.0");

    (void)state;
    assert_int_equal(old.plan->expect,
                     MFD_OUTCOME_BIT(MFD_ACCEPTED) | MFD_OUTCOME_BIT(MFD_WAITING));
    assert_int_equal(new.plan->expect, MFD_OUTCOME_BIT(MFD_REFUSED));
    mfd_fixture_free(&old);
    mfd_fixture_free(&new);
}

static void a_method_is_configured_without_any_packet_of_it(void **state)
{
    struct mfd_fixture f = mfd_fixture_plan(
        "method zlib / main start / ch * ready / ch 0 data zero=1 / expect waiting", "10.0");

    (void)state;
    assert_int_equal(f.plan->method, MFD_FLAG_ZLIB);
    assert_int_equal(mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, 3), "packet.flags", 0),
                     MFD_FLAG_ZLIB);
    assert_int_equal(mfd_fixture_field(&f, mfd_fixture_send(&f.plan->steps, 2), "packet.flags", 0),
                     MFD_FLAG_SYNC);
    mfd_fixture_free(&f);
}

/* ---- errors ---- */

static void what_cannot_be_compiled_is_told_with_its_line(void **state)
{
    static const struct {
        const char *steps;
        unsigned line;
        const char *message;
    } cases[] = {
        {"ch 0 ready / ch 0 bye / expect accepted", 3, "bye: needs TLS"},
        {"tls psk / ch 0 bye / expect accepted", 3, "bye: ch 0 has no TLS to be ended"},
        {"tls psk / ch 0 ready / ch 0 bye / ch 0 bye / expect accepted", 5,
         "bye: ch 0 has no TLS to be ended"},
        {"tls psk / ch 0 ready / ch 0 bye / ch 0 sync / expect accepted", 5,
         "ch 0: has said bye above"},
        {"transport file / main start / expect accepted", 3,
         "transport file: a step is one of `file`, or finish"},
        {"role sender / transport file / expect accepted", 0,
         "role sender: a file has no connections"},
        {"role sender / settle / expect accepted", 3,
         "with role sender a step is WHO accept, or at WHO MESSAGE#K, and a fault"},
        {"role sender / ch 0 accept / expect accepted", 3, "the fault is missing"},
        {"role sender / ch * accept ! stall / expect waiting", 3,
         "ch: a fault stands on one connection, and these are 2"},
        {"role sender / at ch 0 start#0 ! stall / expect waiting", 3,
         "start: no moment that a receiver knows"},
        {"role sender / at main end#1 ! close / expect refused", 3,
         "end: there is only the one with number 0"},
        {"role sender / at ch 0 data#last ! close / expect refused", 3,
         "data#last: only the last sync is known as such"},
        {"role sender / at ch 0 sync#0 ! cut=4 close / expect refused", 3,
         "cut: only within a hello, or the pages of a packet"},
        {"role sender / at ch 0 hello#0 ! cut=64 close / expect refused", 3, "cut: too large"},
        {"role sender / at ch 0 hello#0 ! refuse / expect refused", 3,
         "refuse: only where the connection is taken"},
        {"role sender / ch 0 accept ! foreign / expect refused", 3,
         "foreign: needs the header tls"},
        {"role sender / at ch 0 data#0 ! zero_pages=1 / expect refused", 3,
         "zero_pages: a receiver cannot change what is sent"},
        {"role sender / each zero in some main / expect accepted", 0,
         "zero: neither main, packet nor none"},
        {"ram mem0 5K / expect accepted", 2, "mem0: not a multiple of the page size"},
        {"ram mem0 100 resizable / expect accepted", 2, "mem0: not a multiple of 1K"},
        {"ram mem0 0 / expect accepted", 2, "mem0: too small"},
        {"ram mem0 17G / expect accepted", 2, "mem0: too large"},
        {"ch 2 hello / expect accepted", 2, "ch 2: there are only 2 channels"},
        {"ch 0..2 hello / expect accepted", 2, "ch 2: there are only 2 channels"},
        {"ch 1..0 hello / expect accepted", 2, "ch 1..0: there is no channel between"},
        {"each n in \"a\" / ch $n hello / expect accepted", 3, "ch: not a number"},
        {"ch 0 connect / ch 0 connect / expect accepted", 3, "ch 0: is connected above"},
        {"ch 0 close / ch 0 hello / expect accepted", 3, "ch 0: is closed above"},
        {"ch 0 shut / ch 0 close / expect accepted", 3, "ch 0: is closed above"},
        {"ch 0 data pages=512 / expect accepted", 2,
         "pages: page 512 is outside mem0, which has 512"},
        {"ch 0 data pages=9..3 / expect accepted", 2, "pages: 9..3 holds nothing"},
        {"ch 0 data pages=-1 / expect accepted", 2, "pages: too small"},
        {"ch 0 data pages=0..128 / expect accepted", 2,
         "data: 129 pages, but a packet has 128 slots"},
        {"speak 2017-text / ch 0 data pages=1 / expect accepted", 3,
         "data: 2017-text has no packets"},
        {"speak 8.2 / ch 0 data zero=1 / expect accepted", 3,
         "zero: 8.1 sends no zero pages in packets"},
        {"method qatzip / ch 0 data pages=1 / expect accepted", 3,
         "method qatzip: its codec is not there"},
        {"ch 0 sync num=same / expect accepted", 2, "num=same: no packet was sent on ch 0 before"},
        {"ch 0 device size=1G / expect accepted", 2, "size: too large"},
        {"ch 0 hello split=0 / expect accepted", 2, "split: too small"},
        {"main ping value=4G / expect accepted", 2, "value: too large"},
        {"each b in \"nope\" / ch 0 data pages=0 block=$b / expect accepted", 3,
         "block: the parameter names no block"},
        {"ch * hello ! id=9 / expect refused", 2,
         "ch: a fault stands on one connection, and these are 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mfd_fixture f = mfd_fixture_compile(cases[i].steps, "10.0", 0, false);

        if (f.plan || f.error.line != cases[i].line ||
            strcmp(f.error.text, cases[i].message) != 0) {
            fail_msg("%s gave %u: %s", cases[i].steps, f.error.line,
                     f.plan ? "no error" : f.error.text);
        }
        mfd_fixture_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_without_headers_has_the_defaults),
        cmocka_unit_test(headers_set_the_configuration),
        cmocka_unit_test(a_uuid_is_configured_and_carried),
        cmocka_unit_test(a_stage_of_2017_has_hellos_alone_and_is_for_peers_that_can_be_set_to_it),
        cmocka_unit_test(a_resizable_block_goes_by_the_name_that_the_peer_knows),
        cmocka_unit_test(a_connection_opens_with_its_first_step),
        cmocka_unit_test(connections_end_as_they_are_told),
        cmocka_unit_test(steps_carry_line_and_canonical_text),
        cmocka_unit_test(writes_are_split_as_asked),
        cmocka_unit_test(main_carries_the_sync_point_as_the_revision_does),
        cmocka_unit_test(every_record_of_main_can_stand_alone),
        cmocka_unit_test(packets_are_numbered_over_all_channels),
        cmocka_unit_test(the_header_is_that_of_the_revision),
        cmocka_unit_test(zero_pages_follow_the_normal_ones),
        cmocka_unit_test(a_packet_may_carry_pages_and_sync),
        cmocka_unit_test(a_device_packet_has_its_state_behind_it),
        cmocka_unit_test(smaller_pages_make_more_slots),
        cmocka_unit_test(the_model_holds_what_was_sent_last),
        cmocka_unit_test(bare_bytes_are_sent_as_often_as_it_says),
        cmocka_unit_test(the_model_follows_what_the_sender_meant),
        cmocka_unit_test(what_is_sent_without_a_fault_breaks_no_rule),
        cmocka_unit_test(main_is_a_stream_that_a_receiver_can_follow),
        cmocka_unit_test(a_scenario_for_other_revisions_has_no_steps),
        cmocka_unit_test(the_expectation_is_that_of_the_revision),
        cmocka_unit_test(a_method_is_configured_without_any_packet_of_it),
        cmocka_unit_test(what_cannot_be_compiled_is_told_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
