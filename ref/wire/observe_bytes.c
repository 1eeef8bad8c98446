// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which BYTES rules a message was held to, so that those which it kept count as held. The conditions
 * mirror those under which the checks look at all: what the context does not know is not judged.
 */
#include "observe_inside.h"

static void judged(struct mfd_observer *observer, enum mfd_rule rule, bool when)
{
    if (when && mfd_rule_applies(rule, observer->config.rev)) {
        observer->judged[rule] = true;
    }
}

void mfd_observe_judged_hello(struct mfd_observer *observer)
{
    judged(observer, MFD_INIT_002, true);
    judged(observer, MFD_INIT_003, true);
    judged(observer, MFD_INIT_004, observer->context.uuid != NULL);
    judged(observer, MFD_INIT_006, true);
    judged(observer, MFD_INIT_012, observer->context.channels != 0);
    judged(observer, MFD_INIT_023, true);
    judged(observer, MFD_INIT_025, true);
}

void mfd_observe_judged_packet(struct mfd_observer *observer, const struct mfd_packet *packet)
{
    uint32_t method = observer->context.method;
    bool method_known = method != MFD_METHOD_UNKNOWN;
    bool normal = packet->normal_pages != 0;
    bool zero = packet->zero_pages != 0;
    bool pages = normal || zero;
    bool block = observer->context.ram && mfd_ramtable_find(observer->context.ram, packet->ramblock,
                                                            MFD_IDSTR_SIZE - 1) >= 0;

    judged(observer, MFD_HDR_013, true);
    judged(observer, MFD_HDR_014, true);
    judged(observer, MFD_HDR_015, true);
    judged(observer, MFD_HDR_016, true);
    judged(observer, MFD_HDR_017, true);
    judged(observer, MFD_HDR_018, true);
    judged(observer, MFD_HDR_005, true);
    judged(observer, MFD_HDR_004, true);
    judged(observer, MFD_HDR_003, true);
    judged(observer, MFD_HDR_027, true);
    judged(observer, MFD_HDR_008, true);
    judged(observer, MFD_HDR_007, pages);
    judged(observer, MFD_HDR_019, pages && observer->context.ram);
    judged(observer, MFD_HDR_021, normal && block);
    judged(observer, MFD_HDR_022, zero && block);
    judged(observer, MFD_HDR_023, pages && block);
    judged(observer, MFD_HDR_024, pages);
    judged(observer, MFD_HDR_010, pages && method == 0);
    judged(observer, MFD_HDR_011, !pages);
    judged(observer, MFD_PAY_002, pages && method_known);
    judged(observer, MFD_PAY_008,
           normal &&
               (method == MFD_FLAG_ZLIB || method == MFD_FLAG_ZSTD || method == MFD_FLAG_QATZIP));
    judged(observer, MFD_PAY_009, zero && !normal && method && method_known);
    judged(observer, MFD_SYNC_004, packet->flags & MFD_FLAG_SYNC);
}

void mfd_observe_judged_device(struct mfd_observer *observer)
{
    judged(observer, MFD_HDR_013, true);
    judged(observer, MFD_HDR_014, true);
    judged(observer, MFD_DEV_001, true);
    judged(observer, MFD_DEV_002, true);
    judged(observer, MFD_DEV_004, true);
    judged(observer, MFD_DEV_005, true);
    judged(observer, MFD_DEV_006, true);
}

/* Records of the body of a RAM section. */
static void judged_ram_record(struct mfd_observer *observer, const struct mfd_record *record)
{
    bool placed = record->message == MFD_MSG_zero || record->message == MFD_MSG_page;

    judged(observer, MFD_MAIN_019, true);
    judged(observer, MFD_MAIN_013, record->message == MFD_MSG_zero);
    judged(observer, MFD_MAIN_020, placed && observer->main_context.ram);
    judged(observer, MFD_MAIN_021, placed && record->block >= 0);
    /* no marker has come by the end of all RAM sections */
    judged(observer, MFD_SYNC_014, record->message == MFD_MSG_eos && record->last);
}

void mfd_observe_judged_record(struct mfd_observer *observer, const struct mfd_record *record)
{
    switch (record->message) {
    case MFD_MSG_header:
        judged(observer, MFD_MAIN_001, true);
        judged(observer, MFD_MAIN_015, true);
        break;
    case MFD_MSG_config:
        judged(observer, MFD_MAIN_016, observer->config.machine != NULL);
        break;
    case MFD_MSG_section:
        judged(observer, MFD_MAIN_017, true);
        judged(observer, MFD_MAIN_018, record->is_ram);
        break;
    case MFD_MSG_part:
        judged(observer, MFD_MAIN_017, true);
        break;
    case MFD_MSG_block:
        judged(observer, MFD_MAIN_002, observer->main_state.place != MFD_AT_BLOCKS);
        judged(observer, MFD_MAIN_008, record->block >= 0);
        judged(observer, MFD_MAIN_020, observer->main_context.ram != NULL);
        break;
    case MFD_MSG_footer:
        judged(observer, MFD_MAIN_003, true);
        break;
    case MFD_MSG_command:
        judged(observer, MFD_MAIN_012, true);
        break;
    case MFD_MSG_memsize:
    case MFD_MSG_zero:
    case MFD_MSG_page:
    case MFD_MSG_marker:
    case MFD_MSG_eos:
        judged_ram_record(observer, record);
        break;
    default:
        break;
    }
}
