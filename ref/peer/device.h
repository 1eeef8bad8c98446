// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * State of devices in packets of their own, from 10.0 on: what a sender has of it, and where a receiver
 * puts it. A device is known by its name and instance. What the bytes mean is the device's affair.
 *
 * A receiver has a handler for each device that it takes state of, and refuses that of any other
 * (MF-DEV-003). A handler is memory of a fixed size, the caller's. State may come in several packets, over
 * any channels: each gets the next free bytes of it when its header is there, and its payload is read
 * straight into them; so pieces stand in the order in which their headers were read, which across channels
 * is any order. A packet that has no room left is refused before its payload is read (MF-DEV-006). No lock
 * is taken, and several channels may bring state for one device at once.
 *
 * The reference sender sends a device's state in one packet.
 */
#ifndef MFD_DEVICE_H
#define MFD_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mfd_device_state {
    const char *idstr; /* 1 to 255 bytes */
    uint32_t instance;
    const uint8_t *bytes; /* not owned */
    size_t size;          /* 1 to MFD_DEVICE_PAYLOAD_MAX */
};

struct mfd_device_handler {
    const char *idstr; /* 1 to 255 bytes */
    uint32_t instance;
    uint8_t *room; /* not owned */
    size_t size;   /* bytes of it */
    _Atomic size_t
        filled; /* bytes handed out, 0 before the migration; once that completed: received */
};

/* Whether each makes sense, no device is named twice and no handler has been used. */
bool mfd_device_states_valid(const struct mfd_device_state *states, size_t count);
bool mfd_device_handlers_valid(const struct mfd_device_handler *handlers, size_t count);

/* The handler of a device, whose name ends within 256 bytes; NULL if there is none. */
struct mfd_device_handler *mfd_device_find(struct mfd_device_handler *handlers, size_t count,
                                           const char *idstr, uint32_t instance);
/* The next `size` bytes of its room; NULL, and nothing is taken, where so many are not left. */
uint8_t *mfd_device_take(struct mfd_device_handler *handler, size_t size);

#endif
