// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mutator for AFL++, as a library of its own: AFL_CUSTOM_MUTATOR_LIBRARY. It works beside AFL++'s own
 * stages. The interface is declared here: AFL++'s header wants all of AFL++'s source.
 */
#include "mutate.h"

#include <stdlib.h>
#include <string.h>

struct mutator {
    uint64_t random;
    uint8_t *out;
    size_t room;
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t room);
void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned seed)
{
    struct mutator *m = calloc(1, sizeof(*m));

    (void)afl;
    if (m) {
        m->random = seed;
    }
    return m;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t room)
{
    struct mutator *m = data;

    if (m->room < room) {
        uint8_t *grown = realloc(m->out, room);

        if (!grown) {
            return 0;
        }
        m->out = grown;
        m->room = room;
    }
    size = size < room ? size : room;
    memcpy(m->out, buf, size);
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    *out = m->out;
    return other && other_size && (m->random >> 60) == 0
               ? mfd_mutate_splice(m->out, size, room, other, other_size, m->random)
               : mfd_mutate(m->out, size, room, m->random);
}

void afl_custom_deinit(void *data)
{
    struct mutator *m = data;

    free(m->out);
    free(m);
}
