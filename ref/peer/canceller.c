// SPDX-License-Identifier: GPL-2.0-or-later
#include "canceller.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void *canceller_thread(void *arg)
{
    const struct mfd_canceller *canceller = arg;
    struct pollfd fds[2] = {{canceller->cancel_fd, POLLIN, 0}, {canceller->stop_fd, POLLIN, 0}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR) {}
    if (fds[0].revents) {
        mfd_outlet_fail(canceller->outlet, -1, ECANCELED, "the migration was cancelled");
    }
    return NULL;
}

int mfd_canceller_start(struct mfd_canceller *canceller, struct mfd_outlet *outlet, int cancel_fd,
                        mfd_create_fn *create)
{
    int error = 0;

    *canceller = (struct mfd_canceller){.outlet = outlet, .cancel_fd = cancel_fd, .stop_fd = -1};
    if (cancel_fd < 0) {
        return 0;
    }
    canceller->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (canceller->stop_fd < 0) {
        return errno;
    }
    error = create(&canceller->thread, NULL, canceller_thread, canceller);
    canceller->created = error == 0;
    return error;
}

unsigned mfd_canceller_stop(struct mfd_canceller *canceller)
{
    unsigned joined = canceller->created;
    uint64_t one = 1;

    if (canceller->created) {
        while (write(canceller->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR) {}
        pthread_join(canceller->thread, NULL);
        canceller->created = false;
    }
    if (canceller->stop_fd >= 0) {
        close(canceller->stop_fd);
        canceller->stop_fd = -1;
    }
    return joined;
}
