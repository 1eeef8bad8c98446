// SPDX-License-Identifier: GPL-2.0-or-later
#include "replies.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE (MFD_RETURN_HEADER_SIZE + 4)

/* What main asks for, collected step by step. */
struct expected {
    bool open;
    uint8_t bytes[MFD_REPLIES_MAX];
    size_t size;
};

static void expect_message(struct expected *expected, uint16_t type, uint32_t value)
{
    uint8_t *p = expected->bytes + expected->size;

    if (expected->size + MESSAGE_SIZE <= sizeof(expected->bytes)) {
        mfd_put16(p, type);
        mfd_put16(p + 2, 4);
        mfd_put32(p + MFD_RETURN_HEADER_SIZE, value);
        expected->size += MESSAGE_SIZE;
    }
}

static void add_steps(const struct mfd_plan *plan, const struct mfd_steps *steps,
                      struct expected *expected)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];

        for (size_t p = 0; p < step->part_count; p++) {
            const uint8_t *bytes = step->bytes + step->parts[p].offset;

            if (plan->conns[step->conn].kind != MFD_CONN_MAIN ||
                step->parts[p].message != MFD_MSG_command) {
                continue;
            }
            if (mfd_get16(bytes + 1) == MFD_CMD_OPEN_RETURN_PATH) {
                expected->open = true;
            } else if (mfd_get16(bytes + 1) == MFD_CMD_PING && expected->open) {
                expect_message(expected, MFD_RETURN_PONG, mfd_get32(bytes + 5));
            }
        }
    }
}

bool mfd_replies_as_meant(const struct mfd_plan *plan, const uint8_t *got, size_t size,
                          char *detail, size_t detail_size)
{
    struct expected expected = {.open = false};
    size_t same = 0;

    add_steps(plan, &plan->steps, &expected);
    add_steps(plan, &plan->finish, &expected);
    if (expected.open) {
        expect_message(&expected, MFD_RETURN_SHUT, 0);
    }
    while (same < size && same < expected.size && got[same] == expected.bytes[same]) {
        same++;
    }
    if (same == size && same == expected.size) {
        return true;
    }
    snprintf(detail, detail_size,
             "the return path carried %zu bytes of %zu, the first difference at byte %zu", size,
             expected.size, same);
    return false;
}
