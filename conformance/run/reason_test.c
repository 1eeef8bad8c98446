// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A refusal for another reason than the scenario's own proves nothing about its rule. So the bytes of every
 * scenario that must be refused go through the checks: the first finding that a receiver refuses is of a rule
 * that the scenario names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check.h"
#include "image.h"
#include "mainstream.h"
#include "mapfile_peer.h"
#include "packet.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FINDINGS 64
#define BLOCKS 8

/* What is known when the bytes of a plan are checked. */
struct known {
    struct mfd_ramblock blocks[BLOCKS];
    struct mfd_ramtable ram;
    struct mfd_check_context context;
};

static void know(struct known *known, const struct mfd_plan *plan)
{
    assert_true(plan->block_count <= BLOCKS);
    known->ram = (struct mfd_ramtable){known->blocks, plan->block_count};
    for (size_t i = 0; i < plan->block_count; i++) {
        struct mfd_ramblock *block = &known->blocks[i];

        snprintf(block->name, sizeof(block->name), "%s", plan->blocks[i].wire_name);
        block->used_length = plan->blocks[i].size;
        block->max_length = plan->blocks[i].resizable ? UINT64_MAX : plan->blocks[i].size;
        block->resizable = plan->blocks[i].resizable;
    }
    known->context = (struct mfd_check_context){
        .rev = plan->speak,
        .page_size = plan->page_size,
        .channels = plan->channels,
        .uuid = plan->uuid,
        .method = plan->method,
        .ram = &known->ram,
    };
}

/* How much a device takes is the receiver's to know, not the checks'. */
static void check_room(const struct mfd_plan *plan, const uint8_t *bytes,
                       struct mfd_findings *findings)
{
    uint32_t size = mfd_get32(bytes + MFD_DEVICE_NEXT_SIZE);

    for (size_t i = 0; i < plan->device_count; i++) {
        if (strcmp(plan->devices[i].idstr, (const char *)bytes + MFD_DEVICE_IDSTR) == 0 &&
            size > plan->devices[i].size) {
            assert_true(findings->count < FINDINGS);
            findings->list[findings->count++] =
                (struct mfd_finding){.rule = MFD_DEV_006, .got = size};
        }
    }
}

static void check_part(const struct known *known, const struct mfd_plan *plan,
                       const struct mfd_step *step, const struct mfd_plan_part *part,
                       struct mfd_findings *findings)
{
    const uint8_t *bytes = step->bytes + part->offset;

    switch (part->message) {
    case MFD_MSG_hello:
        mfd_check_hello(&known->context, bytes, part->size, findings);
        break;
    case MFD_MSG_packet:
        mfd_check_packet(&known->context, bytes, part->size, findings);
        break;
    case MFD_MSG_device:
        mfd_check_device(&known->context, bytes, part->size, findings);
        if (!mfd_findings_refused(findings)) {
            check_room(plan, bytes, findings);
        }
        break;
    default:
        break;
    }
}

/* All that main sends, as one stream, up to the first record that a receiver refuses. */
static void check_main(const struct known *known, const struct mfd_plan *plan,
                       struct mfd_findings *findings)
{
    struct mfd_main main;
    uint8_t *stream = NULL;
    size_t size = 0;
    size_t at = 0;

    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        if (step->kind == MFD_STEP_SEND && plan->conns[step->conn].kind == MFD_CONN_MAIN) {
            stream = realloc(stream, size + step->size);
            assert_non_null(stream);
            memcpy(stream + size, step->bytes, step->size);
            size += step->size;
        }
    }
    mfd_main_start(&main, &known->context, plan->machine);
    while (at < size && !mfd_findings_refused(findings)) {
        struct mfd_record record;

        if (mfd_main_next(&main, stream + at, size - at, &record, findings) != 0) {
            break;
        }
        at += record.size + record.payload;
    }
    free(stream);
}

/* The rule for which the reference refuses the file of a plan. */
static bool file_reason_is_right(const struct mfd_suite_file *file, const struct mfd_plan *plan)
{
    char path[] = P_tmpdir "/reason.XXXXXX";
    struct mfd_mapfile image = {.offset = plan->file_offset};
    struct mfd_receiver_result result;
    struct mfd_receiver_config config;
    struct mfd_guest guest;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    assert_int_equal(mfd_image_create(plan, path), 0);
    mfd_guest_init(&guest);
    for (size_t i = 0; i < plan->block_count; i++) {
        struct mfd_guest_block block = {plan->blocks[i].wire_name, plan->blocks[i].size,
                                        plan->blocks[i].size, plan->blocks[i].resizable};

        assert_int_equal(mfd_guest_add_anonymous(&guest, &block), 0);
    }
    config = mfd_receiver_defaults(plan->speak, &guest);
    config.page_size = plan->page_size;
    snprintf(image.path, sizeof(image.path), "%s", path);
    assert_int_equal(mfd_mapfile_read(&config, &image, &result), 0);
    mfd_guest_free(&guest);
    unlink(path);
    if (!result.failure.is_rule || !mfd_suite_names(file->scenario, result.failure.finding.rule)) {
        print_error("%s: refused for something that it does not name\n", plan->id);
        return false;
    }
    return true;
}

/* Whether the plan's refusal has the scenario's own reason; prints why not. */
static bool reason_is_right(const struct mfd_suite_file *file, const struct mfd_plan *plan)
{
    struct mfd_finding list[FINDINGS];
    struct mfd_findings findings = {list, FINDINGS, 0};
    const struct mfd_finding *refused = NULL;
    enum mfd_rule rule = mfd_scenario_rules(file->scenario, &(size_t){0})[0];
    struct known known;

    if (plan->file) {
        return file_reason_is_right(file, plan);
    }
    know(&known, plan);
    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        for (size_t p = 0; step->kind == MFD_STEP_SEND && step->deviation && p < step->part_count;
             p++) {
            check_part(&known, plan, step, &step->parts[p], &findings);
        }
    }
    check_main(&known, plan, &findings);
    refused = mfd_findings_refused(&findings);
    if (refused && !mfd_suite_names(file->scenario, refused->rule)) {
        print_error("%s: refused for %s, which it does not name\n", plan->id,
                    mfd_rule_info(refused->rule)->id);
        return false;
    }
    if (!refused && mfd_rule_info(rule)->kind == MFD_KIND_BYTES &&
        mfd_rule_applies(rule, plan->speak)) {
        print_error("%s: no check refuses it\n", plan->id);
        return false;
    }
    return true;
}

/* The instances of one file for peers of one revision. */
static unsigned wrong_reasons(const struct mfd_suite_file *file, enum mfd_rev rev)
{
    const struct mfd_target target = {.rev = rev, .machine = "none", .slow = true};
    struct mfd_lang_error error;
    size_t count = 0;
    unsigned wrong = 0;
    struct mfd_instance *instances =
        mfd_scenario_expand(file->scenario, &target, 2, &count, &error);

    assert_non_null(instances);
    for (size_t i = 0; i < count; i++) {
        struct mfd_plan *plan =
            mfd_scenario_compile(file->scenario, &instances[i], &target, false, &error);

        assert_non_null(plan);
        if ((plan->expect & MFD_OUTCOME_BIT(MFD_REFUSED)) &&
            !(plan->expect & MFD_OUTCOME_BIT(MFD_ACCEPTED))) {
            wrong += !reason_is_right(file, plan);
        }
        mfd_plan_free(plan);
    }
    mfd_instances_free(instances, count);
    return wrong;
}

static void every_refusal_is_for_a_rule_that_the_scenario_names(void **state)
{
    const enum mfd_rev revs[] = {MFD_REV_5_2, MFD_REV_7_2, MFD_REV_10_0, MFD_REV_LATEST};
    struct mfd_suite suite;
    char error[MFD_SUITE_ERROR_SIZE];
    unsigned wrong = 0;

    (void)state;
    assert_true(mfd_suite_load(MFD_SOURCE_SCENARIOS, &suite, error));
    for (size_t i = 0; i < suite.count; i++) {
        for (size_t r = 0; r < sizeof(revs) / sizeof(revs[0]); r++) {
            wrong += wrong_reasons(&suite.files[i], revs[r]);
        }
    }
    mfd_suite_free(&suite);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_is_for_a_rule_that_the_scenario_names),
    };

    return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
