// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receivers that are broken on purpose, one way each: what the suite must see through. A command by the
 * contract of README.md: broken_peer HOW ADDRESS CHANNELS RAM.
 *
 * All but the first share a naive receiver that checks nothing: a thread per connection, pages written
 * where the packet says, completed when every connection has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define HELLO 64
#define HEADER 1344
#define PAGE 4096u
#define SLOTS 128u
#define THREADS_MAX 64

static const char *how;
static uint8_t *ram;
static size_t ram_size;
static unsigned seen_pages[4096]; /* how often each page came, for "stale-page" */

static bool is(const char *name)
{
    return strcmp(how, name) == 0;
}

static bool read_all(int fd, void *to, size_t size)
{
    uint8_t *p = to;

    while (size) {
        ssize_t n = read(fd, p, size);

        if (n <= 0) {
            return false;
        }
        p += n;
        size -= (size_t)n;
    }
    return true;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#if defined(__SANITIZE_ADDRESS__)
/* The exit status of a clean refusal, so that only the report gives it away. */
static void leave_with_one(void)
{
    _exit(1);
}
#endif

/* What the peers do that break at the first packet. */
static void break_at_packet(int fd)
{
    if (is("crash")) {
        abort();
    }
    if (is("hang")) {
        for (;;) {
            pause();
        }
    }
    if (is("spin")) {
        for (volatile unsigned n = 0;; n++) {}
    }
    if (is("refuse-packets")) {
        exit(1);
    }
    if (is("close-channel")) {
        shutdown(fd, SHUT_RDWR);
    }
#if defined(__SANITIZE_ADDRESS__)
    if (is("overflow")) {
        volatile char *heap = malloc(8);

        __sanitizer_set_death_callback(leave_with_one);
        heap[8 + (fd & 1)] = 1;
        free((void *)heap);
    }
#endif
}

static void write_page(uint64_t offset, const uint8_t *page)
{
    uint64_t number = offset / PAGE;
    uint64_t target = offset;

    if (is("write-nothing") || offset > ram_size - PAGE) {
        return;
    }
    if (is("lose-page") && number == 2) {
        return;
    }
    if (is("swap-pages") && (number == 2 || number == 3)) {
        target = (number == 2 ? 3 : 2) * (uint64_t)PAGE;
    }
    if (is("stale-page") && seen_pages[number % 4096]++ > 0) {
        return;
    }
    memcpy(ram + target, page, PAGE);
}

static void receive_channel(int fd, const uint8_t *first)
{
    uint8_t rest[HELLO - 4];
    uint8_t header[HEADER];
    uint8_t page[PAGE];

    (void)first;
    if (!read_all(fd, rest, sizeof(rest))) {
        return;
    }
    while (read_all(fd, header, sizeof(header))) {
        uint32_t normal = get32(header + 16) < SLOTS ? get32(header + 16) : SLOTS;
        uint32_t zero = get32(header + 32) < SLOTS - normal ? get32(header + 32) : SLOTS - normal;

        if (normal || zero) {
            break_at_packet(fd);
        }
        memset(page, 0, sizeof(page));
        for (uint32_t i = normal; i < normal + zero; i++) {
            write_page((uint64_t)get32(header + 320 + 8 * i) << 32 | get32(header + 324 + 8 * i),
                       page);
        }
        for (uint32_t i = 0; i < normal && read_all(fd, page, sizeof(page)); i++) {
            write_page((uint64_t)get32(header + 320 + 8 * i) << 32 | get32(header + 324 + 8 * i),
                       page);
        }
    }
}

static void *receive(void *argument)
{
    int fd = (int)(intptr_t)argument;
    uint8_t first[4];
    uint8_t drained[4096];

    if (read_all(fd, first, sizeof(first))) {
        if (memcmp(first, "QEVM", 4) == 0) {
            while (read(fd, drained, sizeof(drained)) > 0) {}
        } else {
            receive_channel(fd, first);
        }
    }
    close(fd);
    return NULL;
}

/* NAME=PATH:SIZE, the first of a list. */
static bool map_ram(char *text)
{
    char *path = strchr(text, '=');
    char *size = path ? strrchr(path, ':') : NULL;
    int fd = -1;

    if (!size || strchr(text, ',')) {
        return false;
    }
    *size++ = '\0';
    ram_size = strtoul(size, NULL, 10);
    fd = open(path + 1, O_RDWR);
    ram = fd < 0 ? MAP_FAILED : mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return ram != MAP_FAILED;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_t threads[THREADS_MAX];
    unsigned wanted = 0;
    int fd = -1;

    if (argc != 5) {
        return 2;
    }
    how = argv[1];
    if (is("unsupported")) {
        return 77;
    }
    if (is("no-start")) {
        fprintf(stderr, "this receiver never starts\n");
        return 5;
    }
    wanted = (unsigned)atoi(argv[3]) + 1;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[2] + strlen("unix:"));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (wanted > THREADS_MAX || !map_ram(argv[4]) ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 300) != 0) {
        perror("broken_peer");
        return 2;
    }
    for (unsigned i = 0; i < wanted; i++) {
        int conn = accept(fd, NULL, NULL);

        if (is("refuse-all")) {
            return 1;
        }
        pthread_create(&threads[i], NULL, receive, (void *)(intptr_t)conn);
    }
    for (unsigned i = 0; i < wanted; i++) {
        pthread_join(threads[i], NULL);
    }
    return is("fail-at-end") ? 1 : 0;
}
