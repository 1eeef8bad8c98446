// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests: the reference sender and the reference receiver, joined by UNIX sockets, each with a guest of
 * the same shape. To be included behind cmocka.h.
 */
#ifndef MFD_TEST_PAIR_H
#define MFD_TEST_PAIR_H

#include "receiver.h"
#include "sender.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGE 4096u
#define CHANNELS_MAX 255u

/* A sender here, a receiver in another thread, UNIX sockets between them. */
struct pair {
    struct mfd_guest from;
    struct mfd_guest to;
    struct mfd_sender_config sending;
    struct mfd_receiver_config receiving;
    struct mfd_sender_result sent;
    struct mfd_receiver_result received;
    int receiver_error;
    int listen_fd;
    struct sockaddr_un address;
    int fds[CHANNELS_MAX + 1];
};

/*
 * Pages of all kinds: zero ones, alone and in runs, and such that are zero up to their last byte.
 */
static inline void fill(uint8_t *base, uint64_t size, uint32_t seed)
{
    for (uint64_t page = 0; page < size / PAGE; page++) {
        uint8_t *p = base + page * PAGE;

        seed = seed * 1664525u + 1013904223u;
        if ((seed >> 28) < 5 || (page / 200) % 3 == 1) {
            continue;
        }
        if ((seed >> 28) == 5) {
            p[PAGE - 1] = 1;
            continue;
        }
        for (uint32_t i = 0; i < PAGE; i += 4) {
            uint32_t word = seed ^ (uint32_t)page ^ (i * 2654435761u);

            memcpy(p + i, &word, sizeof(word));
        }
    }
}

static inline void add_block(struct pair *pair, const char *name, uint64_t size)
{
    struct mfd_guest_block block = {.name = name, .used_length = size, .max_length = size};

    assert_int_equal(mfd_guest_add_anonymous(&pair->from, &block), 0);
    assert_int_equal(mfd_guest_add_anonymous(&pair->to, &block), 0);
    fill(pair->from.maps[pair->from.table.count - 1].base, size, (uint32_t)size);
    /* what the receiver held before must not shine through */
    memset(pair->to.maps[pair->to.table.count - 1].base, 0x5a, size);
}

static inline void listen_somewhere(struct pair *pair)
{
    socklen_t len = sizeof(pair->address);

    pair->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pair->address.sun_family = AF_UNIX;
    assert_int_equal(bind(pair->listen_fd, (struct sockaddr *)&pair->address, sizeof(sa_family_t)),
                     0);
    assert_int_equal(getsockname(pair->listen_fd, (struct sockaddr *)&pair->address, &len), 0);
    assert_int_equal(listen(pair->listen_fd, 64), 0);
}

/* The first of three blocks has `size` bytes. */
static inline struct pair *pair_new_sized(enum mfd_rev rev, unsigned channels, uint64_t size)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    assert_non_null(pair);
    mfd_guest_init(&pair->from);
    mfd_guest_init(&pair->to);
    add_block(pair, "mem0", size);
    add_block(pair, "pc.rom", 40 * PAGE);
    add_block(pair, "/rom@etc/acpi/tables", PAGE);
    pair->sending = mfd_sender_defaults(rev, &pair->from);
    pair->receiving = mfd_receiver_defaults(rev, &pair->to);
    pair->sending.channels = pair->receiving.channels = channels;
    pair->receiving.machine = "none";
    listen_somewhere(pair);
    return pair;
}

static inline struct pair *pair_new(enum mfd_rev rev, unsigned channels)
{
    return pair_new_sized(rev, channels, 6u << 20);
}

static inline void *receive(void *arg)
{
    struct pair *pair = arg;

    pair->receiver_error = mfd_receiver_run(&pair->receiving, pair->listen_fd, &pair->received);
    /* a connection that it did not accept would keep the sender waiting for ever */
    close(pair->listen_fd);
    pair->listen_fd = -1;
    return NULL;
}

static inline int dial(struct pair *pair)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&pair->address,
                             sizeof(sa_family_t) + 1 + strlen(pair->address.sun_path + 1)),
                     0);
    return fd;
}

/* Runs both ends; each must have ended whatever happened. */
static inline void migrate(struct pair *pair)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, receive, pair), 0);
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        pair->fds[i] = dial(pair);
    }
    pair->sending.fds = pair->fds;
    assert_int_equal(mfd_sender_run(&pair->sending, &pair->sent), 0);
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        close(pair->fds[i]);
    }
    pthread_join(thread, NULL);
    assert_int_equal(pair->receiver_error, 0);
    assert_int_equal(pair->sent.threads_created, pair->sent.threads_joined);
    assert_int_equal(pair->received.threads_created, pair->received.threads_joined);
}

static inline void assert_same_memory(const struct pair *pair)
{
    for (size_t i = 0; i < pair->from.table.count; i++) {
        assert_memory_equal(pair->from.maps[i].base, pair->to.maps[i].base,
                            pair->from.table.blocks[i].used_length);
    }
}

static inline void assert_completed(const struct pair *pair)
{
    char text[512];

    if (!pair->received.completed) {
        fail_msg("receiver: %s", mfd_failure_text(&pair->received.failure, text, sizeof(text)));
    }
    if (!pair->sent.completed) {
        fail_msg("sender: %s", mfd_failure_text(&pair->sent.failure, text, sizeof(text)));
    }
    assert_same_memory(pair);
    assert_int_equal(pair->sent.normal_pages, pair->received.normal_pages);
    assert_int_equal(pair->sent.zero_pages, pair->received.zero_pages);
    assert_int_equal(pair->sent.packets, pair->received.packets);
    assert_int_equal(pair->sent.sync_points, pair->received.sync_points);
    assert_int_equal(pair->sent.bytes, pair->received.bytes);
}

static inline void pair_free(struct pair *pair)
{
    if (pair->listen_fd >= 0) {
        close(pair->listen_fd);
    }
    mfd_guest_free(&pair->from);
    mfd_guest_free(&pair->to);
    free(pair);
}

#endif
