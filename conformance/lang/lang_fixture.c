// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang_fixture.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `text` with its " / " as line breaks. */
static char *broken(const char *head, const char *text)
{
    char *out = mfd_zalloc(strlen(head) + strlen(text) + 2);
    char *p = NULL;

    sprintf(out, "%s%s\n", head, text);
    while ((p = strstr(out, " / "))) {
        *p = '\n';
        memmove(p + 1, p + 3, strlen(p + 3) + 1);
    }
    return out;
}

struct mfd_scenario *mfd_fixture_scenario(const char *steps)
{
    struct mfd_lang_error error = {0};
    char *text = broken("# Prose.\n", steps);
    struct mfd_scenario *scenario = mfd_scenario_parse("test/case", text, strlen(text), &error);

    if (!scenario) {
        fail_msg("line %u: %s\n%s", error.line, error.text, text);
    }
    free(text);
    return scenario;
}

void mfd_fixture_parse_error(const char *text, struct mfd_lang_error *error)
{
    char *lines = broken("", text);
    struct mfd_scenario *scenario = mfd_scenario_parse("test/case", lines, strlen(lines), error);

    if (scenario) {
        fail_msg("taken for right:\n%s", lines);
    }
    free(lines);
}

struct mfd_fixture mfd_fixture_compile(const char *steps, const char *release, size_t index,
                                       bool twin)
{
    struct mfd_fixture fixture = {.scenario = mfd_fixture_scenario(steps)};
    struct mfd_target target = {.machine = "none", .settable = true};

    assert_true(mfd_rev_parse(release, &target.rev));
    fixture.instances =
        mfd_scenario_expand(fixture.scenario, &target, 2, &fixture.instance_count, &fixture.error);
    if (index < fixture.instance_count) {
        fixture.plan = mfd_scenario_compile(fixture.scenario, &fixture.instances[index], &target,
                                            twin, &fixture.error);
    }
    return fixture;
}

static struct mfd_fixture compile_first(const char *steps, const char *release, bool twin)
{
    struct mfd_fixture fixture = mfd_fixture_compile(steps, release, 0, twin);

    if (!fixture.plan) {
        fail_msg("line %u: %s", fixture.error.line, fixture.error.text);
    }
    return fixture;
}

struct mfd_fixture mfd_fixture_plan(const char *steps, const char *release)
{
    return compile_first(steps, release, false);
}

struct mfd_fixture mfd_fixture_twin(const char *steps, const char *release)
{
    return compile_first(steps, release, true);
}

void mfd_fixture_free(struct mfd_fixture *fixture)
{
    mfd_plan_free(fixture->plan);
    mfd_instances_free(fixture->instances, fixture->instance_count);
    mfd_scenario_free(fixture->scenario);
}

const struct mfd_step *mfd_fixture_send(const struct mfd_steps *steps, size_t n)
{
    for (size_t i = 0; i < steps->count; i++) {
        if (steps->list[i].kind == MFD_STEP_SEND && n-- == 0) {
            return &steps->list[i];
        }
    }
    fail_msg("there are fewer sends");
    return NULL;
}

uint64_t mfd_fixture_field(const struct mfd_fixture *fixture, const struct mfd_step *step,
                           const char *name, size_t index)
{
    const char *dot = strchr(name, '.');
    char *message = mfd_text_copy(name, (size_t)(dot - name));
    enum mfd_field field = mfd_field_find(mfd_message_find(message), dot + 1);
    struct mfd_span span;

    free(message);
    for (size_t i = 0; i < step->part_count; i++) {
        const struct mfd_plan_part *part = &step->parts[i];
        const uint8_t *bytes = step->bytes + part->offset;

        if (part->message == mfd_field_info(field)->message &&
            mfd_field_locate(field, bytes, part->size, fixture->plan->page_size, &span) &&
            index < span.elements) {
            return mfd_uint_get(bytes + span.offset + index * span.width,
                                span.width > 8 ? 8 : span.width);
        }
    }
    fail_msg("no %s in \"%s\"", name, step->text);
    return 0;
}

char *mfd_fixture_shape(const struct mfd_plan *plan, const struct mfd_steps *steps)
{
    static const char *const kinds[] = {
        [MFD_STEP_CONNECT] = "connect", [MFD_STEP_SEND] = "send",   [MFD_STEP_CLOSE] = "close",
        [MFD_STEP_SHUT] = "shut",       [MFD_STEP_RESET] = "reset", [MFD_STEP_SETTLE] = "settle",
        [MFD_STEP_BYE] = "bye",
    };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    for (size_t i = 0; i < steps->count; i++) {
        const struct mfd_step *step = &steps->list[i];

        fprintf(out, "%s%s", i ? ", " : "", kinds[step->kind]);
        if (step->kind != MFD_STEP_SETTLE) {
            fprintf(out, " %s", plan->conns[step->conn].name);
        }
    }
    fclose(out);
    return text;
}
