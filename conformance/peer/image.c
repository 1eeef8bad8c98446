// SPDX-License-Identifier: GPL-2.0-or-later
#include "image.h"

#include "mapfile_io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static int write_step(int fd, const struct mfd_step *step)
{
    int error = 0;

    for (size_t i = 0; i < step->place_count && !error; i++) {
        const struct mfd_plan_place *place = &step->places[i];
        size_t end = i + 1 < step->place_count ? step->places[i + 1].offset : step->size;

        error = mfd_write_at(fd, step->bytes + place->offset, end - place->offset, place->at);
    }
    return error;
}

int mfd_image_write(const struct mfd_plan *plan, int fd)
{
    int error = 0;

    for (size_t i = 0; i < plan->steps.count && !error; i++) {
        error = write_step(fd, &plan->steps.list[i]);
    }
    /* all else is written by now, wherever the line stands */
    for (size_t i = 0; i < plan->steps.count && !error; i++) {
        if (plan->steps.list[i].kind == MFD_STEP_CUT &&
            ftruncate(fd, (off_t)plan->steps.list[i].cut) != 0) {
            error = errno;
        }
    }
    return error;
}

int mfd_image_create(const struct mfd_plan *plan, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : mfd_image_write(plan, fd);

    if (fd >= 0 && close(fd) != 0 && !error) {
        error = errno;
    }
    return error;
}

void mfd_image_address(const struct mfd_plan *plan, const char *path, char *address, size_t size)
{
    if (plan->file_offset) {
        snprintf(address, size, "file:%s,offset=%" PRIu64, path, plan->file_offset);
    } else {
        snprintf(address, size, "file:%s", path);
    }
}
