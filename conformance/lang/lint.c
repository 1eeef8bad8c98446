// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a scenario agrees with the tables and with itself. */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

/* ---- rules ---- */

static bool check_rule_name(const struct mfd_scenario *scenario, const char *name,
                            struct mfd_lang_error *error)
{
    size_t count = 0;
    const struct mfd_rule_tombstone *tombstones = mfd_rule_tombstones(&count);

    if (mfd_rule_find(name) != MFD_RULE_COUNT) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tombstones[i].id, name) == 0) {
            return tombstones[i].into
                       ? mfd_lang_fail(error, scenario->rule_line, "%s: is part of %s", name,
                                       tombstones[i].into)
                       : mfd_lang_fail(error, scenario->rule_line, "%s: is no rule: %s", name,
                                       tombstones[i].reason);
        }
    }
    return mfd_lang_fail(error, scenario->rule_line, "%.80s: no such rule", name);
}

static bool check_rules(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    if (!scenario->rule_line) {
        return mfd_lang_fail(error, 1, "rule: the header is missing");
    }
    for (size_t i = 0; i < scenario->rule_name_count; i++) {
        if (!check_rule_name(scenario, scenario->rule_names[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- a reason for more than one fault ---- */

static bool says_why(const struct mfd_comment *comment)
{
    for (size_t i = 0; i < comment->count; i++) {
        if (strncmp(comment->lines[i], "why:", 4) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_why(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    bool why = says_why(&scenario->prose);
    unsigned second = 0;
    size_t faults = 0;

    for (size_t i = 0; i < scenario->line_count; i++) {
        const struct mfd_line *line = &scenario->lines[i];

        why = why || says_why(&line->comment);
        if (mfd_line_faulty(line) && ++faults == 2) {
            second = line->line;
        }
    }
    return faults < 2 || why ||
           mfd_lang_fail(error, second, "faults on more than one line need a line \"# why: ...\"");
}

/* ---- the rule's field is the one that is touched ---- */

/* Whether the field `name` of `message` is what the fault is about. */
static bool fault_touches(const struct mfd_line *line, const struct mfd_fault *fault,
                          enum mfd_message message, const char *name)
{
    switch (fault->kind) {
    case MFD_FAULT_FIELD:
        return (fault->message == MFD_MESSAGE_COUNT || fault->message == message) &&
               strcmp(fault->field, name) == 0;
    case MFD_FAULT_BLOCK:
        return strcmp(name, "ramblock") == 0 || strcmp(name, "name") == 0;
    case MFD_FAULT_OMIT:
    case MFD_FAULT_TWICE:
        return line->verb != MFD_VERB_COUNT;
    default:
        return false;
    }
}

static bool line_touches(const struct mfd_line *line, enum mfd_message message, const char *name)
{
    enum mfd_verb verb = line->at ? mfd_verb_find(line->at_message) : line->verb;

    if (!(mfd_verb_info(verb)->messages & (1u << message))) {
        return false;
    }
    if (line->whole) {
        return true; /* all of the message is where none should be */
    }
    for (size_t i = 0; i < line->fault_count; i++) {
        if (fault_touches(line, &line->faults[i], message, name)) {
            return true;
        }
    }
    return false;
}

/* `field` is MESSAGE.FIELD of `len` bytes. */
static bool touches(const struct mfd_scenario *scenario, const char *field, size_t len)
{
    char name[64];
    char *dot = NULL;
    enum mfd_message message = MFD_MESSAGE_COUNT;

    snprintf(name, sizeof(name), "%.*s", (int)len, field);
    dot = strchr(name, '.');
    if (!dot) {
        return false;
    }
    *dot = '\0';
    message = mfd_message_find(name);
    for (size_t i = 0; message != MFD_MESSAGE_COUNT && i < scenario->line_count; i++) {
        if (line_touches(&scenario->lines[i], message, dot + 1)) {
            return true;
        }
    }
    return false;
}

static bool touches_any(const struct mfd_scenario *scenario, const char *fields)
{
    while (*fields) {
        size_t len = strcspn(fields, " ");

        if (touches(scenario, fields, len)) {
            return true;
        }
        fields += len;
        fields += strspn(fields, " ");
    }
    return false;
}

static bool check_fields(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    /* the faults of a scenario that tests a sender are a receiver's, and on no field */
    for (size_t i = 0;
         !scenario->sender && mfd_scenario_negative(scenario) && i < scenario->rule_count; i++) {
        const struct mfd_rule_info *rule = mfd_rule_info(scenario->rules[i]);

        if (rule->kind == MFD_KIND_BYTES && *rule->field && !touches_any(scenario, rule->field)) {
            return mfd_lang_fail(error, scenario->rule_line, "%s: no fault touches %s", rule->id,
                                 rule->field);
        }
    }
    return true;
}

/* ---- what is expected is what the rule says ---- */

static unsigned expect_line(const struct mfd_scenario *scenario, enum mfd_rev rev)
{
    for (size_t i = 0; i < scenario->expect_count; i++) {
        if (mfd_revs_hold(&scenario->expects[i].revs, rev)) {
            return scenario->expects[i].line;
        }
    }
    return 0;
}

static bool check_receipt(const struct mfd_scenario *scenario, enum mfd_rule rule, enum mfd_rev rev,
                          struct mfd_lang_error *error)
{
    const struct mfd_rule_info *info = mfd_rule_info(rule);
    mfd_outcomes expected = mfd_scenario_expected(scenario, rev);
    bool refused = expected & MFD_OUTCOME_BIT(MFD_REFUSED);
    bool accepted = expected & MFD_OUTCOME_BIT(MFD_ACCEPTED);

    if (mfd_rule_refused(rule) && mfd_scenario_negative(scenario) && (!refused || accepted)) {
        return mfd_lang_fail(error, expect_line(scenario, rev),
                             "expect: %s has receivers of %s refuse it", info->id,
                             mfd_rev_info(rev)->name);
    }
    if (info->receipt == MFD_RECEIPT_ACCEPT_MUST && (refused || !accepted)) {
        return mfd_lang_fail(error, expect_line(scenario, rev),
                             "expect: %s has receivers of %s accept it", info->id,
                             mfd_rev_info(rev)->name);
    }
    return true;
}

/* Whether a peer of that revision can be what the scenario is played to. */
static bool has_peer(const struct mfd_scenario *scenario, enum mfd_rev rev)
{
    enum mfd_rev peer = mfd_scenario_peer_rev(scenario, MFD_REV_LATEST);

    return mfd_rev_has_packets(peer) ? mfd_rev_has_packets(rev) : rev == peer;
}

static bool check_expects(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    for (size_t i = 0; i < scenario->rule_count; i++) {
        bool applies = false;

        for (int rev = 0; rev <= MFD_REV_LATEST; rev++) {
            if (!has_peer(scenario, (enum mfd_rev)rev) ||
                !mfd_rule_applies(scenario->rules[i], (enum mfd_rev)rev) ||
                !mfd_scenario_expected(scenario, (enum mfd_rev)rev)) {
                continue;
            }
            applies = true;
            if (!scenario->sender &&
                !check_receipt(scenario, scenario->rules[i], (enum mfd_rev)rev, error)) {
                return false;
            }
        }
        if (!applies) {
            return mfd_lang_fail(error, scenario->rule_line,
                                 "%s: holds for no revision of this scenario",
                                 mfd_rule_info(scenario->rules[i])->id);
        }
    }
    return true;
}

/* ---- every parameter has a use ---- */

static bool term_uses(const struct mfd_term *term, const char *name)
{
    return (term->param && strcmp(term->param, name) == 0) ||
           (term->addend_param && strcmp(term->addend_param, name) == 0);
}

static bool values_use(const struct mfd_values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++) {
        if (term_uses(&values->list[i].from, name) || term_uses(&values->list[i].to, name)) {
            return true;
        }
    }
    return false;
}

static bool line_uses(const struct mfd_line *line, const char *name)
{
    bool uses = term_uses(&line->who.from, name) || term_uses(&line->who.to, name) ||
                term_uses(&line->at_number, name);

    for (size_t i = 0; !uses && i < line->arg_count; i++) {
        uses = values_use(&line->args[i].values, name);
    }
    for (size_t i = 0; !uses && i < line->fault_count; i++) {
        uses = values_use(&line->faults[i].values, name) || term_uses(&line->faults[i].index, name);
    }
    return uses;
}

static bool axis_used(const struct mfd_scenario *scenario, const char *name)
{
    bool used = strcmp(name, "channels") == 0 || strcmp(name, "page") == 0 ||
                strcmp(name, "method") == 0 ||
                (scenario->sender && (strcmp(name, "transport") == 0 || strcmp(name, "zero") == 0));

    for (size_t i = 0; !used && i < scenario->ram_count; i++) {
        used = term_uses(&scenario->rams[i].size, name);
    }
    for (size_t i = 0; !used && i < scenario->line_count; i++) {
        used = line_uses(&scenario->lines[i], name);
    }
    return used;
}

static bool check_axes(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    for (size_t i = 0; i < scenario->axis_count; i++) {
        if (!axis_used(scenario, scenario->axes[i].name)) {
            return mfd_lang_fail(error, scenario->axes[i].line, "$%s: is used nowhere",
                                 scenario->axes[i].name);
        }
    }
    return true;
}

/* ---- it can be compiled, and what must be accepted is balanced ---- */

static void count_syncs(const struct mfd_plan *plan, const struct mfd_steps *steps, unsigned *syncs)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];

        for (size_t j = 0; j < step->part_count; j++) {
            const struct mfd_plan_part *part = &step->parts[j];
            enum mfd_message point = plan->sync == MFD_SYNC_MARKER ? MFD_MSG_marker : MFD_MSG_eos;

            if (part->message == MFD_MSG_packet) {
                syncs[step->conn] += mfd_get32(step->bytes + part->offset + 8) & MFD_FLAG_SYNC;
            } else if (step->conn == 0) {
                syncs[0] += part->message == point && mfd_rev_has_packets(plan->speak);
            }
        }
    }
}

/* A correct sender sends as many SYNCs on each channel as main has sync points; else a receiver waits. */
static bool check_balance(const struct mfd_plan *plan, struct mfd_lang_error *error)
{
    unsigned *syncs = mfd_zalloc(plan->conn_count * sizeof(*syncs));
    bool good = true;

    if (plan->file || plan->sender) {
        free(syncs);
        return true;
    }
    count_syncs(plan, &plan->steps, syncs);
    count_syncs(plan, &plan->finish, syncs);
    for (unsigned i = 1; good && i <= plan->channels; i++) {
        if (syncs[i] != syncs[0]) {
            good = mfd_lang_fail(error, plan->scenario->expects[0].line,
                                 "%s: without faults %s has %u SYNCs for %u sync points", plan->id,
                                 plan->conns[i].name, syncs[i], syncs[0]);
        }
    }
    free(syncs);
    return good;
}

static bool check_plan(const struct mfd_scenario *scenario, const struct mfd_instance *instance,
                       const struct mfd_target *target, bool twin, struct mfd_lang_error *error)
{
    struct mfd_plan *plan = mfd_scenario_compile(scenario, instance, target, twin, error);
    bool meant = plan && plan->expect == MFD_OUTCOME_BIT(MFD_ACCEPTED) && plan->deviating < 0;
    bool good = plan && (!meant || check_balance(plan, error));

    mfd_plan_free(plan);
    return good;
}

static bool check_plans(const struct mfd_scenario *scenario, enum mfd_rev rev,
                        struct mfd_lang_error *error)
{
    struct mfd_target target = {.rev = rev, .settable = true, .slow = true};
    size_t count = 0;
    struct mfd_instance *instances = mfd_scenario_expand(scenario, &target, 2, &count, error);
    bool good = instances != NULL;

    for (size_t i = 0; good && i < count; i++) {
        good = check_plan(scenario, &instances[i], &target, false, error) &&
               (!mfd_scenario_negative(scenario) ||
                check_plan(scenario, &instances[i], &target, true, error));
    }
    mfd_instances_free(instances, count);
    return good;
}

static bool check_compiles(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    for (int rev = 0; rev <= MFD_REV_LATEST; rev++) {
        if (has_peer(scenario, (enum mfd_rev)rev) &&
            mfd_scenario_expected(scenario, (enum mfd_rev)rev) &&
            !check_plans(scenario, (enum mfd_rev)rev, error)) {
            return false;
        }
    }
    return true;
}

bool mfd_scenario_lint(const struct mfd_scenario *scenario, struct mfd_lang_error *error)
{
    return check_rules(scenario, error) && check_why(scenario, error) &&
           check_fields(scenario, error) && check_expects(scenario, error) &&
           check_axes(scenario, error) && check_compiles(scenario, error);
}
