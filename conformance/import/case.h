// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input of a fuzz harness: what a receiver is set up for, and what then happens on its connections.
 *
 * One encoding for all harnesses that take packets, for the mutator and for the writer of the corpus. Every
 * sequence of bytes is a case: what is missing at the end counts as zeros, what is too much is clipped. So
 * reading never fails, and a shorter input is a simpler one. Integers are big-endian.
 *
 *     byte 0   revision: counted from the first shipped one, modulo their number
 *          1   options: bits 0-2 method (0 none, 1 zlib, 2 zstd, 3 qpl, 4 uadk, others none),
 *              3 sync points where the revision has them not, 4 the machine type is looked at ("none"),
 *              5 a UUID is set: 16 bytes behind the RAM blocks,
 *              6-7 what the harness at hand makes of them
 *          2   page size: 256 << value % 9
 *          3   channels; 0 counts as 1
 *          4   0, or the n-th allocation of the code under test fails
 *          5   RAM blocks: value % 5, each
 *                  u8   bit 0 resizable: reserved are then at least MFD_CASE_RESERVED bytes,
 *                       bit 1: its first MFD_CASE_FILLED bytes hold 0xaa before the migration
 *                  u8   length of the name, the name
 *                  u32  used length, at most MFD_CASE_BLOCK_MAX
 *     events up to the end, each
 *          u8   kind % 5: 0 open, 1 data, 2 close, 3 reset, 4 fill
 *          u8   connection
 *          data u16 length, u16 how many of the bytes are given, these bytes; the rest are zeros
 *          fill u32 length: bytes of no meaning, for payload
 */
#ifndef MFD_CASE_H
#define MFD_CASE_H

#include "event.h"
#include "ramtable.h"
#include "rev.h"
#include "wire.h"

#define MFD_CASE_EVENTS_MAX 4096u
#define MFD_CASE_BLOCKS_MAX 4u
#define MFD_CASE_NAME_MAX 255u
#define MFD_CASE_BLOCK_MAX (4u << 20)
#define MFD_CASE_RESERVED 65536u
#define MFD_CASE_FILLED 65536u
/* Bytes of all data events together, and of all fill events: what goes beyond is clipped. */
#define MFD_CASE_DATA_MAX (1u << 20)
#define MFD_CASE_FILL_MAX (2u << 20)
#define MFD_CASE_EVENT_MAX 65535u

struct mfd_case_block {
    struct mfd_ramblock ram;
    bool filled;
};

struct mfd_case {
    enum mfd_rev rev;
    enum mfd_sync sync;
    bool judge_machine;
    uint32_t method; /* flag bit, 0 for none */
    uint32_t page_size;
    unsigned channels;
    unsigned fail;  /* 0, or the number of the allocation that fails */
    unsigned extra; /* two bits, which mean something to one harness only */
    bool uuid_set;
    uint8_t uuid[MFD_UUID_SIZE]; /* all zero unless set */
    struct mfd_case_block blocks[MFD_CASE_BLOCKS_MAX];
    size_t block_count;
    /*
     * The bytes of each data event are an allocation of their own, of exactly their size, so that a
     * sanitizer sees any read beyond. A long fill is several events here.
     */
    struct mfd_event *events;
    size_t event_count;
};

/* The machine type that is looked at. */
#define MFD_CASE_MACHINE "none"

/* Never NULL: running out of memory aborts. */
struct mfd_case *mfd_case_read(const uint8_t *bytes, size_t size);
/* The same, clipped to so many events and bytes of their data: for who needs no more, and has no time for it. */
struct mfd_case *mfd_case_read_within(const uint8_t *bytes, size_t size, size_t events,
                                      size_t data);
void mfd_case_free(struct mfd_case *c);

/* Whether the bytes of an event are those of a fill: they are static. */
bool mfd_case_is_fill(const struct mfd_event *event);

/*
 * Writes a case; its `events` may come from anywhere and be of any length. The bytes are the caller's to
 * free. Reading them gives the same case, up to how long data and fills are cut into events.
 */
uint8_t *mfd_case_write(const struct mfd_case *c, size_t *size);
/* The bytes of a fill event, of which there are MFD_CASE_EVENT_MAX; after so many they repeat themselves. */
#define MFD_CASE_FILL_PERIOD 2048u
const uint8_t *mfd_case_fill(void);

#endif
