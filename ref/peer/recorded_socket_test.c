// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recorded migrations of the real sender against the real receiver, over sockets: byte by byte, cut,
 * and by a peer that falls silent. Whatever happens, the receiver ends, has joined its threads and
 * closed its descriptors, and has written nothing but what was sent.
 */
#include "recording.h"

#include "receiver.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/un.h>

/* Nothing here should ever take that long. */
#define GUARD_MS 60000
/* Where the guard itself is put to the test; what it says does not depend on how long this is. */
#define SHORT_GUARD_MS 20

struct rig {
    const struct recording *recording;
    struct mfd_guest guest;
    struct mfd_receiver_config config;
    struct mfd_receiver_result result;
    int error;
    int listen_fd;
    int cancel_fd;
    struct sockaddr_un address;
    pthread_t thread;
    int fds[MFD_CHANNELS_MAX + 1];
    unsigned descriptors; /* open before the receiver started */
};

static unsigned count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(dir);
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

static void *receive(void *arg)
{
    struct rig *rig = arg;

    rig->error = mfd_receiver_run(&rig->config, rig->listen_fd, &rig->result);
    return NULL;
}

static void dial_all(struct rig *rig)
{
    socklen_t len = sizeof(sa_family_t) + 1 + (socklen_t)strlen(rig->address.sun_path + 1);

    for (unsigned i = 0; i < rig->recording->count; i++) {
        rig->fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(rig->fds[i], (struct sockaddr *)&rig->address, len), 0);
    }
}

/* Starts a receiver of what the recording holds, and connects. The kernel picks an abstract address. */
static struct rig *rig_new(const struct recording *recording, unsigned stall_ms)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    socklen_t len = sizeof(rig->address);

    assert_non_null(rig);
    rig->recording = recording;
    record_add_blocks(&rig->guest, (unsigned)recording->guest.table.count);
    record_make_old(&rig->guest);
    rig->config = mfd_receiver_defaults(recording->config.rev, &rig->guest);
    rig->config.channels = recording->config.channels;
    rig->config.method = recording->config.method;
    rig->config.machine = "none";
    rig->config.stall_ms = stall_ms;
    rig->cancel_fd = rig->config.cancel_fd = eventfd(0, EFD_CLOEXEC);
    rig->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rig->address.sun_family = AF_UNIX;
    assert_int_equal(bind(rig->listen_fd, (struct sockaddr *)&rig->address, sizeof(sa_family_t)),
                     0);
    assert_int_equal(getsockname(rig->listen_fd, (struct sockaddr *)&rig->address, &len), 0);
    assert_int_equal(listen(rig->listen_fd, 300), 0);
    rig->descriptors = count_descriptors();
    assert_int_equal(pthread_create(&rig->thread, NULL, receive, rig), 0);
    dial_all(rig);
    return rig;
}

/* The receiver has ended or is about to by itself. */
static void join(struct rig *rig)
{
    pthread_join(rig->thread, NULL);
    for (unsigned i = 0; i < rig->recording->count; i++) {
        close(rig->fds[i]);
    }
    assert_int_equal(rig->error, 0);
    assert_int_equal(rig->result.threads_created, rig->result.threads_joined);
    assert_int_equal(count_descriptors(), rig->descriptors);
    record_assert_nothing_else_written(rig->recording, &rig->guest);
}

static void rig_free(struct rig *rig)
{
    close(rig->listen_fd);
    close(rig->cancel_fd);
    mfd_guest_free(&rig->guest);
    free(rig);
}

/* A receiver that has failed has closed the connection: then the rest does not matter. */
static void put(const struct rig *rig, unsigned conn, size_t from, size_t to)
{
    const uint8_t *bytes = rig->recording->stream[conn].bytes;

    while (from < to) {
        ssize_t n = send(rig->fds[conn], bytes + from, to - from, MSG_NOSIGNAL);

        if (n < 0) {
            assert_true(errno == EPIPE || errno == ECONNRESET);
            return;
        }
        from += (size_t)n;
    }
}

static void assert_completed(const struct rig *rig)
{
    char text[512];

    if (!rig->result.completed) {
        fail_msg("%s", mfd_failure_text(&rig->result.failure, text, sizeof(text)));
    }
    record_assert_memory(rig->recording, &rig->guest);
}

static void bytes_that_come_one_by_one_complete(void **state)
{
    static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD};

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct recording *recording = record(MFD_REV_10_0, 3, methods[i], 2);
        struct rig *rig = rig_new(recording, GUARD_MS);
        bool any = true;

        for (size_t at = 0; any; at++) {
            any = false;
            for (unsigned conn = 0; conn < recording->count; conn++) {
                if (at < recording->stream[conn].len) {
                    put(rig, conn, at, at + 1);
                    any = true;
                }
            }
        }
        join(rig);
        assert_completed(rig);
        rig_free(rig);
        record_free(recording);
    }
}

/* Sends everything but of one connection only `len` bytes. */
static void put_cut(const struct rig *rig, unsigned cut, size_t len)
{
    for (unsigned conn = 0; conn < rig->recording->count; conn++) {
        put(rig, conn, 0, conn == cut ? len : rig->recording->stream[conn].len);
    }
}

/*
 * The places to try in a stream: each end of a message and the bytes around it, and the middle of
 * each message.
 */
static size_t places(const struct recorded_stream *stream, size_t *at)
{
    size_t count = 0;
    size_t begin = 0;

    for (unsigned i = 0; i < stream->end_count; i++) {
        size_t end = stream->ends[i];

        at[count++] = begin + 1;
        at[count++] = begin + (end - begin) / 2;
        at[count++] = end - 1;
        at[count++] = end;
        begin = end;
    }
    return count;
}

typedef void try_fn(const struct recording *recording, unsigned conn, size_t len);

static void try_everywhere(const struct recording *recording, try_fn *try)
{
    size_t at[4 * 64];

    for (unsigned conn = 0; conn < recording->count; conn++) {
        size_t count = places(&recording->stream[conn], at);

        for (size_t i = 0; i < count; i++) {
            try(recording, conn, at[i]);
        }
    }
}

static bool is_whole(const struct recording *recording, unsigned conn, size_t len)
{
    /* of main the description of the VM may be missing */
    return len == recording->stream[conn].len || (conn == 0 && len + 7 >= recording->stream[0].len);
}

static void cut(const struct recording *recording, unsigned conn, size_t len)
{
    struct rig *rig = rig_new(recording, GUARD_MS);

    put_cut(rig, conn, len);
    shutdown(rig->fds[conn], SHUT_WR);
    join(rig);
    if (rig->result.completed != is_whole(recording, conn, len)) {
        fail_msg("connection %u cut after %zu bytes", conn, len);
    }
    rig_free(rig);
}

static void a_cut_ends_the_migration_while_the_others_stay_open(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, 2, 0, 1);

    (void)state;
    try_everywhere(recording, cut);
    record_free(recording);
}

/* The peer goes silent; then somebody cancels. */
static void stall(const struct recording *recording, unsigned conn, size_t len)
{
    struct rig *rig = NULL;
    uint64_t one = 1;

    if (is_whole(recording, conn, len)) {
        return;
    }
    rig = rig_new(recording, GUARD_MS);
    put_cut(rig, conn, len);
    assert_int_equal(write(rig->cancel_fd, &one, sizeof(one)), sizeof(one));
    join(rig);
    assert_false(rig->result.completed);
    assert_int_equal(rig->result.failure.error, ECANCELED);
    rig_free(rig);
}

static void a_peer_that_falls_silent_can_be_cancelled_at_any_step(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, 2, MFD_FLAG_ZLIB, 1);

    (void)state;
    try_everywhere(recording, stall);
    record_free(recording);
}

/* The guard may strike before all that there is has come: it ends the migration all the same. */
static void stall_guarded(const struct recording *recording, unsigned conn, size_t len)
{
    struct rig *rig = NULL;

    if (is_whole(recording, conn, len)) {
        return;
    }
    rig = rig_new(recording, SHORT_GUARD_MS);
    put_cut(rig, conn, len);
    join(rig);
    assert_false(rig->result.completed);
    assert_int_equal(rig->result.failure.error, ETIMEDOUT);
    rig_free(rig);
}

static void a_peer_that_falls_silent_is_given_up_at_any_step(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, 2, 0, 1);

    (void)state;
    try_everywhere(recording, stall_guarded);
    record_free(recording);
}

static void two_hundred_fifty_five_channels_complete(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, MFD_CHANNELS_MAX, 0, 4);
    struct rig *rig = rig_new(recording, GUARD_MS);

    (void)state;
    put_cut(rig, 0, recording->stream[0].len);
    join(rig);
    assert_completed(rig);
    rig_free(rig);
    record_free(recording);
}

static void one_of_two_hundred_fifty_five_channels_ends_it_for_all(void **state)
{
    struct recording *recording = record(MFD_REV_10_0, MFD_CHANNELS_MAX, 0, 4);

    (void)state;
    for (unsigned conn = 1; conn < recording->count; conn += 127) {
        cut(recording, conn, 63);
        cut(recording, conn, MFD_HELLO_SIZE);
        cut(recording, conn, MFD_HELLO_SIZE + mfd_packet_size(RECORD_PAGE) - 1);
        stall(recording, conn, MFD_HELLO_SIZE + 1);
    }
    record_free(recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_come_one_by_one_complete),
        cmocka_unit_test(a_cut_ends_the_migration_while_the_others_stay_open),
        cmocka_unit_test(a_peer_that_falls_silent_can_be_cancelled_at_any_step),
        cmocka_unit_test(a_peer_that_falls_silent_is_given_up_at_any_step),
        cmocka_unit_test(two_hundred_fifty_five_channels_complete),
        cmocka_unit_test(one_of_two_hundred_fifty_five_channels_ends_it_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
