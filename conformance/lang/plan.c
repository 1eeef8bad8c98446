// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan.h"

#include <stdlib.h>
#include <string.h>

static void free_steps(struct mfd_steps *steps)
{
    for (size_t i = 0; i < steps->count; i++) {
        free(steps->list[i].text);
        free(steps->list[i].bytes);
        free(steps->list[i].parts);
        free(steps->list[i].split);
        free(steps->list[i].places);
    }
    free(steps->list);
}

void mfd_plan_free(struct mfd_plan *plan)
{
    if (!plan) {
        return;
    }
    for (size_t i = 0; i < plan->block_count; i++) {
        free(plan->blocks[i].pages);
    }
    free_steps(&plan->steps);
    free_steps(&plan->witness);
    free_steps(&plan->finish);
    for (size_t i = 0; i < plan->moment_count; i++) {
        free(plan->moments[i].text);
    }
    free(plan->moments);
    free(plan->blocks);
    for (size_t i = 0; i < plan->device_count; i++) {
        free(plan->devices[i].state);
    }
    free(plan->devices);
    free(plan->conns);
    free(plan->id);
    free(plan->params);
    free(plan);
}

size_t mfd_step_piece(const struct mfd_step *step, size_t i, size_t left)
{
    size_t wanted = left;

    if (step->split_count && (i < step->split_count || step->split_repeat)) {
        wanted = step->split[i < step->split_count ? i : step->split_count - 1];
    }
    return wanted < left ? wanted : left;
}

/* ---- digest: FNV-1a over 64-bit words and bytes ---- */

#define HASH_START 0xcbf29ce484222325u

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * 0x100000001b3u;
    }
    return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    uint8_t bytes[8];

    mfd_put64(bytes, number);
    return mix_bytes(hash, bytes, sizeof(bytes));
}

/* With the length first, so that no two sequences of texts run together. */
static uint64_t mix_text(uint64_t hash, const char *text)
{
    return mix_bytes(mix_number(hash, strlen(text)), text, strlen(text));
}

static uint64_t mix_step(uint64_t hash, const struct mfd_step *step)
{
    hash = mix_number(hash, (uint64_t)step->kind);
    hash = mix_number(hash, step->conn);
    hash = mix_number(hash, step->size);
    hash = mix_bytes(hash, step->bytes, step->size);
    hash = mix_number(hash, step->split_count);
    for (size_t i = 0; i < step->split_count; i++) {
        hash = mix_number(hash, step->split[i]);
    }
    for (size_t i = 0; i < step->place_count; i++) {
        hash = mix_number(hash, step->places[i].offset);
        hash = mix_number(hash, step->places[i].at);
    }
    if (step->kind == MFD_STEP_CUT) {
        hash = mix_number(hash, step->cut);
    }
    return mix_number(hash, step->split_repeat);
}

static uint64_t mix_steps(uint64_t hash, const struct mfd_steps *steps)
{
    hash = mix_number(hash, steps->count);
    for (size_t i = 0; i < steps->count; i++) {
        hash = mix_step(hash, &steps->list[i]);
    }
    return hash;
}

static uint64_t mix_moment(uint64_t hash, const struct mfd_moment *moment)
{
    hash = mix_number(hash, moment->conn);
    hash = mix_number(hash, (uint64_t)moment->at);
    hash = mix_number(hash, moment->number);
    hash = mix_number(hash, moment->cut);
    return mix_number(hash, moment->acts);
}

static uint64_t mix_block(uint64_t hash, const struct mfd_plan_block *block)
{
    hash = mix_text(hash, block->name);
    hash = mix_text(hash, block->wire_name);
    hash = mix_number(hash, block->size);
    hash = mix_number(hash, block->resizable);
    hash = mix_number(hash, (uint64_t)block->fill);
    return mix_number(hash, block->fill_byte);
}

uint64_t mfd_plan_digest(const struct mfd_plan *plan)
{
    uint64_t hash = HASH_START;

    hash = mix_number(hash, (uint64_t)plan->speak);
    hash = mix_number(hash, (uint64_t)plan->sync);
    hash = mix_number(hash, (uint64_t)plan->zero);
    hash = mix_number(hash, plan->channels);
    hash = mix_number(hash, plan->method);
    hash = mix_number(hash, (uint64_t)plan->tls);
    hash = mix_number(hash, plan->uuid_set);
    hash = mix_bytes(hash, plan->uuid, sizeof(plan->uuid));
    hash = mix_number(hash, plan->page_size);
    hash = mix_text(hash, plan->machine ? plan->machine : "");
    hash = mix_number(hash, plan->device_count);
    for (size_t i = 0; i < plan->device_count; i++) {
        hash = mix_text(hash, plan->devices[i].idstr);
        hash = mix_number(hash, plan->devices[i].instance);
        hash = mix_number(hash, plan->devices[i].size);
    }
    hash = mix_number(hash, plan->block_count);
    for (size_t i = 0; i < plan->block_count; i++) {
        hash = mix_block(hash, &plan->blocks[i]);
    }
    if (plan->file) {
        hash = mix_number(hash, plan->file_offset);
    }
    if (plan->sender) {
        hash = mix_number(hash, plan->tcp ? 2 : 1);
    }
    for (size_t i = 0; i < plan->moment_count; i++) {
        hash = mix_moment(hash, &plan->moments[i]);
    }
    hash = mix_number(hash, plan->conn_count);
    for (size_t i = 0; i < plan->conn_count; i++) {
        hash = mix_text(hash, plan->conns[i].name);
        hash = mix_number(hash, (uint64_t)plan->conns[i].tls);
    }
    hash = mix_steps(hash, &plan->steps);
    hash = mix_steps(hash, &plan->witness);
    return mix_steps(hash, &plan->finish);
}

uint64_t mfd_plan_sent_digest(const struct mfd_plan *plan)
{
    uint64_t hash = HASH_START;

    for (size_t conn = 0; conn < plan->conn_count; conn++) {
        hash = mix_number(hash, conn);
        for (size_t i = 0; i < plan->steps.count; i++) {
            const struct mfd_step *step = &plan->steps.list[i];

            if (step->kind == MFD_STEP_SEND && step->conn == conn) {
                hash = mix_bytes(hash, step->bytes, step->size);
            }
        }
    }
    return hash;
}
