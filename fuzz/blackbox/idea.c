// SPDX-License-Identifier: GPL-2.0-or-later
#include "idea.h"

#include "mutate.h"
#include "packet.h"
#include "selection.h"

#include <stdlib.h>
#include <string.h>

/* More channels than that are a matter of `init/`, and each costs a connection. */
#define CHANNELS_MAX 16u
/* One idea in so many takes events of a second seed. */
#define SPLICE_ONE_IN 4u
#define SIZE_MAX_MUTATED (2 * MFD_SEED_SIZE_MAX)
/* Bytes that are sent in all: the import compiles them several times. */
#define SENT_MAX (128u << 10)

/* Device state that is announced counts as well: what does not come is compiled, and then cut off. */
static size_t announced(const struct mfd_event *event)
{
    struct mfd_device device;

    if (event->kind != MFD_EVENT_DATA || event->len < MFD_DEVICE_SIZE ||
        mfd_get32(event->bytes) != MFD_MAGIC) {
        return 0;
    }
    device = mfd_device_unpack(event->bytes);
    return (device.flags & MFD_FLAG_DEVICE_STATE) &&
                   device.next_packet_size <= MFD_DEVICE_PAYLOAD_MAX
               ? device.next_packet_size
               : 0;
}

static bool is_short(const struct mfd_case *c)
{
    size_t sent = 0;

    for (size_t i = 0; i < c->event_count; i++) {
        sent += c->events[i].kind == MFD_EVENT_DATA ? c->events[i].len : 0;
        sent += announced(&c->events[i]);
    }
    return sent <= SENT_MAX;
}

/* What the peer is set up for stays: another page size or method is another peer. */
static bool same_setup(const struct mfd_case *c, const struct mfd_seed *seed)
{
    struct mfd_case *former = mfd_case_read(seed->bytes, seed->size);
    bool same = c->rev == former->rev && c->method == former->method && c->sync == former->sync &&
                c->page_size == former->page_size && c->channels <= CHANNELS_MAX;

    mfd_case_free(former);
    return same;
}

static struct mfd_case *mutate(struct mfd_idea *idea, const struct mfd_seeds *seeds,
                               uint64_t random)
{
    uint8_t *bytes = malloc(SIZE_MAX_MUTATED);
    struct mfd_case *c = NULL;
    size_t size = 0;

    if (!bytes) {
        return NULL;
    }
    idea->from = &seeds->list[random % seeds->count];
    size = idea->from->size;
    memcpy(bytes, idea->from->bytes, size);
    random /= seeds->count;
    if (random % SPLICE_ONE_IN == 0) {
        idea->with = &seeds->list[random / SPLICE_ONE_IN % seeds->count];
        size = mfd_mutate_splice(bytes, size, SIZE_MAX_MUTATED, idea->with->bytes, idea->with->size,
                                 random);
    } else {
        size = mfd_mutate(bytes, size, SIZE_MAX_MUTATED, random);
    }
    c = mfd_case_read(bytes, size);
    c->fail = 0; /* in a process of its own no allocation can be made to fail */
    free(bytes);
    return c;
}

/* From the case to the plan. */
static bool compile(struct mfd_idea *idea, const struct mfd_idea_words *words,
                    const struct mfd_peer *peer)
{
    struct mfd_import_request request = {
        .c = idea->c, .title = words->title, .rule = MFD_RULE_COUNT, .whole = words->whole};
    struct mfd_lang_error error = {0};
    struct mfd_target target;

    request.expect[peer->rev] = MFD_OUTCOME_BIT(words->expect);
    if (!mfd_import(&request, &idea->imported, &error)) {
        return false;
    }
    idea->scenario =
        mfd_scenario_parse(words->id, idea->imported.text, strlen(idea->imported.text), &error);
    if (!idea->scenario) {
        return false;
    }
    target = mfd_selection_target(peer, idea->scenario, 1);
    idea->instances =
        mfd_scenario_expand(idea->scenario, &target, 1, &idea->instance_count, &error);
    if (idea->instance_count) {
        idea->plan =
            mfd_scenario_compile(idea->scenario, &idea->instances[0], &target, false, &error);
    }
    return idea->plan && idea->plan->expect;
}

bool mfd_idea_have(struct mfd_idea *idea, const struct mfd_seeds *seeds, uint64_t random,
                   const struct mfd_peer *peer)
{
    const struct mfd_idea_words words = {"it", "Mutated.", MFD_REFUSED, false};

    *idea = (struct mfd_idea){0};
    idea->c = mutate(idea, seeds, random);
    return idea->c && is_short(idea->c) && same_setup(idea->c, idea->from) &&
           compile(idea, &words, peer);
}

bool mfd_idea_word(struct mfd_idea *idea, const struct mfd_idea *other,
                   const struct mfd_idea_words *words, const struct mfd_peer *peer)
{
    bool good = false;

    *idea = (struct mfd_idea){.from = other->from, .with = other->with, .c = other->c};
    good = compile(idea, words, peer);
    idea->c = NULL; /* it is the other's */
    return good;
}

struct mfd_plan *mfd_idea_twin(const struct mfd_idea *idea, const struct mfd_peer *peer)
{
    const struct mfd_target target = mfd_selection_target(peer, idea->scenario, 1);
    struct mfd_lang_error error = {0};

    return mfd_scenario_compile(idea->scenario, &idea->instances[0], &target, true, &error);
}

void mfd_idea_free(struct mfd_idea *idea)
{
    mfd_plan_free(idea->plan);
    mfd_instances_free(idea->instances, idea->instance_count);
    mfd_scenario_free(idea->scenario);
    free(idea->imported.text);
    if (idea->c) {
        mfd_case_free(idea->c);
    }
    *idea = (struct mfd_idea){0};
}
