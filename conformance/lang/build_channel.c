// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of channels; see build.h. */
#include "build.h"

#include "hello.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

bool mfd_build_hello(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                     struct mfd_bytes *to)
{
    const struct mfd_plan_conn *of = &c->plan->conns[conn];
    uint64_t id = 0;
    size_t offset = to->size;

    if (!mfd_arg_number(c, line, MFD_ARG_id, UINT8_MAX,
                        of->kind == MFD_CONN_CHANNEL ? of->number : 0, &id)) {
        return false;
    }
    mfd_hello_write(c->plan->speak, mfd_bytes_add(to, mfd_hello_size(c->plan->speak)),
                    mfd_env_uuid(&c->env), (uint8_t)id);
    mfd_bytes_part(to, mfd_hello_message(c->plan->speak), offset, to->size - offset);
    return true;
}

/* The number of the next packet on a connection. */
static bool packet_number(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                          uint64_t *number)
{
    struct mfd_conn_state *state = &c->conns[conn];
    struct mfd_value room;
    const struct mfd_value *num = mfd_arg_value(c, line, MFD_ARG_num, &room);

    if (num && num->kind == MFD_VALUE_WORD) {
        if (!state->numbered) {
            return MFD_COMPILE_FAIL(c, "num=same: no packet was sent on %s before",
                                    c->plan->conns[conn].name);
        }
        *number = state->last_num;
        return true;
    }
    if (!mfd_arg_number(c, line, MFD_ARG_num, UINT64_MAX, c->next_num, number)) {
        return false;
    }
    c->next_num += num == NULL;
    state->numbered = true;
    state->last_num = *number;
    return true;
}

/* Packs a header whose numbers are known; `offsets` as mfd_packet_pack() wants them. */
static void add_packet(struct mfd_compiler *c, struct mfd_packet *packet, const uint64_t *offsets,
                       struct mfd_bytes *to)
{
    size_t offset = to->size;
    size_t size = mfd_packet_size(c->env.page_size);

    packet->magic = MFD_MAGIC;
    packet->version = MFD_VERSION;
    mfd_packet_pack(mfd_bytes_add(to, size), c->env.page_size, packet, offsets);
    mfd_bytes_part(to, MFD_MSG_packet, offset, size);
}

/* A packet without pages. */
bool mfd_build_bare(struct mfd_compiler *c, unsigned conn, bool sync, const struct mfd_line *line,
                    struct mfd_bytes *to)
{
    struct mfd_packet packet = {.flags = sync ? MFD_FLAG_SYNC : 0};

    /* since 9.0 the header of a SYNC is zeroed first */
    packet.pages_alloc = sync && c->plan->speak >= MFD_REV_9_0 ? 0 : mfd_slots(c->env.page_size);
    if (!packet_number(c, conn, line, &packet.packet_num)) {
        return false;
    }
    add_packet(c, &packet, NULL, to);
    return true;
}

/* A page of new content behind what is there, and its effect. */
void mfd_add_content(struct mfd_compiler *c, unsigned block, size_t page, struct mfd_bytes *to)
{
    uint32_t generation = ++c->generations[block][page];

    mfd_page_content(mfd_bytes_add(to, c->env.page_size), c->env.page_size, block, page,
                     generation);
    mfd_bytes_effect(to, (struct mfd_effect){block, page, MFD_PAGE_DATA, generation});
}

/* A packet that is left out has no part in the stream of those that are sent. */
static bool left_out(const struct mfd_compiler *c)
{
    return c->line && !c->twin && mfd_line_has_fault(c->line, MFD_FAULT_OMIT);
}

static bool add_pages(struct mfd_compiler *c, unsigned conn, unsigned block,
                      const struct mfd_pages *pages, size_t normal, struct mfd_packet *packet,
                      struct mfd_bytes *to)
{
    uint64_t *offsets = mfd_zalloc(pages->count * sizeof(*offsets));
    size_t header = to->size;

    for (size_t i = 0; i < pages->count; i++) {
        offsets[i] = (uint64_t)pages->list[i] * c->env.page_size;
    }
    packet->pages_alloc = mfd_slots(c->env.page_size);
    packet->normal_pages = (uint32_t)normal;
    packet->zero_pages = (uint32_t)(pages->count - normal);
    packet->next_packet_size = packet->normal_pages * c->env.page_size;
    memcpy(packet->ramblock, c->plan->blocks[block].wire_name, sizeof(packet->ramblock));
    add_packet(c, packet, offsets, to);
    free(offsets);
    /* a receiver clears zero pages before it reads the content of normal ones */
    for (size_t i = normal; i < pages->count; i++) {
        mfd_bytes_effect(to, (struct mfd_effect){block, pages->list[i], MFD_PAGE_ZERO, 0});
    }
    for (size_t i = 0; i < normal; i++) {
        mfd_add_content(c, block, pages->list[i], to);
    }
    return !c->plan->method || !normal || left_out(c) || mfd_payload_compress(c, conn, header, to);
}

static bool check_data(struct mfd_compiler *c, size_t normal, size_t count)
{
    uint32_t slots = mfd_slots(c->env.page_size);

    if (count > slots) {
        return MFD_COMPILE_FAIL(c, "data: %zu pages, but a packet has %u slots", count, slots);
    }
    if (count > normal && c->plan->zero != MFD_ZERO_PACKET) {
        return MFD_COMPILE_FAIL(c, "zero: %s sends no zero pages in packets",
                                mfd_rev_info(c->plan->speak)->name);
    }
    return true;
}

bool mfd_build_data(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                    struct mfd_bytes *to)
{
    struct mfd_packet packet = {.flags = c->plan->method};
    struct mfd_pages pages = {0};
    unsigned block = 0;
    size_t normal = 0;
    bool good =
        mfd_arg_block(c, line, &block) && mfd_arg_pages(c, line, MFD_ARG_pages, block, &pages);

    normal = pages.count;
    good = good && mfd_arg_pages(c, line, MFD_ARG_zero, block, &pages) &&
           check_data(c, normal, pages.count) && packet_number(c, conn, line, &packet.packet_num);
    if (good) {
        packet.flags |= mfd_line_arg(line, MFD_ARG_sync) ? MFD_FLAG_SYNC : 0;
        good = add_pages(c, conn, block, &pages, normal, &packet, to);
    }
    free(pages.list);
    return good;
}

bool mfd_build_page(struct mfd_compiler *c, unsigned conn, unsigned block, size_t page,
                    struct mfd_bytes *to)
{
    struct mfd_packet packet = {.flags = c->plan->method, .packet_num = c->next_num++};

    c->conns[conn].numbered = true;
    c->conns[conn].last_num = packet.packet_num;
    return add_pages(c, conn, block, &(struct mfd_pages){&page, 1}, 1, &packet, to);
}

/* What the device of the receiver has more of, if there is such a one with room for it. */
static void expect_state(struct mfd_compiler *c, const struct mfd_device *device,
                         const uint8_t *state)
{
    for (size_t i = 0; i < c->plan->device_count; i++) {
        struct mfd_plan_device *to = &c->plan->devices[i];

        if (strcmp(to->idstr, device->idstr) == 0 && to->instance == device->instance_id &&
            device->next_packet_size <= to->size - to->filled) {
            memcpy(to->state + to->filled, state, device->next_packet_size);
            to->filled += device->next_packet_size;
        }
    }
}

bool mfd_build_device(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_DEVICE_STATE};
    struct mfd_value room;
    const struct mfd_value *idstr = mfd_arg_value(c, line, MFD_ARG_idstr, &room);
    uint64_t instance = 0;
    uint64_t size = 0;
    size_t offset = to->size;
    uint8_t *state = NULL;

    if (!mfd_arg_number(c, line, MFD_ARG_instance, UINT32_MAX, 0, &instance) ||
        !mfd_arg_number(c, line, MFD_ARG_size, MFD_DEVICE_PAYLOAD_MAX, 16, &size)) {
        return false;
    }
    if (idstr && (idstr->kind != MFD_VALUE_TEXT || idstr->len >= MFD_IDSTR_SIZE)) {
        return MFD_COMPILE_FAIL(c, "idstr: no text of at most 255 bytes");
    }
    strcpy(device.idstr, idstr ? idstr->text : "device");
    device.instance_id = (uint32_t)instance;
    device.next_packet_size = (uint32_t)size;
    mfd_device_pack(mfd_bytes_add(to, MFD_DEVICE_SIZE), &device);
    mfd_bytes_part(to, MFD_MSG_device, offset, MFD_DEVICE_SIZE);
    state = mfd_bytes_add(to, size);
    for (size_t i = 0; i < size; i++) {
        state[i] = (uint8_t)(i + c->device_packets); /* no two packets alike */
    }
    c->device_packets++;
    expect_state(c, &device, state);
    return true;
}
