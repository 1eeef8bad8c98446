// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between a real sender and a real receiver: every connection that comes in is made anew to the receiver, and
 * what either side sends goes to the other one, unchanged but for the faults asked for. The sender is held to
 * its rules on the way.
 *
 * A fault is decided by the message that it is on, counted on its connection, and by nothing of time. Bytes go on
 * as soon as no fault can be on them; without faults they are not looked at first.
 *
 * One thread, no blocking but for connecting to the receiver. Bounded: MFD_CHECKED_CONNS connections, the memory
 * of flow.h for each, and a guard against peers that say nothing.
 */
#ifndef MFD_RELAY_H
#define MFD_RELAY_H

#include "capture_write.h"
#include "checked.h"
#include "fault_line.h"

struct mfd_relay_config {
    int listen_fd; /* stays the caller's */
    const char *to;
    struct mfd_given given;
    struct mfd_fault_line **faults; /* each is applied once, at the most */
    size_t fault_count;
    struct mfd_capture_writer *capture; /* gets what the receiver gets, and its answers; or NULL */
    unsigned guard_s;                   /* nothing at all for so long ends it; 0: never */
};

enum mfd_relay_end {
    MFD_RELAY_DONE,   /* main and all others were closed */
    MFD_RELAY_SILENT, /* the guard */
    MFD_RELAY_FAILED, /* the system refused something */
};

struct mfd_relay_result {
    enum mfd_relay_end end;
    struct mfd_checked *checked; /* ended; the caller's. NULL without memory */
    size_t connections;
    size_t refused; /* connections beyond those that are bounded */
    size_t tls;     /* connections that speak TLS, which goes by unread */
    uint64_t bytes[2];
    bool *applied;   /* by fault; the caller's */
    char error[512]; /* why it failed, or why a fault could not be applied; "" */
};

void mfd_relay_run(const struct mfd_relay_config *config, struct mfd_relay_result *result);
void mfd_relay_result_free(struct mfd_relay_result *result);

#endif
