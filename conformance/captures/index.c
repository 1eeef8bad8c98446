// SPDX-License-Identifier: GPL-2.0-or-later
#include "index.h"

#include "method.h"

#include <stdlib.h>
#include <string.h>

static struct mfd_given given_of(const struct mfd_row *row)
{
    static const uint8_t no_uuid[MFD_UUID_SIZE];
    struct mfd_given given = mfd_given_nothing();

    given.rev = (int)row->from;
    if (row->section) {
        given.sync = MFD_SYNC_SECTION;
    }
    if (row->zero) {
        given.zero = strcmp(row->zero, "none") == 0 ? MFD_ZERO_NONE : MFD_ZERO_MAIN;
    }
    given.no_switchover = row->no_switchover;
    given.channels = row->channels;
    given.method = mfd_method_named(row->method)->flag;
    given.page_size = MFD_ROW_PAGE;
    given.uuid = no_uuid;
    given.machine = mfd_row_machine(row);
    return given;
}

struct mfd_checked *mfd_row_judge(const struct mfd_row *row, const struct mfd_events *events)
{
    static const struct mfd_endpoint nobody;
    struct mfd_given given = given_of(row);
    size_t marks = MFD_CHECKED_MARKS;
    struct mfd_checked *checked = mfd_checked_create(1, &given, &marks);

    if (!checked) {
        return NULL;
    }
    for (uint32_t i = 0; i < events->connections; i++) {
        mfd_checked_join(checked, i, &nobody);
    }
    for (size_t i = 0; i < events->count; i++) {
        struct mfd_checked_place place = {.missing = events->places[i].missing};

        mfd_checked_event(checked, &events->list[i], &place);
    }
    mfd_checked_end(checked);
    return checked;
}

/* ---- the document ---- */

static const char head[] =
    "<!-- Made by mfd_captures from captures.def and the captures themselves: pcaps/capture --index -->\n"
    "# Recorded captures\n"
    "\n"
    "Migrations between two real QEMUs, recorded on loopback. `pcaps/capture` makes them again, each in a network\n"
    "of its own; the exact versions stand in the comment of each file (`capinfos`). They are what the kernel handed\n"
    "to a sniffer: segments may be larger than a packet on a wire, some are sent twice, and TCP checksums are not\n"
    "filled in. The source's RAM is as `mfd_row_page()` fills it, and but for the two that fail the destination's\n"
    "was compared with it.\n"
    "\n"
    "The rules listed are those that the observer calls held (or broken) by the source; the others do not show in\n"
    "that capture.\n";

static void put_rules(FILE *out, const struct mfd_checked *checked, enum mfd_checked_state state,
                      const char *title)
{
    size_t count = checked->counts[state];
    const char *gap = " ";
    size_t line = 0;

    if (!count) {
        return;
    }
    fprintf(out, "- %s %zu:", title, count);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (checked->rules[rule].state == state) {
            gap = line && line % 9 == 0 ? "\n  " : " ";
            fprintf(out, "%s%s", gap, mfd_rule_info(rule)->id);
            line++;
        }
    }
    fputc('\n', out);
}

static bool put_row(FILE *out, const char *folder, const struct mfd_row *row, char *error)
{
    char path[1024];
    char why[MFD_CAPTURE_ERROR_SIZE];
    char *made = mfd_row_made(row);
    struct mfd_events events;
    struct mfd_checked *checked = NULL;
    bool good = true;

    snprintf(path, sizeof(path), "%s/%s.pcapng", folder, row->name);
    if (!mfd_events_read(path, &events, why)) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "%.160s: %.150s", path, why);
        good = false;
    } else if (!(checked = mfd_row_judge(row, &events))) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "out of memory");
        good = false;
    } else {
        fprintf(out, "\n## %s.pcapng\n\n%s.\n\n- %s\n- %llu frames, %u connections", row->name,
                row->shows, made, (unsigned long long)events.frames, events.connections);
        fprintf(out, events.lost ? ", %llu bytes cut off\n" : "\n",
                (unsigned long long)events.lost);
        if (row->tls) {
            fputs("- encrypted: nothing is judged\n", out);
        } else {
            put_rules(out, checked, MFD_CHECKED_HELD, "holds");
            put_rules(out, checked, MFD_CHECKED_BROKEN, "breaks");
        }
    }
    free(made);
    mfd_checked_free(checked);
    mfd_events_free(&events);
    return good;
}

bool mfd_index_write(const char *folder, FILE *out, char error[MFD_CAPTURE_ERROR_SIZE])
{
    fputs(head, out);
    for (size_t i = 0; i < mfd_row_count(); i++) {
        struct mfd_row row = mfd_row_at(i);

        if (!put_row(out, folder, &row, error)) {
            return false;
        }
    }
    return true;
}
