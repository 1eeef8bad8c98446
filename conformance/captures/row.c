// SPDX-License-Identifier: GPL-2.0-or-later
#include "row.h"

#include "plan.h"
#include "qemu_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mfd_row rows[] = {
#define CAPTURE(name_, from_, to_, shows_, ...) \
    {.name = (name_), .from = MFD_REV_##from_, .to = MFD_REV_##to_, .shows = (shows_), __VA_ARGS__},
#include "captures.def"
#undef CAPTURE
};

size_t mfd_row_count(void)
{
    return sizeof(rows) / sizeof(rows[0]);
}

struct mfd_row mfd_row_at(size_t i)
{
    struct mfd_row row = rows[i];

    row.machine = row.machine ? row.machine : "none";
    row.method = row.method ? row.method : "none";
    row.channels = row.channels ? row.channels : 2;
    row.to_channels = row.to_channels ? row.to_channels : row.channels;
    row.ram_kib = row.ram_kib ? row.ram_kib : 512;
    row.to_ram_kib = row.to_ram_kib ? row.to_ram_kib : row.ram_kib;
    return row;
}

const char *mfd_row_qemu(enum mfd_rev rev)
{
    switch (rev) {
    case MFD_REV_5_2:
        return "bullseye";
    case MFD_REV_7_2:
        return MFD_QEMU_PROGRAM; /* Debian 12's own */
    case MFD_REV_10_0:
        return "trixie";
    case MFD_REV_11_1:
        return "sid";
    default:
        return NULL;
    }
}

const char *mfd_row_machine(const struct mfd_row *row)
{
    if (strcmp(row->machine, "pc") != 0) {
        return row->machine;
    }
    switch (row->from) {
    case MFD_REV_5_2:
        return "pc-i440fx-5.2";
    case MFD_REV_7_2:
        return "pc-i440fx-7.2";
    case MFD_REV_10_0:
        return "pc-i440fx-10.0";
    default:
        return "pc-i440fx-11.1";
    }
}

void mfd_row_page(uint8_t out[MFD_ROW_PAGE], size_t page)
{
    size_t used = 0;

    memset(out, 0, MFD_ROW_PAGE);
    if (page % 16 == 1) {
        mfd_page_content(out, MFD_ROW_PAGE, 0, page, 1);
    } else if (page % 8 != 0 && page % 8 != 3 && page % 8 != 6) {
        for (unsigned line = 0; used < MFD_ROW_PAGE; line++) {
            char text[64];
            int len = snprintf(text, sizeof(text), "line %u of page %zu\n", line, page);
            size_t part = MFD_ROW_PAGE - used < (size_t)len ? MFD_ROW_PAGE - used : (size_t)len;

            memcpy(out + used, text, part);
            used += part;
        }
    }
}

char *mfd_row_made(const struct mfd_row *row)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    fprintf(out, "QEMU %s to %s, machine %s, %u KiB of RAM", mfd_rev_info(row->from)->name,
            mfd_rev_info(row->to)->name, row->machine, row->ram_kib);
    if (row->to_ram_kib != row->ram_kib) {
        fprintf(out, " (%u KiB at the destination)", row->to_ram_kib);
    }
    fprintf(out, ", %u channels", row->channels);
    if (row->to_channels != row->channels) {
        fprintf(out, " (%u at the destination)", row->to_channels);
    }
    fprintf(out, ", method %s", row->method);
    fprintf(out, "%s%s", row->zero ? ", zero-page-detection " : "", row->zero ? row->zero : "");
    fprintf(out, "%s%s%s%s", row->section ? ", multifd-flush-after-each-section" : "",
            row->to_section ? ", multifd-flush-after-each-section at the destination" : "",
            row->no_switchover ? ", without send-switchover-start" : "",
            row->return_path ? ", return-path" : "");
    fprintf(out, "%s%s, over IPv%c", row->to_uuid ? ", a UUID at the destination" : "",
            row->tls ? ", TLS with a pre-shared key" : "", row->ipv6 ? '6' : '4');
    if (row->snaplen) {
        fprintf(out, ", frames cut behind %u bytes", row->snaplen);
    }
    fclose(out);
    return text;
}
