// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tests of captures share: events to a capture in memory and back, its frames to be shuffled, and
 * what tshark says of one. All fail the test at an error.
 */
#ifndef MFD_CAPTURE_FIXTURE_H
#define MFD_CAPTURE_FIXTURE_H

#include "capture_write.h"
#include "reassemble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture_file {
    char *bytes;
    size_t len;
};

/* A capture of the events. */
struct fixture_file fixture_write(const struct mfd_capture_options *options,
                                  const struct mfd_event *events, size_t count);
/* A stream to read it from. */
FILE *fixture_open(const struct fixture_file *file);

/* An event found, with a copy of its bytes; DATA that follow on without a gap are one. */
struct fixture_found {
    struct mfd_event event;
    uint64_t missing;
    uint64_t frame; /* of the first part */
    size_t offset;
    uint64_t at;
    uint16_t sender; /* ports */
    uint16_t receiver;
};

struct fixture_list {
    struct fixture_found *list;
    size_t count;
    struct mfd_reassembler_totals totals;
    char error[MFD_CAPTURE_ERROR_SIZE]; /* "" where the whole file was read */
};

struct fixture_list fixture_read(const struct fixture_file *file);
void fixture_list_free(struct fixture_list *list);

/* The frames of a capture, for tests that change them. */
struct fixture_frame {
    uint8_t *bytes;
    uint32_t captured;
    uint32_t original;
};

struct fixture_frames {
    struct fixture_frame *list;
    size_t count;
    int link;
};

struct fixture_frames fixture_frames_of(const struct fixture_file *file);
/* As pcap, with times a microsecond apart. */
struct fixture_file fixture_of_frames(const struct fixture_frames *frames);
void fixture_frames_free(struct fixture_frames *frames);

#endif
