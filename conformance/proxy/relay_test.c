// SPDX-License-Identifier: GPL-2.0-or-later
/* The proxy between two ends that this test plays itself: bytes, ends, faults and bounds. */
#include "relay.h"

#include "hello.h"
#include "net.h"
#include "packet.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNS = 4, GUARD_MS = 60000, PAGE = 4096, HEADER = 1344 };

static const uint8_t uuid[MFD_UUID_SIZE] = {7};

/* The proxy in a thread of its own, and both ends of each connection. */
static struct {
    struct mfd_relay_config config;
    struct mfd_relay_result result;
    pthread_t thread;
    char at[MFD_ADDRESS_MAX];
    int receiver_fd;
    char to[MFD_ADDRESS_MAX];
    int sender[CONNS];
    int receiver[CONNS];
    struct mfd_fault_line *faults[4];
    FILE *capture;
    char *captured;
    size_t captured_size;
} rig;

static void *run(void *arg)
{
    (void)arg;
    mfd_relay_run(&rig.config, &rig.result);
    return NULL;
}

static void add_fault(const char *text)
{
    struct mfd_lang_error error = {0};
    struct mfd_fault_line *fault = mfd_fault_line_parse(text, &error);

    if (!fault) {
        fail_msg("%s: %s", text, error.text);
    }
    rig.faults[rig.config.fault_count++] = fault;
}

static void prepare(void)
{
    memset(&rig, 0, sizeof(rig));
    assert_int_equal(mfd_net_listen("tcp:127.0.0.1:0", 300, &rig.config.listen_fd, rig.at), 0);
    assert_int_equal(mfd_net_listen("tcp:127.0.0.1:0", 300, &rig.receiver_fd, rig.to), 0);
    rig.config.to = rig.to;
    rig.config.given = mfd_given_nothing();
    rig.config.faults = rig.faults;
    rig.config.guard_s = GUARD_MS / 1000;
    rig.capture = open_memstream(&rig.captured, &rig.captured_size);
    rig.config.capture = mfd_capture_create(rig.capture, &(struct mfd_capture_options){0});
    assert_non_null(rig.config.capture);
}

static void start(void)
{
    assert_int_equal(pthread_create(&rig.thread, NULL, run, NULL), 0);
}

/* Connection `i` at both ends. */
static void connect_one(unsigned i)
{
    struct pollfd fd = {.fd = rig.receiver_fd, .events = POLLIN};

    assert_int_equal(mfd_net_connect(rig.at, GUARD_MS, &rig.sender[i]), 0);
    assert_int_equal(poll(&fd, 1, GUARD_MS), 1);
    rig.receiver[i] = accept(rig.receiver_fd, NULL, NULL);
    assert_true(rig.receiver[i] >= 0);
}

/* Joins it, and frees all but the figures of the result; `applied`: every fault was. */
static void finish(bool applied)
{
    pthread_join(rig.thread, NULL);
    for (size_t i = 0; i < rig.config.fault_count; i++) {
        assert_int_equal(rig.result.applied[i], applied);
    }
    assert_true(mfd_capture_finish(rig.config.capture));
    fclose(rig.capture);
    free(rig.captured);
    close(rig.config.listen_fd);
    close(rig.receiver_fd);
    for (size_t i = 0; i < rig.config.fault_count; i++) {
        mfd_fault_line_free(rig.faults[i]);
    }
    mfd_relay_result_free(&rig.result);
}

static void put(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

/* Exactly these bytes come next. */
static void expect(int fd, const void *bytes, size_t len)
{
    uint8_t *got = malloc(len + 1);

    assert_non_null(got);
    assert_int_equal(recv(fd, got, len, MSG_WAITALL), len);
    assert_memory_equal(got, bytes, len);
    free(got);
}

static void expect_end(int fd)
{
    uint8_t byte = 0;

    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void close_both(unsigned i)
{
    shutdown(rig.sender[i], SHUT_WR);
    expect_end(rig.receiver[i]);
    close(rig.receiver[i]);
    expect_end(rig.sender[i]);
    close(rig.sender[i]);
}

static size_t pack_main(uint8_t *buf)
{
    size_t size = mfd_pack_header(buf);

    return size + mfd_pack_config(buf + size, "none");
}

static size_t pack_packet(uint8_t *buf, uint64_t number, uint32_t pages)
{
    uint64_t offsets[4] = {0, PAGE, (uint64_t)2 * PAGE, (uint64_t)3 * PAGE};
    struct mfd_packet packet = {.magic = MFD_MAGIC,
                                .version = MFD_VERSION,
                                .flags = pages ? 0 : MFD_FLAG_SYNC,
                                .pages_alloc = pages ? 128 : 0,
                                .normal_pages = pages,
                                .next_packet_size = pages * PAGE,
                                .packet_num = number};

    if (pages) {
        strcpy(packet.ramblock, "mem0");
    }
    mfd_packet_pack(buf, PAGE, &packet, offsets);
    memset(buf + HEADER, 0xa5, (size_t)pages * PAGE);
    return HEADER + (size_t)pages * PAGE;
}

/* Main, and channel 0 with its hello, a SYNC and a packet of two pages, which is returned. */
static size_t put_opening(uint8_t *packet)
{
    uint8_t buf[HEADER + 64];
    size_t size = 0;

    connect_one(0);
    connect_one(1);
    put(rig.sender[0], buf, pack_main(buf));
    mfd_hello_write(MFD_REV_LATEST, buf, uuid, 0);
    put(rig.sender[1], buf, MFD_HELLO_SIZE);
    put(rig.sender[1], buf, pack_packet(buf, 0, 0));
    size = pack_packet(packet, 1, 2);
    put(rig.sender[1], packet, size);
    return size;
}

/* What of the opening comes before that packet. */
static void expect_opening(void)
{
    uint8_t buf[HEADER + 64];

    expect(rig.receiver[0], buf, pack_main(buf));
    mfd_hello_write(MFD_REV_LATEST, buf, uuid, 0);
    expect(rig.receiver[1], buf, MFD_HELLO_SIZE);
    expect(rig.receiver[1], buf, pack_packet(buf, 0, 0));
}

static void bytes_of_both_sides_pass_unchanged(void **state)
{
    uint8_t packet[HEADER + 4 * PAGE];
    size_t size = 0;

    (void)state;
    prepare();
    start();
    size = put_opening(packet);
    expect_opening();
    expect(rig.receiver[1], packet, size);
    put(rig.receiver[0], "answer", 6);
    expect(rig.sender[0], "answer", 6);
    close_both(1);
    close_both(0);
    finish(true);
    assert_int_equal(rig.result.end, MFD_RELAY_DONE);
    assert_int_equal(rig.result.connections, 2);
    assert_int_equal(rig.result.bytes[1], 6);
}

/* More than any buffer on the way holds, before the receiver reads the first byte. */
static void a_receiver_that_is_slow_holds_the_sender_up_and_loses_nothing(void **state)
{
    enum { BYTES = 64 << 20 };
    uint8_t *bytes = malloc(BYTES);
    pid_t child = 0;
    int status = 0;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < BYTES; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 4099);
    }
    memcpy(bytes, "QEVM", 4);
    prepare();
    add_fault("ch 3 data ! omit"); /* so that messages are looked for */
    start();
    connect_one(0);
    child = fork();
    if (child == 0) {
        size_t done = 0;

        for (ssize_t n = 1; n > 0 && done < BYTES; done += (size_t)n) {
            n = send(rig.sender[0], bytes + done, BYTES - done, MSG_NOSIGNAL);
        }
        _exit(done == BYTES ? 0 : 1);
    }
    close(rig.sender[0]);
    expect(rig.receiver[0], bytes, BYTES);
    expect_end(rig.receiver[0]);
    close(rig.receiver[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    finish(false);
    assert_int_equal(rig.result.end, MFD_RELAY_DONE);
    assert_int_equal(rig.result.bytes[0], BYTES);
    free(bytes);
}

static void a_fault_changes_its_message_and_no_other(void **state)
{
    uint8_t packet[HEADER + 4 * PAGE];
    size_t size = 0;

    (void)state;
    prepare();
    add_fault("ch 0 data#0 ! packet_num=77");
    add_fault("main header ! version=4");
    start();
    size = put_opening(packet);
    {
        uint8_t buf[HEADER + 64];
        size_t main = pack_main(buf);

        mfd_put32(buf + 4, 4);
        expect(rig.receiver[0], buf, main);
        mfd_hello_write(MFD_REV_LATEST, buf, uuid, 0);
        expect(rig.receiver[1], buf, MFD_HELLO_SIZE);
        expect(rig.receiver[1], buf, pack_packet(buf, 0, 0));
    }
    put(rig.sender[1], packet, size);
    mfd_put64(packet + MFD_PACKET_NUM, 77);
    expect(rig.receiver[1], packet, size);
    mfd_put64(packet + MFD_PACKET_NUM, 1);
    expect(rig.receiver[1], packet, size);
    close_both(1);
    close_both(0);
    finish(true);
}

static void a_message_may_be_left_out_or_come_twice(void **state)
{
    uint8_t packet[HEADER + 4 * PAGE];
    uint8_t sync[HEADER];
    size_t size = 0;

    (void)state;
    prepare();
    add_fault("ch 0 data ! omit");
    add_fault("ch 0 sync#1 ! twice");
    start();
    put_opening(packet);
    expect_opening();
    size = pack_packet(sync, 2, 0);
    put(rig.sender[1], sync, size);
    expect(rig.receiver[1], sync, size);
    expect(rig.receiver[1], sync, size);
    close_both(1);
    close_both(0);
    finish(true);
}

static void a_message_that_is_cut_and_closed_ends_the_connection_for_both(void **state)
{
    uint8_t packet[HEADER + 4 * PAGE];

    (void)state;
    prepare();
    add_fault("ch 0 data ! cut=1000 close");
    start();
    put_opening(packet);
    expect_opening();
    expect(rig.receiver[1], packet, 1000);
    expect_end(rig.receiver[1]);
    expect_end(rig.sender[1]);
    close_both(0);
    close(rig.sender[1]);
    close(rig.receiver[1]);
    finish(true);
    assert_int_equal(rig.result.end, MFD_RELAY_DONE);
}

static void a_reset_is_one_for_both(void **state)
{
    uint8_t buf[MFD_RECORD_MAX];
    uint8_t byte = 0;

    (void)state;
    prepare();
    add_fault("ch 0 hello ! reset");
    start();
    connect_one(0);
    connect_one(1);
    put(rig.sender[0], buf, pack_main(buf));
    expect(rig.receiver[0], buf, pack_main(buf));
    mfd_hello_write(MFD_REV_LATEST, buf, uuid, 0);
    put(rig.sender[1], buf, MFD_HELLO_SIZE);
    close_both(0);
    /* the hello may have come, or been overtaken by the reset */
    while (recv(rig.receiver[1], buf, sizeof(buf), 0) > 0) {}
    assert_true(recv(rig.sender[1], &byte, 1, 0) <= 0);
    close(rig.sender[1]);
    close(rig.receiver[1]);
    finish(true);
    assert_int_equal(rig.result.end, MFD_RELAY_DONE);
}

static void a_receiver_that_goes_takes_the_sender_along(void **state)
{
    uint8_t packet[HEADER + 4 * PAGE];
    struct linger now = {1, 0};
    uint8_t byte = 0;

    (void)state;
    prepare();
    start();
    put_opening(packet);
    expect_opening();
    setsockopt(rig.receiver[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(rig.receiver[1]);
    assert_true(recv(rig.sender[1], &byte, 1, 0) <= 0);
    close(rig.sender[1]);
    close_both(0);
    finish(true);
    assert_int_equal(rig.result.end, MFD_RELAY_DONE);
}

static void who_says_nothing_ends_it_by_the_guard(void **state)
{
    (void)state;
    prepare();
    rig.config.guard_s = 1;
    start();
    connect_one(0);
    expect_end(rig.receiver[0]);
    close(rig.sender[0]);
    close(rig.receiver[0]);
    finish(true);
    assert_int_equal(rig.result.end, MFD_RELAY_SILENT);
}

static void somebody_who_knocks_does_not_end_it(void **state)
{
    uint8_t packet[HEADER + 4 * PAGE];
    size_t size = 0;
    int fd = -1;

    (void)state;
    prepare();
    start();
    assert_int_equal(mfd_net_connect(rig.at, GUARD_MS, &fd), 0);
    close(fd);
    fd = accept(rig.receiver_fd, NULL, NULL);
    expect_end(fd);
    close(fd);
    size = put_opening(packet);
    expect_opening();
    expect(rig.receiver[1], packet, size);
    close_both(1);
    close_both(0);
    finish(true);
    assert_int_equal(rig.result.end, MFD_RELAY_DONE);
    assert_int_equal(rig.result.connections, 3);
}

static void a_receiver_that_is_not_there_is_told(void **state)
{
    int fd = -1;

    (void)state;
    prepare();
    close(rig.receiver_fd);
    start();
    assert_int_equal(mfd_net_connect(rig.at, GUARD_MS, &fd), 0);
    pthread_join(rig.thread, NULL);
    assert_int_equal(rig.result.end, MFD_RELAY_FAILED);
    assert_non_null(strstr(rig.result.error, "Connection refused"));
    close(fd);
    mfd_relay_result_free(&rig.result);
    mfd_capture_finish(rig.config.capture);
    fclose(rig.capture);
    free(rig.captured);
    close(rig.config.listen_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_both_sides_pass_unchanged),
        cmocka_unit_test(a_receiver_that_is_slow_holds_the_sender_up_and_loses_nothing),
        cmocka_unit_test(a_fault_changes_its_message_and_no_other),
        cmocka_unit_test(a_message_may_be_left_out_or_come_twice),
        cmocka_unit_test(a_message_that_is_cut_and_closed_ends_the_connection_for_both),
        cmocka_unit_test(a_reset_is_one_for_both),
        cmocka_unit_test(a_receiver_that_goes_takes_the_sender_along),
        cmocka_unit_test(who_says_nothing_ends_it_by_the_guard),
        cmocka_unit_test(somebody_who_knocks_does_not_end_it),
        cmocka_unit_test(a_receiver_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
