// SPDX-License-Identifier: GPL-2.0-or-later
/* The pages that the dissector shows are the memory that was sent, by every method. */
#include "capture_write.h"
#include "plan_events.h"
#include "suite.h"
#include "tshark_test.h"

#include <sys/stat.h>

#define PAGE 4096u
#define PAGES 4096u

static char path[] = P_tmpdir "/mfd-payload-XXXXXX";
static uint8_t seen[PAGES][PAGE];
static bool there[PAGES];

static bool put_event(const struct mfd_event *event, const char *text, void *context)
{
    (void)text;
    assert_true(mfd_capture_event(context, event));
    return true;
}

static void write_capture(const struct mfd_plan *plan)
{
    FILE *file = fopen(path, "wb");
    struct mfd_capture_writer *writer = NULL;

    assert_non_null(file);
    writer = mfd_capture_create(file, &(struct mfd_capture_options){0});
    assert_non_null(writer);
    assert_true(mfd_plan_events(plan, put_event, writer));
    assert_true(mfd_capture_finish(writer));
    fclose(file);
}

static void take_page(const char *offset, const char *data)
{
    uint64_t page = strtoull(offset, NULL, 0) / PAGE;

    assert_true(page < PAGES);
    assert_true(strlen(data) == (size_t)2 * PAGE);
    assert_int_equal(mfd_hex_bytes(data, seen[page], PAGE), PAGE);
    there[page] = true;
}

/* A line "OFFSET[,OFFSET]... TAB DATA[,DATA]..."; how many pages it has. */
static size_t take_line(char *line)
{
    char *data = strchr(line, '\t');
    char *next_offset = NULL;
    char *next_data = NULL;
    char *offset = NULL;
    size_t count = 0;

    assert_non_null(data);
    *data++ = '\0';
    offset = strtok_r(line, ",", &next_offset);
    data = strtok_r(data, ",", &next_data);
    for (; offset && data; count++) {
        take_page(offset, data);
        offset = strtok_r(NULL, ",", &next_offset);
        data = strtok_r(NULL, ",", &next_data);
    }
    assert_true(!offset && !data);
    return count;
}

static size_t dissect(const char *how)
{
    char *text =
        mfd_tshark("-r %s -n %s -o tcp.try_heuristic_first:TRUE -Y multifd.page_data -T fields "
                   "-e multifd.page_offset -e multifd.page_data",
                   path, how);
    size_t count = 0;

    memset(there, 0, sizeof(there));
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        count += take_line(line);
    }
    free(text);
    return count;
}

static void assert_memory(const struct mfd_plan *plan)
{
    uint8_t expected[PAGE];
    size_t data = 0;

    assert_int_equal(plan->block_count, 1);
    for (size_t i = 0; i < plan->blocks[0].page_count; i++) {
        if (plan->blocks[0].pages[i].state == MFD_PAGE_DATA) {
            mfd_page_expected(expected, plan, 0, i);
            assert_true(there[i]);
            assert_memory_equal(seen[i], expected, PAGE);
            data++;
        }
    }
    assert_true(data > 0);
}

/* Every instance of a scenario, as the migration that must succeed. */
static void assert_pages_of(const char *id)
{
    static struct mfd_target target = {.rev = MFD_REV_LATEST, .machine = "none"};
    struct mfd_suite suite;
    struct mfd_lang_error error = {0};
    char text[MFD_SUITE_ERROR_SIZE];
    size_t done = 0;

    assert_true(mfd_suite_load(MFD_SCENARIOS, &suite, text));
    for (size_t f = 0; f < suite.count; f++) {
        struct mfd_scenario *scenario = suite.files[f].scenario;
        struct mfd_instance *list = NULL;
        size_t count = 0;

        if (strcmp(mfd_scenario_id(scenario), id) != 0) {
            continue;
        }
        list = mfd_scenario_expand(scenario, &target, 2, &count, &error);
        assert_non_null(list);
        for (size_t i = 0; i < count; i++) {
            struct mfd_plan *plan = mfd_scenario_compile(scenario, &list[i], &target, true, &error);

            assert_non_null(plan);
            print_message("%s\n", plan->id);
            write_capture(plan);
            assert_true(dissect("") > 0);
            assert_memory(plan);
            assert_true(dissect("-2") > 0);
            assert_memory(plan);
            mfd_plan_free(plan);
            done++;
        }
        mfd_instances_free(list, count);
    }
    mfd_suite_free(&suite);
    assert_true(done > 0);
}

static void pages_of_a_stream_are_the_memory_that_was_sent(void **state)
{
    (void)state;
    assert_pages_of("compress/pages");
}

static void pages_compressed_each_for_itself_are_the_memory_that_was_sent(void **state)
{
    (void)state;
    assert_pages_of("compress/pages-alone");
}

static void pages_as_they_are_are_the_memory_that_was_sent(void **state)
{
    (void)state;
    assert_pages_of("channel/one");
}

static void pages_beyond_the_memory_for_them_are_not_shown(void **state)
{
    (void)state;
    assert_pages_of("compress/pages");
    assert_int_equal(dissect("-o multifd.memory:0"), 0);
    assert_int_equal(dissect("-o multifd.decompress:FALSE"), 0);
}

static int make_file(void **state)
{
    int fd = mkstemp(path);

    if (fd < 0 || fchmod(fd, 0644) != 0 || close(fd) != 0) {
        return -1;
    }
    return mfd_tshark_has_plugin(state);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_a_stream_are_the_memory_that_was_sent),
        cmocka_unit_test(pages_compressed_each_for_itself_are_the_memory_that_was_sent),
        cmocka_unit_test(pages_as_they_are_are_the_memory_that_was_sent),
        cmocka_unit_test(pages_beyond_the_memory_for_them_are_not_shown),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
