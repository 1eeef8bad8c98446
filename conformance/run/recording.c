// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording.h"

#include "capture_write.h"
#include "folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A peer that talks without end does not fill memory. Senders under test have 8 MiB and send them several times. */
#define COPIED_MAX (64u << 20)
#define EVENTS_MAX (1u << 20)

static bool grow(struct mfd_recording *recording)
{
    size_t room = recording->room ? recording->room * 2 : 64;
    struct mfd_event *events = realloc(recording->events, room * sizeof(*events));
    const char **texts = realloc(recording->texts, room * sizeof(*texts));

    recording->events = events ? events : recording->events;
    recording->texts = texts ? texts : recording->texts;
    recording->room = events && texts ? room : recording->room;
    return events && texts;
}

void mfd_recording_add(struct mfd_recording *recording, const struct mfd_event *event,
                       const char *text)
{
    bool copy = (event->direction == MFD_BACKWARD || recording->copies) && event->len;
    uint8_t *bytes = NULL;

    if (recording->full) {
        return;
    }
    if (recording->count == EVENTS_MAX || (copy && recording->copied + event->len > COPIED_MAX) ||
        (copy && !(bytes = malloc(event->len))) ||
        (recording->count == recording->room && !grow(recording))) {
        free(bytes);
        recording->full = true;
        return;
    }
    recording->events[recording->count] = *event;
    recording->texts[recording->count] = text;
    if (copy) {
        memcpy(bytes, event->bytes, event->len);
        recording->events[recording->count].bytes = bytes;
        recording->copied += event->len;
    }
    recording->count++;
}

void mfd_recording_free(struct mfd_recording *recording)
{
    for (size_t i = 0; i < recording->count; i++) {
        if (recording->events[i].direction == MFD_BACKWARD || recording->copies) {
            free((void *)recording->events[i].bytes);
        }
    }
    free(recording->events);
    free(recording->texts);
    *recording = (struct mfd_recording){0};
}

static bool write_recording(const struct mfd_recording *recording, const struct mfd_plan *plan,
                            FILE *out)
{
    const struct mfd_capture_options options = {.comment = plan->id};
    struct mfd_capture_writer *writer = mfd_capture_create(out, &options);
    bool good = writer != NULL;

    for (size_t i = 0; good && i < recording->count; i++) {
        mfd_capture_comment(writer, recording->texts[i]);
        good = mfd_capture_event(writer, &recording->events[i]);
    }
    return writer && mfd_capture_finish(writer) && good;
}

char *mfd_recording_save(const struct mfd_recording *recording, const struct mfd_plan *plan,
                         const char *dir, size_t repetition)
{
    char number[32] = "";
    char *path = NULL;
    FILE *out = NULL;
    bool good = false;
    int error = 0;

    if (recording->full) {
        errno = ENOMEM;
        return NULL;
    }
    if (repetition) {
        snprintf(number, sizeof(number), ".%zu", repetition);
    }
    if (asprintf(&path, "%s/%s%s.pcapng", dir, plan->id, number) < 0) {
        return NULL;
    }
    mfd_make_folders(path);
    out = fopen(path, "wbe");
    good = out && write_recording(recording, plan, out);
    error = errno;
    if (out) {
        good = fclose(out) == 0 && good;
    }
    if (!good) {
        if (out) {
            remove(path);
        }
        free(path);
        errno = error;
        return NULL;
    }
    return path;
}
