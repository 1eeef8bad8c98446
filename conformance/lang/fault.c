// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on the bytes of one step; see compile.h. */
#include "compile.h"

#include "packet.h"

#include <stdlib.h>
#include <string.h>

#define M(name) (1u << MFD_MSG_##name)

/* "FAULT: PROBLEM" with the fault as it is printed. */
static bool fail_fault(struct mfd_compiler *c, const struct mfd_fault *fault, const char *problem)
{
    char *text = mfd_fault_text(fault);

    MFD_COMPILE_FAIL(c, "%.120s: %s", text, problem);
    free(text);
    return false;
}

static void touch(struct mfd_damage *damage, size_t offset, size_t size)
{
    size_t end = offset + size;

    if (damage->touched && damage->offset + damage->size > end) {
        end = damage->offset + damage->size;
    }
    if (!damage->touched || offset < damage->offset) {
        damage->offset = offset;
    }
    damage->size = end - damage->offset;
    damage->touched = true;
}

/* Where the fault's field lies in the unfaulted bytes: the elements it names, from `*offset` on. */
struct place {
    enum mfd_field field;
    size_t offset;
    uint32_t width;
    size_t elements;
};

static bool locate(struct mfd_compiler *c, const struct mfd_bytes *bytes, const uint8_t *pristine,
                   const struct mfd_fault *fault, struct place *place)
{
    struct mfd_span span;
    uint64_t index = 0;
    const char *problem = NULL;

    for (size_t i = 0; i < bytes->part_count; i++) {
        const struct mfd_plan_part *part = &bytes->parts[i];
        enum mfd_field field = mfd_field_find(part->message, fault->field);

        if (field == MFD_FIELD_COUNT ||
            (fault->message != MFD_MESSAGE_COUNT && fault->message != part->message) ||
            !mfd_field_locate(field, pristine + part->offset, part->size, c->env.page_size,
                              &span)) {
            continue;
        }
        *place = (struct place){field, part->offset + span.offset, span.width, span.elements};
        if (!fault->indexed) {
            return true;
        }
        problem = mfd_term_within(&c->env, &fault->index, 0, UINT32_MAX, &index);
        if (problem || index >= span.elements) {
            return fail_fault(c, fault, problem ? problem : "the field has no such element");
        }
        place->offset += (size_t)index * span.width;
        place->elements = 1;
        return true;
    }
    return fail_fault(c, fault, "the field is not in the bytes of this step");
}

/* ---- values ---- */

static bool put_number(struct mfd_compiler *c, const struct mfd_fault *fault,
                       const struct mfd_value *value, const struct place *place, uint8_t *at)
{
    uint32_t bits = place->width * 8;
    struct mfd_number number = {0};
    const char *problem = mfd_term_number(&c->env, &value->from, &number);
    uint64_t all = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;

    if (problem) {
        return fail_fault(c, fault, problem);
    }
    if (number.magnitude > all || (number.negative && number.magnitude - 1 > all / 2)) {
        return fail_fault(c, fault, "does not fit into the field");
    }
    for (size_t i = 0; i < place->elements; i++) {
        mfd_uint_put(at + i * place->width, place->width,
                     number.negative ? (0 - number.magnitude) & all : number.magnitude);
    }
    return true;
}

static bool put_bytes(struct mfd_compiler *c, const struct mfd_fault *fault,
                      const struct mfd_value *value, const struct place *place, uint8_t *at)
{
    size_t size = place->width * place->elements;
    const struct mfd_field_info *info = mfd_field_info(place->field);
    const void *from = value->kind == MFD_VALUE_TEXT ? (const void *)value->text : value->bytes;

    if (info->type == MFD_TYPE_UUID && value->kind == MFD_VALUE_TEXT) {
        return mfd_uuid_parse(value->text, at) || fail_fault(c, fault, "no UUID");
    }
    if (info->type == MFD_TYPE_TEXT && value->kind == MFD_VALUE_TEXT) {
        if (value->len > size) {
            return fail_fault(c, fault, "does not fit into the field");
        }
        memset(at, 0, size);
    } else if (value->len != size) {
        return fail_fault(c, fault, "the field has another size");
    }
    if (value->len) {
        memcpy(at, from, value->len);
    }
    return true;
}

static void reverse(uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        uint8_t byte = at[i];

        at[i] = at[size - 1 - i];
        at[size - 1 - i] = byte;
    }
}

/* The order of a little-endian GUID for a UUID, of a little-endian host for a number. */
static void put_swapped(const struct place *place, uint8_t *at)
{
    if (mfd_field_info(place->field)->type == MFD_TYPE_UUID) {
        reverse(at, 4);
        reverse(at + 4, 2);
        reverse(at + 6, 2);
        return;
    }
    for (size_t i = 0; i < place->elements; i++) {
        reverse(at + i * place->width, place->width);
    }
}

static bool put_value(struct mfd_compiler *c, const struct mfd_fault *fault,
                      const struct place *place, uint8_t *at)
{
    enum mfd_field_type type = mfd_field_info(place->field)->type;
    struct mfd_value room;
    const struct mfd_value *value = &fault->values.list[0];
    const char *problem = mfd_value_resolve(&c->env, &value, &room);

    if (problem) {
        return fail_fault(c, fault, problem);
    }
    switch (value->kind) {
    case MFD_VALUE_TERM:
        return type == MFD_TYPE_UINT || type == MFD_TYPE_BYTES
                   ? put_number(c, fault, value, place, at)
                   : fail_fault(c, fault, "that field takes no number");
    case MFD_VALUE_WORD:
        if (strcmp(value->text, "swapped") != 0 || type == MFD_TYPE_TEXT ||
            type == MFD_TYPE_BYTES) {
            return fail_fault(c, fault, "no value for that field");
        }
        put_swapped(place, at);
        return true;
    case MFD_VALUE_TEXT:
        return type == MFD_TYPE_UINT ? fail_fault(c, fault, "that field takes no text")
                                     : put_bytes(c, fault, value, place, at);
    default:
        return put_bytes(c, fault, value, place, at);
    }
}

/* ---- kinds of faults ---- */

static void mark_offset(struct mfd_compiler *c, const struct place *place, const uint8_t *at)
{
    for (size_t i = 0; place->field == MFD_FIELD_packet_offset && i < place->elements; i++) {
        uint64_t page = mfd_get64(at + i * place->width) / c->env.page_size;

        /* whichever block it ends up in, an offset that is not aligned reaches the next page too */
        for (size_t b = 0; b < c->plan->block_count; b++) {
            for (uint64_t p = page; p < page + 2 && p < c->plan->blocks[b].page_count; p++) {
                c->used[b][p] = true;
            }
        }
    }
}

static bool apply_field(struct mfd_compiler *c, struct mfd_bytes *bytes, const uint8_t *pristine,
                        const struct mfd_fault *fault, struct mfd_damage *damage)
{
    struct place place;
    size_t size = 0;

    if (!locate(c, bytes, pristine, fault, &place) ||
        !put_value(c, fault, &place, bytes->bytes + place.offset)) {
        return false;
    }
    size = place.width * place.elements;
    if (memcmp(bytes->bytes + place.offset, pristine + place.offset, size) == 0) {
        return fail_fault(c, fault, "that is the right value, so it is no fault");
    }
    mark_offset(c, &place, bytes->bytes + place.offset);
    touch(damage, place.offset, size);
    return true;
}

/* The message names another block of the scenario, by the name that the peer knows. */
static bool apply_block(struct mfd_compiler *c, struct mfd_bytes *bytes, const uint8_t *pristine,
                        const struct mfd_fault *fault, struct mfd_damage *damage)
{
    struct mfd_value room;
    const struct mfd_value *value = &fault->values.list[0];
    struct mfd_value name = {.kind = MFD_VALUE_TEXT};
    struct mfd_fault as = {
        .kind = MFD_FAULT_FIELD, .message = MFD_MESSAGE_COUNT, .values = {&name, 1}};
    const char *problem = mfd_value_resolve(&c->env, &value, &room);

    for (size_t i = 0; !problem && value->kind == MFD_VALUE_TEXT && i < c->plan->block_count; i++) {
        if (strcmp(c->plan->blocks[i].name, value->text) == 0) {
            name.text = c->plan->blocks[i].wire_name;
        }
    }
    if (!name.text) {
        return fail_fault(c, fault, "names no block");
    }
    name.len = strlen(name.text);
    as.field = bytes->part_count && bytes->parts[0].message == MFD_MSG_packet ? "ramblock" : "name";
    return apply_field(c, bytes, pristine, &as, damage);
}

static bool apply_payload(struct mfd_compiler *c, struct mfd_bytes *bytes,
                          const struct mfd_fault *fault, struct mfd_damage *damage)
{
    struct mfd_value room;
    const struct mfd_value *value = &fault->values.list[0];
    const char *problem = mfd_value_resolve(&c->env, &value, &room);
    size_t i = 0;
    size_t start = 0;
    size_t end = 0;
    struct mfd_bytes changed = {0};

    if (problem || (value->kind != MFD_VALUE_BYTES && value->kind != MFD_VALUE_TEXT)) {
        return fail_fault(c, fault, problem ? problem : "takes \"text\" or x'hex'");
    }
    while (i < bytes->part_count &&
           !((1u << bytes->parts[i].message) & (M(packet) | M(device) | M(page)))) {
        i++;
    }
    if (i == bytes->part_count) {
        return fail_fault(c, fault, "no message of this step has a payload");
    }
    start = bytes->parts[i].offset + bytes->parts[i].size;
    end = i + 1 < bytes->part_count ? bytes->parts[i + 1].offset : bytes->size;
    memcpy(mfd_bytes_add(&changed, start), bytes->bytes, start);
    if (value->len) {
        memcpy(mfd_bytes_add(&changed, value->len),
               value->kind == MFD_VALUE_TEXT ? (const void *)value->text : value->bytes,
               value->len);
    }
    if (bytes->size > end) {
        memcpy(mfd_bytes_add(&changed, bytes->size - end), bytes->bytes + end, bytes->size - end);
    }
    while (++i < bytes->part_count) {
        bytes->parts[i].offset = bytes->parts[i].offset - end + start + value->len;
    }
    free(bytes->bytes);
    bytes->bytes = changed.bytes;
    bytes->size = changed.size;
    bytes->room = changed.room;
    touch(damage, start, value->len);
    return true;
}

/* Bytes that a `pad` on the same line will add. */
static size_t pad_size(struct mfd_compiler *c)
{
    size_t size = 0;

    for (size_t i = 0; i < c->line->fault_count; i++) {
        struct mfd_value room;
        const struct mfd_value *value = &c->line->faults[i].values.list[0];

        if (c->line->faults[i].kind == MFD_FAULT_PAD &&
            !mfd_value_resolve(&c->env, &value, &room) && value->kind == MFD_VALUE_BYTES) {
            size += value->len;
        }
    }
    return size;
}

static bool apply_stream(struct mfd_compiler *c, struct mfd_bytes *bytes, const uint8_t *pristine,
                         const struct mfd_fault *fault, struct mfd_damage *damage)
{
    struct mfd_stream_fault stream = {.conn = damage->conn, .bytes = bytes};
    const struct mfd_plan_part *part = NULL;
    size_t at = 0;
    const char *problem = NULL;

    for (size_t i = 0; i < bytes->part_count; i++) {
        part = bytes->parts[i].message == MFD_MSG_packet ? &bytes->parts[i] : part;
    }
    if (!part) {
        return fail_fault(c, fault, "no packet is in the bytes of this step");
    }
    at = part->offset + MFD_PACKET_NEXT_SIZE;
    stream.header = part->offset;
    stream.sized = mfd_get32(bytes->bytes + at) != mfd_get32(pristine + at);
    stream.behind = pad_size(c);
    problem = mfd_payload_stream(c, fault->values.list[0].text, &stream);
    if (problem) {
        return fail_fault(c, fault, problem);
    }
    if (!damage->touched) { /* else a dump had to mark all between a field and the payload */
        touch(damage, stream.from, bytes->size - stream.from);
    }
    return true;
}

static bool apply_pad(struct mfd_compiler *c, struct mfd_bytes *bytes,
                      const struct mfd_fault *fault, struct mfd_damage *damage)
{
    struct mfd_value room;
    const struct mfd_value *value = &fault->values.list[0];
    const char *problem = mfd_value_resolve(&c->env, &value, &room);
    size_t offset = bytes->size;

    if (problem || value->kind != MFD_VALUE_BYTES || !value->len) {
        return fail_fault(c, fault, problem ? problem : "takes x'hex'");
    }
    memcpy(mfd_bytes_add(bytes, value->len), value->bytes, value->len);
    touch(damage, offset, value->len);
    return true;
}

static bool apply_cut(struct mfd_compiler *c, struct mfd_bytes *bytes,
                      const struct mfd_fault *fault, struct mfd_damage *damage)
{
    uint64_t size = 0;
    const char *problem =
        mfd_term_within(&c->env, &fault->values.list[0].from, 0, UINT64_MAX, &size);

    if (problem) {
        return fail_fault(c, fault, problem);
    }
    if (size >= bytes->size) {
        return fail_fault(c, fault, "the step has no more bytes than that");
    }
    bytes->size = (size_t)size;
    while (bytes->part_count && bytes->parts[bytes->part_count - 1].offset >= bytes->size) {
        bytes->part_count--;
    }
    if (bytes->part_count) {
        struct mfd_plan_part *last = &bytes->parts[bytes->part_count - 1];

        last->size =
            last->size < bytes->size - last->offset ? last->size : bytes->size - last->offset;
    }
    if (damage->touched && damage->offset + damage->size > bytes->size) {
        damage->touched = damage->offset < bytes->size;
        damage->size = damage->touched ? bytes->size - damage->offset : 0;
    }
    damage->cut = true;
    return true;
}

/* The connection does not speak as the others do; which is decided when it opens. */
static bool apply_stranger(struct mfd_compiler *c, const struct mfd_fault *fault,
                           struct mfd_damage *damage)
{
    struct mfd_plan_conn *conn = &c->plan->conns[damage->conn];

    if (!c->plan->tls) {
        return fail_fault(c, fault, "needs TLS");
    }
    if (c->conns[damage->conn].connected) {
        return fail_fault(c, fault, "the connection stands already");
    }
    conn->tls = fault->kind == MFD_FAULT_PLAIN ? MFD_PLAN_PLAIN : MFD_PLAN_TLS_FOREIGN;
    damage->stranger = true;
    return true;
}

static bool apply(struct mfd_compiler *c, struct mfd_bytes *bytes, const uint8_t *pristine,
                  const struct mfd_fault *fault, struct mfd_damage *damage)
{
    switch (fault->kind) {
    case MFD_FAULT_FIELD:
        return apply_field(c, bytes, pristine, fault, damage);
    case MFD_FAULT_BLOCK:
        return apply_block(c, bytes, pristine, fault, damage);
    case MFD_FAULT_PAYLOAD:
        return apply_payload(c, bytes, fault, damage);
    case MFD_FAULT_STREAM:
        return apply_stream(c, bytes, pristine, fault, damage);
    case MFD_FAULT_PAD:
        return apply_pad(c, bytes, fault, damage);
    case MFD_FAULT_CUT:
        return apply_cut(c, bytes, fault, damage);
    case MFD_FAULT_PLAIN:
    case MFD_FAULT_FOREIGN:
        return apply_stranger(c, fault, damage);
    case MFD_FAULT_SPLIT:
        damage->split = fault;
        return true;
    case MFD_FAULT_TWICE:
        damage->twice = true;
        return true;
    case MFD_FAULT_OMIT:
        damage->omit = true;
        return true;
    case MFD_FAULT_CLOSE:
        damage->close = true;
        return true;
    default:
        damage->reset = true;
        return true;
    }
}

bool mfd_fault_apply(struct mfd_compiler *c, struct mfd_bytes *bytes, struct mfd_damage *damage)
{
    uint8_t *pristine = mfd_zalloc(bytes->size);
    bool good = true;

    if (bytes->size) {
        memcpy(pristine, bytes->bytes, bytes->size);
    }
    for (size_t i = 0; good && i < c->line->fault_count; i++) {
        good = apply(c, bytes, pristine, &c->line->faults[i], damage);
    }
    free(pristine);
    return good;
}
