// SPDX-License-Identifier: GPL-2.0-or-later
/* Chance, and single messages: what one is, made right, and made anew. See mutate_inside.h. */
#include "mutate_inside.h"

#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* ---- chance ---- */

uint64_t mfd_mutate_draw(struct mfd_mutation *m)
{
    m->random += 0x9e3779b97f4a7c15u;
    uint64_t z = m->random;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* A number below `n`, which is not 0. */
size_t mfd_mutate_below(struct mfd_mutation *m, size_t n)
{
    return (size_t)(mfd_mutate_draw(m) % n);
}

/* A number that stands at some edge: of integers, pages, slots, or a block. */
uint64_t mfd_mutate_edge(struct mfd_mutation *m)
{
    const struct mfd_case *c = m->c;
    uint32_t slots = mfd_slots(c->page_size);
    uint64_t block = c->block_count ? c->blocks[mfd_mutate_below(m, c->block_count)].ram.used_length
                                    : c->page_size;
    const uint64_t edges[] = {0,
                              1,
                              0x7f,
                              0x80,
                              0xff,
                              0xffff,
                              0x7fffffff,
                              0x80000000,
                              0xffffffff,
                              UINT64_MAX,
                              (uint64_t)1 << 63,
                              c->page_size,
                              slots,
                              (uint64_t)slots * 100,
                              c->channels,
                              block,
                              block - c->page_size,
                              MFD_PACKET_SPAN,
                              MFD_COMPRESSED_MAX,
                              MFD_MAGIC,
                              MFD_MAIN_MAGIC,
                              (uint64_t)1 << mfd_mutate_below(m, 64),
                              mfd_mutate_draw(m) & 0xff};
    uint64_t value = edges[mfd_mutate_below(m, sizeof(edges) / sizeof(edges[0]))];

    return value + (mfd_mutate_below(m, 3) ? 0 : mfd_mutate_below(m, 3) - 1);
}

/* ---- messages ---- */

void mfd_mutate_set_bytes(struct mfd_event *event, uint8_t *bytes, size_t len)
{
    if (!mfd_case_is_fill(event)) {
        free((void *)event->bytes);
    }
    event->bytes = bytes;
    event->len = len;
}

uint8_t *mfd_mutate_copy(const void *bytes, size_t len)
{
    uint8_t *p = calloc(1, len ? len : 1);

    if (!p) {
        abort();
    }
    if (len) {
        memcpy(p, bytes, len);
    }
    return p;
}

bool mfd_mutate_has_message(const struct mfd_event *event)
{
    return event->kind == MFD_EVENT_DATA && event->len >= 1 && !mfd_case_is_fill(event);
}

/* The record of main that begins with this byte, or one with a word of flags. */
static enum mfd_message main_message(const struct mfd_event *event)
{
    uint64_t word = event->len >= 8 ? mfd_get64(event->bytes) : 0;

    switch (event->bytes[0]) {
    case MFD_SECTION_START:
    case MFD_SECTION_FULL:
        return MFD_MSG_section;
    case MFD_SECTION_PART:
    case MFD_SECTION_END:
        return MFD_MSG_part;
    case MFD_SECTION_SUBSECTION:
        return MFD_MSG_subsection;
    case MFD_SECTION_VMDESC:
        return MFD_MSG_vmdesc;
    case MFD_SECTION_CONFIG:
        return MFD_MSG_config;
    case MFD_SECTION_COMMAND:
        return MFD_MSG_command;
    case MFD_SECTION_FOOTER:
        return MFD_MSG_footer;
    default:
        break;
    }
    switch (word & MFD_RAM_FLAG_MASK & ~(uint64_t)MFD_RAM_CONTINUE) {
    case MFD_RAM_ZERO:
        return MFD_MSG_zero;
    case MFD_RAM_MEM_SIZE:
        return MFD_MSG_memsize;
    case MFD_RAM_PAGE:
        return MFD_MSG_page;
    case MFD_RAM_EOS:
        return MFD_MSG_eos;
    case MFD_RAM_MULTIFD_FLUSH:
        return MFD_MSG_marker;
    default:
        return event->len == 1 ? MFD_MSG_end : MFD_MSG_block;
    }
}

/* What an event most likely is: by its magic and length, else by how records of main begin. */
enum mfd_message mfd_mutate_message_of(const struct mfd_case *c, const struct mfd_event *event)
{
    uint32_t magic = event->len >= 4 ? mfd_get32(event->bytes) : 0;

    if (magic == MFD_MAIN_MAGIC) {
        return MFD_MSG_header;
    }
    if (event->len == MFD_HELLO_SIZE) {
        return MFD_MSG_hello;
    }
    if (event->len == MFD_DEVICE_SIZE && mfd_get32(event->bytes + 8) & MFD_FLAG_DEVICE_STATE) {
        return MFD_MSG_device;
    }
    if (magic == MFD_MAGIC || event->len == mfd_packet_size(c->page_size)) {
        return MFD_MSG_packet;
    }
    return main_message(event);
}

/* Bytes of payload that the packet at hand asks for. */
uint64_t mfd_mutate_payload_of(const struct mfd_case *c, const struct mfd_packet *packet)
{
    uint64_t size = mfd_packet_payload(packet, c->method, c->page_size);

    return size < MFD_COMPRESSED_MAX ? size : MFD_COMPRESSED_MAX;
}

/* Counts within the table, its size, and offsets within the block. */
void mfd_mutate_repair_packet(struct mfd_mutation *m, struct mfd_event *event)
{
    const struct mfd_case *c = m->c;
    uint32_t slots = mfd_slots(c->page_size);
    uint8_t *buf = (uint8_t *)event->bytes;
    struct mfd_packet packet;
    uint64_t pages = 1;
    int block = -1;

    if (event->len < mfd_packet_size(c->page_size)) {
        return;
    }
    packet = mfd_packet_unpack(buf, MFD_REV_LATEST);
    packet.normal_pages %= slots + 1;
    packet.zero_pages %= slots + 1 - packet.normal_pages;
    for (size_t i = 0; block < 0 && i < c->block_count; i++) {
        if (strncmp(c->blocks[i].ram.name, packet.ramblock, MFD_IDSTR_SIZE) == 0) {
            block = (int)i;
        }
    }
    if (block < 0 && c->block_count && packet.normal_pages + packet.zero_pages) {
        block = 0;
        memcpy(packet.ramblock, c->blocks[0].ram.name, MFD_IDSTR_SIZE);
    }
    if (block >= 0 && c->blocks[block].ram.used_length >= c->page_size) {
        pages = c->blocks[block].ram.used_length / c->page_size;
    }
    packet.pages_alloc = packet.normal_pages + packet.zero_pages ? slots : packet.pages_alloc;
    packet.flags &= ~mfd_rev_info(MFD_REV_LATEST)->methods;
    packet.flags |= packet.normal_pages + packet.zero_pages ? c->method : 0;
    if (c->method == 0) {
        packet.next_packet_size = packet.normal_pages * c->page_size;
    } else if (packet.normal_pages == 0) {
        packet.next_packet_size = 0;
    }
    for (uint32_t i = 0; i < slots; i++) {
        uint64_t offset = mfd_packet_offset(buf, i) / c->page_size % pages * c->page_size;

        mfd_put64(buf + MFD_PACKET_FIXED + (size_t)8 * i,
                  i < packet.normal_pages + packet.zero_pages ? offset : 0);
    }
    mfd_put32(buf + MFD_PACKET_MAGIC, MFD_MAGIC);
    mfd_put32(buf + MFD_PACKET_VERSION, MFD_VERSION);
    mfd_put32(buf + MFD_PACKET_FLAGS, packet.flags);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, packet.pages_alloc);
    mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, packet.normal_pages);
    mfd_put32(buf + MFD_PACKET_NEXT_SIZE, packet.next_packet_size);
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, c->rev >= MFD_REV_9_0 ? packet.zero_pages : 0);
    memcpy(buf + MFD_PACKET_RAMBLOCK, packet.ramblock, MFD_IDSTR_SIZE);
}

/* ---- new ones ---- */

/* Mostly one that is there: a stream gets somewhere only if much of what is made belongs to it. */
uint32_t mfd_mutate_some_connection(struct mfd_mutation *m)
{
    const struct mfd_case *c = m->c;

    return c->event_count && mfd_mutate_below(m, 4)
               ? c->events[mfd_mutate_below(m, c->event_count)].connection
               : (uint32_t)mfd_mutate_below(m, c->channels + 2);
}

struct mfd_event mfd_mutate_new_hello(struct mfd_mutation *m, uint32_t connection)
{
    uint8_t buf[MFD_HELLO_SIZE];

    mfd_hello_pack(buf, m->c->uuid,
                   (uint8_t)(mfd_mutate_below(m, 2) ? mfd_mutate_below(m, m->c->channels + 1) : 0));
    return (struct mfd_event){.kind = MFD_EVENT_DATA,
                              .connection = connection,
                              .bytes = mfd_mutate_copy(buf, sizeof(buf)),
                              .len = sizeof(buf)};
}

/* A message as a sender writes it, on some connection. */
struct mfd_event mfd_mutate_new_message(struct mfd_mutation *m)
{
    const struct mfd_case *c = m->c;
    uint8_t *buf = calloc(1, MFD_PACKET_SIZE_MAX);
    struct mfd_event event = {
        .kind = MFD_EVENT_DATA, .connection = mfd_mutate_some_connection(m), .bytes = buf};
    const char *block =
        c->block_count ? c->blocks[mfd_mutate_below(m, c->block_count)].ram.name : "mem0";
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION};
    uint64_t none = 0;

    if (!buf) {
        abort();
    }
    switch (mfd_mutate_below(m, 12)) {
    case 0:
        free(buf);
        return mfd_mutate_new_hello(m, event.connection);
    case 1:
        event.len =
            mfd_pack_part(buf, mfd_mutate_below(m, 2) ? MFD_SECTION_PART : MFD_SECTION_END, 1);
        break;
    case 2:
        event.len = mfd_pack_marker(buf);
        break;
    case 3:
        event.len = mfd_pack_eos(buf);
        break;
    case 4:
        event.len = mfd_pack_zero(buf, block, mfd_mutate_below(m, 16) * c->page_size);
        break;
    case 5:
        event.len = mfd_pack_block(buf, block, mfd_mutate_edge(m));
        break;
    case 6:
        event.len = mfd_pack_footer(buf, 1);
        break;
    case 7:
        event.len = mfd_mutate_below(m, 2) ? mfd_pack_end(buf) : mfd_pack_vmdesc(buf, "{}");
        break;
    case 8:
        packet.flags = MFD_FLAG_SYNC;
        mfd_packet_pack(buf, c->page_size, &packet, &none);
        event.len = mfd_packet_size(c->page_size);
        break;
    default:
        packet.normal_pages = (uint32_t)mfd_mutate_below(m, 4);
        packet.zero_pages = (uint32_t)mfd_mutate_below(m, 3);
        memcpy(packet.ramblock, block, strlen(block));
        packet.normal_pages += packet.zero_pages == 0;
        {
            uint64_t offsets[8];

            for (size_t i = 0; i < 8; i++) {
                offsets[i] = mfd_mutate_below(m, 512) * c->page_size;
            }
            mfd_packet_pack(buf, c->page_size, &packet, offsets);
        }
        event.len = mfd_packet_size(c->page_size);
        mfd_mutate_repair_packet(m, &event);
        if (c->method && packet.normal_pages) {
            /* how long the payload is nothing else tells */
            mfd_put32(
                buf + MFD_PACKET_NEXT_SIZE,
                (uint32_t)(mfd_mutate_below(m, 2) ? mfd_mutate_edge(m) : mfd_mutate_below(m, 256)));
        }
        break;
    }
    return event;
}
