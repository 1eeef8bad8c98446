// SPDX-License-Identifier: GPL-2.0-or-later
#include "compile.h"

#include "hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the environment ---- */

/* A header's number: the axis of that name, the header, or the default. */
static bool header_number(struct mfd_env *env, const char *name, const struct mfd_term *header,
                          uint32_t otherwise, uint64_t high, uint32_t *number,
                          struct mfd_lang_error *error)
{
    const struct mfd_axis *axis = mfd_scenario_axis(env->scenario, name);
    struct mfd_term param = {.param = name};
    const struct mfd_term *term = axis ? &param : header;
    uint64_t found = otherwise;
    const char *problem = term ? mfd_term_within(env, term, 1, high, &found) : NULL;

    *number = (uint32_t)found;
    return problem ? mfd_lang_fail(error, axis ? axis->line : 0, "%s: %s", name, problem) : true;
}

bool mfd_env_settle(struct mfd_env *env, struct mfd_lang_error *error)
{
    const struct mfd_scenario *scenario = env->scenario;
    const struct mfd_axis *axis = mfd_scenario_axis(scenario, "page");

    if (!header_number(env, "channels", scenario->channels_set ? &scenario->channels : NULL,
                       MFD_DEFAULT_CHANNELS, MFD_CHANNELS_MAX, &env->channels, error) ||
        !header_number(env, "page", scenario->page_set ? &scenario->page : NULL, MFD_DEFAULT_PAGE,
                       UINT32_MAX, &env->page_size, error)) {
        return false;
    }
    return mfd_is_page_size(env->page_size) ||
           mfd_lang_fail(error, axis ? axis->line : 0,
                         "page: %u is not a power of two from 256 to 64K", env->page_size);
}

/* ---- the plan before its steps ---- */

static uint32_t plan_method(const struct mfd_env *env)
{
    const struct mfd_bound *bound = mfd_env_bound(env, "method");
    const char *name = bound && bound->value ? bound->value->text : env->scenario->method;
    uint32_t bit = 0;

    mfd_method_find(name ? name : "none", &bit);
    return bit;
}

static bool set_block(struct mfd_compiler *c, size_t i, struct mfd_plan_block *block)
{
    const struct mfd_ram *ram = c->env.scenario->ram_count ? &c->env.scenario->rams[i] : NULL;
    unsigned line = ram ? ram->line : 0;
    const char *problem = mfd_env_block_size(&c->env, i, &block->size);

    snprintf(block->name, sizeof(block->name), "%s", mfd_env_block_name(&c->env, i));
    snprintf(block->wire_name, sizeof(block->wire_name), "%s", mfd_env_block_wire_name(&c->env, i));
    block->resizable = ram && ram->resizable;
    block->fill = ram ? ram->fill : MFD_FILL_ZERO;
    block->fill_byte = ram ? ram->fill_byte : 0;
    if (problem) {
        return mfd_lang_fail(c->error, line, "%.80s: %s", block->name, problem);
    }
    if (block->size % c->env.page_size && !block->resizable) {
        return mfd_lang_fail(c->error, line, "%.80s: not a multiple of the page size", block->name);
    }
    if (block->size & MFD_RAM_FLAG_MASK) {
        return mfd_lang_fail(c->error, line, "%.80s: not a multiple of 1K", block->name);
    }
    block->page_count = (size_t)(block->size / c->env.page_size);
    block->pages = mfd_zalloc(block->page_count * sizeof(*block->pages));
    for (size_t p = 0; c->plan->file && p < block->page_count; p++) {
        block->pages[p].state = MFD_PAGE_ZERO; /* a file says something about every page */
    }
    c->generations[i] = mfd_zalloc(block->page_count * sizeof(**c->generations));
    c->used[i] = mfd_zalloc(block->page_count * sizeof(**c->used));
    return true;
}

static bool set_blocks(struct mfd_compiler *c)
{
    struct mfd_plan *plan = c->plan;

    plan->block_count = mfd_env_block_count(&c->env);
    plan->blocks = mfd_zalloc(plan->block_count * sizeof(*plan->blocks));
    c->generations = mfd_zalloc(plan->block_count * sizeof(*c->generations));
    c->used = mfd_zalloc(plan->block_count * sizeof(*c->used));
    c->mapped = mfd_zalloc(plan->block_count * sizeof(*c->mapped));
    c->bitmaps = mfd_zalloc(plan->block_count * sizeof(*c->bitmaps));
    for (size_t i = 0; i < plan->block_count; i++) {
        if (!set_block(c, i, &plan->blocks[i])) {
            return false;
        }
    }
    return true;
}

static void set_devices(struct mfd_compiler *c)
{
    const struct mfd_scenario *scenario = c->env.scenario;
    struct mfd_plan *plan = c->plan;

    plan->device_count = scenario->device_count;
    plan->devices = mfd_zalloc(plan->device_count * sizeof(*plan->devices));
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct mfd_head_device *device = &scenario->devices[i];

        plan->devices[i] = (struct mfd_plan_device){.idstr = device->idstr,
                                                    .instance = device->instance,
                                                    .size = device->size,
                                                    .state = mfd_zalloc(device->size)};
    }
}

static void add_conn(struct mfd_plan *plan, enum mfd_conn_kind kind, unsigned number,
                     const char *name)
{
    struct mfd_plan_conn *conn = NULL;

    plan->conns = mfd_grow(plan->conns, plan->conn_count, sizeof(*plan->conns));
    conn = &plan->conns[plan->conn_count++];
    *conn = (struct mfd_plan_conn){
        .kind = kind, .number = number, .tls = plan->tls ? MFD_PLAN_TLS : MFD_PLAN_PLAIN};
    if (kind == MFD_CONN_MAIN) {
        snprintf(conn->name, sizeof(conn->name), "main");
    } else if (kind == MFD_CONN_FILE) {
        snprintf(conn->name, sizeof(conn->name), "file");
    } else if (kind == MFD_CONN_CHANNEL) {
        snprintf(conn->name, sizeof(conn->name), "ch %u", number);
    } else {
        snprintf(conn->name, sizeof(conn->name), "extra %s", name);
    }
}

static bool has_extra(const struct mfd_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->conn_count; i++) {
        if (plan->conns[i].kind == MFD_CONN_EXTRA &&
            strcmp(plan->conns[i].name + strlen("extra "), name) == 0) {
            return true;
        }
    }
    return false;
}

static void set_conns(struct mfd_compiler *c)
{
    const struct mfd_scenario *scenario = c->env.scenario;
    unsigned extras = 0;

    add_conn(c->plan, c->plan->file ? MFD_CONN_FILE : MFD_CONN_MAIN, 0, NULL);
    for (unsigned i = 0; !c->plan->file && i < c->env.channels; i++) {
        add_conn(c->plan, MFD_CONN_CHANNEL, i, NULL);
    }
    for (size_t i = 0; i < scenario->line_count; i++) {
        const struct mfd_line *line = &scenario->lines[i];

        if (line->who.kind == MFD_WHO_EXTRA && !(c->twin && line->whole) &&
            !has_extra(c->plan, line->who.name)) {
            add_conn(c->plan, MFD_CONN_EXTRA, extras++, line->who.name);
        }
    }
    c->conns = mfd_zalloc(c->plan->conn_count * sizeof(*c->conns));
    c->encoders = mfd_zalloc(c->plan->conn_count * sizeof(*c->encoders));
}

static void set_configuration(struct mfd_compiler *c)
{
    struct mfd_plan *plan = c->plan;
    const struct mfd_rev_info *rev = mfd_rev_info(plan->speak);

    plan->sync = rev->sync;
    plan->zero = rev->zero;
    plan->channels = c->env.channels;
    plan->page_size = c->env.page_size;
    plan->tls = c->env.scenario->tls;
    plan->machine = mfd_env_machine(&c->env);
    plan->uuid_set = !c->env.scenario->uuid_none;
    memcpy(plan->uuid, mfd_env_uuid(&c->env), sizeof(plan->uuid));
}

/* ---- steps ---- */

void mfd_compile_on_line(struct mfd_compiler *c, const struct mfd_line *line)
{
    struct mfd_line shown = *line;

    if (c->twin) {
        shown.fault_count = 0;
    }
    c->line = line;
    free(c->text);
    c->text = mfd_line_text(&shown);
}

/* The connection of the first fault. */
static bool find_deviating(struct mfd_compiler *c)
{
    const struct mfd_scenario *scenario = c->env.scenario;

    c->plan->deviating = -1;
    for (size_t i = 0; !c->twin && i < scenario->line_count; i++) {
        unsigned first = 0;
        unsigned count = 0;

        if (!mfd_line_faulty(&scenario->lines[i])) {
            continue;
        }
        c->line = &scenario->lines[i];
        if (!mfd_line_conns(c, c->line, &first, &count)) {
            return false;
        }
        c->plan->deviating = (int)first;
        return true;
    }
    return true;
}

static bool compile_lines(struct mfd_compiler *c, size_t order)
{
    const struct mfd_scenario *scenario = c->env.scenario;
    bool orders_done = false;

    for (size_t i = 0; i < scenario->line_count; i++) {
        const struct mfd_line *line = &scenario->lines[i];

        if (line->ordered) {
            if (!orders_done && !mfd_compile_orders(c, order)) {
                return false;
            }
            orders_done = true;
            continue;
        }
        if (c->twin && line->whole) {
            continue;
        }
        mfd_compile_on_line(c, line);
        if (!mfd_compile_line(c, line)) {
            return false;
        }
    }
    return true;
}

static bool holds_half_hello(const struct mfd_compiler *c)
{
    for (size_t i = 1; i < c->plan->conn_count; i++) {
        const struct mfd_conn_state *state = &c->conns[i];

        if (state->held && !state->header && state->sent < mfd_hello_size(c->plan->speak)) {
            return true;
        }
    }
    return false;
}

static bool complete(struct mfd_compiler *c)
{
    c->line = NULL;
    if (c->plan->file) {
        c->plan->finished = true;
        return mfd_complete_file(c);
    }
    if (!c->twin) {
        return mfd_complete_fault_run(c);
    }
    if (c->plan->finished) {
        return true;
    }
    if (!mfd_can_complete(c)) {
        return MFD_COMPILE_FAIL(
            c, "without its faults the scenario cannot be completed: a connection is gone");
    }
    c->plan->finished = true;
    return mfd_complete_setup(c) && mfd_complete_end(c);
}

static bool compile_steps(struct mfd_compiler *c, size_t order)
{
    c->to = &c->plan->steps;
    if (!find_deviating(c) || !compile_lines(c, order)) {
        return false;
    }
    c->plan->finished = c->main.ended;
    c->plan->half_hello = holds_half_hello(c);
    return complete(c);
}

/* ---- entry ---- */

/* What the language can say and the plan cannot carry. */
static bool check_scope(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    if (scenario->sender && scenario->transport == MFD_TRANSPORT_FILE) {
        return mfd_lang_fail(error, 0, "role sender: a file has no connections");
    }
    if (scenario->tls && scenario->transport == MFD_TRANSPORT_FILE) {
        return mfd_lang_fail(error, 0, "tls: a file has none");
    }
    return true;
}

static bool compile_plan(struct mfd_compiler *c, const struct mfd_binding *binding)
{
    const struct mfd_scenario *scenario = c->env.scenario;
    const struct mfd_target *target = c->env.target;
    struct mfd_plan *plan = c->plan;

    plan->speak = scenario->speak_text ? scenario->speak : target->rev;
    plan->peer_rev = mfd_scenario_peer_rev(scenario, target->rev);
    plan->method = plan_method(&c->env);
    plan->expect = mfd_scenario_expected(scenario, plan->peer_rev);
    plan->deviating = -1;
    if (!mfd_method_known(plan->method, plan->peer_rev) ||
        !mfd_method_known(plan->method, plan->speak) ||
        (plan->peer_rev != target->rev && !target->settable)) {
        plan->expect = 0;
    }
    if (scenario->tls && (target->rev < MFD_REV_5_2 || plan->speak < MFD_REV_5_2)) {
        plan->expect = 0;
    }
    if (scenario->device_count && !mfd_rev_info(plan->peer_rev)->device) {
        plan->expect = 0;
    }
    plan->file = scenario->transport == MFD_TRANSPORT_FILE;
    if (plan->file && (target->rev < MFD_REV_2024_MID || plan->speak < MFD_REV_2024_MID)) {
        plan->expect = 0;
    }
    if (plan->expect == 0) {
        return true;
    }
    if (c->twin) {
        plan->expect = MFD_OUTCOME_BIT(MFD_ACCEPTED);
    }
    if (!check_scope(scenario, c->error) || !mfd_env_settle(&c->env, c->error)) {
        return false;
    }
    set_configuration(c);
    set_conns(c);
    set_devices(c);
    if (!set_blocks(c)) {
        return false;
    }
    return scenario->sender ? find_deviating(c) && mfd_compile_sender(c)
                            : compile_steps(c, binding->order);
}

struct mfd_plan *mfd_scenario_compile(const struct mfd_scenario *scenario,
                                      const struct mfd_instance *instance,
                                      const struct mfd_target *target, bool twin,
                                      struct mfd_lang_error *error)
{
    const struct mfd_binding *binding = instance->values;
    struct mfd_plan *plan = mfd_zalloc(sizeof(*plan));
    struct mfd_compiler c = {
        .env = {.scenario = scenario,
                .target = target,
                .bounds = binding->bounds,
                .bound_count = binding->count},
        .error = error,
        .twin = twin,
        .plan = plan,
    };
    bool good = false;

    plan->id = mfd_text_copy(instance->id, strlen(instance->id));
    plan->params = mfd_text_copy(instance->params, strlen(instance->params));
    plan->scenario = scenario;
    plan->twin = twin;
    good = compile_plan(&c, binding);
    mfd_compiler_free(&c);
    if (!good) {
        mfd_plan_free(plan);
        return NULL;
    }
    return plan;
}
