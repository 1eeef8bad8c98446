// SPDX-License-Identifier: GPL-2.0-or-later
/* The memory oracle: guest RAM after a migration against what the sender meant. */
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What stands in a page instead of the right thing, as far as it can be recognised. */
static void describe(const struct mfd_plan *plan, const uint8_t *page, unsigned block,
                     size_t number, char *text, size_t size)
{
    uint32_t page_size = plan->page_size;
    const struct mfd_model_page *meant = &plan->blocks[block].pages[number];
    uint8_t *other = malloc(page_size);

    snprintf(text, size, "something else");
    if (other && memcmp(page, (memset(other, 0, page_size)), page_size) == 0) {
        snprintf(text, size, "zeros");
    } else if (other) {
        mfd_page_filled(other, page_size, &plan->blocks[block], block, number);
        if (memcmp(page, other, page_size) == 0) {
            snprintf(text, size, "what it held before the migration");
        }
        for (uint32_t older = 1; meant->state == MFD_PAGE_DATA && older < meant->generation;
             older++) {
            mfd_page_content(other, page_size, block, number, older);
            if (memcmp(page, other, page_size) == 0) {
                snprintf(text, size, "an older copy (%u of %u)", older, meant->generation);
            }
        }
        for (size_t i = 0; i < plan->blocks[block].page_count; i++) {
            mfd_page_expected(other, plan, block, i);
            if (i != number && plan->blocks[block].pages[i].state == MFD_PAGE_DATA &&
                memcmp(page, other, page_size) == 0) {
                snprintf(text, size, "the content of page %zu", i);
                break;
            }
        }
    }
    free(other);
}

/* Whether the peer has left the state that each device was sent, and no more. */
static bool states_as_meant(const struct mfd_plan *plan, const struct mfd_live *live, char *detail,
                            size_t size)
{
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct mfd_plan_device *device = &plan->devices[i];
        uint8_t *found = malloc(device->size + 1);
        char path[128];
        FILE *file = fopen(mfd_live_state_path(live, i, path, sizeof(path)), "re");
        size_t got = file && found ? fread(found, 1, device->size + 1, file) : 0;
        bool same = file && found && got == device->filled &&
                    memcmp(found, device->state, device->filled) == 0;

        if (file) {
            fclose(file);
        }
        free(found);
        if (!same) {
            snprintf(detail, size,
                     "of device %s, instance %u, %zu bytes were left: not the %zu sent",
                     device->idstr, (unsigned)device->instance, got, device->filled);
            return false;
        }
    }
    return true;
}

bool mfd_memory_as_meant(const struct mfd_plan *plan, const struct mfd_live *live, bool witness,
                         char *detail, size_t size)
{
    uint32_t page_size = plan->page_size;
    uint8_t *wanted = malloc(page_size);
    size_t wrong = 0;

    for (unsigned b = 0; wanted && b < plan->block_count; b++) {
        const struct mfd_live_block *block = &live->blocks[b];

        if (block->base) { /* in one go: a page fault each would cost more than the comparison */
            madvise(block->base, block->size, MADV_POPULATE_READ);
        }
        /* a block that the peer keeps to itself cannot be seen */
        for (size_t p = 0; block->base && p < plan->blocks[b].page_count; p++) {
            const uint8_t *page = block->base + p * page_size;

            if (witness && b == plan->witness_block && p == plan->witness_page) {
                mfd_page_content(wanted, page_size, b, p, plan->witness_generation);
            } else {
                mfd_page_expected(wanted, plan, b, p);
            }
            if (memcmp(page, wanted, page_size) == 0) {
                continue;
            }
            if (wrong++ == 0) {
                char what[80];

                describe(plan, page, b, p, what, sizeof(what));
                snprintf(detail, size, "page %zu of %s holds %s", p, plan->blocks[b].name, what);
            }
        }
    }
    free(wanted);
    if (wrong > 1) {
        size_t used = strlen(detail);

        snprintf(detail + used, size - used, "; %zu pages are wrong", wrong);
    }
    return wanted && wrong == 0 && states_as_meant(plan, live, detail, size);
}
