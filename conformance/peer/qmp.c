// SPDX-License-Identifier: GPL-2.0-or-later
#include "qmp.h"

#include "process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* No reply that is asked for here is longer: query-machines has some 30 KiB. */
#define LINE_MAX_BYTES (1u << 20)
/* A migration has a dozen; a guest that runs may cause others without end. */
#define EVENTS_MAX 64

bool mfd_qmp_open(struct mfd_qmp *qmp, int fd)
{
    *qmp = (struct mfd_qmp){.fd = fd, .next_id = 1, .room = 4096};
    qmp->buf = malloc(qmp->room);
    qmp->replies = json_object();
    qmp->events = json_array();
    return qmp->buf && qmp->replies && qmp->events;
}

void mfd_qmp_close(struct mfd_qmp *qmp)
{
    free(qmp->buf);
    json_decref(qmp->replies);
    json_decref(qmp->events);
    *qmp = (struct mfd_qmp){.fd = -1};
}

/* Takes the first whole line out of the buffer as JSON; NULL if there is none. */
static json_t *take_line(struct mfd_qmp *qmp)
{
    char *end = memchr(qmp->buf, '\n', qmp->len);
    json_t *value = NULL;
    size_t line = 0;

    if (!end) {
        return NULL;
    }
    line = (size_t)(end - qmp->buf);
    value = json_loadb(qmp->buf, line, 0, NULL);
    qmp->len -= line + 1;
    memmove(qmp->buf, end + 1, qmp->len);
    if (!value) {
        qmp->lost = true;
    }
    return value;
}

/* Reads what is there, waiting until `end` for the first byte; false if nothing came. */
static bool read_more(struct mfd_qmp *qmp, double end)
{
    double left = end - mfd_now();
    struct pollfd poll_fd = {.fd = qmp->fd, .events = POLLIN};
    ssize_t n = 0;

    if (qmp->len == qmp->room) {
        char *grown = qmp->room < LINE_MAX_BYTES ? realloc(qmp->buf, qmp->room * 2) : NULL;

        if (!grown) {
            qmp->lost = true;
            return false;
        }
        qmp->buf = grown;
        qmp->room *= 2;
    }
    if (poll(&poll_fd, 1, left > 0 ? (int)(left * 1000) + 1 : 0) <= 0) {
        return false;
    }
    n = read(qmp->fd, qmp->buf + qmp->len, qmp->room - qmp->len);
    if (n <= 0) {
        qmp->lost = n == 0 || (errno != EINTR && errno != EAGAIN);
        return false;
    }
    qmp->len += (size_t)n;
    return true;
}

/* The next value of any kind; NULL if none comes until `end`. */
static json_t *next_value(struct mfd_qmp *qmp, double end)
{
    json_t *value = NULL;

    while (!qmp->lost && !(value = take_line(qmp)) && !qmp->lost) {
        if (!read_more(qmp, end)) {
            return NULL;
        }
    }
    return value;
}

json_t *mfd_qmp_greeting(struct mfd_qmp *qmp, double seconds)
{
    json_t *value = next_value(qmp, mfd_now() + seconds);

    if (value && !json_object_get(value, "QMP")) {
        json_decref(value);
        value = NULL;
    }
    return value;
}

unsigned mfd_qmp_send(struct mfd_qmp *qmp, const char *command, json_t *arguments)
{
    unsigned id = qmp->next_id++;
    json_t *line =
        json_pack("{s:s, s:i, s:o*}", "execute", command, "id", (int)id, "arguments", arguments);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    bool sent = false;

    if (text) {
        size_t len = strlen(text);

        text[len] = '\n'; /* in place of the NUL: one write, so that no line is split */
        sent = send(qmp->fd, text, len + 1, MSG_NOSIGNAL) == (ssize_t)(len + 1);
    }
    free(text);
    json_decref(line);
    return sent ? id : 0;
}

/* Takes in the next value, which is a reply or an event; false if none comes until `end`. */
static bool take_value(struct mfd_qmp *qmp, double end)
{
    json_t *value = next_value(qmp, end);
    json_t *id = json_object_get(value, "id");
    char key[24];

    if (json_is_integer(id)) {
        snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, json_integer_value(id));
        json_object_set(qmp->replies, key, value);
    } else if (json_object_get(value, "event")) {
        if (json_array_size(qmp->events) == EVENTS_MAX) {
            json_array_remove(qmp->events, 0);
        }
        json_array_append(qmp->events, value);
    }
    json_decref(value);
    return value != NULL;
}

json_t *mfd_qmp_reply(struct mfd_qmp *qmp, unsigned id, double seconds)
{
    double end = mfd_now() + seconds;
    char key[16];
    json_t *reply = NULL;

    snprintf(key, sizeof(key), "%u", id);
    while (id && !(reply = json_object_get(qmp->replies, key))) {
        if (!take_value(qmp, end)) {
            return NULL;
        }
    }
    if (reply) {
        json_incref(reply);
        json_object_del(qmp->replies, key);
    }
    return reply;
}

json_t *mfd_qmp_event(struct mfd_qmp *qmp, const char *name, double seconds)
{
    double end = mfd_now() + seconds;

    do {
        while (json_array_size(qmp->events)) {
            json_t *event = json_incref(json_array_get(qmp->events, 0));
            const char *is = json_string_value(json_object_get(event, "event"));

            json_array_remove(qmp->events, 0);
            if (is && strcmp(is, name) == 0) {
                return event;
            }
            json_decref(event);
        }
    } while (take_value(qmp, end));
    return NULL;
}
