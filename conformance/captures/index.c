// SPDX-License-Identifier: GPL-2.0-or-later
#include "index.h"

#include "method.h"

#include <stdlib.h>
#include <string.h>

#define CONNS_MAX 32
#define BLOCKS_MAX 32
/* Guest pages of all blocks of the largest row, with room. */
#define PAGES_MAX 4096

static struct mfd_observer_config config_of(const struct mfd_row *row)
{
    struct mfd_observer_config config = mfd_observer_config(row->from);
    static const uint8_t no_uuid[MFD_UUID_SIZE];

    if (row->section) {
        config.sync = MFD_SYNC_SECTION;
    }
    if (row->zero) {
        config.zero = strcmp(row->zero, "none") == 0 ? MFD_ZERO_NONE : MFD_ZERO_MAIN;
    }
    config.no_switchover = row->no_switchover;
    config.channels = row->channels;
    config.method = mfd_method_named(row->method)->flag;
    config.uuid = no_uuid;
    config.machine = mfd_row_machine(row);
    return config;
}

static void feed(struct mfd_observer *observer, const struct mfd_events *events)
{
    bool *lost = calloc(events->connections + 1, sizeof(*lost));

    for (size_t i = 0; lost && i < events->count; i++) {
        const struct mfd_event *event = &events->list[i];

        lost[event->connection] |= events->places[i].missing > 0;
        if (!lost[event->connection]) {
            mfd_observer_event(observer, event);
        }
    }
    free(lost);
    mfd_observer_end(observer);
}

bool mfd_row_judge(const struct mfd_row *row, const struct mfd_events *events,
                   struct mfd_judged *judged)
{
    struct mfd_observer_config config = config_of(row);
    struct mfd_observer *observer = malloc(sizeof(*observer));
    struct mfd_observer_memory memory = {
        .conns = calloc(CONNS_MAX, sizeof(*memory.conns)),
        .conn_count = CONNS_MAX,
        .buffers = malloc(CONNS_MAX * mfd_observer_buffer_size(config.page_size)),
        .findings = calloc(mfd_observer_findings(config.page_size), sizeof(*memory.findings)),
        .blocks = calloc(BLOCKS_MAX, sizeof(*memory.blocks)),
        .block_count = BLOCKS_MAX,
        .pages = calloc(PAGES_MAX, sizeof(*memory.pages)),
        .page_count = PAGES_MAX,
    };
    bool good = observer && memory.conns && memory.buffers && memory.findings && memory.blocks &&
                memory.pages;

    *judged = (struct mfd_judged){.held = 0};
    if (good) {
        mfd_observer_start(observer, &config, &memory);
        feed(observer, events);
        for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
            judged->rules[rule] = mfd_observer_verdict(observer, rule).state;
            judged->held += judged->rules[rule] == MFD_OBSERVED_HELD;
            judged->broken += judged->rules[rule] == MFD_OBSERVED_BROKEN;
        }
    }
    free(observer);
    free(memory.conns);
    free(memory.buffers);
    free(memory.findings);
    free(memory.blocks);
    free(memory.pages);
    return good;
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

static void put_rules(FILE *out, const struct mfd_judged *judged, enum mfd_observed state,
                      const char *title, size_t count)
{
    const char *gap = " ";
    size_t line = 0;

    if (!count) {
        return;
    }
    fprintf(out, "- %s %zu:", title, count);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (judged->rules[rule] == state) {
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
    struct mfd_judged judged;
    bool good = true;

    snprintf(path, sizeof(path), "%s/%s.pcapng", folder, row->name);
    if (!mfd_events_read(path, &events, why)) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "%.160s: %.150s", path, why);
        good = false;
    } else if (!mfd_row_judge(row, &events, &judged)) {
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
            put_rules(out, &judged, MFD_OBSERVED_HELD, "holds", judged.held);
            put_rules(out, &judged, MFD_OBSERVED_BROKEN, "breaks", judged.broken);
        }
    }
    free(made);
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
