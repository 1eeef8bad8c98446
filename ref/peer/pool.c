// SPDX-License-Identifier: GPL-2.0-or-later
/* The channel threads of a sender; see outlet.h. */
#include "hello.h"
#include "outlet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void wait_for(sem_t *sem)
{
    while (sem_wait(sem) < 0 && errno == EINTR) {}
}

static void send_hello(struct mfd_pool_channel *channel)
{
    uint8_t hello[MFD_HELLO_SIZE];
    struct iovec iov = {.iov_base = hello};

    if (mfd_outlet_greet(channel->pool->outlet, channel->number + 1)) {
        iov.iov_len = mfd_hello_write(channel->pool->setup.rev, hello, channel->pool->uuid,
                                      (uint8_t)channel->number);
        mfd_outlet_send(channel->pool->outlet, channel->number + 1, &iov, 1);
    }
}

/* Makes the packet of the job and sends it; pages that are not compressed go straight from the guest's memory. */
static void send_packet(struct mfd_pool_channel *channel)
{
    struct mfd_frame *frame = &channel->frame;
    int error = 0;

    if (channel->job == MFD_JOB_SYNC) {
        mfd_frame_sync(frame, channel->packet_num);
    } else if (channel->job == MFD_JOB_DEVICE) {
        mfd_frame_device(frame, channel->device);
    } else {
        error = mfd_frame_data(frame, &channel->batch, channel->packet_num);
    }
    if (error) {
        mfd_outlet_fail(channel->pool->outlet, (int)channel->number + 1, error, "cannot compress");
    } else if (mfd_outlet_send(channel->pool->outlet, channel->number + 1, frame->iov,
                               frame->iov_count)) {
        channel->packets++;
        channel->normal_pages += frame->normal_pages;
        channel->zero_pages += frame->zero_pages;
    }
}

/* After a failure jobs are taken but no longer done, so that nobody ever waits for a channel. */
static void *channel_thread(void *arg)
{
    struct mfd_pool_channel *channel = arg;
    struct mfd_pool *pool = channel->pool;

    for (;;) {
        wait_for(&channel->work);
        if (channel->job == MFD_JOB_QUIT) {
            return NULL;
        }
        if (channel->job == MFD_JOB_HELLO) {
            send_hello(channel);
        } else if (!atomic_load(&pool->outlet->failed)) {
            send_packet(channel);
        }
        atomic_store(&channel->busy, false);
        sem_post(&pool->idle);
    }
}

/* The caller has taken the channel's place in `idle`. */
static void hand_out(struct mfd_pool_channel *channel, enum mfd_job job)
{
    channel->job = job;
    if (job == MFD_JOB_DATA || job == MFD_JOB_SYNC) {
        channel->packet_num = channel->pool->packet_num++;
    }
    atomic_store(&channel->busy, true);
    sem_post(&channel->work);
}

static int start_channel(struct mfd_pool *pool, unsigned number, mfd_create_fn *create)
{
    struct mfd_pool_channel *channel = &pool->channels[number];
    int error = mfd_batch_init(&channel->batch, pool->setup.page_size);

    channel->pool = pool;
    channel->number = number;
    sem_init(&channel->work, 0, 0);
    if (!error) {
        error = mfd_frame_init(&channel->frame, &pool->setup);
    }
    if (!error) {
        error = create(&channel->thread, NULL, channel_thread, channel);
    }
    if (!error) {
        channel->created = true;
        pool->created++;
        hand_out(channel, MFD_JOB_HELLO);
    }
    return error;
}

int mfd_pool_start(struct mfd_pool *pool, struct mfd_outlet *outlet,
                   const struct mfd_frame_setup *setup, const uint8_t *uuid, unsigned count,
                   mfd_create_fn *create)
{
    int error = 0;

    *pool =
        (struct mfd_pool){.outlet = outlet, .setup = *setup, .last = count - 1, .started = true};
    memcpy(pool->uuid, uuid, sizeof(pool->uuid));
    sem_init(&pool->idle, 0, 0);
    pool->channels = calloc(count, sizeof(*pool->channels));
    if (!pool->channels) {
        return ENOMEM;
    }
    while (!error && pool->count < count) {
        error = start_channel(pool, pool->count++, create);
    }
    return error;
}

/* Waits for an idle channel: the next after the one used last. */
static struct mfd_pool_channel *take_idle(struct mfd_pool *pool)
{
    wait_for(&pool->idle);
    do {
        pool->last = (pool->last + 1) % pool->count;
    } while (atomic_load(&pool->channels[pool->last].busy));
    return &pool->channels[pool->last];
}

void mfd_pool_give(struct mfd_pool *pool, struct mfd_batch *batch)
{
    struct mfd_pool_channel *channel = take_idle(pool);
    struct mfd_batch empty = channel->batch;

    channel->batch = *batch;
    *batch = empty;
    batch->count = 0;
    hand_out(channel, MFD_JOB_DATA);
}

void mfd_pool_give_device(struct mfd_pool *pool, const struct mfd_device_state *device)
{
    struct mfd_pool_channel *channel = take_idle(pool);

    channel->device = device;
    hand_out(channel, MFD_JOB_DEVICE);
}

void mfd_pool_sync(struct mfd_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        wait_for(&pool->idle);
    }
    for (unsigned i = 0; i < pool->count; i++) {
        hand_out(&pool->channels[i], MFD_JOB_SYNC);
    }
}

void mfd_pool_wait(struct mfd_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        wait_for(&pool->idle);
    }
    for (unsigned i = 0; i < pool->count; i++) {
        sem_post(&pool->idle);
    }
}

void mfd_pool_stop(struct mfd_pool *pool)
{
    if (!pool->started) {
        return;
    }
    pool->started = false;
    /* only what was created has been given work and comes back from it */
    for (unsigned i = 0; i < pool->created; i++) {
        wait_for(&pool->idle);
    }
    for (unsigned i = 0; i < pool->count; i++) {
        struct mfd_pool_channel *channel = &pool->channels[i];

        if (channel->created) {
            hand_out(channel, MFD_JOB_QUIT);
            pthread_join(channel->thread, NULL);
            pool->joined++;
        }
        sem_destroy(&channel->work);
        mfd_batch_free(&channel->batch);
        mfd_frame_free(&channel->frame);
    }
    sem_destroy(&pool->idle);
}
