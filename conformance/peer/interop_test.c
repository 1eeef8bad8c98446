// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference sender and receiver against the QEMU of PATH, by every method that both have: each side must say
 * that the migration completed, and memory must be equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "method.h"
#include "peer.h"
#include "qmp.h"
#include "receiver.h"
#include "sender.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RAM (8u << 20)
#define PAGE 4096u
#define CHANNELS_MAX 16u
#define GUARD 30.0

static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD};
static const unsigned channels[] = {1, 2, 4, 16};

/* One end is a QEMU, the other the reference; both have their RAM in a file. */
struct rig {
    char dir[80];
    char ours[120]; /* RAM files */
    char theirs[120];
    struct sockaddr_un address;
    struct mfd_guest guest;
    struct mfd_process process;
    struct mfd_qmp qmp;
    int qmp_fd;
    enum mfd_rev rev;
    unsigned channels;
    uint32_t method;
    int listen_fd;
    struct mfd_receiver_result received;
    int receiver_error;
};

static enum mfd_rev qemu_rev;

#ifdef __SANITIZE_THREAD__
/* An entry of the thread sanitizer's runtime that has no header: races on these bytes are known. */
void AnnotateBenignRaceSized(const char *file, int line, const volatile void *at, size_t size,
                             const char *why);
#endif

/*
 * QEMU before 8.0 sends some pages twice between two sync points (B48), with the same content: two channels of the
 * receiver then write one page at the same time.
 */
static void expect_pages_twice(const struct rig *rig)
{
#ifdef __SANITIZE_THREAD__
    if (rig->rev < MFD_REV_8_0) {
        AnnotateBenignRaceSized(__FILE__, __LINE__, rig->guest.maps[0].base, RAM, "B48");
    }
#else
    (void)rig;
#endif
}

/* Zero pages, pages of text, pages of noise. */
static void fill(const char *path, bool zero)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    uint8_t *ram = NULL;
    uint32_t x = 1;

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, RAM), 0);
    ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(ram != MAP_FAILED);
    for (size_t i = 0; !zero && i < RAM; i++) {
        size_t page = i / PAGE;

        x = x * 1664525u + 1013904223u;
        ram[i] = page % 7 == 3 ? 0
                 : page % 7    ? (uint8_t)(i / 5 % 90 + page % 11 + (x >> 31))
                               : (uint8_t)(x >> 24);
    }
    munmap(ram, RAM);
    close(fd);
}

static void assert_same_memory(const struct rig *rig)
{
    uint8_t *ours = rig->guest.maps[0].base;
    int fd = open(rig->theirs, O_RDONLY | O_CLOEXEC);
    uint8_t *theirs = mmap(NULL, RAM, PROT_READ, MAP_SHARED, fd, 0);

    assert_true(theirs != MAP_FAILED);
    assert_memory_equal(ours, theirs, RAM);
    munmap(theirs, RAM);
    close(fd);
}

__attribute__((noreturn)) static void run_qemu(const struct rig *rig, bool incoming, int qmp_fd)
{
    char object[200];

    snprintf(object, sizeof(object), "memory-backend-file,id=mem0,size=%u,mem-path=%s,share=on",
             RAM, rig->theirs);
    dup2(qmp_fd, STDIN_FILENO);
    dup2(qmp_fd, STDOUT_FILENO);
    execlp("qemu-system-x86_64", "qemu-system-x86_64", "-machine", "none,memory-backend=mem0",
           "-object", object, "-m", "8M", "-S", "-nodefaults", "-no-user-config", "-display",
           "none", "-qmp", "stdio", incoming ? "-incoming" : (char *)NULL, "defer", (char *)NULL);
    _exit(127);
}

/* Sends a command, which must succeed; its reply is the caller's. */
static json_t *command(struct rig *rig, const char *name, json_t *arguments)
{
    unsigned id = mfd_qmp_send(&rig->qmp, name, arguments);
    json_t *reply = mfd_qmp_reply(&rig->qmp, id, GUARD);

    if (!json_object_get(reply, "return")) {
        fail_msg("%s: %s", name,
                 json_string_value(json_object_get(json_object_get(reply, "error"), "desc")));
    }
    return reply;
}

static struct rig *rig_new(uint32_t method, unsigned count, bool incoming)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct mfd_guest_block block = {"mem0", RAM, RAM, false};
    int pair[2];
    json_t *greeting = NULL;

    assert_non_null(rig);
    rig->method = method;
    rig->channels = count;
    rig->rev = qemu_rev;
    snprintf(rig->dir, sizeof(rig->dir), "%s/mfdkit-interop.XXXXXX", mfd_scratch());
    assert_non_null(mkdtemp(rig->dir));
    snprintf(rig->ours, sizeof(rig->ours), "%s/ours", rig->dir);
    snprintf(rig->theirs, sizeof(rig->theirs), "%s/theirs", rig->dir);
    rig->address.sun_family = AF_UNIX;
    snprintf(rig->address.sun_path, sizeof(rig->address.sun_path), "%s/socket", rig->dir);
    fill(rig->ours, !incoming);
    fill(rig->theirs, incoming);
    mfd_guest_init(&rig->guest);
    assert_int_equal(mfd_guest_add_file(&rig->guest, &block, rig->ours, MFD_GUEST_WRITE), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    if (mfd_process_fork(&rig->process, rig->dir) == 0) {
        run_qemu(rig, incoming, pair[1]);
    }
    close(pair[1]);
    rig->qmp_fd = pair[0];
    assert_true(mfd_qmp_open(&rig->qmp, rig->qmp_fd));
    greeting = mfd_qmp_greeting(&rig->qmp, GUARD);
    assert_non_null(greeting);
    json_decref(greeting);
    json_decref(command(rig, "qmp_capabilities", NULL));
    json_decref(command(
        rig, "migrate-set-capabilities",
        json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability", "multifd", "state", 1)));
    json_decref(command(rig, "migrate-set-parameters",
                        json_pack("{s:i, s:s}", "multifd-channels", (int)count,
                                  "multifd-compression", mfd_method_info(method)->name)));
    return rig;
}

static void rig_free(struct rig *rig)
{
    mfd_qmp_close(&rig->qmp);
    close(rig->qmp_fd);
    mfd_process_kill(&rig->process);
    mfd_guest_free(&rig->guest);
    unlink(rig->ours);
    unlink(rig->theirs);
    unlink(rig->address.sun_path);
    unlink(rig->process.log);
    assert_int_equal(rmdir(rig->dir), 0);
    free(rig);
}

/* QEMU itself says that the migration completed; until then it is asked again. */
static void assert_completed(struct rig *rig)
{
    double end = mfd_now() + GUARD;
    bool completed = false;

    while (!completed) {
        json_t *reply = command(rig, "query-migrate", NULL);
        json_t *status = json_object_get(json_object_get(reply, "return"), "status");
        const char *text = json_string_value(status);

        completed = text && strcmp(text, "completed") == 0;
        if ((text && strcmp(text, "failed") == 0) || mfd_now() > end) {
            fail_msg("the status is %s", text);
        }
        json_decref(reply);
    }
}

static json_t *uri(const struct rig *rig)
{
    char text[130];

    snprintf(text, sizeof(text), "unix:%s", rig->address.sun_path);
    return json_pack("{s:s}", "uri", text);
}

static void send_to_qemu(uint32_t method, unsigned count)
{
    struct rig *rig = rig_new(method, count, true);
    struct mfd_sender_config config = mfd_sender_defaults(rig->rev, &rig->guest);
    struct mfd_sender_result result;
    int fds[CHANNELS_MAX + 1];
    char text[256];

    json_decref(command(rig, "migrate-incoming", uri(rig)));
    for (unsigned i = 0; i <= count; i++) {
        fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&rig->address, sizeof(rig->address)),
                         0);
    }
    config.fds = fds;
    config.channels = count;
    config.method = method;
    config.passes = 2;
    config.stall_ms = (unsigned)GUARD * 1000;
    assert_int_equal(mfd_sender_run(&config, &result), 0);
    if (!result.completed) {
        fail_msg("%s", mfd_failure_text(&result.failure, text, sizeof(text)));
    }
    assert_completed(rig);
    assert_same_memory(rig);
    assert_true(!method || result.bytes < result.normal_pages * PAGE);
    for (unsigned i = 0; i <= count; i++) {
        close(fds[i]);
    }
    rig_free(rig);
}

static void *receive(void *arg)
{
    struct rig *rig = arg;
    struct mfd_receiver_config config = mfd_receiver_defaults(rig->rev, &rig->guest);

    config.channels = rig->channels;
    config.method = rig->method;
    config.machine = "none";
    config.stall_ms = (unsigned)GUARD * 1000;
    rig->receiver_error = mfd_receiver_run(&config, rig->listen_fd, &rig->received);
    return NULL;
}

static void receive_from_qemu(uint32_t method, unsigned count)
{
    struct rig *rig = rig_new(method, count, false);
    pthread_t thread;
    char text[256];

    rig->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(rig->listen_fd, (struct sockaddr *)&rig->address, sizeof(rig->address)),
                     0);
    assert_int_equal(listen(rig->listen_fd, CHANNELS_MAX + 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, receive, rig), 0);
    expect_pages_twice(rig);
    json_decref(command(rig, "migrate", uri(rig)));
    pthread_join(thread, NULL);
    close(rig->listen_fd);
    assert_int_equal(rig->receiver_error, 0);
    if (!rig->received.completed) {
        fail_msg("%s", mfd_failure_text(&rig->received.failure, text, sizeof(text)));
    }
    assert_completed(rig);
    assert_same_memory(rig);
    assert_true(!method || rig->received.bytes < rig->received.normal_pages * PAGE);
    rig_free(rig);
}

static void memory_arrives_in_qemu_by_every_method(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        for (size_t j = 0; j < sizeof(channels) / sizeof(channels[0]); j++) {
            send_to_qemu(methods[i], channels[j]);
        }
    }
}

static void memory_arrives_from_qemu_by_every_method(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        for (size_t j = 0; j < sizeof(channels) / sizeof(channels[0]); j++) {
            receive_from_qemu(methods[i], channels[j]);
        }
    }
}

/* What the bytes mean follows from the release, of which two numbers count. */
static int find_revision(void **state)
{
    static char path[] = "qemu-system-x86_64";
    struct mfd_peer peer = {
        .kind = &mfd_peer_qemu, .path = path, .guard = GUARD, .scratch = mfd_scratch()};
    char error[MFD_PEER_ERROR_SIZE];
    char release[16];
    unsigned major = 0;
    unsigned minor = 0;

    (void)state;
    if (!mfd_qemu_probe(&peer, error) || sscanf(peer.version, "%u.%u", &major, &minor) != 2) {
        print_error("%s\n", error);
        return -1;
    }
    snprintf(release, sizeof(release), "%u.%u", major, minor);
    peer.path = NULL;
    mfd_peer_free(&peer);
    return mfd_rev_parse(release, &qemu_rev) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_arrives_in_qemu_by_every_method),
        cmocka_unit_test(memory_arrives_from_qemu_by_every_method),
    };

    return cmocka_run_group_tests(tests, find_revision, NULL);
}
