// SPDX-License-Identifier: GPL-2.0-or-later
#include "cell.h"

#include "release.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
} settings_table[MFD_SETTINGS] = {
    {"flush-from", "source: -global migration.multifd-flush-after-each-section=on"},
    {"flush-to", "destination: -global migration.multifd-flush-after-each-section=on"},
    {"no-switchover", "source: -global migration.send-switchover-start=off"},
};

const char *mfd_interop_machine_name(enum mfd_interop_machine machine)
{
    return machine == MFD_INTEROP_PC ? "pc" : "none";
}

const char *mfd_interop_zero_name(enum mfd_zero zero)
{
    return zero == MFD_ZERO_MAIN ? "main" : zero == MFD_ZERO_PACKET ? "packet" : "none";
}

const char *mfd_interop_setting_text(enum mfd_interop_setting setting)
{
    unsigned i = 0;

    while (i < MFD_SETTINGS - 1 && setting != 1u << i) {
        i++;
    }
    return settings_table[i].text;
}

const char *mfd_interop_settings_name(unsigned settings, char *buf, size_t size)
{
    size_t used = 0;

    snprintf(buf, size, "-");
    for (unsigned i = 0; i < MFD_SETTINGS && used < size; i++) {
        if (settings & 1u << i) {
            used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? "," : "",
                                     settings_table[i].name);
        }
    }
    return buf;
}

enum mfd_rev mfd_interop_from_rev(const struct mfd_interop_cell *cell)
{
    return cell->from->program ? cell->from->rev : cell->to->rev;
}

enum mfd_rev mfd_interop_to_rev(const struct mfd_interop_cell *cell)
{
    return cell->to->program ? cell->to->rev : cell->from->rev;
}

/* The end with the older release among those that are a QEMU; NULL if none is. */
static const struct mfd_interop_peer *older(const struct mfd_interop_cell *cell)
{
    struct mfd_release from;
    struct mfd_release to;

    if (!cell->from->program || !cell->to->program) {
        return cell->from->program ? cell->from : cell->to->program ? cell->to : NULL;
    }
    return mfd_release_parse(cell->from->version, &from) &&
                   mfd_release_parse(cell->to->version, &to) && mfd_release_compare(&to, &from) < 0
               ? cell->to
               : cell->from;
}

const char *mfd_interop_machine_type(const struct mfd_interop_cell *cell)
{
    const struct mfd_interop_peer *peer = older(cell);

    if (cell->machine == MFD_INTEROP_NONE) {
        return "none";
    }
    return peer ? peer->pc : NULL;
}

/* A versioned machine type behaves as the release in its name: "pc-i440fx-7.2". */
static bool type_before_8_1(const char *type)
{
    static const struct mfd_release marker = {{8, 1, 0}};
    const char *dash = strrchr(type, '-');
    struct mfd_release release;

    return dash && mfd_release_parse(dash + 1, &release) &&
           mfd_release_compare(&release, &marker) < 0;
}

enum mfd_sync mfd_interop_sync(const struct mfd_interop_cell *cell)
{
    if (cell->machine == MFD_INTEROP_PC) {
        return type_before_8_1(mfd_interop_machine_type(cell)) ? MFD_SYNC_SECTION : MFD_SYNC_MARKER;
    }
    return cell->settings & MFD_SET_FLUSH_FROM ? MFD_SYNC_SECTION
                                               : mfd_rev_info(mfd_interop_from_rev(cell))->sync;
}

bool mfd_interop_possible(const struct mfd_interop_cell *cell)
{
    bool before_packets = mfd_interop_from_rev(cell) < MFD_REV_9_0;

    if (cell->machine == MFD_INTEROP_PC &&
        (!cell->from->program || !mfd_interop_machine_type(cell))) {
        return false; /* the reference has no devices to send */
    }
    /* a QEMU before 9.0 has but one place for zero pages; the reference can also send them as others */
    return !before_packets ||
           (cell->from->program ? cell->zero == MFD_ZERO_MAIN : cell->zero != MFD_ZERO_PACKET);
}
