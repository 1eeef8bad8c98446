// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_dict [--check] FILE: writes the dictionary for the engines, from the tables and in network order, or
 * compares it with the file.
 */
#include "field.h"
#include "mapfile.h"
#include "rev.h"
#include "wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void entry(FILE *out, const char *name, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    fprintf(out, "%s=\"", name);
    for (size_t i = 0; i < len; i++) {
        fprintf(out, isalnum(p[i]) ? "%c" : "\\x%02x", p[i]);
    }
    fprintf(out, "\"\n");
}

static void number(FILE *out, const char *name, unsigned width, uint64_t value)
{
    uint8_t bytes[8];

    mfd_uint_put(bytes, width, value);
    entry(out, name, bytes, width);
}

static void text(FILE *out, const char *name, const char *value)
{
    entry(out, name, value, strlen(value));
}

static void write_flags(FILE *out)
{
    uint32_t all = mfd_rev_flags(MFD_REV_LATEST);

    for (uint32_t bit = 1; bit; bit <<= 1) {
        if (all & bit) {
            char name[32];

            snprintf(name, sizeof(name), "flags_%02x", bit);
            number(out, name, 4, bit);
            snprintf(name, sizeof(name), "flags_%02x_sync", bit | MFD_FLAG_SYNC);
            number(out, name, 4, bit | MFD_FLAG_SYNC);
        }
    }
}

static void write_sizes(FILE *out)
{
    static const uint32_t pages[] = {256, 4096, 16384, 65536};

    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        char name[32];

        snprintf(name, sizeof(name), "page_%u", pages[i]);
        number(out, name, 4, pages[i]);
        snprintf(name, sizeof(name), "slots_%u", mfd_slots(pages[i]));
        number(out, name, 4, mfd_slots(pages[i]));
    }
    number(out, "span", 4, MFD_PACKET_SPAN);
    number(out, "compressed_max", 4, MFD_COMPRESSED_MAX);
    number(out, "compressed_over", 4, MFD_COMPRESSED_MAX + 1);
    number(out, "u32_max", 4, UINT32_MAX);
    number(out, "u64_max", 8, UINT64_MAX);
    number(out, "u64_sign", 8, (uint64_t)1 << 63);
    number(out, "u64_page", 8, 4096);
}

static void write_main(FILE *out)
{
    static const uint8_t sections[] = {
        MFD_SECTION_START,  MFD_SECTION_PART,       MFD_SECTION_END,
        MFD_SECTION_FULL,   MFD_SECTION_SUBSECTION, MFD_SECTION_VMDESC,
        MFD_SECTION_CONFIG, MFD_SECTION_COMMAND,    MFD_SECTION_FOOTER};
    static const uint16_t records[] = {MFD_RAM_ZERO,
                                       MFD_RAM_MEM_SIZE,
                                       MFD_RAM_PAGE,
                                       MFD_RAM_EOS,
                                       MFD_RAM_ZERO | MFD_RAM_CONTINUE,
                                       MFD_RAM_PAGE | MFD_RAM_CONTINUE,
                                       MFD_RAM_MULTIFD_FLUSH};
    char name[32];

    for (size_t i = 0; i < sizeof(sections); i++) {
        snprintf(name, sizeof(name), "section_%02x", sections[i]);
        number(out, name, 1, sections[i]);
    }
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        snprintf(name, sizeof(name), "record_%03x", records[i]);
        number(out, name, 8, records[i]);
    }
    text(out, "ram", "\x03ram");
    text(out, "none", "none");
    text(out, "block", "mem0");
}

/* Of a mapped-ram file: what says that it is one, and the start of a block's header. */
static void write_file(FILE *out)
{
    uint8_t head[12];

    mfd_put32(head, MFD_MAPPED_VERSION);
    mfd_put64(head + 4, 4096);
    entry(out, "mapped_head", head, sizeof(head));
    number(out, "mapped_align", 8, MFD_MAPPED_ALIGN);
    text(out, "capabilities", MFD_CAPABILITIES_SUBSECTION);
    text(out, "capability", MFD_MAPPED_CAPABILITY);
}

/* How captures begin, by either byte order. */
static void write_captures(FILE *out)
{
    entry(out, "pcap_le", "\xd4\xc3\xb2\xa1", 4);
    entry(out, "pcap_be", "\xa1\xb2\xc3\xd4", 4);
    entry(out, "pcap_ns_le", "\x4d\x3c\xb2\xa1", 4);
    entry(out, "pcap_ns_be", "\xa1\xb2\x3c\x4d", 4);
    entry(out, "pcapng", "\x0a\x0d\x0d\x0a", 4);
    entry(out, "pcapng_le", "\x4d\x3c\x2b\x1a", 4);
    entry(out, "pcapng_be", "\x1a\x2b\x3c\x4d", 4);
    number(out, "ipv4", 2, 0x0800);
    number(out, "ipv6", 2, 0x86dd);
    number(out, "vlan", 2, 0x8100);
}

static void write_all(FILE *out)
{
    fprintf(out, "# Made from the tables by the target fuzz-dict; integers in network order.\n");
    number(out, "magic", 4, MFD_MAGIC);
    number(out, "magic_version", 8, (uint64_t)MFD_MAGIC << 32 | MFD_VERSION);
    number(out, "main_magic", 8, (uint64_t)MFD_MAIN_MAGIC << 32 | MFD_MAIN_VERSION);
    write_flags(out);
    write_sizes(out);
    write_main(out);
    write_file(out);
    write_captures(out);
    entry(out, "zlib", "\x78\x01", 2);
    entry(out, "zlib_flush", "\x00\x00\xff\xff", 4);
    entry(out, "zstd", "\x28\xb5\x2f\xfd", 4);
    entry(out, "data_packet", "\x01\x01\x05\x40\x01\x40", 6);
    entry(out, "data_hello", "\x01\x01\x00\x40\x00\x40", 6);
}

static int compare(const char *path, const char *want, size_t size)
{
    char *have = calloc(1, size + 2);
    FILE *file = fopen(path, "rb");
    size_t got = file && have ? fread(have, 1, size + 1, file) : 0;
    int same = got == size && memcmp(have, want, size) == 0;

    if (file) {
        fclose(file);
    }
    free(have);
    if (!same) {
        fprintf(stderr, "%s is not what the tables make: cmake --build DIR --target docs\n", path);
    }
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    const char *path = argv[argc - 1];
    char *all = NULL;
    size_t size = 0;
    FILE *out = NULL;
    int status = 0;

    if (argc != 2 && !check) {
        fprintf(stderr, "usage: fuzz_dict [--check] FILE\n");
        return 2;
    }
    out = open_memstream(&all, &size);
    if (!out) {
        return 3;
    }
    write_all(out);
    fclose(out);
    if (check) {
        status = compare(path, all, size);
    } else {
        out = fopen(path, "wb");
        if (!out || fwrite(all, 1, size, out) != size || fclose(out)) {
            fprintf(stderr, "%s: %s\n", path, strerror(errno));
            status = 3;
        }
    }
    free(all);
    return status;
}
