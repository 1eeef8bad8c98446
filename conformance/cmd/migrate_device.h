// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * State of devices in files: what `mfdkit send --device` reads, and what `mfdkit recv --device` leaves.
 * Both print what goes wrong and return 0 or the exit status.
 */
#ifndef MFD_MIGRATE_DEVICE_H
#define MFD_MIGRATE_DEVICE_H

#include "device.h"
#include "migrate.h"

/* Devices in the order of the parameters, with their memory; all zero is empty. */
struct mfd_migrate_devices {
    size_t count;
    uint8_t *memory[MFD_PARAM_DEVICES_MAX]; /* owned */
    struct mfd_device_state states[MFD_PARAM_DEVICES_MAX];
    struct mfd_device_handler handlers[MFD_PARAM_DEVICES_MAX];
};

/* Reads each device's file into its state. mfd_migrate_devices_free() in any case. */
int mfd_migrate_devices_load(const struct mfd_migrate *m, struct mfd_migrate_devices *devices);
/* Makes a handler for each device, with its bound; likewise. */
int mfd_migrate_devices_prepare(const struct mfd_migrate *m, struct mfd_migrate_devices *devices);
/* Writes what arrived for each handler into its file, made anew, and says how much that is. */
int mfd_migrate_devices_store(const struct mfd_migrate *m,
                              const struct mfd_migrate_devices *devices);
void mfd_migrate_devices_free(struct mfd_migrate_devices *devices);

#endif
