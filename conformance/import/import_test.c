// SPDX-License-Identifier: GPL-2.0-or-later
#include "import.h"

#include "plan_case.h"
#include "suite.h"
#include "units.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Those of a scenario: 255 channels, main, and some too many. */
#define CONNECTIONS 1024u

/* What each connection sends, and how many are ended. */
struct streams {
    uint8_t *bytes[CONNECTIONS];
    uint8_t *any[CONNECTIONS]; /* by byte: whether it has no meaning */
    size_t size[CONNECTIONS];
    bool ended[CONNECTIONS];
    unsigned ends;
};

static void add_bytes(struct streams *s, size_t conn, const uint8_t *bytes, size_t len, bool any)
{
    assert_true(conn < CONNECTIONS);
    if (!s->ended[conn] && len) {
        s->bytes[conn] = realloc(s->bytes[conn], s->size[conn] + len);
        s->any[conn] = realloc(s->any[conn], s->size[conn] + len);
        assert_true(s->bytes[conn] && s->any[conn]);
        memcpy(s->bytes[conn] + s->size[conn], bytes, len);
        memset(s->any[conn] + s->size[conn], any, len);
        s->size[conn] += len;
    }
}

static void add_end(struct streams *s, size_t conn)
{
    assert_true(conn < CONNECTIONS);
    s->ends += !s->ended[conn];
    s->ended[conn] = true;
}

static struct streams streams_of_case(const struct mfd_case *c)
{
    struct streams s = {0};

    for (size_t i = 0; i < c->event_count; i++) {
        const struct mfd_event *event = &c->events[i];

        if (event->kind == MFD_EVENT_DATA) {
            add_bytes(&s, event->connection, event->bytes, event->len, mfd_case_is_fill(event));
        } else if (event->kind != MFD_EVENT_OPEN) {
            add_end(&s, event->connection);
        }
    }
    return s;
}

/* Without what only completes the migration. */
static struct streams streams_of_plan(const struct mfd_plan *plan)
{
    struct streams s = {0};

    for (size_t i = 0; i < plan->steps.count; i++) {
        const struct mfd_step *step = &plan->steps.list[i];

        if (step->kind == MFD_STEP_SEND) {
            add_bytes(&s, step->conn, step->bytes, step->size, false);
        } else if (step->kind == MFD_STEP_CLOSE || step->kind == MFD_STEP_SHUT ||
                   step->kind == MFD_STEP_RESET) {
            add_end(&s, step->conn);
        }
    }
    return s;
}

static void free_streams(struct streams *s)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        free(s->bytes[i]);
        free(s->any[i]);
    }
}

/* Raw pages may hold anything. */
static void forget_pages(struct streams *s, const struct mfd_case *c, const struct mfd_plan *plan)
{
    struct mfd_units units;

    assert_true(mfd_units_cut(c, plan, &units));
    for (size_t i = 0; i < units.count; i++) {
        const struct mfd_unit *unit = &units.list[i];
        size_t at = unit->header;

        if (unit->kind == MFD_UNIT_MESSAGE &&
            (unit->message == MFD_MSG_page || (unit->message == MFD_MSG_packet && !c->method))) {
            at += (size_t)(unit->bytes - units.conns[unit->connection].bytes);
            memset(s->any[unit->connection] + at, 1, unit->size - unit->header);
        }
    }
    mfd_units_free(&units);
}

/* What the text sends; `of_case` learns what does not matter. */
static struct streams streams_of_text(const char *text, const struct mfd_case *c,
                                      struct streams *of_case)
{
    struct mfd_target target = {.rev = c->rev, .machine = MFD_CASE_MACHINE};
    struct mfd_lang_error error = {0};
    struct mfd_scenario *scenario = mfd_scenario_parse("import/it", text, strlen(text), &error);
    struct mfd_instance *instances = NULL;
    struct mfd_plan *plan = NULL;
    struct streams s;
    size_t count = 0;

    if (!scenario) {
        print_error("line %u: %s\n%s\n", error.line, error.text, text);
    }
    assert_non_null(scenario);
    instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);
    assert_non_null(instances);
    plan = mfd_scenario_compile(scenario, &instances[0], &target, false, &error);
    assert_non_null(plan);
    s = streams_of_plan(plan);
    forget_pages(of_case, c, plan);
    mfd_plan_free(plan);
    mfd_instances_free(instances, count);
    mfd_scenario_free(scenario);
    return s;
}

static bool same_bytes(const struct streams *a, size_t i, const struct streams *b, size_t j)
{
    bool same = a->size[i] == b->size[j];

    for (size_t at = 0; same && at < a->size[i]; at++) {
        same = a->any[i][at] || a->bytes[i][at] == b->bytes[j][at];
    }
    return same;
}

/* Every connection of the case is one that the text makes. */
static void expect_same(const struct mfd_case *c, const char *text)
{
    struct streams a = streams_of_case(c);
    struct streams b = streams_of_text(text, c, &a);
    bool good = a.ends == b.ends;
    bool used[CONNECTIONS] = {false};

    for (size_t i = 0; i < CONNECTIONS && good; i++) {
        size_t j = 0;

        while (j < CONNECTIONS && (used[j] || !same_bytes(&a, i, &b, j))) {
            j++;
        }
        good = j < CONNECTIONS;
        if (good) {
            used[j] = true;
        } else {
            print_error("connection %zu, %zu bytes\n", i, a.size[i]);
        }
    }
    if (!good) {
        print_error("%s\n", text);
    }
    assert_true(good);
    free_streams(&a);
    free_streams(&b);
}

struct tally {
    size_t cases;
    size_t messages;
    size_t raw;
};

static void try_case(const uint8_t *bytes, size_t size, bool whole, struct tally *tally)
{
    struct mfd_case *c = mfd_case_read(bytes, size);
    struct mfd_import_request request = {
        .c = c, .title = "A case.", .rule = MFD_RULE_COUNT, .whole = whole};
    struct mfd_lang_error error = {0};
    struct mfd_imported imported;

    request.expect[c->rev] = MFD_OUTCOME_BIT(MFD_REFUSED);

    if (!mfd_import(&request, &imported, &error)) {
        if (strstr(error.text, "no release of revision")) { /* nor is there such a receiver */
            mfd_case_free(c);
            return;
        }
        print_error("line %u: %s\n", error.line, error.text);
        fail();
    }
    expect_same(c, imported.text);
    tally->cases++;
    tally->messages += imported.messages;
    tally->raw += imported.raw;
    mfd_case_free(c);
    free(imported.text);
}

static void try_scenario(const struct mfd_scenario *scenario, const char *release,
                         struct tally *tally)
{
    struct mfd_target target = {.machine = MFD_CASE_MACHINE, .slow = true};
    struct mfd_instance *instances = NULL;
    struct mfd_lang_error error;
    size_t count = 0;

    assert_true(mfd_rev_parse(release, &target.rev));
    instances = mfd_scenario_expand(scenario, &target, 1, &count, &error);
    for (size_t i = 0; i < count; i++) {
        struct mfd_plan *plan =
            mfd_scenario_compile(scenario, &instances[i], &target, false, &error);
        size_t size = 0;
        uint8_t *bytes = NULL;

        assert_non_null(plan);
        bytes = plan->expect && !plan->file && !plan->sender
                    ? mfd_plan_case(plan, target.rev, &size)
                    : NULL;
        if (bytes && size < 65536) {
            try_case(bytes, size, i % 2, tally);
        }
        free(bytes);
        mfd_plan_free(plan);
    }
    mfd_instances_free(instances, count);
}

static void every_scenario_comes_back_as_the_bytes_that_it_sends(void **state)
{
    static const char *const all[] = {"**", NULL};
    char error[MFD_SUITE_ERROR_SIZE];
    struct mfd_suite suite;
    struct tally tally = {0};

    (void)state;
    assert_true(mfd_suite_load_some(MFD_SCENARIOS, all, &suite, error));
    for (size_t i = 0; i < suite.count; i++) {
        try_scenario(suite.files[i].scenario, i % 3 ? "11.1" : "7.2", &tally);
    }
    print_message("%zu cases, %zu messages, %zu of them as bytes\n", tally.cases, tally.messages,
                  tally.raw);
    assert_true(tally.cases > 200);
    mfd_suite_free(&suite);
}

static void try_file(const char *path, struct tally *tally)
{
    static uint8_t bytes[1u << 20];
    FILE *file = fopen(path, "rbe");
    size_t size = 0;

    assert_non_null(file);
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    try_case(bytes, size, size % 2, tally);
}

/* With a sanitizer it takes eight times as long: there, a part of them. */
#ifdef __SANITIZE_ADDRESS__
enum { EACH = 4 };
#else
enum { EACH = 1 };
#endif

static void every_input_of_the_corpus_becomes_a_scenario(void **state)
{
    struct tally tally = {0};
    glob_t inputs;

    (void)state;
    assert_int_equal(glob(MFD_CORPUS "/*", 0, NULL, &inputs), 0);
    for (size_t i = 0; i < inputs.gl_pathc; i += EACH) {
        try_file(inputs.gl_pathv[i], &tally);
    }
    print_message("%zu cases, %zu messages, %zu of them as bytes\n", tally.cases, tally.messages,
                  tally.raw);
    assert_true(tally.cases > 100);
    globfree(&inputs);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_comes_back_as_the_bytes_that_it_sends),
        cmocka_unit_test(every_input_of_the_corpus_becomes_a_scenario),
    };

    if (argc > 1) { /* inputs of somebody else */
        struct tally tally = {0};

        for (int i = 1; i < argc; i++) {
            try_file(argv[i], &tally);
        }
        printf("%zu cases, %zu messages, %zu of them as bytes\n", tally.cases, tally.messages,
               tally.raw);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
