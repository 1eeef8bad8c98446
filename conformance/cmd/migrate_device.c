// SPDX-License-Identifier: GPL-2.0-or-later
#include "migrate_device.h"

#include <errno.h>
#include <stdlib.h>

/* Memory for one more device; 0, or the exit status. */
static int allocate(const struct mfd_migrate *m, struct mfd_migrate_devices *devices, uint64_t size)
{
    uint8_t *memory = malloc(size);

    if (!memory) {
        return mfd_migrate_complain(m, m->params.devices[devices->count].file, ENOMEM);
    }
    devices->memory[devices->count++] = memory;
    return 0;
}

/* Bytes of a file up to `max`; -1 with errno. */
static int64_t read_file(const char *path, uint8_t *to, size_t max)
{
    FILE *file = fopen(path, "rb");
    size_t n = 0;
    bool bad = true;

    if (!file) {
        return -1;
    }
    n = fread(to, 1, max, file);
    bad = ferror(file);
    fclose(file);
    return bad ? -1 : (int64_t)n;
}

static int load(const struct mfd_migrate *m, struct mfd_migrate_devices *devices,
                const struct mfd_param_device *from)
{
    /* one byte more shows that the file is too long */
    size_t max = (size_t)MFD_DEVICE_PAYLOAD_MAX + 1;
    size_t i = devices->count;
    int status = allocate(m, devices, max);
    int64_t n = 0;

    if (status) {
        return status;
    }
    n = read_file(from->file, devices->memory[i], max);
    if (n < 0) {
        return mfd_migrate_complain(m, from->file, errno);
    }
    if (n == 0 || n > MFD_DEVICE_PAYLOAD_MAX) {
        return mfd_migrate_complain(m, from->file, n ? EFBIG : ENODATA);
    }
    devices->states[i] =
        (struct mfd_device_state){from->idstr, from->instance, devices->memory[i], (size_t)n};
    return 0;
}

int mfd_migrate_devices_load(const struct mfd_migrate *m, struct mfd_migrate_devices *devices)
{
    int status = 0;

    for (size_t i = 0; i < m->params.device_count && !status; i++) {
        status = load(m, devices, &m->params.devices[i]);
    }
    return status;
}

int mfd_migrate_devices_prepare(const struct mfd_migrate *m, struct mfd_migrate_devices *devices)
{
    int status = 0;

    for (size_t i = 0; i < m->params.device_count && !status; i++) {
        const struct mfd_param_device *from = &m->params.devices[i];

        status = allocate(m, devices, from->bound);
        if (!status) {
            devices->handlers[i] = (struct mfd_device_handler){from->idstr, from->instance,
                                                               devices->memory[i], from->bound, 0};
        }
    }
    return status;
}

static bool write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, size, file) == size;

    return file && fclose(file) == 0 && good;
}

int mfd_migrate_devices_store(const struct mfd_migrate *m,
                              const struct mfd_migrate_devices *devices)
{
    for (size_t i = 0; i < devices->count; i++) {
        const struct mfd_device_handler *handler = &devices->handlers[i];
        size_t size = atomic_load(&handler->filled);

        if (!write_file(m->params.devices[i].file, handler->room, size)) {
            return mfd_migrate_complain(m, m->params.devices[i].file, errno);
        }
        printf("device %s:%u: %zu bytes\n", handler->idstr, (unsigned)handler->instance, size);
    }
    return 0;
}

void mfd_migrate_devices_free(struct mfd_migrate_devices *devices)
{
    for (size_t i = 0; i < devices->count; i++) {
        free(devices->memory[i]);
    }
}
