// SPDX-License-Identifier: GPL-2.0-or-later
/* Builders of main-channel records; see mainstream.h. */
#include "mainstream.h"

#include "wire.h"

#include <string.h>

/* Writes a length of `width` bytes and the text behind it; returns the bytes written. */
static size_t put_text(uint8_t *buf, uint32_t width, const char *text)
{
    size_t len = strlen(text);

    mfd_uint_put(buf, width, len);
    memcpy(buf + width, text, len);
    return width + len;
}

size_t mfd_pack_header(uint8_t *buf)
{
    mfd_put32(buf, MFD_MAIN_MAGIC);
    mfd_put32(buf + 4, MFD_MAIN_VERSION);
    return MFD_MAIN_HEADER_SIZE;
}

size_t mfd_pack_config(uint8_t *buf, const char *machine)
{
    buf[0] = MFD_SECTION_CONFIG;
    return 1 + put_text(buf + 1, 4, machine);
}

size_t mfd_pack_capabilities(uint8_t *buf)
{
    size_t n = 1;

    buf[0] = MFD_SECTION_SUBSECTION;
    n += put_text(buf + n, 1, MFD_CAPABILITIES_SUBSECTION);
    mfd_put32(buf + n, 1); /* version */
    mfd_put32(buf + n + 4, 1);
    n += 8;
    return n + put_text(buf + n, 1, MFD_MAPPED_CAPABILITY);
}

size_t mfd_pack_section(uint8_t *buf, uint8_t type, uint32_t id, const char *idstr,
                        uint32_t instance, uint32_t version)
{
    size_t n = mfd_pack_part(buf, type, id);

    n += put_text(buf + n, 1, idstr);
    mfd_put32(buf + n, instance);
    mfd_put32(buf + n + 4, version);
    return n + 8;
}

size_t mfd_pack_part(uint8_t *buf, uint8_t type, uint32_t id)
{
    buf[0] = type;
    mfd_put32(buf + 1, id);
    return 5;
}

size_t mfd_pack_memsize(uint8_t *buf, uint64_t total)
{
    mfd_put64(buf, total | MFD_RAM_MEM_SIZE);
    return 8;
}

size_t mfd_pack_block(uint8_t *buf, const char *name, uint64_t used_length)
{
    size_t n = put_text(buf, 1, name);

    mfd_put64(buf + n, used_length);
    return n + 8;
}

size_t mfd_pack_zero(uint8_t *buf, const char *name, uint64_t offset)
{
    size_t n = 8;

    mfd_put64(buf, offset | MFD_RAM_ZERO);
    n += put_text(buf + n, 1, name);
    buf[n] = 0;
    return n + 1;
}

size_t mfd_pack_page(uint8_t *buf, const char *name, uint64_t offset)
{
    mfd_put64(buf, offset | MFD_RAM_PAGE);
    return 8 + put_text(buf + 8, 1, name);
}

size_t mfd_pack_marker(uint8_t *buf)
{
    mfd_put64(buf, MFD_RAM_MULTIFD_FLUSH);
    return 8;
}

size_t mfd_pack_eos(uint8_t *buf)
{
    mfd_put64(buf, MFD_RAM_EOS);
    return 8;
}

size_t mfd_pack_footer(uint8_t *buf, uint32_t id)
{
    return mfd_pack_part(buf, MFD_SECTION_FOOTER, id);
}

size_t mfd_pack_command(uint8_t *buf, uint16_t command, const uint8_t *argument, uint16_t length)
{
    buf[0] = MFD_SECTION_COMMAND;
    mfd_put16(buf + 1, command);
    mfd_put16(buf + 3, length);
    if (length) {
        memcpy(buf + 5, argument, length);
    }
    return 5u + length;
}

size_t mfd_pack_end(uint8_t *buf)
{
    buf[0] = MFD_SECTION_EOF;
    return 1;
}

size_t mfd_pack_vmdesc(uint8_t *buf, const char *json)
{
    buf[0] = MFD_SECTION_VMDESC;
    return 1 + put_text(buf + 1, 4, json);
}
