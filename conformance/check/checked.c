// SPDX-License-Identifier: GPL-2.0-or-later
#include "checked.h"

#include "hello.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS 256u
#define BREACHES 64u
/* Places that are remembered of each connection: its first bytes, and the latest. */
#define FIRST_SPOTS 8u
#define SPOTS 64u

/* Bytes of a connection, and where in the capture they stand. */
struct spot {
    uint64_t at;
    size_t len;
    uint64_t frame;
    size_t offset;
};

struct trail {
    struct spot spots[SPOTS];
    size_t count; /* of all that there were */
};

struct mfd_checked_watch {
    struct mfd_observer observer;
    struct mfd_observer_memory memory;
    struct mfd_breach breaches[BREACHES];
    struct trail trails[MFD_CHECKED_CONNS];
    size_t *marks;
    bool pages_asked; /* for marks of pages; there may not be enough */
    struct mfd_checked_conn *latest;
};

const char *mfd_checked_state_name(enum mfd_checked_state state)
{
    static const char *const names[MFD_CHECKED_STATES] = {"held", "broken", "undecided",
                                                          "not_applicable"};

    return names[state];
}

static void free_watch(struct mfd_checked_watch *watch)
{
    if (watch) {
        *watch->marks += watch->memory.page_count * sizeof(*watch->memory.pages);
        free(watch->memory.conns);
        free(watch->memory.buffers);
        free(watch->memory.findings);
        free(watch->memory.blocks);
        free(watch->memory.pages);
        free(watch);
    }
}

static struct mfd_checked_watch *create_watch(size_t *marks)
{
    struct mfd_checked_watch *watch = calloc(1, sizeof(*watch));
    struct mfd_observer_memory *memory = NULL;

    if (!watch) {
        return NULL;
    }
    memory = &watch->memory;
    watch->marks = marks;
    /* sized for the most slots that any page size has, for that is learnt later */
    memory->conns = calloc(MFD_CHECKED_CONNS, sizeof(*memory->conns));
    memory->conn_count = MFD_CHECKED_CONNS;
    memory->buffers = malloc(MFD_CHECKED_CONNS * mfd_observer_buffer_size(MFD_PAGE_SIZE_MIN));
    memory->findings = calloc(mfd_observer_findings(MFD_PAGE_SIZE_MIN), sizeof(*memory->findings));
    memory->blocks = calloc(BLOCKS, sizeof(*memory->blocks));
    memory->block_count = BLOCKS;
    memory->breaches = watch->breaches;
    memory->breach_room = BREACHES;
    if (!memory->conns || !memory->buffers || !memory->findings || !memory->blocks) {
        free_watch(watch);
        return NULL;
    }
    return watch;
}

struct mfd_checked *mfd_checked_create(size_t number, const struct mfd_given *given, size_t *marks)
{
    struct mfd_checked *checked = calloc(1, sizeof(*checked));
    struct mfd_observer_config smallest = mfd_observer_config(MFD_REV_LATEST);

    if (!checked) {
        return NULL;
    }
    checked->number = number;
    checked->conns = calloc(MFD_CHECKED_CONNS, sizeof(*checked->conns));
    checked->watch = create_watch(marks);
    if (!checked->conns || !checked->watch) {
        mfd_checked_free(checked);
        return NULL;
    }
    mfd_learn_start(&checked->learned, given);
    smallest.page_size = MFD_PAGE_SIZE_MIN;
    smallest.machine = given->machine;
    mfd_observer_start(&checked->watch->observer, &smallest, &checked->watch->memory);
    mfd_observer_teach(&checked->watch->observer, &checked->learned);
    return checked;
}

struct mfd_checked_conn *mfd_checked_join(struct mfd_checked *checked, uint32_t number,
                                          const struct mfd_endpoint *sender)
{
    struct mfd_checked_conn *conn = NULL;

    if (checked->conn_count == MFD_CHECKED_CONNS) {
        return NULL;
    }
    conn = &checked->conns[checked->conn_count++];
    *conn = (struct mfd_checked_conn){.number = number, .sender = *sender, .id = -1};
    return conn;
}

/* ---- places ---- */

static struct trail *trail_of(struct mfd_checked *checked, const struct mfd_checked_conn *conn)
{
    return &checked->watch->trails[conn - checked->conns];
}

static void leave_spot(struct trail *trail, const struct mfd_event *event,
                       const struct mfd_checked_place *place)
{
    size_t i = trail->count++;

    if (i >= SPOTS) {
        i = FIRST_SPOTS + (i - FIRST_SPOTS) % (SPOTS - FIRST_SPOTS);
    }
    trail->spots[i] = (struct spot){place->at, event->len, place->frame, place->offset};
}

/*
 * The frame of a byte of a connection. That behind the last one, with which a connection that ends too soon
 * breaks a rule, is told by the byte before it.
 */
static void find_spot(const struct trail *trail, uint64_t offset, struct mfd_checked_rule *rule)
{
    size_t count = trail->count < SPOTS ? trail->count : SPOTS;

    for (size_t i = 0; i < count; i++) {
        const struct spot *spot = &trail->spots[i];
        bool behind = !rule->frame && offset == spot->at + spot->len;

        if (offset >= spot->at && (offset - spot->at < spot->len || behind)) {
            rule->frame = spot->frame;
            rule->byte = spot->offset + (size_t)(offset - spot->at);
        }
        if (offset >= spot->at && offset - spot->at < spot->len) {
            return;
        }
    }
}

static struct mfd_checked_conn *find(struct mfd_checked *checked, uint32_t number)
{
    struct mfd_checked_watch *watch = checked->watch;

    if (watch->latest && watch->latest->number == number) {
        return watch->latest;
    }
    for (size_t i = 0; i < checked->conn_count; i++) {
        if (checked->conns[i].number == number) {
            watch->latest = &checked->conns[i];
            return watch->latest;
        }
    }
    return NULL;
}

/* Notes where the first breach of each rule is, while that is known. */
static void take_breaches(struct mfd_checked *checked)
{
    const struct mfd_observer *observer = &checked->watch->observer;
    size_t count = mfd_observer_breaches(observer);

    for (size_t i = 0; i < count; i++) {
        const struct mfd_breach *breach = &checked->watch->breaches[i];
        struct mfd_checked_rule *rule = &checked->rules[breach->rule];
        const struct mfd_checked_conn *conn = find(checked, breach->connection);

        if (rule->count++ == 0) {
            rule->connection = breach->connection;
            rule->offset = breach->offset;
            rule->got = breach->got;
            rule->want = breach->want;
            if (conn) {
                find_spot(trail_of(checked, conn), breach->offset, rule);
                /* one that has sent nothing is wrong by having come */
                rule->frame = rule->frame ? rule->frame : conn->frame;
            }
        }
    }
}

/* ---- events ---- */

/* As many marks of pages as the blocks of RAM START need, if they can be had. */
static void give_pages(struct mfd_checked *checked)
{
    struct mfd_checked_watch *watch = checked->watch;
    const struct mfd_ramtable *listed = mfd_observer_blocks(&watch->observer);
    uint32_t page_size = checked->learned.config.page_size;
    size_t most = *watch->marks / sizeof(*watch->memory.pages);
    uint64_t pages = 0;

    watch->pages_asked = true;
    for (size_t i = 0; i < listed->count; i++) {
        uint64_t here = listed->blocks[i].used_length / page_size + 1;

        if (here > most || pages + here > most) {
            return;
        }
        pages += here;
    }
    watch->memory.pages = pages ? calloc((size_t)pages, sizeof(*watch->memory.pages)) : NULL;
    if (watch->memory.pages) {
        watch->memory.page_count = (size_t)pages;
        *watch->marks -= (size_t)pages * sizeof(*watch->memory.pages);
        mfd_observer_give_pages(&watch->observer, watch->memory.pages, (size_t)pages);
    }
}

/* The id in the hello; that of a connection that is no channel is left out at the end. */
static void take_id(struct mfd_checked_conn *conn, const struct mfd_event *event, uint64_t at)
{
    if (at <= MFD_HELLO_ID && MFD_HELLO_ID - at < event->len) {
        conn->id = event->bytes[MFD_HELLO_ID - at];
    }
}

static void note(struct mfd_checked *checked, struct mfd_checked_conn *conn,
                 const struct mfd_event *event, const struct mfd_checked_place *place)
{
    if (!conn->seen) {
        conn->seen = true;
        conn->frame = place->frame;
        conn->opened = event->kind == MFD_EVENT_OPEN;
    }
    if (event->kind == MFD_EVENT_CLOSE || event->kind == MFD_EVENT_RESET) {
        conn->closed[event->direction] = true;
    }
    if (event->kind == MFD_EVENT_RESET) {
        conn->closed[!event->direction] = true;
    }
    if (event->direction == MFD_FORWARD) {
        conn->missing += place->missing;
        checked->missing += place->missing;
        conn->bytes += event->len;
        checked->bytes += event->len;
    }
    if (event->kind == MFD_EVENT_DATA && event->direction == MFD_FORWARD) {
        take_id(conn, event, place->at);
        leave_spot(trail_of(checked, conn), event, place);
    }
}

void mfd_checked_event(struct mfd_checked *checked, const struct mfd_event *event,
                       const struct mfd_checked_place *place)
{
    struct mfd_checked_watch *watch = checked->watch;
    struct mfd_checked_conn *conn = find(checked, event->connection);

    if (conn) {
        note(checked, conn, event, place);
    }
    if (place->missing && event->direction == MFD_FORWARD) {
        mfd_observer_missing(&watch->observer, event->connection, place->missing);
    }
    mfd_observer_event(&watch->observer, event);
    if (conn && conn->role == MFD_ROLE_NONE_YET) {
        conn->role = mfd_observer_role(&watch->observer, conn->number);
        checked->has_main |= conn->role == MFD_ROLE_IS_MAIN;
        checked->channels += conn->role == MFD_ROLE_IS_CHANNEL;
    }
    if (mfd_observer_breaches(&watch->observer)) {
        take_breaches(checked);
    }
    if (!watch->pages_asked && mfd_observer_blocks(&watch->observer)) {
        give_pages(checked);
    }
}

void mfd_checked_tap(struct mfd_checked *checked, mfd_observer_tap_fn tap, void *context)
{
    mfd_observer_tap(&checked->watch->observer, tap, context);
}

uint64_t mfd_checked_told(const struct mfd_checked *checked, uint32_t connection)
{
    return mfd_observer_told(&checked->watch->observer, connection);
}

/* ---- results ---- */

/* Which of the revisions that the sender may speak have the rule. */
static void count_revisions(const struct mfd_learned *learned, enum mfd_rule rule, size_t *with,
                            size_t *without)
{
    *with = 0;
    *without = 0;
    for (enum mfd_rev rev = mfd_learned_first(learned); rev <= mfd_learned_last(learned); rev++) {
        *(mfd_rule_applies(rule, rev) ? with : without) += 1;
    }
}

/* Who knows nothing of the sender does not know either whether it was told to leave the command out. */
static bool may_be_meant(const struct mfd_learned *learned, enum mfd_rule rule)
{
    return rule == MFD_MAIN_006 && !learned->rev_given;
}

static void judge(struct mfd_checked *checked, enum mfd_rule rule)
{
    const struct mfd_observer *observer = &checked->watch->observer;
    enum mfd_undecided reason = mfd_observer_undecided(observer, rule);
    struct mfd_observation observed = mfd_observer_verdict(observer, rule);
    enum mfd_observed seen = observed.state;
    struct mfd_checked_rule *result = &checked->rules[rule];
    size_t with = 0;
    size_t without = 0;

    count_revisions(&checked->learned, rule, &with, &without);
    result->count = observed.count; /* with those that there was no room to list */
    result->reason = NULL;
    if (!with) {
        result->state = MFD_CHECKED_NOT_APPLICABLE;
    } else if (seen == MFD_OBSERVED_HELD) {
        result->state = MFD_CHECKED_HELD;
    } else if (seen == MFD_OBSERVED_BROKEN && may_be_meant(&checked->learned, rule)) {
        result->state = MFD_CHECKED_UNDECIDED;
        result->reason = "broken, unless it was turned off: --rev or --no-switchover tells it";
    } else if (seen == MFD_OBSERVED_BROKEN && !without) {
        result->state = MFD_CHECKED_BROKEN;
    } else {
        result->state = MFD_CHECKED_UNDECIDED;
        result->reason = mfd_undecided_text(reason);
        if (!mfd_observer_judges(rule)) {
            result->reason = mfd_undecided_text(MFD_UNDECIDED_UNSEEN);
        } else if (seen == MFD_OBSERVED_BROKEN) {
            result->reason = "broken, if the sender's release has the rule: --rev tells it";
        } else if (reason == MFD_UNDECIDED_REVISION) {
            result->reason =
                "only some releases that the sender may be have the rule: --rev tells it";
        }
    }
    checked->counts[result->state]++;
}

/* There may be thousands of migrations in a capture. */
static void shrink(struct mfd_checked *checked)
{
    size_t size = (checked->conn_count + 1) * sizeof(*checked->conns);
    struct mfd_checked_conn *conns = realloc(checked->conns, size);

    checked->conns = conns ? conns : checked->conns;
}

void mfd_checked_end(struct mfd_checked *checked)
{
    if (!checked->watch) {
        return;
    }
    mfd_observer_end(&checked->watch->observer);
    take_breaches(checked);
    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        judge(checked, rule);
    }
    for (size_t i = 0; i < checked->conn_count; i++) {
        struct mfd_checked_conn *conn = &checked->conns[i];

        conn->followed = mfd_observer_follows(&checked->watch->observer, conn->number);
        conn->id = conn->opened && conn->role == MFD_ROLE_IS_CHANNEL ? conn->id : -1;
    }
    shrink(checked);
    free_watch(checked->watch);
    checked->watch = NULL;
}

const char *mfd_checked_level(enum mfd_rule rule)
{
    return mfd_rule_level(rule, true);
}

size_t mfd_checked_broken(const struct mfd_checked *checked, bool strict)
{
    size_t count = 0;

    for (enum mfd_rule rule = 0; rule < MFD_RULE_COUNT; rule++) {
        enum mfd_send send = mfd_rule_info(rule)->send;

        count += checked->rules[rule].state == MFD_CHECKED_BROKEN &&
                 (send == MFD_SEND_MUST || (strict && send == MFD_SEND_SHOULD));
    }
    return count;
}

void mfd_checked_free(struct mfd_checked *checked)
{
    if (checked) {
        free_watch(checked->watch);
        free(checked->conns);
        free(checked);
    }
}
