// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of the mutator: mutate_message.c knows messages, mutate.c changes cases by them. */
#ifndef MFD_FUZZ_MUTATE_INSIDE_H
#define MFD_FUZZ_MUTATE_INSIDE_H

#include "case.h"
#include "field.h"
#include "packet.h"

struct mfd_mutation {
    struct mfd_case *c;
    uint64_t random;
    bool repair; /* bring counts, size and table of a touched packet into agreement */
};

/* ---- chance ---- */

uint64_t mfd_mutate_draw(struct mfd_mutation *m);
/* A number below `n`, which is not 0. */
size_t mfd_mutate_below(struct mfd_mutation *m, size_t n);
/* A number that stands at some edge: of integers, pages, slots, or a block. */
uint64_t mfd_mutate_edge(struct mfd_mutation *m);

/* ---- the bytes of events ---- */

/* Takes the bytes over, from malloc(). */
void mfd_mutate_set_bytes(struct mfd_event *event, uint8_t *bytes, size_t len);
/* For free(); never NULL. */
uint8_t *mfd_mutate_copy(const void *bytes, size_t len);

/* ---- messages ---- */

bool mfd_mutate_has_message(const struct mfd_event *event);
/* What an event most likely is: by its magic and length, else by how records of main begin. */
enum mfd_message mfd_mutate_message_of(const struct mfd_case *c, const struct mfd_event *event);
/* Bytes of payload that the packet at hand asks for. */
uint64_t mfd_mutate_payload_of(const struct mfd_case *c, const struct mfd_packet *packet);
/* Counts within the table, its size, and offsets within the block. */
void mfd_mutate_repair_packet(struct mfd_mutation *m, struct mfd_event *event);
/* Mostly one that is there. */
uint32_t mfd_mutate_some_connection(struct mfd_mutation *m);
struct mfd_event mfd_mutate_new_hello(struct mfd_mutation *m, uint32_t connection);
/* A message as a sender writes it, on some connection. */
struct mfd_event mfd_mutate_new_message(struct mfd_mutation *m);

#endif
