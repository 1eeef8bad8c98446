// SPDX-License-Identifier: GPL-2.0-or-later
#include "receiver.h"

#include "test_bytes.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_migration_completes_and_memory_is_right),
    };

    (void)cancel;
    (void)is_closed;
    (void)assert_rule;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
