// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests: the events of a migration as somebody sees them who has not the keys. Each connection that speaks TLS gets a session
 * between two ends in memory, whose handshake and records take the place of the bytes.
 */
#ifndef MFD_TLS_COVER_H
#define MFD_TLS_COVER_H

#include "event.h"
#include "plan.h"

/* Gets each event under the cover. */
typedef void (*mfd_tls_cover_fn)(const struct mfd_event *event, const char *text);

struct mfd_tls_cover;

/* Makes the keys that all share, and removes them; false and -1: that failed. */
bool mfd_tls_cover_begin(void);
int mfd_tls_cover_end(void);

/* For one migration. NULL: there is no memory. */
struct mfd_tls_cover *mfd_tls_cover_create(enum mfd_tls kind, mfd_tls_cover_fn put);
void mfd_tls_cover_free(struct mfd_tls_cover *cover);
/*
 * Hands on an event of a connection that speaks so; a foreign one fails in its handshake. False: it carries bytes that cannot
 * pass any more, and nothing was handed on.
 */
bool mfd_tls_cover_event(struct mfd_tls_cover *cover, const struct mfd_event *event,
                         const char *text, enum mfd_plan_tls speaks);

#endif
