// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_write.h"

#include "segment.h"
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A receiver acknowledges every second segment, as RFC 9293 asks, and the last of a run. */
#define SEGMENTS_PER_ACK 2

struct conn {
    bool known; /* has numbers */
    bool reset;
    bool closed[2];  /* by direction */
    uint32_t seq[2]; /* next byte, by direction */
    uint32_t opened; /* how often */
};

struct mfd_capture_writer {
    FILE *out;
    struct mfd_capture_options options;
    uint32_t migration; /* index */
    uint64_t last_ns;
    const char *comment;
    struct conn *conns;
    size_t conn_count;
    uint8_t packet[MFD_IP_PACKET_MAX];
};

struct mfd_capture_writer *mfd_capture_create(FILE *out, const struct mfd_capture_options *options)
{
    struct mfd_capture_writer *writer = calloc(1, sizeof(*writer));

    if (!writer) {
        return NULL;
    }
    writer->out = out;
    writer->options = *options;
    if (!writer->options.mss || writer->options.mss > MFD_CAPTURE_MSS) {
        writer->options.mss = MFD_CAPTURE_MSS;
    }
    if (!writer->options.start_ns) {
        writer->options.start_ns = MFD_CAPTURE_EPOCH_NS;
    }
    if (!mfd_capture_file_start(out, options->format, MFD_LINKTYPE_RAW, options->comment)) {
        free(writer);
        return NULL;
    }
    return writer;
}

bool mfd_capture_finish(struct mfd_capture_writer *writer)
{
    bool good = fflush(writer->out) == 0 && !ferror(writer->out);

    free(writer->conns);
    free(writer);
    return good;
}

void mfd_capture_next_migration(struct mfd_capture_writer *writer)
{
    writer->migration++;
    writer->conn_count = 0;
}

void mfd_capture_comment(struct mfd_capture_writer *writer, const char *comment)
{
    writer->comment = comment;
}

/* ---- who speaks to whom ---- */

static struct mfd_endpoint sender_of(const struct mfd_capture_writer *writer, uint32_t connection)
{
    struct mfd_endpoint end = {.ipv6 = writer->options.ipv6,
                               .port = (uint16_t)(MFD_CAPTURE_PORT + 1 + connection)};

    if (end.ipv6) {
        mfd_put32(end.address, 0x20010db8u);
        end.address[15] = 1;
    } else {
        mfd_put32(end.address, 0xc0000201u);
    }
    return end;
}

static struct mfd_endpoint receiver_of(const struct mfd_capture_writer *writer)
{
    struct mfd_endpoint end = {.ipv6 = writer->options.ipv6, .port = MFD_CAPTURE_PORT};

    if (end.ipv6) {
        mfd_put64(end.address, 0x20010db800010000u);
        mfd_put32(end.address + 12, 1 + writer->migration);
    } else {
        mfd_put32(end.address, 0xc6120001u + writer->migration);
    }
    return end;
}

/* A first sequence number that tells apart connections, sides and those before from the same port. */
static uint32_t first_seq(const struct mfd_capture_writer *writer, uint32_t connection,
                          uint32_t opened, enum mfd_direction direction)
{
    uint64_t mix = ((uint64_t)writer->migration << 32 | connection << 8 | (opened & 0x7f) << 1 |
                    (uint32_t)direction) +
                   1;

    return (uint32_t)(mix * 0x9e3779b97f4a7c15u >> 32);
}

/* The connection's state, made if it is new; NULL with errno. */
static struct conn *conn_of(struct mfd_capture_writer *writer, uint32_t connection)
{
    struct conn *grown = NULL;

    if (connection >= MFD_CAPTURE_CONNECTIONS) {
        errno = ERANGE;
        return NULL;
    }
    if (connection >= writer->conn_count) {
        grown = realloc(writer->conns, (connection + 1) * sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        memset(grown + writer->conn_count, 0,
               (connection + 1 - writer->conn_count) * sizeof(*grown));
        writer->conns = grown;
        writer->conn_count = connection + 1;
    }
    return &writer->conns[connection];
}

static void number(struct mfd_capture_writer *writer, struct conn *conn, uint32_t connection)
{
    uint32_t opened = conn->known ? conn->opened + 1 : 0;

    *conn = (struct conn){.known = true, .opened = opened};
    for (enum mfd_direction d = MFD_FORWARD; d <= MFD_BACKWARD; d++) {
        conn->seq[d] = first_seq(writer, connection, opened, d);
    }
}

/* ---- packets ---- */

/* One segment of `direction`; what it carries counts as sent. */
static bool put(struct mfd_capture_writer *writer, const struct mfd_event *event,
                enum mfd_direction direction, unsigned flags, const uint8_t *payload, size_t len)
{
    struct conn *conn = &writer->conns[event->connection];
    struct mfd_endpoint sender = sender_of(writer, event->connection);
    struct mfd_endpoint receiver = receiver_of(writer);
    struct mfd_segment segment = {
        .from = direction == MFD_FORWARD ? &sender : &receiver,
        .to = direction == MFD_FORWARD ? &receiver : &sender,
        .seq = conn->seq[direction],
        .ack = conn->seq[!direction],
        .flags = (uint8_t)flags,
        .mss = (uint16_t)writer->options.mss,
        .payload = payload,
        .len = len,
    };
    uint64_t now = writer->options.start_ns + event->time_ns;
    struct mfd_capture_packet packet = {.bytes = writer->packet, .comment = writer->comment};

    conn->seq[direction] += (uint32_t)len + (flags & (MFD_TCP_SYN | MFD_TCP_FIN) ? 1 : 0);
    writer->last_ns = now > writer->last_ns ? now : writer->last_ns + 1;
    writer->comment = NULL;
    packet.time_ns = writer->last_ns;
    packet.captured = mfd_segment_build(&segment, writer->packet);
    packet.original = packet.captured;
    return mfd_capture_file_packet(writer->out, writer->options.format, &packet);
}

static bool put_empty(struct mfd_capture_writer *writer, const struct mfd_event *event,
                      enum mfd_direction direction, unsigned flags)
{
    return put(writer, event, direction, flags, NULL, 0);
}

static bool put_open(struct mfd_capture_writer *writer, const struct mfd_event *event)
{
    number(writer, &writer->conns[event->connection], event->connection);
    return put_empty(writer, event, event->direction, MFD_TCP_SYN) &&
           put_empty(writer, event, !event->direction, MFD_TCP_SYN | MFD_TCP_ACK) &&
           put_empty(writer, event, event->direction, MFD_TCP_ACK);
}

static bool put_data(struct mfd_capture_writer *writer, const struct mfd_event *event)
{
    size_t mss = writer->options.mss;
    bool good = true;

    for (size_t done = 0, count = 1; good && done < event->len; count++) {
        size_t len = event->len - done < mss ? event->len - done : mss;
        bool last = done + len == event->len;

        good = put(writer, event, event->direction, MFD_TCP_ACK | (last ? MFD_TCP_PSH : 0),
                   event->bytes + done, len);
        done += len;
        if (good && (last || count % SEGMENTS_PER_ACK == 0)) {
            good = put_empty(writer, event, !event->direction, MFD_TCP_ACK);
        }
    }
    return good;
}

static bool put_close(struct mfd_capture_writer *writer, const struct mfd_event *event)
{
    struct conn *conn = &writer->conns[event->connection];

    if (conn->reset || conn->closed[event->direction]) {
        return true;
    }
    conn->closed[event->direction] = true;
    return put_empty(writer, event, event->direction, MFD_TCP_FIN | MFD_TCP_ACK) &&
           put_empty(writer, event, !event->direction, MFD_TCP_ACK);
}

bool mfd_capture_event(struct mfd_capture_writer *writer, const struct mfd_event *event)
{
    struct conn *conn = conn_of(writer, event->connection);

    if (!conn) {
        return false;
    }
    if (!conn->known && event->kind != MFD_EVENT_OPEN) {
        number(writer, conn, event->connection);
    }
    switch (event->kind) {
    case MFD_EVENT_OPEN:
        return put_open(writer, event);
    case MFD_EVENT_DATA:
        if (conn->reset || conn->closed[event->direction]) {
            errno = EINVAL;
            return false;
        }
        return put_data(writer, event);
    case MFD_EVENT_CLOSE:
        return put_close(writer, event);
    case MFD_EVENT_RESET:
        if (conn->reset) {
            return true;
        }
        conn->reset = true;
        return put_empty(writer, event, event->direction, MFD_TCP_RST | MFD_TCP_ACK);
    }
    errno = EINVAL;
    return false;
}
