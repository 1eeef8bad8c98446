// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void mfd_guest_init(struct mfd_guest *guest)
{
    *guest = (struct mfd_guest){.maps = NULL};
}

static size_t host_page(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* An empty block is mapped too: its address must be valid although none of its bytes is. */
static size_t map_size(const struct mfd_guest_block *block)
{
    size_t page = host_page();

    return block->max_length ? ((size_t)block->max_length + page - 1) / page * page : page;
}

/* Maps a block with a guard on either side, of a host page each. NULL with errno. */
static uint8_t *map_guarded(size_t size, int prot, int flags, int fd)
{
    size_t guard = host_page();
    uint8_t *whole =
        mmap(NULL, size + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (whole == MAP_FAILED) {
        return NULL;
    }
    if (mmap(whole + guard, size, prot, flags | MAP_FIXED, fd, 0) == MAP_FAILED) {
        int error = errno;

        munmap(whole, size + 2 * guard);
        errno = error;
        return NULL;
    }
    return whole + guard;
}

static void unmap_guarded(uint8_t *base, size_t size)
{
    munmap(base - host_page(), size + 2 * host_page());
}

static int valid(const struct mfd_guest *guest, const struct mfd_guest_block *block)
{
    size_t len = strlen(block->name);

    if (len == 0 || len >= MFD_IDSTR_SIZE) {
        return ENAMETOOLONG;
    }
    if (block->used_length > block->max_length || block->max_length > SIZE_MAX / 2) {
        return EINVAL;
    }
    return mfd_ramtable_find(&guest->table, block->name, len) >= 0 ? EEXIST : 0;
}

/* Takes the mapping over, also on failure. */
static int add_map(struct mfd_guest *guest, const struct mfd_guest_block *block, uint8_t *base)
{
    size_t count = guest->table.count;
    struct mfd_ramblock *blocks = realloc(guest->table.blocks, (count + 1) * sizeof(*blocks));
    struct mfd_guest_map *maps = NULL;

    if (blocks) {
        guest->table.blocks = blocks;
        maps = realloc(guest->maps, (count + 1) * sizeof(*maps));
    }
    if (!maps) {
        unmap_guarded(base, map_size(block));
        return ENOMEM;
    }
    guest->maps = maps;
    maps[count] = (struct mfd_guest_map){base, map_size(block)};
    blocks[count] = (struct mfd_ramblock){
        .used_length = block->used_length,
        .max_length = block->max_length,
        .resizable = block->resizable || block->max_length > block->used_length,
    };
    memcpy(blocks[count].name, block->name, strlen(block->name) + 1);
    guest->table.count++;
    return 0;
}

static int map(struct mfd_guest *guest, const struct mfd_guest_block *block, int fd,
               enum mfd_guest_use use)
{
    int prot = use == MFD_GUEST_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    uint8_t *base = map_guarded(map_size(block), prot, flags, fd);

    return base ? add_map(guest, block, base) : errno;
}

int mfd_guest_add_fd(struct mfd_guest *guest, const struct mfd_guest_block *block, int fd,
                     enum mfd_guest_use use)
{
    struct stat st;
    int error = valid(guest, block);

    if (error) {
        return error;
    }
    if (fstat(fd, &st) < 0) {
        return errno;
    }
    if ((uint64_t)st.st_size < block->max_length) {
        return EINVAL;
    }
    return map(guest, block, fd, use);
}

/* Gives the file the length of the block. */
static int extend(int fd, uint64_t length)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return errno;
    }
    if ((uint64_t)st.st_size > length) {
        return EFBIG;
    }
    return ftruncate(fd, (off_t)length) < 0 ? errno : 0;
}

int mfd_guest_add_file(struct mfd_guest *guest, const struct mfd_guest_block *block,
                       const char *path, enum mfd_guest_use use)
{
    int flags = use == MFD_GUEST_WRITE ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
    int error = valid(guest, block);
    int fd = -1;

    if (error) {
        return error;
    }
    fd = open(path, flags, 0600);
    if (fd < 0) {
        return errno;
    }
    error = use == MFD_GUEST_WRITE ? extend(fd, block->max_length) : 0;
    if (!error) {
        error = mfd_guest_add_fd(guest, block, fd, use);
    }
    close(fd);
    return error;
}

int mfd_guest_add_anonymous(struct mfd_guest *guest, const struct mfd_guest_block *block)
{
    int error = valid(guest, block);

    return error ? error : map(guest, block, -1, MFD_GUEST_WRITE);
}

/* The path of a block's file; false if it does not fit. */
static bool adopted_path(const struct mfd_guest *guest, const char *name, char *path, size_t size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_@:.";
    size_t used = (size_t)snprintf(path, size, "%s/", guest->dir);

    for (const char *p = name; *p && used < size; p++) {
        bool as_is = strchr(plain, *p) && !(p == name && *p == '.');

        used +=
            (size_t)snprintf(path + used, size - used, as_is ? "%c" : "%%%02X", (unsigned char)*p);
    }
    return used < size;
}

static int adopt(struct mfd_guest *guest, const char *name, uint64_t length)
{
    struct mfd_guest_block block = {name, length, length, false};
    char path[4096];
    int error = 0;

    if (guest->table.count >= MFD_ADOPTED_MAX) {
        return EMFILE;
    }
    if (length > guest->dir_left) {
        return EFBIG;
    }
    if (!adopted_path(guest, name, path, sizeof(path))) {
        return ENAMETOOLONG;
    }
    if (truncate(path, 0) < 0 && errno != ENOENT) {
        return errno;
    }
    error = mfd_guest_add_file(guest, &block, path, MFD_GUEST_WRITE);
    guest->dir_left -= error ? 0 : length;
    return error;
}

int mfd_guest_adopt(struct mfd_guest *guest, const uint8_t *name, size_t len, uint64_t length)
{
    char text[MFD_IDSTR_SIZE] = "";

    if (!guest->dir) {
        return ENOENT;
    }
    memcpy(text, name, len < sizeof(text) ? len : sizeof(text) - 1);
    memcpy(guest->unadopted.name, text, sizeof(text));
    guest->unadopted.error = len && strlen(text) == len ? adopt(guest, text, length) : ENAMETOOLONG;
    return guest->unadopted.error;
}

void mfd_guest_free(struct mfd_guest *guest)
{
    for (size_t i = 0; i < guest->table.count; i++) {
        unmap_guarded(guest->maps[i].base, guest->maps[i].size);
    }
    free(guest->table.blocks);
    free(guest->maps);
    mfd_guest_init(guest);
}

uint8_t *mfd_guest_at(const struct mfd_guest *guest, int block, uint64_t offset, uint64_t len)
{
    uint64_t used = 0;

    if (block < 0 || (size_t)block >= guest->table.count) {
        return NULL;
    }
    used = guest->table.blocks[block].used_length;
    return len > used || offset > used - len ? NULL : guest->maps[block].base + offset;
}

bool mfd_guest_resize(struct mfd_guest *guest, int block, uint64_t used_length)
{
    struct mfd_ramblock *ramblock = NULL;

    if (block < 0 || (size_t)block >= guest->table.count) {
        return false;
    }
    ramblock = &guest->table.blocks[block];
    if (!ramblock->resizable || used_length > ramblock->max_length) {
        return used_length == ramblock->used_length;
    }
    ramblock->used_length = used_length;
    return true;
}

bool mfd_is_zero(const uint8_t *p, size_t len)
{
    /* equal to itself one byte further on: memcmp runs at memory speed */
    return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

void mfd_clear(uint8_t *p, size_t len)
{
    if (!mfd_is_zero(p, len)) {
        memset(p, 0, len);
    }
}
