// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two file formats of captures, written the same on every machine: pcapng (with comments) and the
 * older pcap. Packets are bare IP packets (LINKTYPE_RAW), times are nanoseconds since 1970.
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

/* What precedes the first packet. `comment` may be NULL; pcap has no place for it. */
bool mfd_capture_file_start(FILE *out, enum mfd_capture_format format, const char *comment);
/* `comment` as above, cut behind 65535 bytes. */
bool mfd_capture_file_packet(FILE *out, enum mfd_capture_format format, uint64_t time_ns,
                             const uint8_t *bytes, size_t len, const char *comment);

#endif
