// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of recorded captures, pcaps/captures/captures.def: migrations between two real QEMUs.
 */
#ifndef MFD_ROW_H
#define MFD_ROW_H

#include "rev.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFD_ROW_PAGE 4096u
/* Name of the block of RAM that the table's machines have as their own. */
#define MFD_ROW_RAM "mem0"

struct mfd_row {
    const char *name;  /* of the file, without .pcapng */
    enum mfd_rev from; /* revision of the source, and of the destination */
    enum mfd_rev to;
    const char *shows;
    const char *machine; /* "none", or "pc": that of the source's release */
    unsigned channels;
    unsigned to_channels; /* of the destination */
    const char *method;
    unsigned ram_kib;
    unsigned to_ram_kib;
    const char *zero;   /* zero-page-detection of the source; NULL: as the release has it */
    bool section;       /* the source's sync points are the ends of RAM sections, from 8.1 on too */
    bool to_section;    /* the destination is told so */
    bool no_switchover; /* the source leaves out SWITCHOVER_START */
    bool return_path;
    bool tls;
    bool ipv6;
    bool to_uuid; /* the destination alone has a UUID */
    bool fails;
    unsigned snaplen; /* 0: whole frames */
};

size_t mfd_row_count(void);
/* A row by its index, the usual filled in. */
struct mfd_row mfd_row_at(size_t i);

/* What mfd_qemu_find() takes for the release; NULL if Debian has none of it. */
const char *mfd_row_qemu(enum mfd_rev rev);

/* The machine type that both sides have, with the version that "pc" is short for. */
const char *mfd_row_machine(const struct mfd_row *row);

/* What the source has in a page of its own RAM: of 16 pages 6 are zero, one is noise, and the others are text. */
void mfd_row_page(uint8_t out[MFD_ROW_PAGE], size_t page);

/* How the row is made, in one sentence; owned by the caller. */
char *mfd_row_made(const struct mfd_row *row);

#endif
