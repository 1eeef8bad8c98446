// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests: whole migrations of the real sender, recorded as one stream a connection, with the
 * places where their messages end.
 */
#ifndef MFD_RECORDING_H
#define MFD_RECORDING_H

#include "mainstream.h"
#include "packet.h"
#include "sender.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORD_PAGE 4096u
#define RECORD_BLOCKS_MAX 4u
#define RECORD_PAGES 3u /* of each block: one of noise, one of text, one of zeros */
#define RECORD_OLD 0xa5 /* what the receiver's memory held before */

struct recorded_stream {
    uint8_t *bytes;
    size_t len;
    size_t room;
    size_t ends[64]; /* of its messages; of main's stream: of its sections */
    unsigned end_count;
};

/* Connection 0 is main, connection i channel i - 1 as the hello says. */
struct recording {
    struct mfd_guest guest;
    struct mfd_sender_config config;
    unsigned count;
    struct recorded_stream stream[MFD_CHANNELS_MAX + 1];
    int sockets[MFD_CHANNELS_MAX + 1];
};

static inline void record_add_blocks(struct mfd_guest *guest, unsigned blocks)
{
    static const char *const names[RECORD_BLOCKS_MAX] = {"mem0", "vga.vram", "pc.rom", "mem1"};

    mfd_guest_init(guest);
    for (size_t i = 0; i < blocks; i++) {
        struct mfd_guest_block block = {names[i], (uint64_t)RECORD_PAGES * RECORD_PAGE,
                                        (uint64_t)RECORD_PAGES * RECORD_PAGE, false};

        assert_int_equal(mfd_guest_add_anonymous(guest, &block), 0);
    }
}

static inline void record_fill(struct mfd_guest *guest)
{
    uint32_t x = 1;

    for (size_t i = 0; i < guest->table.count; i++) {
        for (uint32_t j = 0; j < RECORD_PAGE; j++) {
            x = x * 1664525u + 1013904223u;
            guest->maps[i].base[j] = (uint8_t)(x >> 24);
            guest->maps[i].base[RECORD_PAGE + j] = (uint8_t)('a' + (j / 7 + i) % 26);
        }
    }
}

static inline void record_bytes(struct recorded_stream *stream, const uint8_t *bytes, size_t len)
{
    if (stream->len + len > stream->room) {
        stream->room = (stream->len + len) * 2;
        stream->bytes = realloc(stream->bytes, stream->room);
        assert_non_null(stream->bytes);
    }
    memcpy(stream->bytes + stream->len, bytes, len);
    stream->len += len;
}

/* Reads every connection to its end, and closes it then: that tells the sender of the success. */
static inline void *record_all(void *arg)
{
    struct recording *r = arg;
    struct pollfd fds[MFD_CHANNELS_MAX + 1];
    unsigned open = r->count;
    uint8_t buf[65536];

    for (unsigned i = 0; i < r->count; i++) {
        fds[i] = (struct pollfd){r->sockets[i], POLLIN, 0};
    }
    while (open) {
        assert_true(poll(fds, r->count, -1) > 0 || errno == EINTR);
        for (unsigned i = 0; i < r->count; i++) {
            ssize_t n = fds[i].revents ? read(fds[i].fd, buf, sizeof(buf)) : -1;

            if (n > 0) {
                record_bytes(&r->stream[i], buf, (size_t)n);
            } else if (n == 0) {
                close(fds[i].fd);
                fds[i].fd = -1;
                open--;
            }
        }
    }
    return NULL;
}

static inline void record_end(struct recorded_stream *stream, size_t at)
{
    assert_true(stream->end_count < sizeof(stream->ends) / sizeof(stream->ends[0]));
    stream->ends[stream->end_count++] = at;
}

static inline void record_find_packets(struct recording *r, struct recorded_stream *stream)
{
    size_t header = mfd_packet_size(RECORD_PAGE);
    size_t at = MFD_HELLO_SIZE;

    record_end(stream, at);
    while (at < stream->len) {
        struct mfd_packet packet = mfd_packet_unpack(stream->bytes + at, r->config.rev);

        at += header + mfd_packet_payload(&packet, r->config.method, RECORD_PAGE);
        record_end(stream, at);
    }
    assert_int_equal(at, stream->len);
}

/* Sections end with their footers; what follows the last one is the end of the stream. */
static inline void record_find_sections(struct recording *r, struct recorded_stream *stream)
{
    struct mfd_check_context context = {
        .rev = r->config.rev, .page_size = RECORD_PAGE, .ram = &r->guest.table};
    struct mfd_main iterator;
    struct mfd_record record = {.message = MFD_MSG_header};
    struct mfd_finding list[8];

    mfd_main_start(&iterator, &context, NULL);
    for (size_t at = 0; at < stream->len; at += record.size + record.payload) {
        struct mfd_findings findings = {list, 8, 0};

        if (at && record.message == MFD_MSG_footer) {
            record_end(stream, at);
        }
        assert_int_equal(
            mfd_main_next(&iterator, stream->bytes + at, stream->len - at, &record, &findings), 0);
        assert_int_equal(findings.count, 0);
    }
    record_end(stream, stream->len);
}

/* A migration of that many blocks, in one pass. */
static inline struct recording *record(enum mfd_rev rev, unsigned channels, uint32_t method,
                                       unsigned blocks)
{
    struct recording *r = calloc(1, sizeof(*r));
    struct mfd_sender_result result;
    int fds[MFD_CHANNELS_MAX + 1];
    pthread_t thread;

    assert_non_null(r);
    record_add_blocks(&r->guest, blocks);
    record_fill(&r->guest);
    r->config = mfd_sender_defaults(rev, &r->guest);
    r->config.channels = channels;
    r->config.method = method;
    r->config.return_path = false;
    r->config.fds = fds;
    r->count = channels + 1;
    for (unsigned i = 0; i < r->count; i++) {
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        fds[i] = pair[0];
        r->sockets[i] = pair[1];
    }
    assert_int_equal(pthread_create(&thread, NULL, record_all, r), 0);
    assert_int_equal(mfd_sender_run(&r->config, &result), 0);
    assert_true(result.completed);
    pthread_join(thread, NULL);
    r->config.fds = NULL;
    record_find_sections(r, &r->stream[0]);
    for (unsigned i = 0; i < r->count; i++) {
        close(fds[i]);
        if (i > 0) {
            record_find_packets(r, &r->stream[i]);
        }
    }
    return r;
}

static inline void record_free(struct recording *r)
{
    for (unsigned i = 0; i < r->count; i++) {
        free(r->stream[i].bytes);
    }
    mfd_guest_free(&r->guest);
    free(r);
}

/* What the receiver's memory holds before a migration. */
static inline void record_make_old(struct mfd_guest *to)
{
    for (size_t i = 0; i < to->table.count; i++) {
        memset(to->maps[i].base, RECORD_OLD, to->maps[i].size);
    }
}

static inline void record_assert_memory(const struct recording *r, const struct mfd_guest *to)
{
    for (size_t i = 0; i < r->guest.table.count; i++) {
        /* cmocka's own comparison is too slow for thousands of them */
        assert_int_equal(memcmp(r->guest.maps[i].base, to->maps[i].base, r->guest.maps[i].size), 0);
    }
}

/* Each byte is what it was or what was sent. */
static inline void record_assert_nothing_else_written(const struct recording *r,
                                                      const struct mfd_guest *to)
{
    for (size_t i = 0; i < r->guest.table.count; i++) {
        for (size_t j = 0; j < r->guest.maps[i].size; j++) {
            uint8_t byte = to->maps[i].base[j];

            if (byte != RECORD_OLD && byte != r->guest.maps[i].base[j]) {
                fail_msg("byte %zu of block %zu is %02x", j, i, byte);
            }
        }
    }
}

#endif
