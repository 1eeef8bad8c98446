// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small client of QMP, QEMU's control protocol: JSON lines over a socket.
 *
 * Commands may be sent ahead of the replies of earlier ones; replies are matched by id, events are
 * kept out of the way. Nothing waits longer than it is told to.
 */
#ifndef MFD_QMP_H
#define MFD_QMP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct mfd_qmp {
    int fd;    /* owned by the caller */
    char *buf; /* what was read and not yet parsed */
    size_t len;
    size_t room;
    unsigned next_id;
    json_t *replies; /* object: id -> reply, not yet asked for */
    json_t *events;  /* array, oldest first, not yet asked for; of too many the oldest are lost */
    bool lost;       /* closed by the other side, or not JSON */
};

/* The greeting must be read with mfd_qmp_greeting() before anything else. False without memory. */
bool mfd_qmp_open(struct mfd_qmp *qmp, int fd);
void mfd_qmp_close(struct mfd_qmp *qmp);

/* Waits for the greeting; NULL after `seconds` or if the connection is lost. Owned by the caller. */
json_t *mfd_qmp_greeting(struct mfd_qmp *qmp, double seconds);

/* Sends a command; takes the reference to `arguments`, which may be NULL. Returns its id, 0 on failure. */
unsigned mfd_qmp_send(struct mfd_qmp *qmp, const char *command, json_t *arguments);

/*
 * The reply to a command, owned by the caller: an object with "return" or "error". NULL if it has not
 * come within `seconds`; a later call may ask again.
 */
json_t *mfd_qmp_reply(struct mfd_qmp *qmp, unsigned id, double seconds);

/*
 * The next event of that name, owned by the caller; those of other names before it are dropped. NULL if
 * none has come within `seconds`.
 */
json_t *mfd_qmp_event(struct mfd_qmp *qmp, const char *name, double seconds);

#endif
