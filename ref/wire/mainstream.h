// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The main channel as a sequence of records.
 *
 * An iterator over bytes that arrive in any pieces: it says how many bytes the next record needs,
 * then what the record is and which rules it breaks. It keeps what later records depend on (open
 * section, current block, lengths still to come), holds no bytes and allocates nothing.
 *
 * Only RAM sections have contents known here. Of other sections the well-known fixed sizes are
 * skipped (timer, globalstate); anything else breaks MF-MAIN-017, unless the caller takes over there.
 */
#ifndef MFD_MAINSTREAM_H
#define MFD_MAINSTREAM_H

#include "check.h"
#include "field.h"
#include "mapfile.h"

/* No record needs more bytes at once; longer bodies are payload. */
#define MFD_RECORD_MAX 1024u

enum mfd_main_place {
    MFD_AT_HEADER,
    MFD_AT_CONFIG,
    MFD_AT_SUBSECTION, /* right behind the configuration, or already at a section */
    MFD_AT_SECTION,
    MFD_AT_BLOCKS, /* in the list of blocks of RAM START */
    MFD_AT_MAPPED, /* file: at the header behind a block's length */
    MFD_AT_RAM,    /* in the body of a RAM section */
    MFD_AT_FOOTER,
    MFD_AT_VMDESC, /* the end byte has passed; at most a description follows */
};

struct mfd_main {
    const struct mfd_check_context *context;
    const char *machine; /* expected machine type, or NULL: not judged */
    enum mfd_main_place place;
    bool ram_started;
    uint32_t section_id;  /* of the open section */
    uint32_t ram_id;      /* number given at RAM START */
    uint8_t section_type; /* enum mfd_section_type of the open section */
    uint64_t sizes_left;  /* bytes of the block list not yet named */
    int block;            /* index of the block that CONTINUE refers to; -1 not known */
    bool block_named;     /* a record has named a block already */
    uint64_t listed[4];   /* blocks of the table that the list has named, one bit each */
    bool file;            /* the stream is that of a mapped-ram file */
    bool capable;         /* file: it has said so */
    uint64_t at;          /* file: offset of the next record */
    uint64_t file_size;   /* file: bytes */
    uint64_t length;      /* file: used length of the block whose header comes next */
    bool ram_ended;       /* the END section of the RAM has passed */
    bool
        leaves_tail; /* set by the caller: sections of devices behind the RAM are left to it (tail.h) */
};

struct mfd_record {
    enum mfd_message message;
    size_t size;          /* bytes of the record itself */
    uint64_t payload;     /* bytes behind it that belong to it: page content, section body, JSON,
                             and behind the header of a block in a file all up to its last page */
    uint8_t section_type; /* section and part: enum mfd_section_type */
    bool is_ram;          /* section and part: of the RAM */
    int block;            /* block, zero, page: index in the context's table; -1 unknown */
    uint64_t offset;      /* zero, page: within the block */
    uint64_t length;      /* block and mapped: used length of the block */
    struct mfd_mapped mapped; /* mapped: the header; `block` is set too */
    uint16_t command;         /* command: number */
    uint32_t argument;        /* command ping: value */
    bool last;                /* eos of the END section of the RAM */
    bool tail; /* section, of size 0: from here on nothing is known any more, see leaves_tail */
};

/* `context` and `machine` must outlive the iterator. A context without RAM table leaves block rules
 * alone. */
void mfd_main_start(struct mfd_main *main, const struct mfd_check_context *context,
                    const char *machine);
/*
 * The stream of a mapped-ram file (mapfile.h) of `size` bytes, which begins at `start`. Its records stand apart where the
 * pages of a block lie between: the next one is record->size + record->payload bytes further on in the
 * file. Lengths of blocks are judged by MF-MAP-009 in place of MF-MAIN-008.
 */
void mfd_main_start_file(struct mfd_main *main, const struct mfd_check_context *context,
                         const char *machine, uint64_t start, uint64_t size);

/*
 * Looks at the `len` bytes that stand next in the stream. Returns 0 and fills `record` when a
 * record is complete: the caller then consumes record->size bytes and handles record->payload more.
 * Otherwise returns how many bytes in all it needs to see, more than `len` and at most
 * MFD_RECORD_MAX.
 *
 * Findings are appended when the record is complete, or earlier where the bytes at hand already
 * decide that it cannot be one (record->size is then the bytes judged). After a finding that a
 * receiver refuses the stream cannot be followed further and the iterator must not be called again.
 */
size_t mfd_main_next(struct mfd_main *main, const uint8_t *buf, size_t len,
                     struct mfd_record *record, struct mfd_findings *findings);

/* Builders: each writes one record at `buf`, which has room for MFD_RECORD_MAX, and returns its
 * size. */
size_t mfd_pack_header(uint8_t *buf);
size_t mfd_pack_config(uint8_t *buf, const char *machine);
/* The subsection that a mapped-ram file has behind its configuration. */
size_t mfd_pack_capabilities(uint8_t *buf);
size_t mfd_pack_section(uint8_t *buf, uint8_t type, uint32_t id, const char *idstr,
                        uint32_t instance, uint32_t version);
size_t mfd_pack_part(uint8_t *buf, uint8_t type, uint32_t id);
size_t mfd_pack_memsize(uint8_t *buf, uint64_t total);
size_t mfd_pack_block(uint8_t *buf, const char *name, uint64_t used_length);
size_t mfd_pack_zero(uint8_t *buf, const char *name, uint64_t offset);
/* Only the record; the page's content is the caller's to send. */
size_t mfd_pack_page(uint8_t *buf, const char *name, uint64_t offset);
size_t mfd_pack_marker(uint8_t *buf);
size_t mfd_pack_eos(uint8_t *buf);
size_t mfd_pack_footer(uint8_t *buf, uint32_t id);
size_t mfd_pack_command(uint8_t *buf, uint16_t command, const uint8_t *argument, uint16_t length);
size_t mfd_pack_end(uint8_t *buf);
size_t mfd_pack_vmdesc(uint8_t *buf, const char *json);

#endif
