// SPDX-License-Identifier: GPL-2.0-or-later
/* -z multifd,sync: the rounds of each migration, with the times of what makes them. */
#include "multifd.h"

#include <epan/stat_tap_ui.h>
#include <epan/tap.h>

#define OPTION "multifd,sync"

struct round {
    int64_t migration;
    uint32_t number;
    bool on_main;
    uint32_t syncs; /* channels that have sent theirs */
    nstime_t main;
    nstime_t first;
    nstime_t last;
};

static struct round *round_of(GArray *rounds, const struct mfd_tap *tap)
{
    struct round round = {.migration = tap->migration, .number = tap->round};

    for (unsigned i = rounds->len; i > 0; i--) { /* mostly one of the last */
        struct round *one = &g_array_index(rounds, struct round, i - 1);

        if (one->migration == round.migration && one->number == round.number) {
            return one;
        }
    }
    g_array_append_val(rounds, round);
    return &g_array_index(rounds, struct round, rounds->len - 1);
}

static tap_packet_status sync_packet(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *message, tap_flags_t flags)
{
    const struct mfd_tap *tap = (const struct mfd_tap *)message;
    struct round *round = NULL;

    (void)edt;
    (void)flags;
    if (!tap->round) {
        return TAP_PACKET_DONT_REDRAW;
    }
    round = round_of((GArray *)data, tap);
    if (tap->channel == MFD_TAP_MAIN) {
        round->on_main = true;
        round->main = pinfo->rel_ts;
        return TAP_PACKET_REDRAW;
    }
    if (round->syncs++ == 0) {
        round->first = pinfo->rel_ts;
    }
    round->last = pinfo->rel_ts;
    return TAP_PACKET_REDRAW;
}

/* All packets come once more. */
static void sync_reset(void *data)
{
    g_array_set_size((GArray *)data, 0);
}

static void sync_draw(void *data)
{
    const GArray *rounds = (const GArray *)data;

    printf("\nmultifd: rounds; seconds since the first packet of the capture\n");
    printf("%9s %6s %6s %14s %14s %14s\n", "migration", "round", "SYNCs", "point on main",
           "first SYNC", "last SYNC");
    for (unsigned i = 0; i < rounds->len; i++) {
        const struct round *round = &g_array_index(rounds, struct round, i);

        printf("%9" PRId64 " %6u %6u", round->migration, round->number, round->syncs);
        if (round->on_main) {
            printf(" %14.6f", nstime_to_sec(&round->main));
        } else {
            printf(" %14s", "-");
        }
        if (round->syncs) {
            printf(" %14.6f %14.6f\n", nstime_to_sec(&round->first), nstime_to_sec(&round->last));
        } else {
            printf(" %14s %14s\n", "-", "-");
        }
    }
}

static void sync_finish(void *data)
{
    g_array_free((GArray *)data, TRUE);
}

/* "multifd,sync" or "multifd,sync,FILTER". */
static ws_started sync_start(const char *argument, void *unused)
{
    const char *filter = argument + strlen(OPTION);
    GArray *rounds = NULL;
    GString *error = NULL;
    bool good = *filter == ',' || !*filter;

    (void)unused;
    if (!good) {
        fprintf(stderr, "-z %s: only " OPTION "[,FILTER] is known\n", argument);
        WS_STARTED(false);
    }
    rounds = g_array_new(FALSE, FALSE, sizeof(struct round));
    error =
        register_tap_listener("multifd", rounds, *filter ? filter + 1 : NULL, TL_REQUIRES_NOTHING,
                              sync_reset, sync_packet, sync_draw, sync_finish);
    good = !error;
    if (error) {
        fprintf(stderr, "-z %s: %s\n", argument, error->str);
        g_string_free(error, TRUE);
        g_array_free(rounds, TRUE);
    }
    WS_STARTED(good);
}

void mfd_tap_sync_register(void)
{
    static stat_tap_ui ui = {
        .group = REGISTER_STAT_GROUP_GENERIC,
        .cli_string = OPTION,
        .tap_init_cb = sync_start,
    };

    register_stat_tap_ui(&ui, NULL);
}
