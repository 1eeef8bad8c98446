// SPDX-License-Identifier: GPL-2.0-or-later
/* The bytes that a step means; see compile.h. */
#include "compile.h"

#include "hello.h"
#include "mainstream.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* ---- arguments ---- */

/* The number of an argument; `otherwise` without it. */
static bool arg_number(struct mfd_compiler *c, const struct mfd_line *line, enum mfd_arg_name name,
                       uint64_t high, uint64_t otherwise, uint64_t *number)
{
    const struct mfd_arg *arg = line ? mfd_line_arg(line, name) : NULL;
    const char *problem = NULL;

    *number = otherwise;
    if (!arg) {
        return true;
    }
    problem = mfd_term_within(&c->env, &arg->values.list[0].from, 0, high, number);
    return problem ? MFD_COMPILE_FAIL(c, "%s: %s", mfd_arg_name(name), problem) : true;
}

/* The value of an argument with its parameter replaced, or NULL; `room` may hold it. */
static const struct mfd_value *arg_value(struct mfd_compiler *c, const struct mfd_line *line,
                                         enum mfd_arg_name name, struct mfd_value *room)
{
    const struct mfd_arg *arg = line ? mfd_line_arg(line, name) : NULL;
    const struct mfd_value *value = arg ? &arg->values.list[0] : NULL;

    if (value) {
        mfd_value_resolve(&c->env, &value, room);
    }
    return value;
}

static bool arg_block(struct mfd_compiler *c, const struct mfd_line *line, unsigned *block)
{
    struct mfd_value room;
    const struct mfd_value *value = arg_value(c, line, MFD_ARG_block, &room);

    *block = 0;
    if (!value) {
        return true;
    }
    for (size_t i = 0; value->kind == MFD_VALUE_TEXT && i < c->plan->block_count; i++) {
        if (strcmp(c->plan->blocks[i].name, value->text) == 0) {
            *block = (unsigned)i;
            return true;
        }
    }
    return MFD_COMPILE_FAIL(c, "block: the parameter names no block");
}

struct pages {
    size_t *list;
    size_t count;
};

static bool add_range(struct mfd_compiler *c, enum mfd_arg_name name, const struct mfd_value *value,
                      const struct mfd_plan_block *block, struct pages *pages)
{
    uint64_t from = 0;
    uint64_t to = 0;
    const char *problem = mfd_term_within(&c->env, &value->from, 0, UINT64_MAX, &from);

    to = from;
    if (!problem && value->kind == MFD_VALUE_RANGE) {
        problem = mfd_term_within(&c->env, &value->to, 0, UINT64_MAX, &to);
    }
    if (problem) {
        return MFD_COMPILE_FAIL(c, "%s: %s", mfd_arg_name(name), problem);
    }
    if (to < from) {
        return MFD_COMPILE_FAIL(c, "%s: %llu..%llu holds nothing", mfd_arg_name(name),
                                (unsigned long long)from, (unsigned long long)to);
    }
    if (to >= block->page_count) {
        return MFD_COMPILE_FAIL(c, "%s: page %llu is outside %.80s, which has %zu",
                                mfd_arg_name(name), (unsigned long long)to, block->name,
                                block->page_count);
    }
    for (uint64_t page = from; page <= to; page++) {
        pages->list = mfd_grow(pages->list, pages->count, sizeof(*pages->list));
        pages->list[pages->count++] = (size_t)page;
    }
    return true;
}

/* Appends the pages that an argument lists. */
static bool arg_pages(struct mfd_compiler *c, const struct mfd_line *line, enum mfd_arg_name name,
                      unsigned block, struct pages *pages)
{
    const struct mfd_arg *arg = mfd_line_arg(line, name);

    for (size_t i = 0; arg && i < arg->values.count; i++) {
        if (!add_range(c, name, &arg->values.list[i], &c->plan->blocks[block], pages)) {
            return false;
        }
    }
    return true;
}

/* ---- channel messages ---- */

static bool build_hello(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                        struct mfd_bytes *to)
{
    const struct mfd_plan_conn *of = &c->plan->conns[conn];
    uint64_t id = 0;
    size_t offset = to->size;

    if (!arg_number(c, line, MFD_ARG_id, UINT8_MAX, of->kind == MFD_CONN_CHANNEL ? of->number : 0,
                    &id)) {
        return false;
    }
    mfd_hello_pack(mfd_bytes_add(to, MFD_HELLO_SIZE), mfd_env_uuid(&c->env), (uint8_t)id);
    mfd_bytes_part(to, MFD_MSG_hello, offset, MFD_HELLO_SIZE);
    return true;
}

/* The number of the next packet on a connection. */
static bool packet_number(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                          uint64_t *number)
{
    struct mfd_conn_state *state = &c->conns[conn];
    struct mfd_value room;
    const struct mfd_value *num = arg_value(c, line, MFD_ARG_num, &room);

    if (num && num->kind == MFD_VALUE_WORD) {
        if (!state->numbered) {
            return MFD_COMPILE_FAIL(c, "num=same: no packet was sent on %s before",
                                    c->plan->conns[conn].name);
        }
        *number = state->last_num;
        return true;
    }
    if (!arg_number(c, line, MFD_ARG_num, UINT64_MAX, c->next_num, number)) {
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
static bool build_bare(struct mfd_compiler *c, unsigned conn, bool sync,
                       const struct mfd_line *line, struct mfd_bytes *to)
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
static void add_content(struct mfd_compiler *c, unsigned block, size_t page, struct mfd_bytes *to)
{
    uint32_t generation = ++c->generations[block][page];

    mfd_page_content(mfd_bytes_add(to, c->env.page_size), c->env.page_size, block, page,
                     generation);
    mfd_bytes_effect(to, (struct mfd_effect){block, page, MFD_PAGE_DATA, generation});
}

static void add_pages(struct mfd_compiler *c, unsigned block, const struct pages *pages,
                      size_t normal, struct mfd_packet *packet, struct mfd_bytes *to)
{
    uint64_t *offsets = mfd_zalloc(pages->count * sizeof(*offsets));

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
        add_content(c, block, pages->list[i], to);
    }
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
    if (normal && c->plan->method) {
        return MFD_COMPILE_FAIL(c, "data: a method other than none needs the codec");
    }
    return true;
}

static bool build_data(struct mfd_compiler *c, unsigned conn, const struct mfd_line *line,
                       struct mfd_bytes *to)
{
    struct mfd_packet packet = {.flags = c->plan->method};
    struct pages pages = {0};
    unsigned block = 0;
    size_t normal = 0;
    bool good = arg_block(c, line, &block) && arg_pages(c, line, MFD_ARG_pages, block, &pages);

    normal = pages.count;
    good = good && arg_pages(c, line, MFD_ARG_zero, block, &pages) &&
           check_data(c, normal, pages.count) && packet_number(c, conn, line, &packet.packet_num);
    if (good) {
        packet.flags |= mfd_line_arg(line, MFD_ARG_sync) ? MFD_FLAG_SYNC : 0;
        add_pages(c, block, &pages, normal, &packet, to);
    }
    free(pages.list);
    return good;
}

void mfd_build_page(struct mfd_compiler *c, unsigned conn, unsigned block, size_t page,
                    struct mfd_bytes *to)
{
    struct mfd_packet packet = {.packet_num = c->next_num++};

    c->conns[conn].numbered = true;
    c->conns[conn].last_num = packet.packet_num;
    add_pages(c, block, &(struct pages){&page, 1}, 1, &packet, to);
}

static bool build_device(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_DEVICE_STATE};
    struct mfd_value room;
    const struct mfd_value *idstr = arg_value(c, line, MFD_ARG_idstr, &room);
    uint64_t instance = 0;
    uint64_t size = 0;
    size_t offset = to->size;
    uint8_t *state = NULL;

    if (!arg_number(c, line, MFD_ARG_instance, UINT32_MAX, 0, &instance) ||
        !arg_number(c, line, MFD_ARG_size, MFD_DEVICE_PAYLOAD_MAX, 16, &size)) {
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
        state[i] = (uint8_t)i;
    }
    return true;
}

/* ---- records of main ---- */

enum mfd_message mfd_start_record(const struct mfd_compiler *c, size_t i, size_t *block)
{
    static const enum mfd_message head[] = {MFD_MSG_header, MFD_MSG_config, MFD_MSG_section,
                                            MFD_MSG_memsize};
    static const enum mfd_message tail[] = {MFD_MSG_marker, MFD_MSG_eos, MFD_MSG_footer,
                                            MFD_MESSAGE_COUNT};
    size_t blocks = c->plan->block_count;

    *block = 0;
    if (i < 4) {
        return head[i];
    }
    if (i < 4 + blocks) {
        *block = i - 4;
        return MFD_MSG_block;
    }
    i -= 4 + blocks;
    i += c->plan->sync == MFD_SYNC_SECTION;
    return tail[i < 3 ? i : 3];
}

enum mfd_message mfd_last_record(const struct mfd_compiler *c, size_t i)
{
    static const enum mfd_message records[] = {MFD_MSG_part,     MFD_MSG_marker, MFD_MSG_eos,
                                               MFD_MSG_footer,   MFD_MSG_end,    MFD_MSG_vmdesc,
                                               MFD_MESSAGE_COUNT};

    i += i > 0 && c->plan->sync == MFD_SYNC_SECTION;
    return records[i < 6 ? i : 6];
}

bool mfd_build_record(struct mfd_compiler *c, enum mfd_message message, size_t block,
                      struct mfd_bytes *to)
{
    const struct mfd_plan_block *of = &c->plan->blocks[block];
    size_t offset = to->size;
    uint8_t *at = mfd_bytes_add(to, MFD_MESSAGE_ROOM);
    size_t size = message == MFD_MSG_block ? mfd_pack_block(at, of->wire_name, of->size)
                                           : mfd_message_default(&c->env, message, at);

    to->size = offset + size;
    mfd_bytes_part(to, message, offset, size);
    return true;
}

bool mfd_build_start(struct mfd_compiler *c, size_t from, struct mfd_bytes *to)
{
    size_t block = 0;

    for (size_t i = from; mfd_start_record(c, i, &block) != MFD_MESSAGE_COUNT; i++) {
        if (!mfd_build_record(c, mfd_start_record(c, i, &block), block, to)) {
            return false;
        }
    }
    return true;
}

/* The start of a PART or END section. */
static void build_part(enum mfd_section_type type, struct mfd_bytes *to)
{
    size_t offset = to->size;
    size_t size = mfd_pack_part(mfd_bytes_add(to, 5), (uint8_t)type, MFD_RAM_SECTION_ID);

    mfd_bytes_part(to, MFD_MSG_part, offset, size);
}

bool mfd_build_last(struct mfd_compiler *c, size_t from, struct mfd_bytes *to)
{
    if (from == 0) {
        build_part(MFD_SECTION_END, to);
        from = 1;
    }
    for (size_t i = from; mfd_last_record(c, i) != MFD_MESSAGE_COUNT; i++) {
        if (!mfd_build_record(c, mfd_last_record(c, i), 0, to)) {
            return false;
        }
    }
    return true;
}

static bool build_flush(struct mfd_compiler *c, struct mfd_bytes *to)
{
    build_part(MFD_SECTION_PART, to);
    return (c->plan->sync == MFD_SYNC_SECTION || mfd_build_record(c, MFD_MSG_marker, 0, to)) &&
           mfd_build_record(c, MFD_MSG_eos, 0, to) && mfd_build_record(c, MFD_MSG_footer, 0, to);
}

/* A zero or page record for each page. */
static bool build_ram_records(struct mfd_compiler *c, bool zero, const struct mfd_line *line,
                              struct mfd_bytes *to)
{
    struct pages pages = {0};
    unsigned block = 0;
    bool good = arg_block(c, line, &block) && arg_pages(c, line, MFD_ARG_pages, block, &pages);

    for (size_t i = 0; good && i < pages.count; i++) {
        uint64_t at = (uint64_t)pages.list[i] * c->env.page_size;
        size_t offset = to->size;
        uint8_t *room = mfd_bytes_add(to, MFD_RECORD_MAX);
        const char *name = c->plan->blocks[block].wire_name;
        size_t size = zero ? mfd_pack_zero(room, name, at) : mfd_pack_page(room, name, at);

        to->size = offset + size;
        mfd_bytes_part(to, zero ? MFD_MSG_zero : MFD_MSG_page, offset, size);
        if (zero) {
            mfd_bytes_effect(to, (struct mfd_effect){block, pages.list[i], MFD_PAGE_ZERO, 0});
        } else {
            add_content(c, block, pages.list[i], to);
        }
    }
    free(pages.list);
    return good;
}

static bool build_command(struct mfd_compiler *c, enum mfd_verb verb, const struct mfd_line *line,
                          struct mfd_bytes *to)
{
    static const uint8_t none[1];
    struct mfd_value room;
    const struct mfd_value *given = arg_value(c, line, MFD_ARG_argument, &room);
    const uint8_t *argument = given ? given->bytes : none;
    size_t len = given ? given->len : 0;
    uint64_t command = MFD_CMD_OPEN_RETURN_PATH;
    uint64_t value = 0;
    uint8_t ping[4];
    size_t offset = to->size;

    if (!arg_number(c, line, MFD_ARG_command, UINT16_MAX, command, &command) ||
        !arg_number(c, line, MFD_ARG_value, UINT32_MAX, 1, &value)) {
        return false;
    }
    if (given && (given->kind != MFD_VALUE_BYTES || len > UINT16_MAX)) {
        return MFD_COMPILE_FAIL(c, "argument: no bytes, at most 65535");
    }
    if (verb == MFD_VERB_ping) {
        mfd_put32(ping, (uint32_t)value);
        command = MFD_CMD_PING;
        argument = ping;
        len = sizeof(ping);
    } else if (verb == MFD_VERB_switchover) {
        command = MFD_CMD_SWITCHOVER_START;
    }
    mfd_pack_command(mfd_bytes_add(to, 5 + len), (uint16_t)command, argument, (uint16_t)len);
    mfd_bytes_part(to, MFD_MSG_command, offset, 5 + len);
    return true;
}

static bool build_block(struct mfd_compiler *c, const struct mfd_line *line, struct mfd_bytes *to)
{
    unsigned block = 0;

    return arg_block(c, line, &block) && mfd_build_record(c, MFD_MSG_block, block, to);
}

static bool build_raw(const struct mfd_line *line, struct mfd_bytes *to)
{
    memcpy(mfd_bytes_add(to, line->raw_len), line->raw, line->raw_len);
    return true;
}

bool mfd_build_verb(struct mfd_compiler *c, unsigned conn, enum mfd_verb verb,
                    const struct mfd_line *line, struct mfd_bytes *to)
{
    switch (verb) {
    case MFD_VERB_hello:
        return build_hello(c, conn, line, to);
    case MFD_VERB_data:
        return build_data(c, conn, line, to);
    case MFD_VERB_empty:
    case MFD_VERB_sync:
        return build_bare(c, conn, verb == MFD_VERB_sync, line, to);
    case MFD_VERB_device:
        return build_device(c, line, to);
    case MFD_VERB_ready:
        return build_hello(c, conn, line, to) && build_bare(c, conn, true, line, to);
    case MFD_VERB_send:
        return build_raw(line, to);
    case MFD_VERB_start:
        return mfd_build_start(c, 0, to);
    case MFD_VERB_round:
    case MFD_VERB_flush:
        return build_flush(c, to);
    case MFD_VERB_finish:
        return mfd_build_last(c, 0, to);
    case MFD_VERB_part:
    case MFD_VERB_last:
        build_part(verb == MFD_VERB_part ? MFD_SECTION_PART : MFD_SECTION_END, to);
        return true;
    case MFD_VERB_zero:
    case MFD_VERB_page:
        return build_ram_records(c, verb == MFD_VERB_zero, line, to);
    case MFD_VERB_command:
    case MFD_VERB_ping:
    case MFD_VERB_openrp:
    case MFD_VERB_switchover:
        return build_command(c, verb, line, to);
    case MFD_VERB_block:
        return build_block(c, line, to);
    default: /* one record that has the name of its verb */
        return mfd_build_record(c, mfd_message_find(mfd_verb_info(verb)->name), 0, to);
    }
}
