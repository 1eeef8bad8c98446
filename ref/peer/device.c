// SPDX-License-Identifier: GPL-2.0-or-later
#include "device.h"

#include "wire.h"

#include <string.h>

static bool is_name(const char *idstr)
{
    size_t len = strlen(idstr);

    return len > 0 && len < MFD_IDSTR_SIZE;
}

bool mfd_device_states_valid(const struct mfd_device_state *states, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_name(states[i].idstr) || states[i].size == 0 ||
            states[i].size > MFD_DEVICE_PAYLOAD_MAX) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (states[j].instance == states[i].instance &&
                strcmp(states[j].idstr, states[i].idstr) == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool is_for(const struct mfd_device_handler *handler, const char *idstr, uint32_t instance)
{
    return handler->instance == instance && strcmp(handler->idstr, idstr) == 0;
}

bool mfd_device_handlers_valid(const struct mfd_device_handler *handlers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_name(handlers[i].idstr) || !handlers[i].room || atomic_load(&handlers[i].filled)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (is_for(&handlers[j], handlers[i].idstr, handlers[i].instance)) {
                return false;
            }
        }
    }
    return true;
}

struct mfd_device_handler *mfd_device_find(struct mfd_device_handler *handlers, size_t count,
                                           const char *idstr, uint32_t instance)
{
    for (size_t i = 0; i < count; i++) {
        if (is_for(&handlers[i], idstr, instance)) {
            return &handlers[i];
        }
    }
    return NULL;
}

uint8_t *mfd_device_take(struct mfd_device_handler *handler, size_t size)
{
    size_t filled = atomic_load(&handler->filled);

    do {
        if (size > handler->size - filled) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak(&handler->filled, &filled, filled + size));
    return handler->room + filled;
}
