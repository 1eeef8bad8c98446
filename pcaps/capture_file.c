// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_file.h"

#include <string.h>

#define SNAPLEN 262144u

/* pcapng, draft-ietf-opsawg-pcapng. */
#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BLOCK_SECRETS 10u
#define SECRETS_TLS 0x544c534bu
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define OPTION_COMMENT 1u
#define OPTION_APPLICATION 4u     /* of a section */
#define OPTION_TIME_RESOLUTION 9u /* of an interface */
#define OPTION_MAX 65535u
#define NANOSECONDS "\x09"
/* pcap with nanoseconds. */
#define PCAP_MAGIC_NS 0xa1b23c4du
#define NS_PER_S 1000000000u

/* Little-endian, whatever the machine. */
static bool put_le16(FILE *out, uint32_t value)
{
    return fputc((int)(value & 0xff), out) != EOF && fputc((int)(value >> 8 & 0xff), out) != EOF;
}

static bool put_le32(FILE *out, uint32_t value)
{
    return put_le16(out, value) && put_le16(out, value >> 16);
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static bool put_padded(FILE *out, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, out) == len &&
           fwrite("\0\0\0", 1, padded(len) - len, out) == padded(len) - len;
}

struct option {
    uint32_t code;
    const char *text; /* NULL: not there */
};

static size_t option_len(const struct option *option)
{
    size_t len = option->text ? strlen(option->text) : 0;

    return len < OPTION_MAX ? len : OPTION_MAX;
}

/* Bytes of the list with its end mark; none where no option is there. */
static size_t options_size(const struct option *options, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++) {
        size += options[i].text ? 4 + padded(option_len(&options[i])) : 0;
    }
    return size ? size + 4 : 0;
}

static bool put_options(FILE *out, const struct option *options, size_t count)
{
    bool good = true;

    for (size_t i = 0; good && i < count; i++) {
        if (options[i].text) {
            size_t len = option_len(&options[i]);

            good = put_le16(out, options[i].code) && put_le16(out, (uint32_t)len) &&
                   put_padded(out, options[i].text, len);
        }
    }
    return good && (!options_size(options, count) || put_le32(out, 0));
}

static bool start_pcapng(FILE *out, unsigned link, const char *comment)
{
    const struct option section[] = {{OPTION_COMMENT, comment}, {OPTION_APPLICATION, "mfdkit"}};
    const struct option interface[] = {{OPTION_TIME_RESOLUTION, NANOSECONDS}};
    uint32_t section_size = (uint32_t)(28 + options_size(section, 2));
    uint32_t interface_size = (uint32_t)(20 + options_size(interface, 1));

    return put_le32(out, BLOCK_SECTION) && put_le32(out, section_size) &&
           put_le32(out, BYTE_ORDER_MAGIC) && put_le16(out, 1) && put_le16(out, 0) &&
           /* length of the section: not told */
           put_le32(out, UINT32_MAX) && put_le32(out, UINT32_MAX) && put_options(out, section, 2) &&
           put_le32(out, section_size) &&
           /* the one interface */
           put_le32(out, BLOCK_INTERFACE) && put_le32(out, interface_size) && put_le16(out, link) &&
           put_le16(out, 0) && put_le32(out, SNAPLEN) && put_options(out, interface, 1) &&
           put_le32(out, interface_size);
}

static bool start_pcap(FILE *out, unsigned link)
{
    return put_le32(out, PCAP_MAGIC_NS) && put_le16(out, 2) && put_le16(out, 4) &&
           put_le32(out, 0) && put_le32(out, 0) && put_le32(out, SNAPLEN) && put_le32(out, link);
}

bool mfd_capture_file_start(FILE *out, enum mfd_capture_format format, unsigned link,
                            const char *comment)
{
    return format == MFD_CAPTURE_PCAPNG ? start_pcapng(out, link, comment) : start_pcap(out, link);
}

bool mfd_capture_file_secrets(FILE *out, const char *text, size_t len)
{
    uint32_t size = (uint32_t)(20 + padded(len));

    return put_le32(out, BLOCK_SECRETS) && put_le32(out, size) && put_le32(out, SECRETS_TLS) &&
           put_le32(out, (uint32_t)len) && put_padded(out, text, len) && put_le32(out, size);
}

static bool put_pcapng(FILE *out, const struct mfd_capture_packet *packet)
{
    const struct option options[] = {{OPTION_COMMENT, packet->comment}};
    uint32_t size = (uint32_t)(32 + padded(packet->captured) + options_size(options, 1));

    return put_le32(out, BLOCK_PACKET) && put_le32(out, size) && put_le32(out, 0) &&
           put_le32(out, (uint32_t)(packet->time_ns >> 32)) &&
           put_le32(out, (uint32_t)packet->time_ns) && put_le32(out, (uint32_t)packet->captured) &&
           put_le32(out, (uint32_t)packet->original) &&
           put_padded(out, packet->bytes, packet->captured) && put_options(out, options, 1) &&
           put_le32(out, size);
}

static bool put_pcap(FILE *out, const struct mfd_capture_packet *packet)
{
    return put_le32(out, (uint32_t)(packet->time_ns / NS_PER_S)) &&
           put_le32(out, (uint32_t)(packet->time_ns % NS_PER_S)) &&
           put_le32(out, (uint32_t)packet->captured) && put_le32(out, (uint32_t)packet->original) &&
           fwrite(packet->bytes, 1, packet->captured, out) == packet->captured;
}

bool mfd_capture_file_packet(FILE *out, enum mfd_capture_format format,
                             const struct mfd_capture_packet *packet)
{
    return format == MFD_CAPTURE_PCAPNG ? put_pcapng(out, packet) : put_pcap(out, packet);
}
