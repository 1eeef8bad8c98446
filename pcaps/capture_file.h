// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two file formats of captures, written the same on every machine: pcapng (with comments) and the
 * older pcap. Times are nanoseconds since 1970.
 *
 * All functions return false with errno if the stream fails.
 */
#ifndef MFD_CAPTURE_FILE_H
#define MFD_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum mfd_capture_format { MFD_CAPTURE_PCAPNG, MFD_CAPTURE_PCAP };

/* Link types, as files have them: bare IP packets, and Ethernet. */
#define MFD_LINKTYPE_ETHERNET 1u
#define MFD_LINKTYPE_RAW 101u

struct mfd_capture_packet {
    uint64_t time_ns;
    const uint8_t *bytes;
    size_t captured;
    size_t original;     /* on the wire */
    const char *comment; /* or NULL; pcap has no place for it. Cut behind 65535 bytes */
};

/* What precedes the first packet. `comment` as above. */
bool mfd_capture_file_start(FILE *out, enum mfd_capture_format format, unsigned link,
                            const char *comment);
/* pcapng: secrets in the format of SSLKEYLOGFILE, before the packets that need them. */
bool mfd_capture_file_secrets(FILE *out, const char *text, size_t len);
bool mfd_capture_file_packet(FILE *out, enum mfd_capture_format format,
                             const struct mfd_capture_packet *packet);

#endif
