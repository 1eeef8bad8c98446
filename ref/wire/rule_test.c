// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule.h"

#include "field.h"
#include "wire_test.h"

#include <stdio.h>

/* The ids ever given, area by area: each stays a rule or a tombstone for good. */
static const struct {
    const char *area;
    int last;
} given[] = {
    {"INIT", 25}, {"HDR", 35},  {"NUM", 7},  {"PAY", 21}, {"SYNC", 15}, {"CHAN", 24},
    {"DEV", 7},   {"MAIN", 14}, {"MAP", 10}, {"TLS", 5},  {"INT", 6},
};

static const struct mfd_rule_tombstone *tombstone(const char *id)
{
    size_t count = 0;
    const struct mfd_rule_tombstone *all = mfd_rule_tombstones(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].id, id) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

/* Fails unless the text names fields of fields.def, separated by single spaces. */
static void assert_names_fields(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        size_t dot = strcspn(text, ".");
        char message[32] = "";
        char field[32] = "";

        assert_true(dot < len && dot < sizeof(message) && len - dot < sizeof(field));
        memcpy(message, text, dot);
        memcpy(field, text + dot + 1, len - dot - 1);
        assert_int_not_equal(mfd_message_find(message), MFD_MESSAGE_COUNT);
        assert_int_not_equal(mfd_field_find(mfd_message_find(message), field), MFD_FIELD_COUNT);
        text += len;
        if (*text == ' ') {
            text++;
            assert_true(*text != ' ' && *text != '\0');
        }
    }
}

static void every_row_is_consistent(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);

        print_message("%s\n", info->id);
        assert_true(info->since < info->until);
        assert_true(info->kind != MFD_KIND_BYTES || strlen(info->field) > 0);
        assert_true((info->seen == MFD_SEEN_NOT) == (info->unseen != NULL));
        assert_true(!info->unseen || strlen(info->unseen) > 0);
        assert_true(info->send != MFD_SEND_NONE || info->receipt != MFD_RECEIPT_NONE);
        assert_int_equal(info->text[strlen(info->text) - 1], '.');
        assert_true(strlen(info->source) > 0);
        assert_names_fields(info->field);
    }
}

static void rules_of_device_packets_start_with_these(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *info = mfd_rule_info((enum mfd_rule)i);
        const char *dot = strchr(info->field, '.');
        char message[32] = "";

        if (info->kind != MFD_KIND_BYTES) {
            continue;
        }
        assert_non_null(dot);
        memcpy(message, info->field, (size_t)(dot - info->field));
        if (strcmp(message, "device") == 0) {
            assert_true(info->since >= MFD_REV_10_0);
        }
    }
}

static void every_id_is_unique_and_found(void **state)
{
    (void)state;
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const char *id = mfd_rule_info((enum mfd_rule)i)->id;

        assert_int_equal(mfd_rule_find(id), i);
        assert_null(tombstone(id));
    }
    assert_int_equal(mfd_rule_find("MF-INIT-009"), MFD_RULE_COUNT);
    assert_int_equal(mfd_rule_find(""), MFD_RULE_COUNT);
}

static void every_tombstone_points_to_a_live_rule_or_says_why_it_fell(void **state)
{
    size_t count = 0;
    const struct mfd_rule_tombstone *all = mfd_rule_tombstones(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        print_message("%s\n", all[i].id);
        assert_ptr_equal(tombstone(all[i].id), &all[i]);
        assert_true((all[i].into == NULL) != (all[i].reason == NULL));
        if (all[i].into) {
            assert_int_not_equal(mfd_rule_find(all[i].into), MFD_RULE_COUNT);
        } else {
            assert_true(strlen(all[i].reason) > 0);
        }
    }
}

static void every_id_ever_given_is_a_rule_or_a_tombstone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(given); i++) {
        for (int number = 1; number <= given[i].last; number++) {
            char id[32];

            snprintf(id, sizeof(id), "MF-%s-%03d", given[i].area, number);
            print_message("%s\n", id);
            assert_true(mfd_rule_find(id) != MFD_RULE_COUNT || tombstone(id));
        }
    }
}

static void a_rule_applies_from_its_first_revision_up_to_its_end(void **state)
{
    (void)state;
    assert_false(mfd_rule_applies(MFD_HDR_015, MFD_REV_5_2));
    assert_true(mfd_rule_applies(MFD_HDR_015, MFD_REV_7_2));
    assert_true(mfd_rule_applies(MFD_HDR_015, MFD_REV_LATEST));
    assert_true(mfd_rule_applies(MFD_HDR_016, MFD_REV_5_2));
    assert_false(mfd_rule_applies(MFD_HDR_016, MFD_REV_7_2));
    assert_false(mfd_rule_applies(MFD_INIT_002, MFD_REV_2017_BINARY));
}

static void only_refusals_are_refused(void **state)
{
    (void)state;
    assert_true(mfd_rule_refused(MFD_HDR_013));  /* refuse MUST */
    assert_true(mfd_rule_refused(MFD_HDR_024));  /* refuse SHOULD */
    assert_false(mfd_rule_refused(MFD_HDR_027)); /* accept MUST */
    assert_false(mfd_rule_refused(MFD_HDR_004)); /* free */
    assert_false(mfd_rule_refused(MFD_CHAN_002));
}

static void levels_follow_the_role(void **state)
{
    (void)state;
    assert_string_equal(mfd_rule_level(MFD_HDR_024, true), "MUST");
    assert_string_equal(mfd_rule_level(MFD_HDR_024, false), "SHOULD");
    assert_string_equal(mfd_rule_level(MFD_SYNC_006, true), "MAY");
    assert_string_equal(mfd_rule_level(MFD_SYNC_006, false), "MUST");
    assert_string_equal(mfd_rule_level(MFD_NUM_006, true), "SHOULD");
    assert_string_equal(mfd_rule_level(MFD_NUM_006, false), "-");
    assert_string_equal(mfd_rule_level(MFD_INIT_017, true), "-");
    assert_string_equal(mfd_rule_level(MFD_INIT_017, false), "SHOULD");
    assert_string_equal(mfd_rule_level(MFD_CHAN_003, false), "MUST");
    assert_string_equal(mfd_rule_level(MFD_HDR_004, false), "MAY");
    assert_string_equal(mfd_rule_level(MFD_HDR_013, false), "MUST");
}

static void every_name_is_its_own(void **state)
{
    (void)state;
    assert_string_equal(mfd_kind_name(MFD_KIND_BYTES), "bytes");
    assert_string_equal(mfd_kind_name(MFD_KIND_FLOW), "flow");
    assert_string_equal(mfd_kind_name(MFD_KIND_ACT), "act");
    assert_string_equal(mfd_send_name(MFD_SEND_NONE), "-");
    assert_string_equal(mfd_send_name(MFD_SEND_MAY), "MAY");
    assert_string_equal(mfd_send_name(MFD_SEND_SHOULD), "SHOULD");
    assert_string_equal(mfd_send_name(MFD_SEND_MUST), "MUST");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_NONE), "-");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_FREE), "free");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_ACCEPT_MUST), "accept MUST");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_REFUSE_MUST), "refuse MUST");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_REFUSE_SHOULD), "refuse SHOULD");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_KEEP_MUST), "keep MUST");
    assert_string_equal(mfd_receipt_name(MFD_RECEIPT_KEEP_SHOULD), "keep SHOULD");
    assert_string_equal(mfd_seen_name(MFD_SEEN_NOT), "not");
    assert_string_equal(mfd_seen_name(MFD_SEEN_PEER), "peer");
    assert_string_equal(mfd_seen_name(MFD_SEEN_CAPTURE), "capture");
    assert_string_equal(mfd_seen_name(MFD_SEEN_MEMORY), "memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_consistent),
        cmocka_unit_test(rules_of_device_packets_start_with_these),
        cmocka_unit_test(every_id_is_unique_and_found),
        cmocka_unit_test(every_tombstone_points_to_a_live_rule_or_says_why_it_fell),
        cmocka_unit_test(every_id_ever_given_is_a_rule_or_a_tombstone),
        cmocka_unit_test(a_rule_applies_from_its_first_revision_up_to_its_end),
        cmocka_unit_test(only_refusals_are_refused),
        cmocka_unit_test(levels_follow_the_role),
        cmocka_unit_test(every_name_is_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
