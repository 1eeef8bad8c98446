// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events to a capture: what a sniffer between the two sides would have seen.
 *
 * A connection is TCP over bare IP (LINKTYPE_RAW) with its handshake, segments, acknowledgements and its end. The same events and
 * options give the same bytes, on every machine. The sender is 192.0.2.1, or 2001:db8::1, with port
 * MFD_CAPTURE_PORT + 1 + connection; the receiver listens on MFD_CAPTURE_PORT of 198.18.0.1, or
 * 2001:db8:1::1, and each further migration in the file has a receiver of its own, one address on.
 */
#ifndef MFD_CAPTURE_WRITE_H
#define MFD_CAPTURE_WRITE_H

#include "capture_file.h"
#include "event.h"

/* No dissector of Wireshark 4.0 to 4.6 claims this port or any above it. */
#define MFD_CAPTURE_PORT 63500u
/* Connections of one migration. */
#define MFD_CAPTURE_CONNECTIONS 2000u
/* As on the loopback interface. */
#define MFD_CAPTURE_MSS 65475u
/* 2020-01-01 00:00 UTC: a time as good as any, so that files do not depend on today. */
#define MFD_CAPTURE_EPOCH_NS 1577836800000000000u

struct mfd_capture_options {
    enum mfd_capture_format format;
    bool ipv6;
    unsigned mss;        /* 0: MFD_CAPTURE_MSS; at most that */
    uint64_t start_ns;   /* since 1970, of an event with time 0; 0: MFD_CAPTURE_EPOCH_NS */
    const char *comment; /* on the whole file, or NULL; only pcapng has it */
};

struct mfd_capture_writer;

/* Writes the head of the file. NULL with errno. `out` stays the caller's. */
struct mfd_capture_writer *mfd_capture_create(FILE *out, const struct mfd_capture_options *options);

/* The events that follow are of another migration: to another receiver, numbered from 0 again. */
void mfd_capture_next_migration(struct mfd_capture_writer *writer);

/* A comment on the first packet of the next event, or NULL; it must stay until then. */
void mfd_capture_comment(struct mfd_capture_writer *writer, const char *comment);

/*
 * Writes one event. Its time counts from the options' start; two packets never have the same, so an
 * event may be some nanoseconds late. DATA of a connection without OPEN is one whose beginning the
 * capture missed; OPEN of one that is already there begins a new one from the same port. CLOSE after
 * a RESET, or a second one of a side, is nothing.
 *
 * False with errno: EINVAL for DATA after the side's CLOSE or a RESET, ERANGE for a connection number
 * from MFD_CAPTURE_CONNECTIONS on, or an error of the stream.
 */
bool mfd_capture_event(struct mfd_capture_writer *writer, const struct mfd_event *event);

/* Frees the writer; false with errno if the stream has failed. */
bool mfd_capture_finish(struct mfd_capture_writer *writer);

#endif
