// SPDX-License-Identifier: GPL-2.0-or-later
#include "reference.h"

#include "areas.h"
#include "layout.h"
#include "rule.h"
#include "words.h"

#include <string.h>

static const char intro[] =
    "# The wire of multifd\n"
    "\n"
    "Generated from `revs.def`, `fields.def` and `rules.def`; the target `docs` writes this file.\n"
    "\n"
    "All integers are big-endian, nothing is padded, sizes are bytes. A packet has room for `slots` pages: 524288\n"
    "divided by the page size. `n` is the length of the name in the same message.\n";

static const char rule_intro[] =
    "\n## Rules\n"
    "\n"
    "One rule is one property of the wire. *Sender* says how strictly a sender keeps it, *receiver* what a receiver\n"
    "does with a breach, or, for *keep*, what it does itself. *From* is the first revision that the rule holds for,\n"
    "*until* the first that it no longer holds for. *Kind* says who can check it: bytes, one message shows a breach;\n"
    "flow, a stream or a session; act, only the behaviour of a peer. *Seen* says where a\n"
    "breach shows. *Source* is the function of QEMU that decides it, or how it was established.\n";

/* A cell: `|` would end it. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        fputs(*text == '|' ? "\\" : "", out);
        fputc(*text, out);
    }
}

static void put_revisions(FILE *out)
{
    fputs(
        "\n## Revisions\n\n"
        "The version field has said 1 since 2018: a revision is known only from the release that speaks it.\n\n"
        "| revision | what changed | sync point on main | zero pages | method bits | device state |\n"
        "|---|---|---|---|---|---|\n",
        out);
    for (int i = 0; i < MFD_REV_COUNT; i++) {
        const struct mfd_rev_info *info = mfd_rev_info((enum mfd_rev)i);

        fprintf(out, "| %s | ", info->name);
        put_cell(out, info->change);
        fprintf(out, " | %s | %s | 0x%02x | %s |\n",
                info->sync == MFD_SYNC_SECTION ? "end of each RAM section" : "record 0x200",
                info->zero == MFD_ZERO_MAIN ? "on main" : "in packets", info->methods,
                info->device ? "yes" : "");
    }
}

static void put_field_rules(FILE *out, const char *field)
{
    const char *separator = "";

    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        const struct mfd_rule_info *rule = mfd_rule_info((enum mfd_rule)i);

        if (mfd_words_have(rule->field, field)) {
            fprintf(out, "%s%s", separator, rule->id);
            separator = ", ";
        }
    }
}

static void put_field(FILE *out, enum mfd_field field)
{
    static const char *const types[] = {"integer", "UUID", "text", "bytes"};
    const struct mfd_field_info *info = mfd_field_info(field);
    char name[96];
    char offset[32];
    char extent[32];

    snprintf(name, sizeof(name), "%s.%s", mfd_message_name(info->message), info->name);
    fprintf(out, "| %s | %s | `%s` | %s | %s | ", mfd_layout_offset(field, offset, sizeof(offset)),
            mfd_layout_extent(field, extent, sizeof(extent)), info->name, types[info->type],
            info->since > MFD_REV_FIRST ? mfd_rev_info(info->since)->name : "");
    put_cell(out, info->meaning);
    fputs(" | ", out);
    put_field_rules(out, name);
    fputs(" |\n", out);
}

static void put_message(FILE *out, enum mfd_message message)
{
    char total[32];

    fprintf(out, "\n### %s\n\n", mfd_message_name(message));
    put_cell(out, mfd_message_what(message));
    fprintf(out, "; %s bytes\n\n", mfd_layout_total(message, total, sizeof(total)));
    fputs(
        "| offset | bytes | field | type | since | meaning | rules |\n|---|---|---|---|---|---|---|\n",
        out);
    for (int i = mfd_message_first(message);
         i < MFD_FIELD_COUNT && mfd_field_info((enum mfd_field)i)->message == message; i++) {
        put_field(out, (enum mfd_field)i);
    }
}

static void put_rule(FILE *out, const struct mfd_rule_info *rule)
{
    fprintf(out, "| %s | ", rule->id);
    put_cell(out, rule->text);
    fprintf(out, " | %s | %s | %s | %s | %s | %s | %s", mfd_send_name(rule->send),
            mfd_receipt_name(rule->receipt), rule->field, mfd_rev_info(rule->since)->name,
            rule->until == MFD_REV_END ? "" : mfd_rev_info(rule->until)->name,
            mfd_kind_name(rule->kind), mfd_seen_name(rule->seen));
    if (rule->unseen) {
        fputs(": ", out);
        put_cell(out, rule->unseen);
    }
    fputs(" | ", out);
    put_cell(out, rule->source);
    fputs(" |\n", out);
}

static void put_area(FILE *out, const struct mfd_area *area)
{
    fprintf(out,
            "\n### %s: %s\n\n"
            "| id | rule | sender | receiver | fields | from | until | kind | seen | source |\n"
            "|---|---|---|---|---|---|---|---|---|---|\n",
            area->name, area->title);
    for (int i = 0; i < MFD_RULE_COUNT; i++) {
        if (mfd_area_of((enum mfd_rule)i) == area) {
            put_rule(out, mfd_rule_info((enum mfd_rule)i));
        }
    }
}

static void put_tombstones(FILE *out)
{
    size_t count = 0;
    const struct mfd_rule_tombstone *all = mfd_rule_tombstones(&count);

    fputs("\n## Ids that are no rules any more\n\n"
          "An id, once given, is never used for anything else.\n\n"
          "| id | became of it |\n|---|---|\n",
          out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "| %s | %s", all[i].id, all[i].into ? "part of " : "dropped: ");
        put_cell(out, all[i].into ? all[i].into : all[i].reason);
        fputs(" |\n", out);
    }
}

bool mfd_reference_write(FILE *out)
{
    size_t count = 0;
    const struct mfd_area *areas = mfd_areas(&count);

    fputs(intro, out);
    put_revisions(out);
    fputs("\n## Messages\n", out);
    for (int i = 0; i < MFD_MESSAGE_COUNT; i++) {
        put_message(out, (enum mfd_message)i);
    }
    fputs(rule_intro, out);
    for (size_t i = 0; i < count; i++) {
        put_area(out, &areas[i]);
    }
    put_tombstones(out);
    return !ferror(out);
}
