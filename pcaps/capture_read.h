// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frames of a capture file: pcap or pcapng, of either byte order, by libpcap.
 */
#ifndef MFD_CAPTURE_READ_H
#define MFD_CAPTURE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MFD_CAPTURE_ERROR_SIZE 320

struct mfd_frame {
    uint64_t number;      /* from 1, as Wireshark counts */
    uint64_t time_ns;     /* since the first frame; a clock that runs back stands still */
    int link;             /* a DLT_ value of libpcap */
    const uint8_t *bytes; /* until the next frame is read */
    size_t captured;
    size_t original; /* on the wire */
};

struct mfd_capture_reader;

/*
 * Takes `in` over, whatever the result. NULL with a sentence in `error`: no capture, or of a link type that
 * frame.h does not know.
 */
struct mfd_capture_reader *mfd_capture_open(FILE *in, char error[MFD_CAPTURE_ERROR_SIZE]);
/*
 * The next frame. False at the end of the file, with an empty `error`, or where the file cannot be read on:
 * one that ends within a frame, for example.
 */
bool mfd_capture_next(struct mfd_capture_reader *reader, struct mfd_frame *frame,
                      char error[MFD_CAPTURE_ERROR_SIZE]);
/* Time of the first frame in nanoseconds since 1970; 0 before it was read. */
uint64_t mfd_capture_first_ns(const struct mfd_capture_reader *reader);
void mfd_capture_close(struct mfd_capture_reader *reader);

#endif
