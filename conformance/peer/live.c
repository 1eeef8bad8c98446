// SPDX-License-Identifier: GPL-2.0-or-later
/* What all kinds of peers share: private folder, RAM files, connections, and the end. */
#include "peer.h"

#include "image.h"
#include "scratch.h"
#include "source.h"
#include "tls_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Resizable blocks are mapped at least this large: their used length may be next to nothing. */
#define RESIZABLE_MIN 65536u

static bool make_block(struct mfd_live *live, const struct mfd_plan *plan, unsigned index,
                       char *error)
{
    const struct mfd_plan_block *block = &plan->blocks[index];
    struct mfd_live_block *out = &live->blocks[index];
    size_t size = (size_t)block->size;
    int fd = -1;

    if (block->resizable && size < RESIZABLE_MIN) {
        size = RESIZABLE_MIN;
    }
    snprintf(out->path, sizeof(out->path), "%s/ram%u", live->dir, index);
    fd = open(out->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        (out->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "RAM file %s of %zu bytes: %s", out->path, size,
                 strerror(errno));
        out->base = NULL;
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    close(fd);
    out->size = size;
    for (size_t page = 0; block->fill != MFD_FILL_ZERO && page < block->page_count; page++) {
        mfd_page_filled(out->base + page * plan->page_size, plan->page_size, block, index, page);
    }
    return true;
}

const char *mfd_live_state_path(const struct mfd_live *live, size_t index, char *buf, size_t size)
{
    snprintf(buf, size, "%s/state%zu", live->dir, index);
    return buf;
}

static bool make_keys(char *folder, const char *dir, const char *name, enum mfd_tls kind,
                      char *error)
{
    int made = 0;

    snprintf(folder, 96, "%s/%s", dir, name);
    made = mkdir(folder, 0700) == 0 ? mfd_tls_keys_make(folder, kind) : errno;
    if (made) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "TLS keys in %s: %s", folder, strerror(made));
    }
    return made == 0;
}

enum mfd_start mfd_live_start(const struct mfd_peer *peer, const struct mfd_plan *plan,
                              struct mfd_live *live, char *error)
{
    *live = (struct mfd_live){.peer = peer};
    error[0] = '\0';
    if (!mfd_scratch_make(peer->scratch, live->dir, sizeof(live->dir))) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "private folder: %s", strerror(errno));
        return MFD_START_FAILED;
    }
    snprintf(live->address, sizeof(live->address), "%s/mfd", live->dir);
    live->blocks = calloc(plan->block_count ? plan->block_count : 1, sizeof(*live->blocks));
    if (!live->blocks) {
        snprintf(error, MFD_PEER_ERROR_SIZE, "out of memory");
        return MFD_START_FAILED;
    }
    live->block_count = plan->block_count;
    for (unsigned i = 0; i < plan->block_count; i++) {
        if (!make_block(live, plan, i, error)) {
            return MFD_START_FAILED;
        }
    }
    if (plan->tls && (!make_keys(live->keys, live->dir, "keys", plan->tls, error) ||
                      !make_keys(live->foreign, live->dir, "foreign", plan->tls, error))) {
        return MFD_START_FAILED;
    }
    if (plan->file) {
        int failed = mfd_image_create(plan, live->address);

        if (failed) {
            snprintf(error, MFD_PEER_ERROR_SIZE, "file %s: %s", live->address, strerror(failed));
            return MFD_START_FAILED;
        }
    }
    if (plan->sender) {
        live->source = peer->kind->source;
        return live->source->start(peer, plan, live, error);
    }
    return peer->kind->start(peer, plan, live, error);
}

int mfd_live_connect(const struct mfd_live *live)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", live->address);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

void mfd_peer_free(struct mfd_peer *peer)
{
    free(peer->path);
    free(peer->version);
    free(peer->package);
    free(peer->machine);
    free(peer->pc_machine);
}

void mfd_live_stop(struct mfd_live *live)
{
    mfd_process_kill(&live->process);
    if (live->own) {
        (live->source ? live->source->release : live->peer->kind->release)(live);
    }
    for (size_t i = 0; i < live->block_count; i++) {
        if (live->blocks[i].base) {
            munmap(live->blocks[i].base, live->blocks[i].size);
        }
    }
    free(live->blocks);
    mfd_scratch_remove(live->dir);
}
