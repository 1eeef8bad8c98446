// SPDX-License-Identifier: GPL-2.0-or-later
/* Expert items: one for each rule of rules.def, with the id and the words of the suite, and one for lost bytes. */
#include "multifd.h"

#include <epan/expert.h>

#include <string.h>

static expert_field broken[MFD_RULE_COUNT];
static expert_field lost;

/* The sender's level; a rule that binds receivers alone has theirs. */
static int severity_of(enum mfd_rule rule)
{
    const char *level = mfd_rule_level(rule, mfd_rule_info(rule)->send != MFD_SEND_NONE);

    if (strcmp(level, "MUST") == 0) {
        return PI_ERROR;
    }
    return strcmp(level, "SHOULD") == 0 ? PI_WARN : PI_NOTE;
}

/* "MF-HDR-021" as "multifd.expert.mf-hdr-021". */
static const char *name_of(enum mfd_rule rule)
{
    char *name =
        wmem_strdup_printf(wmem_epan_scope(), "multifd.expert.%s", mfd_rule_info(rule)->id);

    for (char *p = name; *p; p++) {
        *p = g_ascii_tolower(*p);
    }
    return name;
}

void mfd_rules_register(void)
{
    static ei_register_info list[MFD_RULE_COUNT + 1];

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        enum mfd_rule rule = (enum mfd_rule)i;
        int group = mfd_rule_info(rule)->kind == MFD_KIND_FLOW ? PI_SEQUENCE : PI_PROTOCOL;

        broken[i] = (expert_field)EI_INIT;
        list[i] = (ei_register_info){
            &broken[i],
            {name_of(rule), group, severity_of(rule), mfd_rule_info(rule)->text, EXPFILL},
        };
    }
    lost = (expert_field)EI_INIT;
    list[MFD_RULE_COUNT] = (ei_register_info){
        &lost,
        {"multifd.expert.lost", PI_UNDECODED, PI_NOTE, "These bytes cannot be followed.", EXPFILL},
    };
    expert_register_field_array(expert_register_protocol(mfd_proto), list, MFD_RULE_COUNT + 1);
}

void mfd_rules_show(packet_info *pinfo, proto_tree *tree, proto_item *item, tvbuff_t *tvb,
                    const struct mfd_finding *finding)
{
    const struct mfd_rule_info *info = mfd_rule_info(finding->rule);
    proto_item *id = NULL;

    if (finding->got || finding->want) {
        expert_add_info_format(pinfo, item, &broken[finding->rule],
                               "%s: %s Got 0x%" PRIx64 ", want 0x%" PRIx64 ".", info->id,
                               info->text, finding->got, finding->want);
    } else {
        expert_add_info_format(pinfo, item, &broken[finding->rule], "%s: %s", info->id, info->text);
    }
    if (tree) {
        id = proto_tree_add_string(proto_item_add_subtree(item, mfd_ett[MFD_ETT_RULE]),
                                   mfd_gen[MFD_GEN_rule], tvb, 0, 0, info->id);
        proto_item_set_generated(id);
    }
}

void mfd_rules_show_lost(packet_info *pinfo, proto_item *item)
{
    expert_add_info(pinfo, item, &lost);
}
