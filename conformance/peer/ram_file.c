// SPDX-License-Identifier: GPL-2.0-or-later
#include "ram_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every seventh page is zero, every seventh noise, the rest text that compresses. */
static void fill_page(uint8_t *page, size_t size, uint64_t number, enum mfd_ram_fill fill)
{
    uint64_t stamp = ~number;
    uint64_t x = stamp * 0x9e3779b97f4a7c15u;

    if (fill == MFD_RAM_EMPTY || (fill == MFD_RAM_MIXED && number % 7 == 3)) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (fill == MFD_RAM_STALE) {
            page[i] = 0xa5;
        } else if (number % 7 == 0) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            page[i] = (uint8_t)(x >> 56);
        } else {
            page[i] = (uint8_t)('!' + (i / 5 + number) % 90);
        }
    }
    /* so that no two pages are equal */
    memcpy(page, &stamp, size < sizeof(stamp) ? size : sizeof(stamp));
}

static int map(const char *path, int flags, uint64_t size, uint8_t **base)
{
    bool write = (flags & O_ACCMODE) != O_RDONLY;
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int error = 0;

    if (fd < 0) {
        return errno;
    }
    if (write && ftruncate(fd, (off_t)size) != 0) {
        error = errno;
    }
    *base = MAP_FAILED;
    if (!error) {
        *base = mmap(NULL, size, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
        error = *base == MAP_FAILED ? errno : 0;
    }
    close(fd);
    return error;
}

int mfd_ram_make(const char *path, uint64_t size, enum mfd_ram_fill fill, uint64_t dense)
{
    uint8_t *ram = NULL;
    int error = map(path, O_RDWR | O_CREAT | O_TRUNC, size, &ram);

    if (error) {
        return error;
    }
    for (uint64_t at = 0; fill != MFD_RAM_EMPTY && at < size; at += MFD_RAM_FILE_PAGE) {
        size_t part = size - at < MFD_RAM_FILE_PAGE ? (size_t)(size - at) : MFD_RAM_FILE_PAGE;

        if (size > dense && at >= dense / 2 && at < size - dense / 2) {
            at = (size - dense / 2) / MFD_RAM_FILE_PAGE * MFD_RAM_FILE_PAGE;
        }
        fill_page(ram + at, part, at / MFD_RAM_FILE_PAGE, fill);
    }
    munmap(ram, size);
    return 0;
}

/* Where the next data of either file begins, at or behind `at`; `size` if both are empty from there. */
static uint64_t next_data(const int fds[2], uint64_t at, uint64_t size)
{
    uint64_t next = size;

    for (int i = 0; i < 2; i++) {
        off_t data = lseek(fds[i], (off_t)at, SEEK_DATA);

        /* a file system that knows no holes says so: all of it is data */
        if (data < 0 && errno != ENXIO) {
            return at;
        }
        if (data >= 0 && (uint64_t)data < next) {
            next = (uint64_t)data;
        }
    }
    return next;
}

static void compare_maps(const int fds[2], uint8_t *const ram[2], uint64_t size,
                         struct mfd_ram_difference *difference)
{
    uint64_t at = 0;

    while ((at = next_data(fds, at, size) / MFD_RAM_FILE_PAGE * MFD_RAM_FILE_PAGE) < size) {
        size_t part = size - at < MFD_RAM_FILE_PAGE ? (size_t)(size - at) : MFD_RAM_FILE_PAGE;

        if (memcmp(ram[0] + at, ram[1] + at, part) != 0) {
            if (difference->pages++ == 0) {
                for (difference->first = at;
                     ram[0][difference->first] == ram[1][difference->first];) {
                    difference->first++;
                }
            }
        }
        at += part;
    }
}

int mfd_ram_compare(const char *a, const char *b, uint64_t size,
                    struct mfd_ram_difference *difference)
{
    const char *const paths[2] = {a, b};
    int fds[2] = {-1, -1};
    uint8_t *ram[2] = {MAP_FAILED, MAP_FAILED};
    int error = 0;

    *difference = (struct mfd_ram_difference){0};
    for (int i = 0; i < 2 && !error; i++) {
        struct stat st;

        fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0 || fstat(fds[i], &st) != 0) {
            error = errno;
        } else if ((uint64_t)st.st_size != size) {
            error = EINVAL;
        } else {
            ram[i] = mmap(NULL, size, PROT_READ, MAP_SHARED, fds[i], 0);
            error = ram[i] == MAP_FAILED ? errno : 0;
        }
    }
    if (!error) {
        compare_maps(fds, ram, size, difference);
    }
    for (int i = 0; i < 2; i++) {
        if (ram[i] != MAP_FAILED) {
            munmap(ram[i], size);
        }
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    return error;
}
