// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life cycle of threads, as the review of July 2017 asked for it, held by the real sender and the real
 * receiver: whichever thread cannot be created, wherever a cancel comes, however often a wait ends without
 * a reason, both ends come to an end and every thread that was created is joined.
 *
 * The linker hands each call by which a thread waits or talks to the wrapper here (CMakeLists.txt), so
 * that "at each point" means the nth such call of a side, whatever the scheduler does.
 */
#include "sender.h"

#include "canceller.h"
#include "link.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "test_bytes.h"
#include "test_pair.h"

#define SMALL (64u * PAGE)

/* Whose thread it is; the one that accepts and the one that waits for a cancel are not counted. */
enum side { NOBODY, SENDER, RECEIVER, ACCEPTING, CANCELLING, SIDES };

static _Thread_local enum side side;
static _Thread_local uint32_t dice;
static _Thread_local unsigned parker; /* its number, from 1 on, once it has been parked */

/* ---- what is injected ---- */

static struct {
    atomic_bool spurious;  /* about half of the waits of a thread end at once, without a reason */
    atomic_uint seed;      /* which ones */
    atomic_uint pieces;    /* not 0: no read or write moves more bytes than that */
    atomic_int cancel_fd;  /* becomes readable ... */
    atomic_uint at;        /* ... at this call, from 1 on */
    atomic_int whom;       /* of that side */
    atomic_int fail_side;  /* no thread of that side can be created ... */
    atomic_uint fail_at;   /* ... from this one on */
    atomic_bool canceller; /* the next thread of a sender is the one that waits for a cancel */
} inject;

static struct {
    atomic_uint calls[SIDES]; /* by which a thread of a side waits or talks */
    atomic_uint spurious;     /* of these, those that were ended without a reason */
    atomic_uint taken;        /* semaphores that a sender waited for and got */
    atomic_uint parkers;      /* threads that have called pthread_cond_wait ... */
    atomic_uint parked[16];   /* ... and how often each of them has */
    atomic_uint broadcasts;
    atomic_uint pings; /* writes of the receiver to its eventfds */
    atomic_uint creations[SIDES];
    atomic_bool shut[SIDES];    /* connections were shut down by a thread of that side */
    atomic_bool joining[SIDES]; /* threads are waited for by one, at the end */
} seen;

static void reset(void)
{
    memset(&inject, 0, sizeof(inject));
    memset(&seen, 0, sizeof(seen));
    inject.cancel_fd = -1;
}

/* Waits until the cancel has shut the connections down, or comes too late for that. */
static void wait_for_effect(void)
{
    enum side by = side == SENDER ? CANCELLING : ACCEPTING;
    enum side end = side == SENDER ? SENDER : ACCEPTING;

    while (!seen.shut[by] && !seen.joining[end]) {
        sched_yield();
    }
}

/* Counts a call; at the chosen one the migration is cancelled. */
static bool cancel_here(void)
{
    unsigned number = atomic_fetch_add(&seen.calls[side], 1) + 1;
    uint64_t one = 1;

    if (number != inject.at || (int)side != inject.whom) {
        return false;
    }
    assert_int_equal(write(inject.cancel_fd, &one, sizeof(one)), sizeof(one));
    return true;
}

/* Whether this wait is to end without a reason. */
static bool for_nothing(void)
{
    if (side == NOBODY || !inject.spurious) {
        return false;
    }
    /* the same sequence for every thread; not every other call, as some come in turns */
    dice = dice * 1664525u + 1013904223u;
    if (dice >> 31) {
        return false;
    }
    seen.spurious++;
    return true;
}

/* To be called first by each wrapper of a call that can be interrupted. */
static bool interrupted(void)
{
    bool counted = side == SENDER || side == RECEIVER || side == ACCEPTING;

    /* the accepting thread is the one that takes notice: it must not wait for itself */
    if (counted && cancel_here() && side != ACCEPTING) {
        wait_for_effect();
    }
    if (for_nothing()) {
        errno = EINTR;
        return true;
    }
    return false;
}

/* ---- the wrappers ---- */

#define WRAPPED(type, name, ...) \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__)

WRAPPED(int, sem_wait, sem_t *sem);
WRAPPED(int, pthread_cond_wait, pthread_cond_t *cond, pthread_mutex_t *mutex);
WRAPPED(int, pthread_cond_broadcast, pthread_cond_t *cond);
WRAPPED(int, pthread_join, pthread_t thread, void **result);
WRAPPED(int, poll, struct pollfd *fds, nfds_t count, int timeout);
WRAPPED(int, shutdown, int fd, int how);
WRAPPED(int, accept4, int fd, struct sockaddr *address, socklen_t *len, int flags);
WRAPPED(ssize_t, write, int fd, const void *bytes, size_t len);
WRAPPED(ssize_t, read, int fd, void *bytes, size_t len);
WRAPPED(ssize_t, recv, int fd, void *bytes, size_t len, int flags);
WRAPPED(ssize_t, sendmsg, int fd, const struct msghdr *message, int flags);
WRAPPED(ssize_t, recvmsg, int fd, struct msghdr *message, int flags);

int __wrap_sem_wait(sem_t *sem)
{
    int status = interrupted() ? -1 : __real_sem_wait(sem);

    seen.taken += status == 0;
    return status;
}

/* What a thread that watches the receiver needs to get at those that are parked. */
static pthread_cond_t *_Atomic park;
static pthread_mutex_t *_Atomic park_mutex;

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    bool now = side == RECEIVER && cancel_here();

    park = cond;
    park_mutex = mutex;
    parker = parker ? parker : ++seen.parkers;
    assert_in_range(parker, 1, sizeof(seen.parked) / sizeof(seen.parked[0]));
    seen.parked[parker - 1]++;
    if (!now && !for_nothing()) {
        return __real_pthread_cond_wait(cond, mutex);
    }
    pthread_mutex_unlock(mutex);
    if (now) {
        wait_for_effect();
    }
    sched_yield();
    pthread_mutex_lock(mutex);
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *cond)
{
    seen.broadcasts++;
    return __real_pthread_cond_broadcast(cond);
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    seen.joining[side] = true;
    return __real_pthread_join(thread, result);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    return interrupted() ? -1 : __real_poll(fds, count, timeout);
}

int __wrap_shutdown(int fd, int how)
{
    int status = __real_shutdown(fd, how);

    seen.shut[side] = true;
    return status;
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    return interrupted() ? -1 : __real_accept4(fd, address, len, flags);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    seen.pings += side == RECEIVER || side == ACCEPTING;
    return for_nothing() ? (errno = EINTR, -1) : __real_write(fd, bytes, len);
}

ssize_t __wrap_read(int fd, void *bytes, size_t len)
{
    return for_nothing() ? (errno = EINTR, -1) : __real_read(fd, bytes, len);
}

static size_t piece(size_t len)
{
    return side != NOBODY && inject.pieces && inject.pieces < len ? inject.pieces : len;
}

ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags)
{
    return interrupted() ? -1 : __real_recv(fd, bytes, piece(len), flags);
}

/* The message with its first piece only, and that cut. */
static struct msghdr cut(const struct msghdr *message, struct iovec *first)
{
    struct msghdr part = *message;

    if (side != NOBODY && inject.pieces && message->msg_iovlen) {
        *first = (struct iovec){message->msg_iov[0].iov_base, piece(message->msg_iov[0].iov_len)};
        part.msg_iov = first;
        part.msg_iovlen = 1;
    }
    return part;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec first;
    struct msghdr part = cut(message, &first);

    return interrupted() ? -1 : __real_sendmsg(fd, &part, flags);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    struct iovec first;
    struct msghdr part = cut(message, &first);

    return interrupted() ? -1 : __real_recvmsg(fd, &part, flags);
}

/* ---- threads that know their side ---- */

struct start {
    enum side side;
    void *(*run)(void *);
    void *arg;
};

static void *run_on_side(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    side = start.side;
    dice = inject.seed;
    return start.run(start.arg);
}

static int create_on_side(enum side on, pthread_t *thread, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg)
{
    struct start *start = malloc(sizeof(*start));
    int error = 0;

    assert_non_null(start);
    *start = (struct start){on, run, arg};
    error = pthread_create(thread, attr, run_on_side, start);
    if (error) {
        free(start);
    }
    return error;
}

static bool fails_now(enum side of)
{
    return (int)of == inject.fail_side && seen.creations[of]++ + 1 >= inject.fail_at;
}

static int create_sender(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                         void *arg)
{
    bool canceller = atomic_exchange(&inject.canceller, false);

    return fails_now(SENDER)
               ? EAGAIN
               : create_on_side(canceller ? CANCELLING : SENDER, thread, attr, run, arg);
}

static int create_receiver(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                           void *arg)
{
    return fails_now(RECEIVER) ? EAGAIN : create_on_side(RECEIVER, thread, attr, run, arg);
}

/* ---- a migration under all of this ---- */

static struct pair *pair_start(enum mfd_rev rev, unsigned channels)
{
    struct pair *pair = pair_new_sized(rev, channels, SMALL);

    reset();
    pair->sending.create = create_sender;
    pair->receiving.create = create_receiver;
    pair->sending.cancel_fd = eventfd(0, EFD_CLOEXEC);
    pair->receiving.cancel_fd = eventfd(0, EFD_CLOEXEC);
    return pair;
}

static void pair_end(struct pair *pair)
{
    close(pair->sending.cancel_fd);
    close(pair->receiving.cancel_fd);
    pair_free(pair);
}

/* Both ends come to an end, whatever was injected, and leave no thread behind. */
static void run(struct pair *pair)
{
    uint64_t one = 1;
    pthread_t thread;

    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        pair->fds[i] = dial(pair);
    }
    pair->sending.fds = pair->fds;
    inject.canceller = true;
    assert_int_equal(create_on_side(ACCEPTING, &thread, NULL, receive, pair), 0);
    side = SENDER;
    assert_int_equal(mfd_sender_run(&pair->sending, &pair->sent), 0);
    side = NOBODY;
    for (unsigned i = 0; i <= pair->sending.channels; i++) {
        close(pair->fds[i]);
    }
    if (pair->sent.bytes == 0) {
        /* who goes without a word leaves a receiver that waits for another sender */
        assert_int_equal(write(pair->receiving.cancel_fd, &one, sizeof(one)), sizeof(one));
    }
    pthread_join(thread, NULL);
    assert_int_equal(pair->receiver_error, 0);
    assert_int_equal(pair->sent.threads_created, pair->sent.threads_joined);
    assert_int_equal(pair->received.threads_created, pair->received.threads_joined);
    assert_true(pair->sent.completed != pair->sent.failure.set);
    assert_true(pair->received.completed != pair->received.failure.set);
}

static const enum mfd_rev revisions[] = {MFD_REV_2017_TEXT, MFD_REV_7_2, MFD_REV_11_1};

#define FOR_EACH_REVISION(rev) \
    for (const enum mfd_rev *rev = revisions; rev < revisions + sizeof(revisions) / sizeof(*rev); \
         rev++)

/* What failed before leaves nothing behind that the next migration could stumble over. */
static void assert_a_new_one_succeeds(enum mfd_rev rev)
{
    struct pair *pair = pair_start(rev, 3);

    run(pair);
    assert_completed(pair);
    assert_int_equal(pair->sent.threads_created, 4); /* three channels, and one for a cancel */
    assert_int_equal(pair->received.threads_created, 4);
    pair_end(pair);
}

static void fail_each_creation(enum side failing)
{
    FOR_EACH_REVISION(rev)
    {
        for (unsigned n = 1; n <= 4; n++) {
            struct pair *pair = pair_start(*rev, 3);
            bool sender = failing == SENDER;

            inject.fail_side = (int)failing;
            inject.fail_at = n;
            run(pair);
            assert_int_equal(sender ? pair->sent.threads_created : pair->received.threads_created,
                             n - 1);
            assert_int_equal((sender ? &pair->sent.failure : &pair->received.failure)->error,
                             EAGAIN);
            assert_true((sender ? &pair->received.failure : &pair->sent.failure)->set);
            pair_end(pair);
        }
        assert_a_new_one_succeeds(*rev);
    }
}

static void whichever_thread_of_a_sender_cannot_be_created_the_others_are_joined(void **state)
{
    (void)state;
    fail_each_creation(SENDER);
}

static void whichever_thread_of_a_receiver_cannot_be_created_the_others_are_joined(void **state)
{
    (void)state;
    fail_each_creation(RECEIVER);
}

/*
 * Cancels a side at its nth call; false when it does not make so many. Near the end it may be too late:
 * then the migration completes.
 */
static bool cancel_at(enum mfd_rev rev, enum side whom, unsigned n, unsigned *cancelled)
{
    struct pair *pair = pair_start(rev, 2);
    const struct mfd_failure *failure = NULL;
    bool reached = false;

    inject.whom = (int)whom;
    inject.at = n;
    inject.cancel_fd = whom == SENDER ? pair->sending.cancel_fd : pair->receiving.cancel_fd;
    run(pair);
    failure = whom == SENDER ? &pair->sent.failure : &pair->received.failure;
    reached = seen.calls[whom] >= n;
    if (failure->set) {
        assert_int_equal(failure->error, ECANCELED);
        assert_true(reached);
        (*cancelled)++;
    } else {
        assert_same_memory(pair);
    }
    pair_end(pair);
    return reached;
}

/* Calls of a side that come before the end in every schedule; there are many more. */
#define SURELY_BEFORE_THE_END 5

static void cancel_everywhere(enum side whom)
{
    FOR_EACH_REVISION(rev)
    {
        unsigned cancelled = 0;
        unsigned n = 1;

        while (cancel_at(*rev, whom, n, &cancelled)) {
            assert_true(n > SURELY_BEFORE_THE_END || cancelled == n);
            n++;
        }
        assert_true(n > SURELY_BEFORE_THE_END);
        print_message("%s: %u of %u\n", mfd_rev_info(*rev)->name, cancelled, n - 1);
        assert_a_new_one_succeeds(*rev);
    }
}

static void a_sender_can_be_cancelled_at_each_of_its_calls(void **state)
{
    (void)state;
    cancel_everywhere(SENDER);
}

static void a_receiver_can_be_cancelled_at_each_call_of_its_connections(void **state)
{
    (void)state;
    cancel_everywhere(RECEIVER);
}

static void a_receiver_can_be_cancelled_at_each_call_of_its_accepting_thread(void **state)
{
    (void)state;
    cancel_everywhere(ACCEPTING);
}

static void waits_that_end_without_a_reason_change_nothing(void **state)
{
    (void)state;
    FOR_EACH_REVISION(rev)
    {
        for (unsigned channels = 1; channels <= 4; channels += 3) {
            struct pair *pair = pair_start(*rev, channels);

            inject.spurious = true;
            run(pair);
            assert_completed(pair);
            assert_true(seen.spurious > 10 * channels);
            pair_end(pair);
        }
    }
}

/* With one channel a sender waits as often as it has reason to: all else is what was injected. */
static void a_sender_waits_again_once_for_each_wait_that_ended_without_a_reason(void **state)
{
    (void)state;
    FOR_EACH_REVISION(rev)
    {
        unsigned taken[2] = {0};

        for (int spurious = 0; spurious <= 1; spurious++) {
            struct pair *pair = pair_start(*rev, 1);

            inject.spurious = spurious;
            run(pair);
            assert_completed(pair);
            taken[spurious] = seen.taken;
            pair_end(pair);
        }
        assert_int_equal(taken[0], taken[1]);
    }
}

static void reads_and_writes_of_a_few_bytes_lose_none(void **state)
{
    (void)state;
    FOR_EACH_REVISION(rev)
    {
        struct pair *pair = pair_start(*rev, 2);

        inject.pieces = 29;
        run(pair);
        assert_completed(pair);
        pair_end(pair);
    }
}

/* ---- who is parked stays so ---- */

#define CHANNELS 4u
#define STORM 50u

static void send_bytes(struct test_bytes *b, int fd)
{
    assert_int_equal(send(fd, b->data, b->len, MSG_NOSIGNAL), b->len);
    b->len = 0;
}

static void wait_for(atomic_uint *counter, unsigned value)
{
    while (*counter < value) {
        sched_yield();
    }
}

/* All channels wait for a sync point that main has not sent. */
static void park_all(struct pair *pair, struct test_bytes *b, pthread_t *thread)
{
    for (unsigned i = 0; i <= CHANNELS; i++) {
        pair->fds[i] = dial(pair);
    }
    assert_int_equal(create_on_side(ACCEPTING, thread, NULL, receive, pair), 0);
    test_put_header(b);
    test_put_ram_start(b, SMALL);
    send_bytes(b, pair->fds[0]);
    for (unsigned i = 0; i < CHANNELS; i++) {
        test_put_hello(b, i);
        test_put_sync(b);
        send_bytes(b, pair->fds[1 + i]);
    }
    wait_for(&seen.parkers, CHANNELS);
}

/* Wakes everybody who waits, and waits until each of them does so again. */
static void broadcast_for_nothing(void)
{
    unsigned before[CHANNELS];

    pthread_mutex_lock(park_mutex);
    for (unsigned i = 0; i < CHANNELS; i++) {
        before[i] = seen.parked[i];
    }
    __real_pthread_cond_broadcast(park);
    pthread_mutex_unlock(park_mutex);
    for (unsigned i = 0; i < CHANNELS; i++) {
        wait_for(&seen.parked[i], before[i] + 1);
    }
}

static void a_wake_up_without_a_reason_wakes_nobody_else(void **state)
{
    struct pair *pair = pair_start(MFD_REV_11_1, CHANNELS);
    struct test_bytes *b = calloc(1, sizeof(*b));
    unsigned parked[CHANNELS];
    unsigned pings = 0;
    pthread_t thread;

    (void)state;
    assert_non_null(b);
    pair->to.table.count = 1;
    park_all(pair, b, &thread);
    broadcast_for_nothing(); /* behind this nobody has been woken who does not wait again */
    pings = seen.pings;
    for (unsigned i = 0; i < CHANNELS; i++) {
        parked[i] = seen.parked[i];
    }
    for (unsigned i = 0; i < STORM; i++) {
        broadcast_for_nothing();
    }
    pthread_mutex_lock(park_mutex); /* whoever was on the way to waiting has arrived */
    pthread_mutex_unlock(park_mutex);
    for (unsigned i = 0; i < CHANNELS; i++) {
        assert_int_equal(seen.parked[i], parked[i] + STORM);
    }
    assert_int_equal(seen.broadcasts, 0); /* nor has any message of theirs that let nobody go on */
    assert_int_equal(seen.pings, pings);
    test_put_section_end(b, true);
    test_put_ram_end(b, true);
    test_put_end(b, true);
    send_bytes(b, pair->fds[0]);
    for (unsigned i = 0; i < CHANNELS; i++) {
        test_put_sync(b);
        send_bytes(b, pair->fds[1 + i]);
    }
    pthread_join(thread, NULL);
    assert_true(pair->received.completed);
    for (unsigned i = 0; i <= CHANNELS; i++) {
        close(pair->fds[i]);
    }
    pair->to.table.count = 3;
    free(b);
    pair_end(pair);
}

/* Everybody who could go on has gone: that must show whichever look at it is interrupted. */
static void a_sender_that_goes_is_noticed_through_interruptions(void **state)
{
    struct test_bytes *b = calloc(1, sizeof(*b));

    (void)state;
    assert_non_null(b);
    for (unsigned seed = 0; seed < 32; seed++) {
        struct pair *pair = pair_start(MFD_REV_11_1, CHANNELS);
        pthread_t thread;

        pair->to.table.count = 1;
        inject.spurious = true;
        inject.seed = seed;
        pair->receiving.channels = CHANNELS + 1; /* of which one never comes */
        park_all(pair, b, &thread);
        test_put_section_end(b, true);
        send_bytes(b, pair->fds[0]);
        for (unsigned i = 0; i <= CHANNELS; i++) {
            close(pair->fds[i]);
        }
        pthread_join(thread, NULL);
        assert_true(pair->received.failure.set);
        assert_int_equal(pair->received.threads_created, pair->received.threads_joined);
        pair->to.table.count = 3;
        pair_end(pair);
    }
    free(b);
}

/* ---- cleaning up ---- */

static void cleaning_up_twice_is_harmless(void **state)
{
    static const uint8_t uuid[MFD_UUID_SIZE];
    int fds[3][2];
    int ends[3];
    struct mfd_guest guest;
    struct mfd_outlet outlet;
    struct mfd_pool never_started = {0};
    struct mfd_pool pool;
    struct mfd_canceller canceller;
    struct mfd_conn conn;
    struct mfd_batch batch;
    struct mfd_frame frame;
    struct mfd_frame_setup framing = {.rev = MFD_REV_11_1, .page_size = PAGE, .guest = &guest};
    struct mfd_conn_setup setup = {.check = {.rev = MFD_REV_11_1, .page_size = PAGE}};

    (void)state;
    reset();
    mfd_guest_init(&guest);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0);
        ends[i] = fds[i][0];
    }
    assert_int_equal(mfd_outlet_init(&outlet, ends, 3, NULL), 0);
    assert_int_equal(mfd_pool_start(&pool, &outlet, &framing, uuid, 2, pthread_create), 0);
    assert_int_equal(mfd_canceller_start(&canceller, &outlet, fds[0][1], pthread_create), 0);
    assert_int_equal(mfd_conn_init(&conn, &setup), 0);
    assert_int_equal(mfd_batch_init(&batch, PAGE), 0);
    assert_int_equal(mfd_frame_init(&frame, &framing), 0);
    for (int times = 1; times <= 2; times++) {
        mfd_pool_stop(&pool);
        mfd_pool_stop(&never_started);
        assert_int_equal(pool.created, 2);
        assert_int_equal(pool.joined, 2);
        assert_int_equal(mfd_canceller_stop(&canceller), times == 1);
        mfd_conn_free(&conn);
        mfd_batch_free(&batch);
        mfd_frame_free(&frame);
        mfd_guest_free(&guest);
    }
    free(pool.channels);
    mfd_outlet_free(&outlet);
    for (int i = 0; i < 3; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whichever_thread_of_a_sender_cannot_be_created_the_others_are_joined),
        cmocka_unit_test(whichever_thread_of_a_receiver_cannot_be_created_the_others_are_joined),
        cmocka_unit_test(a_sender_can_be_cancelled_at_each_of_its_calls),
        cmocka_unit_test(a_receiver_can_be_cancelled_at_each_call_of_its_connections),
        cmocka_unit_test(a_receiver_can_be_cancelled_at_each_call_of_its_accepting_thread),
        cmocka_unit_test(waits_that_end_without_a_reason_change_nothing),
        cmocka_unit_test(a_sender_waits_again_once_for_each_wait_that_ended_without_a_reason),
        cmocka_unit_test(reads_and_writes_of_a_few_bytes_lose_none),
        cmocka_unit_test(a_wake_up_without_a_reason_wakes_nobody_else),
        cmocka_unit_test(a_sender_that_goes_is_noticed_through_interruptions),
        cmocka_unit_test(cleaning_up_twice_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
