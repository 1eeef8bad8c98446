// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The description of the VM that ends a migration: JSON that lists the sections of devices in the order in
 * which they were sent.
 *
 *     { ..., "devices": [ { "name": "timer", "instance_id": 0, ... }, ... ] }
 */
#ifndef MFD_VMDESC_H
#define MFD_VMDESC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mfd_vmdesc_device {
    const uint8_t *name; /* as JSON writes it, between the quotes; NULL: none given */
    size_t name_len;
    uint64_t instance;
};

/*
 * Reads the `len` bytes at `json`, which must be one object and nothing else, nested at most 64 deep, and
 * hands each device of its "devices" to `device`. False if they are no such object, or `device` said so.
 */
bool mfd_vmdesc_read(const uint8_t *json, size_t len,
                     bool (*device)(void *arg, const struct mfd_vmdesc_device *device), void *arg);

#endif
