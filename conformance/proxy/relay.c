// SPDX-License-Identifier: GPL-2.0-or-later
#include "relay.h"

#include "flow.h"
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)
/* With more than this to be written no more is read. */
#define WAITING_MAX ((size_t)1 << 20)
#define CONNECT_MS 10000

/* One connection: fd[0] and what comes from there is the sender's. */
struct conn {
    int fd[2];
    struct mfd_flow flow[2];
    bool tls;
    bool started; /* its first bytes have come */
    bool closing; /* to be closed once all is written, or at once by a reset */
    bool reset;
};

struct relay {
    const struct mfd_relay_config *config;
    struct mfd_relay_result *result;
    struct conn conns[MFD_CHECKED_CONNS];
    size_t count; /* that there were */
    size_t open;
    uint64_t start_ns;
    uint64_t moved_ns; /* when anything happened last */
    bool failed;
    uint8_t chunk[CHUNK];
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(struct relay *r, const char *what, int error)
{
    if (!r->failed) {
        snprintf(r->result->error, sizeof(r->result->error), "%s: %s", what, strerror(error));
    }
    r->failed = true;
}

/* ---- what is recorded, and what is judged ---- */

static struct mfd_event event_of(const struct relay *r, const struct conn *conn, int side,
                                 enum mfd_event_kind kind, const uint8_t *bytes, size_t len)
{
    return (struct mfd_event){
        .time_ns = now_ns() - r->start_ns,
        .connection = (uint32_t)(conn - r->conns),
        .direction = side ? MFD_BACKWARD : MFD_FORWARD,
        .kind = kind,
        .bytes = bytes,
        .len = len,
    };
}

/* Into the capture: what the other side gets. */
static void record(struct relay *r, const struct conn *conn, int side, enum mfd_event_kind kind,
                   const uint8_t *bytes, size_t len, const char *comment)
{
    struct mfd_event event = event_of(r, conn, side, kind, bytes, len);

    if (r->config->capture && (kind != MFD_EVENT_DATA || len)) {
        mfd_capture_comment(r->config->capture, comment);
        if (!mfd_capture_event(r->config->capture, &event) && errno != EINVAL) {
            fail(r, "the capture", errno);
        }
    }
}

/* To the observer: what either side does. */
static void judge(struct relay *r, const struct conn *conn, int side, enum mfd_event_kind kind,
                  const uint8_t *bytes, size_t len)
{
    struct mfd_event event = event_of(r, conn, side, kind, bytes, len);
    struct mfd_checked_place place = {.at = conn->flow[side].base + conn->flow[side].in.len};

    if (!conn->tls) {
        mfd_checked_event(r->result->checked, &event, &place);
    }
}

/* ---- faults ---- */

static bool is_of_channel(enum mfd_message message)
{
    switch (message) {
    case MFD_MSG_hello:
    case MFD_MSG_text_hello:
    case MFD_MSG_binary_hello:
    case MFD_MSG_packet:
    case MFD_MSG_device:
        return true;
    default:
        return false;
    }
}

/* A message of the sender's is there: does a fault wait for it? */
static void meet(const struct mfd_observed_message *message, void *context)
{
    struct relay *r = context;
    struct mfd_flow *flow = &r->conns[message->connection].flow[0];
    const struct mfd_checked_conn *checked = &r->result->checked->conns[message->connection];
    struct mfd_fault_message as = {
        .main = !is_of_channel(message->message),
        .channel = checked->id >= 0 ? (unsigned)checked->id : MFD_CHANNELS_MAX,
        .message = message->message,
        .bytes = message->bytes,
        .size = message->size,
    };

    for (size_t i = 0; i < r->config->fault_count; i++) {
        if (!mfd_fault_line_meets(r->config->faults[i], &as)) {
            continue;
        }
        if (message->size + message->payload > MFD_FLOW_MESSAGE ||
            flow->hold_count == MFD_FLOW_HOLDS) {
            snprintf(r->result->error, sizeof(r->result->error),
                     "%s: the message is too long to be changed",
                     mfd_fault_line_text(r->config->faults[i]));
            continue;
        }
        flow->holds[flow->hold_count++] = (struct mfd_hold){
            .fault = r->config->faults[i],
            .message = message->message,
            .offset = message->offset,
            .header = message->size,
            .size = message->size + (size_t)message->payload,
        };
    }
}

static void note_applied(struct relay *r, const struct mfd_fault_line *fault)
{
    for (size_t i = 0; i < r->config->fault_count; i++) {
        if (r->config->faults[i] == fault) {
            r->result->applied[i] = true;
        }
    }
}

/* Applies the fault on the message that is held at the front. */
static void change(struct relay *r, struct conn *conn)
{
    struct mfd_flow *flow = &conn->flow[0];
    const struct mfd_hold hold = flow->holds[0];
    const struct mfd_observer_config *learned = &r->result->checked->learned.config;
    struct mfd_fault_scope scope = {
        .rev = learned->rev,
        .page_size = learned->page_size,
        .channels = learned->channels ? learned->channels : (uint32_t)r->result->checked->channels,
    };
    struct mfd_fault_result made;
    struct mfd_lang_error error = {0};
    const uint8_t *bytes = flow->in.bytes + flow->in.start;
    size_t before = flow->out.len;

    if (!mfd_fault_line_apply(hold.fault, &scope, hold.message, bytes, hold.header, hold.size,
                              &made, &error)) {
        snprintf(r->result->error, sizeof(r->result->error), "%s: %s",
                 mfd_fault_line_text(hold.fault), error.text);
        made = (struct mfd_fault_result){.bytes = malloc(hold.size), .size = hold.size, .times = 1};
        if (made.bytes) {
            memcpy(made.bytes, bytes, hold.size);
        }
    } else {
        note_applied(r, hold.fault);
    }
    if (!made.bytes || !mfd_flow_replace(flow, &made)) {
        fail(r, "the proxy", ENOMEM);
    }
    free(made.bytes);
    record(r, conn, 0, MFD_EVENT_DATA, flow->out.bytes + flow->out.start + before,
           flow->out.len - before, mfd_fault_line_text(hold.fault));
    conn->closing |= made.close || made.reset;
    conn->reset |= made.reset;
}

/* ---- bytes ---- */

/* Moves on what can go on. */
static void advance(struct relay *r, struct conn *conn, int side)
{
    struct mfd_flow *flow = &conn->flow[side];
    bool all = side == 1 || conn->tls || r->config->fault_count == 0;

    for (;;) {
        uint64_t told =
            all ? UINT64_MAX : mfd_checked_told(r->result->checked, (uint32_t)(conn - r->conns));
        size_t len = mfd_flow_free(flow, told);

        if (len) {
            if (!flow->dead) {
                record(r, conn, side, MFD_EVENT_DATA, flow->in.bytes + flow->in.start, len, NULL);
            }
            if (!mfd_flow_pass(flow, len)) {
                fail(r, "the proxy", ENOMEM);
                return;
            }
        }
        if (!mfd_flow_held(flow) || flow->holds[0].offset != flow->base) {
            return;
        }
        change(r, conn);
    }
}

static void drop(struct relay *r, struct conn *conn)
{
    struct linger now = {1, 0};

    for (int side = 0; side < 2; side++) {
        if (conn->fd[side] >= 0) {
            if (conn->reset) {
                setsockopt(conn->fd[side], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
            }
            close(conn->fd[side]);
            conn->fd[side] = -1;
        }
        mfd_flow_free_all(&conn->flow[side]);
    }
    r->open--;
}

/* A side has reset the connection, or is gone. */
static void take_reset(struct relay *r, struct conn *conn, int side)
{
    judge(r, conn, side, MFD_EVENT_RESET, NULL, 0);
    record(r, conn, side, MFD_EVENT_RESET, NULL, 0, NULL);
    conn->reset = true;
    drop(r, conn);
}

static void take_end(struct relay *r, struct conn *conn, int side)
{
    struct mfd_flow *flow = &conn->flow[side];

    flow->ended = true;
    judge(r, conn, side, MFD_EVENT_CLOSE, NULL, 0);
    advance(r, conn, side);
    if (!flow->dead) {
        record(r, conn, side, MFD_EVENT_CLOSE, NULL, 0, NULL);
    }
}

static void take_bytes(struct relay *r, struct conn *conn, int side, size_t len)
{
    struct mfd_flow *flow = &conn->flow[side];

    if (side == 0 && !conn->started) {
        conn->started = true;
        conn->tls = len >= 2 && r->chunk[0] == 0x16 && r->chunk[1] == 0x03;
        r->result->tls += conn->tls;
    }
    r->result->bytes[side] += len;
    judge(r, conn, side, MFD_EVENT_DATA, r->chunk, len);
    if (!mfd_buffer_add(&flow->in, r->chunk, len)) {
        fail(r, "the proxy", ENOMEM);
        return;
    }
    advance(r, conn, side);
}

static void read_side(struct relay *r, struct conn *conn, int side)
{
    ssize_t got = read(conn->fd[side], r->chunk, sizeof(r->chunk));

    if (got > 0) {
        take_bytes(r, conn, side, (size_t)got);
    } else if (got == 0) {
        take_end(r, conn, side);
    } else if (errno != EAGAIN && errno != EINTR) {
        take_reset(r, conn, side);
    }
}

static void write_side(struct relay *r, struct conn *conn, int side)
{
    struct mfd_buffer *out = &conn->flow[!side].out;
    ssize_t put = send(conn->fd[side], out->bytes + out->start, out->len, MSG_NOSIGNAL);

    if (put > 0) {
        mfd_buffer_drop(out, (size_t)put);
    } else if (put < 0 && errno != EAGAIN && errno != EINTR) {
        take_reset(r, conn, side);
    }
}

/* Passes on the end of a side once all before it was written; closes what both have ended. */
static void settle(struct relay *r, struct conn *conn)
{
    for (int side = 0; side < 2; side++) {
        struct mfd_flow *flow = &conn->flow[side];

        if (flow->ended && !flow->out.len && !flow->shut) {
            shutdown(conn->fd[!side], SHUT_WR);
            flow->shut = true;
        }
    }
    if (conn->closing && !conn->flow[0].out.len) {
        record(r, conn, 0, conn->reset ? MFD_EVENT_RESET : MFD_EVENT_CLOSE, NULL, 0, NULL);
        drop(r, conn);
    } else if (conn->flow[0].ended && conn->flow[1].ended && !conn->flow[0].out.len &&
               !conn->flow[1].out.len) {
        drop(r, conn);
    }
}

/* ---- connections ---- */

static void take_connection(struct relay *r)
{
    static const struct mfd_endpoint nobody;
    int fd = accept4(r->config->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct conn *conn = &r->conns[r->count];
    int error = 0;

    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            fail(r, "a connection", errno);
        }
        return;
    }
    if (r->count == MFD_CHECKED_CONNS) {
        r->result->refused++;
        close(fd);
        return;
    }
    *conn = (struct conn){.fd = {fd, -1}};
    error = mfd_net_connect(r->config->to, CONNECT_MS, &conn->fd[1]);
    if (error) {
        close(fd);
        fail(r, r->config->to, error);
        return;
    }
    fcntl(conn->fd[1], F_SETFL, O_NONBLOCK);
    r->count++;
    r->open++;
    mfd_checked_join(r->result->checked, (uint32_t)(conn - r->conns), &nobody);
    judge(r, conn, 0, MFD_EVENT_OPEN, NULL, 0);
    record(r, conn, 0, MFD_EVENT_OPEN, NULL, 0, NULL);
}

static short wanted(const struct conn *conn, int side)
{
    const struct mfd_flow *from = &conn->flow[side];
    const struct mfd_flow *to = &conn->flow[!side];
    bool reads = !from->ended && from->out.len < WAITING_MAX && !conn->closing;

    return (short)((reads ? POLLIN : 0) | (to->out.len ? POLLOUT : 0));
}

static void serve(struct relay *r, struct conn *conn, int side, short events)
{
    if (conn->fd[side] >= 0 && (events & POLLOUT)) {
        write_side(r, conn, side);
    }
    if (conn->fd[side] >= 0 && (events & (POLLIN | POLLHUP | POLLERR)) && !conn->flow[side].ended &&
        !conn->closing) {
        read_side(r, conn, side);
    } else if (conn->fd[side] >= 0 && (events & POLLERR)) {
        take_reset(r, conn, side);
    }
}

/* Waits for anything, and does it. False when nothing came within the guard. */
static bool turn(struct relay *r)
{
    struct pollfd fds[1 + 2 * MFD_CHECKED_CONNS];
    uint64_t guard_ns = (uint64_t)r->config->guard_s * 1000000000u;
    uint64_t idle = now_ns() - r->moved_ns;
    size_t count = r->count;
    int ready = 0;
    int wait_ms = -1;

    if (guard_ns && idle >= guard_ns) {
        return false;
    }
    if (guard_ns) {
        wait_ms = (int)((guard_ns - idle) / 1000000u) + 1;
    }
    fds[0] = (struct pollfd){.fd = r->config->listen_fd, .events = POLLIN};
    for (size_t i = 0; i < 2 * count; i++) {
        short events = wanted(&r->conns[i / 2], (int)(i % 2));

        /* a side that is done with would only ever say that it is */
        fds[1 + i] =
            (struct pollfd){.fd = events ? r->conns[i / 2].fd[i % 2] : -1, .events = events};
    }
    ready = poll(fds, 1 + 2 * count, wait_ms);
    if (ready <= 0) {
        return ready == 0 || errno == EINTR;
    }
    r->moved_ns = now_ns();
    if (fds[0].revents) {
        take_connection(r);
    }
    for (size_t i = 0; i < 2 * count; i++) {
        struct conn *conn = &r->conns[i / 2];

        if (fds[1 + i].revents) {
            serve(r, conn, (int)(i % 2), fds[1 + i].revents);
        }
        if (conn->fd[0] >= 0) {
            settle(r, conn);
        }
    }
    return true;
}

/* Who has sent nothing before it left was no migration, but somebody who knocked. */
static bool is_over(const struct relay *r)
{
    return r->count && !r->open && r->result->bytes[0];
}

static void run(struct relay *r)
{
    struct mfd_relay_result *result = r->result;

    r->start_ns = now_ns();
    r->moved_ns = r->start_ns;
    fcntl(r->config->listen_fd, F_SETFL, O_NONBLOCK);
    mfd_checked_tap(result->checked, meet, r);
    while (!r->failed && !is_over(r)) {
        if (!turn(r)) {
            result->end = MFD_RELAY_SILENT;
            break;
        }
    }
    if (r->failed) {
        result->end = MFD_RELAY_FAILED;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->conns[i].fd[0] >= 0) {
            drop(r, &r->conns[i]);
        }
    }
    result->connections = r->count;
    mfd_checked_end(result->checked);
}

void mfd_relay_run(const struct mfd_relay_config *config, struct mfd_relay_result *result)
{
    struct relay *r = calloc(1, sizeof(*r));
    size_t marks = MFD_CHECKED_MARKS;

    *result = (struct mfd_relay_result){.end = MFD_RELAY_DONE};
    result->applied = calloc(config->fault_count + 1, sizeof(*result->applied));
    result->checked = mfd_checked_create(1, &config->given, &marks);
    if (r && result->applied && result->checked) {
        r->config = config;
        r->result = result;
        run(r);
    } else {
        result->end = MFD_RELAY_FAILED;
        snprintf(result->error, sizeof(result->error), "out of memory");
    }
    free(r);
}

void mfd_relay_result_free(struct mfd_relay_result *result)
{
    mfd_checked_free(result->checked);
    free(result->applied);
}
