// SPDX-License-Identifier: GPL-2.0-or-later
#include "tls_cover.h"

#include "test_keys.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include <gnutls/gnutls.h>

#define CONNS 512u
/* More is never under way: a flight of a handshake. */
#define INBOX 65536u
#define ROUNDS 32

/* By kind of keys, for all migrations. */
static struct mfd_tls_creds *senders[3];
static struct mfd_tls_creds *foreigners[3];
static struct mfd_tls_creds *receivers[3];

/* One end of a session: the sender's, or the receiver's. */
struct end {
    struct covered *covered;
    gnutls_session_t session;
    enum mfd_direction direction; /* of what it sends */
    uint8_t inbox[INBOX];         /* for it, and not read yet */
    size_t waiting;
};

/* A connection. */
struct covered {
    struct mfd_tls_cover *cover;
    struct mfd_event event; /* that is being handed on */
    const char *text;
    struct end ends[2]; /* by direction */
    bool failed;
};

struct mfd_tls_cover {
    mfd_tls_cover_fn put;
    enum mfd_tls kind;
    struct covered *conns[CONNS];
};

/* ---- the way between two ends ---- */

/* What one end sends is seen, and waits for the other. */
static ssize_t push(gnutls_transport_ptr_t from, const void *bytes, size_t len)
{
    struct end *end = from;
    struct covered *covered = end->covered;
    struct end *other = &covered->ends[!end->direction];
    struct mfd_event event = covered->event;

    event.kind = MFD_EVENT_DATA;
    event.direction = end->direction;
    event.bytes = bytes;
    event.len = len;
    covered->cover->put(&event, covered->text);
    covered->text = NULL;
    if (len > INBOX - other->waiting) {
        abort();
    }
    memcpy(other->inbox + other->waiting, bytes, len);
    other->waiting += len;
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t to, void *bytes, size_t len)
{
    struct end *end = to;

    if (!end->waiting) {
        gnutls_transport_set_errno(end->session, EAGAIN);
        return -1;
    }
    len = len < end->waiting ? len : end->waiting;
    memcpy(bytes, end->inbox, len);
    end->waiting -= len;
    memmove(end->inbox, end->inbox + len, end->waiting);
    return (ssize_t)len;
}

static int never_wait(gnutls_transport_ptr_t to, unsigned ms)
{
    const struct end *end = to;

    (void)ms;
    return end->waiting != 0;
}

/* ---- sessions ---- */

/* Goes on with one end's handshake; `*done` when it has no more to say. */
static bool step(struct end *end, bool *done)
{
    int code = gnutls_handshake(end->session);

    *done = code == GNUTLS_E_SUCCESS;
    if (code < 0 && gnutls_error_is_fatal(code)) {
        gnutls_alert_send_appropriate(end->session, code);
        return false;
    }
    return true;
}

/* Both ends shake hands; false: one of them does not want to. */
static bool shake(struct covered *covered)
{
    bool done[2] = {false, false};

    for (int round = 0; round < ROUNDS && !(done[0] && done[1]); round++) {
        for (int i = 0; i < 2; i++) {
            if (!done[i] && !step(&covered->ends[i], &done[i])) {
                return false;
            }
        }
    }
    return done[0] && done[1];
}

static struct covered *connect_ends(struct mfd_tls_cover *cover, const struct mfd_event *event,
                                    bool foreign)
{
    struct covered *covered = calloc(1, sizeof(*covered));

    if (!covered) {
        return NULL;
    }
    covered->cover = cover;
    covered->event = *event;
    for (int i = 0; i < 2; i++) {
        struct end *end = &covered->ends[i];
        const struct mfd_tls_creds *creds = i         ? receivers[cover->kind]
                                            : foreign ? foreigners[cover->kind]
                                                      : senders[cover->kind];

        end->covered = covered;
        end->direction = (enum mfd_direction)i;
        if (mfd_tls_session(creds, &end->session) < 0) {
            abort();
        }
        gnutls_transport_set_ptr(end->session, end);
        gnutls_transport_set_push_function(end->session, push);
        gnutls_transport_set_pull_function(end->session, pull);
        gnutls_transport_set_pull_timeout_function(end->session, never_wait);
    }
    covered->failed = !shake(covered);
    return covered;
}

static void disconnect_ends(struct covered *covered)
{
    if (covered) {
        gnutls_deinit(covered->ends[0].session);
        gnutls_deinit(covered->ends[1].session);
        free(covered);
    }
}

/* ---- events ---- */

/* The bytes as records; nobody reads them. */
static void send_bytes(struct covered *covered, const struct mfd_event *event)
{
    struct end *end = &covered->ends[event->direction];

    for (size_t done = 0; done < event->len;) {
        ssize_t sent = gnutls_record_send(end->session, event->bytes + done, event->len - done);

        if (sent < 0) {
            abort();
        }
        done += (size_t)sent;
        covered->ends[!event->direction].waiting = 0;
    }
}

bool mfd_tls_cover_event(struct mfd_tls_cover *cover, const struct mfd_event *event,
                         const char *text, enum mfd_plan_tls speaks)
{
    struct covered **covered = &cover->conns[event->connection];

    if (speaks == MFD_PLAN_PLAIN) {
        cover->put(event, text);
        return true;
    }
    if (event->kind == MFD_EVENT_OPEN) {
        cover->put(event, text);
        disconnect_ends(*covered);
        *covered = connect_ends(cover, event, speaks == MFD_PLAN_TLS_FOREIGN);
        return true;
    }
    if (event->kind == MFD_EVENT_DATA) {
        if (!*covered || (*covered)->failed) {
            return false;
        }
        (*covered)->event = *event;
        (*covered)->text = text;
        send_bytes(*covered, event);
        return true;
    }
    if (event->kind == MFD_EVENT_CLOSE && *covered && !(*covered)->failed) {
        (*covered)->event = *event;
        gnutls_bye((*covered)->ends[event->direction].session, GNUTLS_SHUT_WR);
    }
    cover->put(event, text);
    return true;
}

/* ---- keys ---- */

bool mfd_tls_cover_begin(void)
{
    if (test_keys_make(NULL) != 0) {
        return false;
    }
    for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
        enum mfd_tls tls = (enum mfd_tls)kind;

        senders[kind] = test_creds(tls, MFD_TLS_SENDER, TEST_KEYS_OWN);
        foreigners[kind] = test_creds(tls, MFD_TLS_SENDER, TEST_KEYS_FOREIGN);
        receivers[kind] = test_creds(tls, MFD_TLS_RECEIVER, TEST_KEYS_OWN);
    }
    return true;
}

int mfd_tls_cover_end(void)
{
    for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
        mfd_tls_free(senders[kind]);
        mfd_tls_free(foreigners[kind]);
        mfd_tls_free(receivers[kind]);
    }
    return test_keys_remove(NULL);
}

struct mfd_tls_cover *mfd_tls_cover_create(enum mfd_tls kind, mfd_tls_cover_fn put)
{
    struct mfd_tls_cover *cover = calloc(1, sizeof(*cover));

    if (cover) {
        cover->put = put;
        cover->kind = kind;
    }
    return cover;
}

void mfd_tls_cover_free(struct mfd_tls_cover *cover)
{
    for (size_t i = 0; cover && i < CONNS; i++) {
        disconnect_ends(cover->conns[i]);
    }
    free(cover);
}
