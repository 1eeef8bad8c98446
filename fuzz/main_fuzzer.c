// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Main channels as records: the bytes of each connection of the case are a stream of their own. Where the machine
 * type is not looked at, sections of devices may end it. Nothing is allocated, so the number of the allocation that fails
 * says what is not known: 2 the blocks.
 *
 * Expected beyond not crashing: a record is found from exactly the bytes that it asks for, and is the same
 * with more in sight; its fields by fields.def are its bytes; a page lies within its block; where devices end is found in
 * pieces as in whole; nothing is allocated.
 */
#include "field.h"
#include "guard.h"
#include "mainstream.h"
#include "tail.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX 4u
/* Into so many pieces the sections of devices are cut: the search gives up after a thousand vain attempts. */
#define TAIL_PIECES 4096u

struct bytes {
    uint8_t *data;
    size_t size;
};

static struct bytes stream_of(const struct mfd_case *c, uint32_t connection)
{
    static uint8_t data[MFD_CASE_DATA_MAX + MFD_CASE_FILL_MAX];
    struct bytes all = {data, 0};

    for (size_t i = 0; i < c->event_count; i++) {
        const struct mfd_event *event = &c->events[i];

        if (event->connection == connection && event->kind == MFD_EVENT_DATA) {
            memcpy(all.data + all.size, event->bytes, event->len);
            all.size += event->len;
        }
    }
    return all;
}

/* A copy behind which any access is seen; for free(). */
static uint8_t *exactly(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);

    MFD_FUZZ_EXPECT(exact, "memory");
    memcpy(exact, bytes, len);
    return exact;
}

/* One look at `len` bytes, of which there are no more. */
static size_t look(struct mfd_main *state, const uint8_t *bytes, size_t len,
                   struct mfd_record *record, bool *refused)
{
    struct mfd_finding list[16];
    struct mfd_findings findings = {list, 16, 0};
    uint8_t *exact = exactly(bytes, len);
    size_t need = 0;

    mfd_fuzz_account(0);
    need = mfd_main_next(state, exact, len, record, &findings);
    mfd_fuzz_accounted(0);
    free(exact);
    MFD_FUZZ_EXPECT(findings.count <= 16, "%zu findings", findings.count);
    *refused = mfd_findings_refused(&findings) != NULL;
    return need;
}

static enum mfd_tail_state look_at_tail(struct mfd_tail *tail, const uint8_t *bytes, size_t len)
{
    uint8_t *exact = exactly(bytes, len);
    enum mfd_tail_state state = MFD_TAIL_MORE;

    mfd_fuzz_account(0);
    state = mfd_tail_look(tail, exact, len);
    mfd_fuzz_accounted(0);
    free(exact);
    return state;
}

/* Sections of devices: that they end with the bytes at hand does not depend on how these came. */
static void try_tail(const uint8_t *bytes, size_t size)
{
    enum mfd_tail_state whole = look_at_tail(&(struct mfd_tail){0}, bytes, size);
    enum mfd_tail_state state = MFD_TAIL_MORE;
    struct mfd_tail tail = {0};
    size_t step = size / TAIL_PIECES + 1;
    size_t at = 0;

    while (state == MFD_TAIL_MORE && at < size) {
        at = size - at > step ? at + step : size;
        state = mfd_tail_look(&tail, bytes, at);
    }
    MFD_FUZZ_EXPECT(whole != MFD_TAIL_WHOLE || state != MFD_TAIL_MORE,
                    "an end after %zu bytes is not found in pieces", size);
    MFD_FUZZ_EXPECT(state != MFD_TAIL_WHOLE ||
                        look_at_tail(&(struct mfd_tail){0}, bytes, at) == MFD_TAIL_WHOLE,
                    "an end after %zu bytes is found in pieces only", at);
}

static void expect_sound(const struct mfd_case *c, const struct mfd_ramtable *table,
                         const struct mfd_record *record, const uint8_t *bytes)
{
    struct mfd_field_walk walk =
        mfd_field_walk_start(record->message, bytes, record->size, c->page_size);
    size_t covered = 0;

    for (struct mfd_span span; mfd_field_walk_next(&walk, &span);) {
        covered = span.offset + span.width * span.elements;
    }
    /* of a vmdesc the text is payload */
    MFD_FUZZ_EXPECT(covered == record->size, "%s: its fields are %zu of %zu bytes",
                    mfd_message_name(record->message), covered, record->size);
    if (!table) {
        MFD_FUZZ_EXPECT(record->block < 0, "block %d of none", record->block);
        return;
    }
    if (record->message == MFD_MSG_page || record->message == MFD_MSG_zero) {
        MFD_FUZZ_EXPECT(record->block >= 0 && (size_t)record->block < table->count, "block %d",
                        record->block);
        MFD_FUZZ_EXPECT(record->offset < table->blocks[record->block].used_length &&
                            table->blocks[record->block].used_length - record->offset >=
                                c->page_size,
                        "offset %#llx", (unsigned long long)record->offset);
    }
}

static void resize(struct mfd_world *world, const struct mfd_record *record)
{
    if (record->message == MFD_MSG_block) {
        mfd_guest_resize(&world->guest, record->block, record->length);
    }
}

static void try_stream(const struct mfd_case *c, uint32_t connection)
{
    static struct mfd_world world;
    struct bytes all = stream_of(c, connection);
    struct mfd_main state;
    size_t at = 0;
    size_t len = 0;
    bool refused = false;

    mfd_world_open(&world, c);
    world.setup.check.ram = c->fail & 2 ? NULL : world.setup.check.ram;
    mfd_main_start(&state, &world.setup.check, world.setup.machine);
    state.leaves_tail = !c->judge_machine;
    while (len <= all.size - at && !refused) {
        struct mfd_main before = state;
        struct mfd_main wide = state;
        struct mfd_record record = {0};
        struct mfd_record other = {0};
        bool also = false;
        size_t need = look(&state, all.data + at, len, &record, &refused);

        if (refused) {
            break;
        }
        if (need) {
            MFD_FUZZ_EXPECT(need > len && need <= MFD_RECORD_MAX, "needs %zu, has %zu", need, len);
            len = need;
            continue;
        }
        if (record.tail) {
            try_tail(all.data + at, all.size - at);
            break;
        }
        MFD_FUZZ_EXPECT(record.size && record.size <= len, "a record of %zu bytes in %zu",
                        record.size, len);
        need = look(&wide, all.data + at,
                    all.size - at < MFD_RECORD_MAX ? all.size - at : MFD_RECORD_MAX, &other, &also);
        MFD_FUZZ_EXPECT(need == 0 && !also && other.size == record.size &&
                            other.message == record.message && other.payload == record.payload &&
                            wide.place == state.place,
                        "more in sight makes another record at %d", (int)before.place);
        expect_sound(c, world.setup.check.ram, &record, all.data + at);
        resize(&world, &record);
        at += record.size;
        at += record.payload < all.size - at ? (size_t)record.payload : all.size - at;
        len = 0;
        if (record.message == MFD_MSG_vmdesc) {
            break;
        }
    }
    mfd_world_close(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mfd_case *c = mfd_case_read(data, size);
    bool tried[256] = {false};
    unsigned streams = 0;

    for (size_t i = 0; i < c->event_count && streams < STREAMS_MAX; i++) {
        uint32_t connection = c->events[i].connection;

        if (c->events[i].kind == MFD_EVENT_DATA && !tried[connection]) {
            tried[connection] = true;
            streams++;
            try_stream(c, connection);
        }
    }
    mfd_case_free(c);
    return 0;
}
