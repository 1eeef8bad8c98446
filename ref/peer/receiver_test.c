// SPDX-License-Identifier: GPL-2.0-or-later
#include "receiver.h"

#include "test_bytes.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define MEMORY (2u << 20)
#define CONNS_MAX 32
/* Nothing here should ever take that long. */
#define GUARD_MS 30000

/* A receiver that runs in a thread of its own, and the sockets of a sender. */
struct rig {
    struct mfd_guest guest;
    struct mfd_receiver_config config;
    struct mfd_receiver_result result;
    int error;
    int listen_fd;
    int cancel_fd;
    struct sockaddr_un address;
    pthread_t thread;
    int fds[CONNS_MAX];
    int count;
    struct test_bytes bytes;
};

static void *run(void *arg)
{
    struct rig *rig = arg;

    rig->error = mfd_receiver_run(&rig->config, rig->listen_fd, &rig->result);
    return NULL;
}

/* The kernel picks an abstract address. */
static void listen_somewhere(struct rig *rig)
{
    socklen_t len = sizeof(rig->address);

    rig->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(rig->listen_fd >= 0);
    rig->address.sun_family = AF_UNIX;
    assert_int_equal(bind(rig->listen_fd, (struct sockaddr *)&rig->address, sizeof(sa_family_t)),
                     0);
    assert_int_equal(getsockname(rig->listen_fd, (struct sockaddr *)&rig->address, &len), 0);
    assert_int_equal(listen(rig->listen_fd, 64), 0);
}

static struct rig *rig_new(unsigned channels)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {
        .name = TEST_BLOCK, .used_length = MEMORY, .max_length = MEMORY};

    assert_non_null(rig);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_anonymous(&rig->guest, &block), 0);
    rig->config = mfd_receiver_defaults(MFD_REV_10_0, &rig->guest);
    rig->config.channels = channels;
    rig->config.machine = "none";
    rig->cancel_fd = eventfd(0, EFD_CLOEXEC);
    rig->config.cancel_fd = rig->cancel_fd;
    listen_somewhere(rig);
    return rig;
}

static void start(struct rig *rig)
{
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
}

static int dial(struct rig *rig)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval guard = {.tv_sec = GUARD_MS / 1000};

    assert_true(fd >= 0 && rig->count < CONNS_MAX);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof(guard));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &guard, sizeof(guard));
    assert_int_equal(connect(fd, (struct sockaddr *)&rig->address,
                             sizeof(sa_family_t) + 1 + strlen(rig->address.sun_path + 1)),
                     0);
    rig->fds[rig->count++] = fd;
    return fd;
}

static struct test_bytes *fresh(struct rig *rig)
{
    rig->bytes.len = 0;
    return &rig->bytes;
}

/* Sends what was built; the peer may have closed already where a test expects that. */
static void flush(struct rig *rig, int fd)
{
    (void)!send(fd, rig->bytes.data, rig->bytes.len, MSG_NOSIGNAL);
}

static int dial_main(struct rig *rig)
{
    int fd = dial(rig);
    struct test_bytes *b = fresh(rig);

    test_put_header(b);
    test_put_ram_start(b, MEMORY);
    test_put_section_end(b, true);
    flush(rig, fd);
    return fd;
}

static int dial_channel(struct rig *rig, unsigned id)
{
    int fd = dial(rig);

    test_put_hello(fresh(rig), id);
    test_put_sync(&rig->bytes);
    flush(rig, fd);
    return fd;
}

static void send_sync(struct rig *rig, int fd)
{
    test_put_sync(fresh(rig));
    flush(rig, fd);
}

static void send_data(struct rig *rig, int fd, unsigned first, unsigned normal, unsigned zero)
{
    test_put_packet(fresh(rig), 0, first, normal, zero, 1);
    flush(rig, fd);
}

static void send_end(struct rig *rig, int fd)
{
    test_put_ram_end(fresh(rig), true);
    test_put_end(&rig->bytes, true);
    flush(rig, fd);
}

/* Waits until the peer has closed or reset a connection. */
static bool is_closed(int fd)
{
    uint8_t byte;
    ssize_t n = 0;

    do {
        n = recv(fd, &byte, 1, 0);
    } while (n > 0);
    return n == 0 || errno == ECONNRESET;
}

/* Waits for the receiver and checks what must hold after every run. */
static void join(struct rig *rig)
{
    pthread_join(rig->thread, NULL);
    assert_int_equal(rig->error, 0);
    assert_int_equal(rig->result.threads_created, rig->result.threads_joined);
    assert_true(rig->result.completed != rig->result.failure.set);
}

static void cancel(struct rig *rig)
{
    uint64_t one = 1;

    assert_int_equal(write(rig->cancel_fd, &one, sizeof(one)), sizeof(one));
    join(rig);
}

static void rig_free(struct rig *rig)
{
    for (int i = 0; i < rig->count; i++) {
        close(rig->fds[i]);
    }
    close(rig->listen_fd);
    close(rig->cancel_fd);
    mfd_guest_free(&rig->guest);
    free(rig);
}

static uint8_t page_byte(struct rig *rig, unsigned page)
{
    uint8_t *p = mfd_guest_at(&rig->guest, 0, (uint64_t)page * TEST_PAGE, TEST_PAGE);

    for (unsigned i = 1; i < TEST_PAGE; i++) {
        assert_int_equal(p[i], p[0]);
    }
    return p[0];
}

static void assert_rule(const struct rig *rig, enum mfd_rule rule)
{
    char text[512];

    if (!rig->result.failure.is_rule || rig->result.failure.finding.rule != rule) {
        fail_msg("got: %s", mfd_failure_text(&rig->result.failure, text, sizeof(text)));
    }
}

static void a_small_migration_completes_and_memory_is_right(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    memset(mfd_guest_at(&rig->guest, 0, 0, MEMORY), 0xaa, MEMORY);
    start(rig);
    main_fd = dial_main(rig);
    ch0 = dial_channel(rig, 0);
    ch1 = dial_channel(rig, 1);
    send_data(rig, ch0, 0, 5, 2);
    send_data(rig, ch1, 10, 0, 3);
    send_sync(rig, ch0);
    send_sync(rig, ch1);
    send_end(rig, main_fd);
    join(rig);
    assert_true(rig->result.completed);
    assert_int_equal(page_byte(rig, 0), 1);
    assert_int_equal(page_byte(rig, 4), 5);
    assert_int_equal(page_byte(rig, 5), 0);
    assert_int_equal(page_byte(rig, 7), 0xaa);
    assert_int_equal(page_byte(rig, 12), 0);
    assert_int_equal(rig->result.normal_pages, 5);
    assert_int_equal(rig->result.zero_pages, 5);
    assert_int_equal(rig->result.packets, 6);
    assert_int_equal(rig->result.sync_points, 2);
    rig_free(rig);
}

/*
 * Main with a return path and a PING behind RAM START: answered once all channels have sent their
 * SYNC.
 */
static int dial_main_with_ping(struct rig *rig)
{
    static const uint8_t ping[] = {0xca, 0xfe, 0, 1};
    struct test_bytes *b = fresh(rig);
    int fd = dial(rig);

    test_put_header(b);
    b->len += mfd_pack_command(b->data + b->len, MFD_CMD_OPEN_RETURN_PATH, NULL, 0);
    test_put_ram_start(b, MEMORY);
    test_put_section_end(b, true);
    b->len += mfd_pack_command(b->data + b->len, MFD_CMD_PING, ping, 4);
    flush(rig, fd);
    return fd;
}

static void expect_back(int fd, uint16_t type, uint32_t value)
{
    uint8_t message[8];

    assert_int_equal(recv(fd, message, sizeof(message), MSG_WAITALL), sizeof(message));
    assert_int_equal(mfd_get16(message), type);
    assert_int_equal(mfd_get16(message + 2), 4);
    assert_int_equal(mfd_get32(message + 4), value);
}

static void expect_pong(int fd)
{
    expect_back(fd, MFD_RETURN_PONG, 0xcafe0001);
}

/* Everything that stands, with both channels past their first sync point. */
static void start_two(struct rig *rig, int *main_fd, int *ch0, int *ch1)
{
    start(rig);
    *main_fd = dial_main_with_ping(rig);
    *ch0 = dial_channel(rig, 0);
    *ch1 = dial_channel(rig, 1);
    expect_pong(*main_fd);
}

static void finish_two(struct rig *rig, int main_fd, int ch0, int ch1)
{
    send_sync(rig, ch0);
    send_sync(rig, ch1);
    send_end(rig, main_fd);
    expect_back(main_fd, MFD_RETURN_SHUT, 0);
    join(rig);
    assert_true(rig->result.completed);
}

static void a_ping_is_answered_and_success_is_reported(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    finish_two(rig, main_fd, ch0, ch1);
    assert_true(is_closed(ch0));
    rig_free(rig);
}

static void an_error_on_one_channel_shuts_all_connections(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    test_put_packet(fresh(rig), 0, 1000, 1, 0, 1);
    flush(rig, ch0);
    expect_back(main_fd, MFD_RETURN_SHUT, 1);
    assert_true(is_closed(main_fd) && is_closed(ch0) && is_closed(ch1));
    join(rig);
    assert_rule(rig, MFD_HDR_021);
    assert_string_equal(rig->result.failure.connection, "ch 0");
    assert_int_equal(rig->result.failure.at, MFD_HELLO_SIZE + TEST_PACKET);
    rig_free(rig);
}

static void a_broken_packet_behind_the_last_sync_still_fails(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    send_sync(rig, ch1);
    test_put_sync(fresh(rig));
    test_put_packet(&rig->bytes, 0x2, 0, 1, 0, 1);
    flush(rig, ch0);
    send_end(rig, main_fd);
    expect_back(main_fd, MFD_RETURN_SHUT, 1);
    join(rig);
    assert_rule(rig, MFD_PAY_002);
    rig_free(rig);
}

static void data_behind_the_last_sync_is_loaded(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    send_sync(rig, ch1);
    test_put_sync(fresh(rig));
    test_put_packet(&rig->bytes, 0, 7, 2, 0, 0x40);
    flush(rig, ch0);
    send_end(rig, main_fd);
    expect_back(main_fd, MFD_RETURN_SHUT, 0);
    join(rig);
    assert_true(rig->result.completed);
    assert_int_equal(page_byte(rig, 8), 0x41);
    rig_free(rig);
}

/* Main has ended, and the rest of a packet comes only then. */
static void the_end_waits_for_a_packet_that_has_begun(void **state)
{
    struct rig *rig = rig_new(1);
    int main_fd = 0, ch0 = 0;

    (void)state;
    start(rig);
    main_fd = dial_main_with_ping(rig);
    ch0 = dial_channel(rig, 0);
    expect_pong(main_fd);
    test_put_sync(fresh(rig));
    test_put_packet(&rig->bytes, 0, 3, 1, 0, 0x21);
    assert_int_equal(send(ch0, rig->bytes.data, rig->bytes.len - 100, MSG_NOSIGNAL),
                     rig->bytes.len - 100);
    test_put_ram_end(fresh(rig), true);
    test_put_end(&rig->bytes, true);
    flush(rig, main_fd);
    test_put_packet(fresh(rig), 0, 3, 1, 0, 0x21);
    assert_int_equal(send(ch0, rig->bytes.data + rig->bytes.len - 100, 100, MSG_NOSIGNAL), 100);
    expect_back(main_fd, MFD_RETURN_SHUT, 0);
    join(rig);
    assert_true(rig->result.completed);
    assert_int_equal(page_byte(rig, 3), 0x21);
    rig_free(rig);
}

static void a_half_hello_keeps_nobody_from_being_served(void **state)
{
    (void)state;
    for (size_t n = 0; n < MFD_HELLO_SIZE; n += n < 5 ? 1 : 13) {
        struct rig *rig = rig_new(2);
        int main_fd = 0, ch0 = 0, ch1 = 0, half = 0;

        start(rig);
        half = dial(rig);
        test_put_hello(fresh(rig), 1);
        assert_int_equal(send(half, rig->bytes.data, n, MSG_NOSIGNAL), n);
        main_fd = dial_main_with_ping(rig);
        ch0 = dial_channel(rig, 0);
        ch1 = dial_channel(rig, 1);
        expect_pong(main_fd);
        assert_true(is_closed(half));
        finish_two(rig, main_fd, ch0, ch1);
        rig_free(rig);
    }
}

static void an_extra_connection_is_closed_and_disturbs_nobody(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0, extra = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    extra = dial(rig);
    test_put_hello(fresh(rig), 0);
    flush(rig, extra);
    assert_true(is_closed(extra));
    finish_two(rig, main_fd, ch0, ch1);
    rig_free(rig);
}

static void a_second_main_is_closed_and_disturbs_nobody(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0, second = 0;
    struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};

    (void)state;
    start(rig);
    main_fd = dial_main_with_ping(rig);
    second = dial_main(rig);
    /* which of the two is classified first is open: the one that is not gets closed */
    fds[0].fd = main_fd;
    fds[1].fd = second;
    assert_true(poll(fds, 2, GUARD_MS) > 0);
    if (fds[0].revents) {
        assert_true(is_closed(main_fd));
        cancel(rig);
    } else {
        assert_true(is_closed(second));
        ch0 = dial_channel(rig, 0);
        ch1 = dial_channel(rig, 1);
        expect_pong(main_fd);
        finish_two(rig, main_fd, ch0, ch1);
    }
    rig_free(rig);
}

static void a_connection_that_closes_in_silence_is_ignored(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start(rig);
    for (int i = 0; i < 8; i++) {
        shutdown(dial(rig), SHUT_RDWR);
    }
    main_fd = dial_main_with_ping(rig);
    ch0 = dial_channel(rig, 0);
    ch1 = dial_channel(rig, 1);
    expect_pong(main_fd);
    finish_two(rig, main_fd, ch0, ch1);
    rig_free(rig);
}

static void connections_that_stay_silent_are_bounded(void **state)
{
    struct rig *rig = rig_new(2);

    (void)state;
    start(rig);
    for (int i = 0; i < 2 + 1 + 8; i++) {
        dial(rig);
    }
    assert_true(is_closed(dial(rig)));
    cancel(rig);
    assert_int_equal(rig->result.threads_created, 2 + 1 + 8);
    assert_int_equal(rig->result.connections, 2 + 1 + 8 + 1);
    rig_free(rig);
}

static void a_doubled_id_fails(void **state)
{
    struct rig *rig = rig_new(3);

    (void)state;
    start(rig);
    dial_main(rig);
    dial_channel(rig, 1);
    dial_channel(rig, 1);
    join(rig);
    assert_rule(rig, MFD_INIT_005);
    rig_free(rig);
}

static void a_hello_cut_short_fails(void **state)
{
    struct rig *rig = rig_new(2);
    int fd = 0;

    (void)state;
    start(rig);
    fd = dial(rig);
    test_put_hello(fresh(rig), 0);
    rig->bytes.len = 63;
    flush(rig, fd);
    shutdown(fd, SHUT_WR);
    join(rig);
    assert_rule(rig, MFD_INIT_016);
    assert_int_equal(rig->result.failure.finding.got, 63);
    rig_free(rig);
}

/* Releases of QEMU wait forever here; see SYNC-010. */
static void a_dead_channel_frees_a_main_that_waits_at_a_sync_point(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    send_sync(rig, ch1);
    send_end(rig, main_fd);
    shutdown(ch0, SHUT_WR);
    expect_back(main_fd, MFD_RETURN_SHUT, 1);
    join(rig);
    assert_rule(rig, MFD_SYNC_010);
    assert_string_equal(rig->result.failure.connection, "ch 0");
    rig_free(rig);
}

static void a_sync_without_sync_point_fails_at_the_end(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    send_sync(rig, ch0);
    send_sync(rig, ch1);
    send_sync(rig, ch1);
    send_end(rig, main_fd);
    expect_back(main_fd, MFD_RETURN_SHUT, 1);
    join(rig);
    assert_rule(rig, MFD_SYNC_011);
    rig_free(rig);
}

/* Everything waits for connections that never come, and nobody reads from what is there. */
static void parked_connections_that_all_close_end_the_migration(void **state)
{
    struct rig *rig = rig_new(3);
    int ch0 = 0, ch1 = 0;

    (void)state;
    start(rig);
    ch0 = dial_channel(rig, 0);
    test_put_hello(fresh(rig), 1);
    test_put_packet(&rig->bytes, 0, 0, 1, 0, 1);
    ch1 = dial(rig);
    flush(rig, ch1);
    shutdown(ch0, SHUT_WR);
    shutdown(ch1, SHUT_WR);
    join(rig);
    assert_false(rig->result.failure.is_rule);
    assert_int_equal(rig->result.normal_pages, 0);
    rig_free(rig);
}

static void what_comes_too_early_stays_in_the_socket(void **state)
{
    struct rig *rig = rig_new(2);
    size_t taken = 0;
    size_t want = 64u << 20;
    ssize_t n = 0;
    int ch0 = 0;

    (void)state;
    start(rig);
    ch0 = dial(rig);
    test_put_hello(fresh(rig), 0);
    test_put_packet(&rig->bytes, 0, 0, 8, 0, 1);
    do {
        n = send(ch0, rig->bytes.data, rig->bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        taken += n > 0 ? (size_t)n : 0;
    } while (n > 0 && taken < want);
    /* no buffer but the socket's own took it in */
    assert_true(taken < want / 8);
    cancel(rig);
    assert_int_equal(rig->result.failure.error, ECANCELED);
    assert_true(rig->result.bytes <= MFD_HELLO_SIZE + TEST_PACKET);
    rig_free(rig);
}

static void a_main_that_is_cut_fails(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    shutdown(main_fd, SHUT_WR);
    assert_true(is_closed(ch0) && is_closed(ch1));
    join(rig);
    assert_string_equal(rig->result.failure.connection, "main");
    rig_free(rig);
}

static void a_missing_description_of_the_vm_is_tolerated(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    start_two(rig, &main_fd, &ch0, &ch1);
    send_sync(rig, ch0);
    send_sync(rig, ch1);
    test_put_ram_end(fresh(rig), true);
    test_put_end(&rig->bytes, false);
    flush(rig, main_fd);
    expect_back(main_fd, MFD_RETURN_SHUT, 0);
    shutdown(main_fd, SHUT_WR);
    join(rig);
    assert_true(rig->result.completed);
    rig_free(rig);
}

static void the_stall_guard_ends_a_migration_that_stands_still(void **state)
{
    struct rig *rig = rig_new(2);
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    rig->config.stall_ms = 50;
    start(rig);
    main_fd = dial_main(rig);
    ch0 = dial_channel(rig, 0);
    ch1 = dial_channel(rig, 1);
    /* a packet whose last byte never comes */
    test_put_packet(fresh(rig), 0, 0, 4, 0, 1);
    rig->bytes.len--;
    flush(rig, ch0);
    assert_true(is_closed(main_fd) && is_closed(ch0) && is_closed(ch1));
    join(rig);
    assert_int_equal(rig->result.failure.error, ETIMEDOUT);
    rig_free(rig);
}

static void cancelling_ends_it_whatever_it_waits_for(void **state)
{
    (void)state;
    for (int scene = 0; scene < 5; scene++) {
        struct rig *rig = rig_new(2);
        int fd = 0;

        start(rig);
        if (scene >= 1) {
            fd = dial_main(rig);
        }
        if (scene >= 2) {
            dial_channel(rig, 0);
        }
        if (scene >= 3) {
            dial_channel(rig, 1);
        }
        if (scene >= 4) {
            send_end(rig, fd);
        }
        cancel(rig);
        assert_int_equal(rig->result.failure.error, ECANCELED);
        rig_free(rig);
    }
}

static int creations_left;

static int create_some(pthread_t *thread, const pthread_attr_t *attr, void *(*begin)(void *),
                       void *arg)
{
    return creations_left-- > 0 ? pthread_create(thread, attr, begin, arg) : EAGAIN;
}

static void a_thread_that_cannot_be_created_fails_cleanly(void **state)
{
    (void)state;
    for (int good = 0; good < 3; good++) {
        struct rig *rig = rig_new(2);

        creations_left = good;
        rig->config.create = create_some;
        dial_main(rig);
        dial_channel(rig, 0);
        dial_channel(rig, 1);
        start(rig); /* now, for a receiver that fails at once listens no more */
        join(rig);
        assert_int_equal(rig->result.failure.error, EAGAIN);
        assert_int_equal(rig->result.threads_created, good);
        rig_free(rig);
    }
}

static void wake(int signal)
{
    (void)signal;
}

/* Signals wake every blocking call of every thread again and again. */
static void spurious_wake_ups_change_nothing(void **state)
{
    struct rig *rig = rig_new(2);
    struct sigaction action = {.sa_handler = wake};
    struct sigaction before;
    int main_fd = 0, ch0 = 0, ch1 = 0;

    (void)state;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, &before);
    start_two(rig, &main_fd, &ch0, &ch1);
    for (unsigned i = 0; i < 150; i++) {
        kill(getpid(), SIGUSR1);
        pthread_kill(rig->thread, SIGUSR1);
        send_data(rig, i % 2 ? ch0 : ch1, i * 3, 2, 1);
    }
    finish_two(rig, main_fd, ch0, ch1);
    assert_int_equal(rig->result.normal_pages, 300);
    sigaction(SIGUSR1, &before, NULL);
    rig_free(rig);
}

static void a_configuration_without_sense_is_refused(void **state)
{
    struct rig *rig = rig_new(2);
    struct mfd_receiver_config config = rig->config;

    (void)state;
    config.method = MFD_FLAG_QATZIP;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), ENOTSUP);
    config.method = MFD_FLAG_ZLIB | MFD_FLAG_ZSTD;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), EINVAL);
    config.method = MFD_FLAG_UADK;
    config.rev = MFD_REV_7_2;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), EINVAL);
    config.method = MFD_FLAG_ZLIB;
    config.rev = MFD_REV_2017_TEXT;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), EINVAL);
    config = rig->config;
    config.channels = 0;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), EINVAL);
    config.channels = 256;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), EINVAL);
    config = rig->config;
    config.page_size = 5000;
    assert_int_equal(mfd_receiver_run(&config, rig->listen_fd, &rig->result), EINVAL);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_migration_completes_and_memory_is_right),
        cmocka_unit_test(a_ping_is_answered_and_success_is_reported),
        cmocka_unit_test(an_error_on_one_channel_shuts_all_connections),
        cmocka_unit_test(a_broken_packet_behind_the_last_sync_still_fails),
        cmocka_unit_test(data_behind_the_last_sync_is_loaded),
        cmocka_unit_test(the_end_waits_for_a_packet_that_has_begun),
        cmocka_unit_test(a_half_hello_keeps_nobody_from_being_served),
        cmocka_unit_test(an_extra_connection_is_closed_and_disturbs_nobody),
        cmocka_unit_test(a_second_main_is_closed_and_disturbs_nobody),
        cmocka_unit_test(a_connection_that_closes_in_silence_is_ignored),
        cmocka_unit_test(connections_that_stay_silent_are_bounded),
        cmocka_unit_test(a_doubled_id_fails),
        cmocka_unit_test(a_hello_cut_short_fails),
        cmocka_unit_test(a_dead_channel_frees_a_main_that_waits_at_a_sync_point),
        cmocka_unit_test(a_sync_without_sync_point_fails_at_the_end),
        cmocka_unit_test(parked_connections_that_all_close_end_the_migration),
        cmocka_unit_test(what_comes_too_early_stays_in_the_socket),
        cmocka_unit_test(a_main_that_is_cut_fails),
        cmocka_unit_test(a_missing_description_of_the_vm_is_tolerated),
        cmocka_unit_test(the_stall_guard_ends_a_migration_that_stands_still),
        cmocka_unit_test(cancelling_ends_it_whatever_it_waits_for),
        cmocka_unit_test(a_thread_that_cannot_be_created_fails_cleanly),
        cmocka_unit_test(spurious_wake_ups_change_nothing),
        cmocka_unit_test(a_configuration_without_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
