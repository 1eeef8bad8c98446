// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a real source sends on main behind the end of RAM: a section for each device, then the end byte and
 * a description of the VM.
 *
 * The lengths of these sections are nowhere on the wire; they follow from the devices' code. So a receiver
 * without the devices finds the end by content: the end byte, and behind it a description that is the last
 * that was sent, is valid JSON, and lists the very sections that stand before it (vmdesc.h). It cannot wait
 * for the source to close: one with a return path waits itself until it is told of the success.
 */
#ifndef MFD_TAIL_H
#define MFD_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* State of the search for the end in bytes that arrive in pieces; zeros to begin with. */
struct mfd_tail {
    size_t scanned; /* bytes in which no announcement is left unseen */
    size_t
        next; /* length at which the next announced description would be complete; 0: none known */
    unsigned tries; /* announcements that came to nothing */
};

enum mfd_tail_state {
    MFD_TAIL_MORE,
    MFD_TAIL_WHOLE, /* it ends here */
    MFD_TAIL_WRONG, /* more false descriptions than any state of devices holds by chance */
};

/* Looks at all `len` bytes there are, from the first section on; to be called whenever there are more. */
enum mfd_tail_state mfd_tail_look(struct mfd_tail *tail, const uint8_t *buf, size_t len);

/*
 * Whether the `len` bytes are such a tail: where a description is, whether it lists the sections before
 * it in order. `end` is the place of the end byte.
 */
bool mfd_tail_whole(const uint8_t *buf, size_t len, size_t end);

#endif
