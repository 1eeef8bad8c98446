// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What checking costs: the time of mfd_check_packet() on a full packet header of 128 pages against the
 * time of copying its 1344 bytes. Both run in turn, so that whatever slows the machine slows both;
 * printed is the median of the ratios. No test: a number to look at.
 */
#include "check.h"
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 4096, SLOTS = 128, SIZE = 1344, TURNS = 2000, PAIRS = 301 };

/* The blocks of a PC: the one with nearly all packets is the first of a long list. */
static struct mfd_ramblock blocks[] = {
    {.name = "pc.ram"},  {.name = "0000:00:02.0/vga.vram"},  {.name = "/rom@etc/acpi/tables"},
    {.name = "pc.bios"}, {.name = "0000:00:03.0/e1000.rom"}, {.name = "pc.rom"},
    {.name = "vga.rom"}, {.name = "/rom@etc/table-loader"},  {.name = "/rom@etc/acpi/rsdp"},
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Makes the compiler believe that the bytes are read and changed. */
static void touch(void *bytes)
{
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

static double time_copies(uint8_t *to, uint8_t *from)
{
    double start = now();

    for (int i = 0; i < TURNS; i++) {
        touch(from);
        memcpy(to, from, SIZE);
        touch(to);
    }
    return (now() - start) / TURNS;
}

static double time_checks(const struct mfd_check_context *context, uint8_t *packet)
{
    struct mfd_finding list[16];
    double start = now();

    for (int i = 0; i < TURNS; i++) {
        struct mfd_findings findings = {list, 16, 0};

        touch(packet);
        mfd_check_packet(context, packet, SIZE, &findings);
        if (findings.count) {
            fprintf(stderr, "bench_check: the packet is not correct\n");
            exit(1);
        }
    }
    return (now() - start) / TURNS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, PAIRS, sizeof(*values), compare);
    return values[PAIRS / 2];
}

static void measure(const char *what, uint64_t ram_size, uint32_t normal, uint64_t last_offset)
{
    struct mfd_ramtable ram = {blocks, sizeof(blocks) / sizeof(blocks[0])};
    struct mfd_check_context context = {.rev = MFD_REV_LATEST, .page_size = PAGE, .ram = &ram};
    struct mfd_packet packet = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .pages_alloc = SLOTS,
        .normal_pages = normal,
        .zero_pages = SLOTS - normal,
        .next_packet_size = normal * PAGE,
        .ramblock = "pc.ram",
    };
    static uint8_t bytes[SIZE], copy[SIZE];
    uint64_t offsets[SLOTS];
    double copies[PAIRS], checks[PAIRS], ratios[PAIRS];

    for (size_t i = 0; i < ram.count; i++) {
        blocks[i].used_length = i == 0 ? ram_size : 0x20000;
        blocks[i].max_length = blocks[i].used_length;
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        offsets[i] = last_offset - (uint64_t)(SLOTS - 1 - i) * PAGE;
    }
    mfd_packet_pack(bytes, PAGE, &packet, offsets);
    for (int i = 0; i < PAIRS; i++) {
        copies[i] = time_copies(copy, bytes);
        checks[i] = time_checks(&context, bytes);
        ratios[i] = checks[i] / copies[i];
    }
    printf("%-44s check %6.1f ns  copy %5.1f ns  ratio %.2f\n", what, median(checks),
           median(copies), median(ratios));
}

int main(void)
{
    measure("128 normal pages, block of 4 GiB", 4ull << 30, SLOTS, (4ull << 30) - PAGE);
    measure("96 normal and 32 zero pages, block of 4 GiB", 4ull << 30, 96, (4ull << 30) - PAGE);
    measure("128 normal pages at the end of 3 GiB + 4 KiB", (3ull << 30) + PAGE, SLOTS, 3ull << 30);
    return 0;
}
