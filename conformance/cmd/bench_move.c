// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_move.h"

#include "net.h"
#include "packet.h"
#include "process.h"
#include "receiver.h"
#include "sender.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE 4096u
#define CONNECT_MS 10000
#define STALL_MS 60000

static int add_block(struct mfd_guest *guest, uint64_t ram)
{
    struct mfd_guest_block block = {"mem0", ram, ram, false};

    mfd_guest_init(guest);
    return mfd_guest_add_anonymous(guest, &block);
}

int mfd_bench_init(struct mfd_bench *bench, uint64_t ram)
{
    int error = add_block(&bench->from, ram);
    int other = add_block(&bench->to, ram);

    if (error || other) {
        return error ? error : other;
    }
    for (uint64_t at = 0; at < ram; at += sizeof(at)) {
        uint64_t word = at * 0x9e3779b97f4a7c15u + 1;

        memcpy(bench->from.maps[0].base + at, &word, sizeof(word));
    }
    memset(bench->to.maps[0].base, 0, ram); /* each page is there before the first run */
    return 0;
}

void mfd_bench_free(struct mfd_bench *bench)
{
    mfd_guest_free(&bench->from);
    mfd_guest_free(&bench->to);
}

bool mfd_bench_arrived(struct mfd_bench *bench)
{
    uint64_t ram = bench->from.table.blocks[0].used_length;
    bool same = memcmp(bench->from.maps[0].base, bench->to.maps[0].base, ram) == 0;

    for (uint64_t at = 0; at < ram; at += PAGE) {
        bench->to.maps[0].base[at] ^= 0xff;
    }
    return same;
}

/* ---- the connections ---- */

/* Accepts `count` connections while this end makes them, each pair in its place. 0 or an errno. */
static int connect_pairs(int listen_fd, const char *address, unsigned count, int *ours, int *theirs)
{
    for (unsigned i = 0; i < count; i++) {
        int error = mfd_net_connect(address, CONNECT_MS, &ours[i]);

        if (error) {
            return error;
        }
        theirs[i] = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (theirs[i] < 0) {
            return errno;
        }
    }
    return 0;
}

static void close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* ---- as little as can be ---- */

struct mover {
    const struct mfd_bench *bench;
    int fd;
    unsigned channel;
    bool sends;
    bool failed;
    pthread_t thread;
};

/* Moves all pieces; false if the connection ends before. */
static bool move_all(const struct mover *mover, struct iovec *iov, size_t count)
{
    while (count > 0) {
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};
        ssize_t n = mover->sends ? sendmsg(mover->fd, &message, MSG_NOSIGNAL)
                                 : recvmsg(mover->fd, &message, MSG_WAITALL);

        if (n <= 0 && (n == 0 || errno != EINTR)) {
            return false;
        }
        for (; n > 0 && count > 0 && (size_t)n >= iov->iov_len; iov++, count--) {
            n -= (ssize_t)iov->iov_len;
        }
        if (n > 0) {
            iov->iov_base = (char *)iov->iov_base + n;
            iov->iov_len -= (size_t)n;
        }
    }
    return true;
}

static void *move(void *arg)
{
    struct mover *mover = arg;
    const struct mfd_guest *guest = mover->sends ? &mover->bench->from : &mover->bench->to;
    uint64_t ram = guest->table.blocks[0].used_length;
    uint64_t span = (uint64_t)mfd_slots(PAGE) * PAGE;
    uint8_t header[4096] = {0};

    for (uint64_t at = mover->channel * span; at < ram; at += mover->bench->channels * span) {
        struct iovec iov[] = {{header, mfd_packet_size(PAGE)},
                              {guest->maps[0].base + at, ram - at < span ? ram - at : span}};

        if (!move_all(mover, iov, 2)) {
            mover->failed = true;
            shutdown(mover->fd, SHUT_RDWR); /* the other end is not to wait for the rest */
            break;
        }
    }
    return NULL;
}

static bool move_between(const struct mfd_bench *bench, const int *ours, const int *theirs)
{
    struct mover movers[2 * MFD_CHANNELS_MAX];
    unsigned started = 0;
    bool good = true;

    for (unsigned i = 0; i < 2 * bench->channels; i++) {
        bool sends = i % 2;

        movers[i] =
            (struct mover){bench, sends ? ours[i / 2] : theirs[i / 2], i / 2, sends, false, 0};
    }
    for (; started < 2 * bench->channels && good; started += good) {
        good = pthread_create(&movers[started].thread, NULL, move, &movers[started]) == 0;
    }
    for (unsigned i = 0; i < started; i++) {
        if (!good) {
            shutdown(movers[i].fd, SHUT_RDWR);
        }
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(movers[i].thread, NULL);
        good = good && !movers[i].failed;
    }
    return good;
}

double mfd_bench_bare(struct mfd_bench *bench)
{
    int ours[MFD_CHANNELS_MAX];
    int theirs[MFD_CHANNELS_MAX];
    char real[MFD_ADDRESS_MAX];
    int listen_fd = -1;
    double seconds = -1;
    double began = mfd_now();
    int error = mfd_net_listen(bench->address, (int)bench->channels, &listen_fd, real);

    memset(ours, -1, sizeof(ours));
    memset(theirs, -1, sizeof(theirs));
    if (!error) {
        error = connect_pairs(listen_fd, real, bench->channels, ours, theirs);
        if (!error && move_between(bench, ours, theirs)) {
            seconds = mfd_now() - began;
        }
        close(listen_fd);
        mfd_net_unlink(real);
    }
    close_all(ours, bench->channels);
    close_all(theirs, bench->channels);
    errno = error;
    return seconds;
}

/* ---- the reference ---- */

struct receiving {
    struct mfd_receiver_config config;
    struct mfd_receiver_result result;
    int listen_fd;
    int error;
};

static void *receive(void *arg)
{
    struct receiving *receiving = arg;

    receiving->error =
        mfd_receiver_run(&receiving->config, receiving->listen_fd, &receiving->result);
    return NULL;
}

/* Connects to a receiver that listens, and sends. 0 or an errno. */
static int send_to(struct mfd_bench *bench, const char *address, struct mfd_sender_result *result)
{
    struct mfd_sender_config config = mfd_sender_defaults(MFD_REV_11_1, &bench->from);
    int fds[MFD_CHANNELS_MAX + 1];
    int error = 0;

    memset(fds, -1, sizeof(fds));
    for (unsigned i = 0; i <= bench->channels && !error; i++) {
        error = mfd_net_connect(address, CONNECT_MS, &fds[i]);
    }
    config.fds = fds;
    config.channels = bench->channels;
    config.stall_ms = STALL_MS;
    if (!error) {
        error = mfd_sender_run(&config, result);
    }
    close_all(fds, bench->channels + 1);
    return error;
}

double mfd_bench_reference(struct mfd_bench *bench)
{
    struct receiving receiving = {.config = mfd_receiver_defaults(MFD_REV_11_1, &bench->to)};
    struct mfd_sender_result sent = {0};
    char real[MFD_ADDRESS_MAX];
    pthread_t thread;
    double seconds = -1;
    double began = mfd_now();
    int error =
        mfd_net_listen(bench->address, (int)bench->channels + 1, &receiving.listen_fd, real);

    if (error) {
        errno = error;
        return seconds;
    }
    receiving.config.channels = bench->channels;
    receiving.config.machine = "none";
    receiving.config.stall_ms = STALL_MS;
    error = pthread_create(&thread, NULL, receive, &receiving);
    if (!error) {
        error = send_to(bench, real, &sent);
        pthread_join(thread, NULL);
    }
    if (!error && sent.completed && receiving.result.completed) {
        seconds = mfd_now() - began;
    }
    close(receiving.listen_fd);
    mfd_net_unlink(real);
    errno = error ? error : receiving.error;
    return seconds;
}
