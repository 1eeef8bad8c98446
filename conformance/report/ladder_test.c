// SPDX-License-Identifier: GPL-2.0-or-later
#include "ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *drawn(struct mfd_happening *happenings, size_t count)
{
    const struct mfd_result result = {
        .id = "init/x",
        .got = MFD_CRASHED,
        .detail = "ended by signal 11",
        .happenings = happenings,
        .happening_count = count,
    };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    mfd_ladder_write(out, &result, "a");
    fclose(out);
    return text;
}

static size_t occurrences(const char *text, const char *of)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, of)); p++) {
        n++;
    }
    return n;
}

static void each_connection_has_a_lane_and_each_happening_a_row(void **state)
{
    struct mfd_happening seen[] = {
        {0, "main", false, false, MFD_HAPPENED_OPEN, "connected"},
        {1, "main", false, false, MFD_HAPPENED_DATA, "main start (68 bytes)"},
        {2, "ch 1", false, true, MFD_HAPPENED_DATA, "ch 1 hello ! id=channels (64 bytes)"},
        {3, "ch 1", true, false, MFD_HAPPENED_END, "closed"},
    };
    char *text = drawn(seen, 4);

    (void)state;
    assert_int_equal(occurrences(text, "<text class=\"conn\""), 2);
    assert_int_equal(occurrences(text, "<text class=\"label\""), 4);
    assert_non_null(strstr(text, ">start (68 bytes)</text>"));
    assert_non_null(strstr(text, ">hello ! id=channels (64 bytes)</text>"));
    assert_int_equal(occurrences(text, "<g class=\"data deviation\">"), 1);
    assert_int_equal(occurrences(text, "<g class=\"closed from-peer\">"), 1);
    assert_int_equal(occurrences(text, "class=\"cross\""), 1);
    assert_non_null(strstr(text, ">crashed: ended by signal 11</text>"));
    assert_null(strstr(text, "Not drawn"));
    free(text);
}

/* Ends of the arrow of the only happening. */
static void arrow(bool from_peer, int *tail, int *head)
{
    struct mfd_happening seen[] = {{0, "main", from_peer, false, MFD_HAPPENED_DATA, "4 bytes"}};
    char *text = drawn(seen, 1);
    const char *line = strstr(text, "<line class=\"arrow\"");

    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "<line class=\"arrow\" x1=\"%d\" y1=\"%*d\" x2=\"%d\"", tail, head), 2);
    free(text);
}

static void what_the_peer_does_points_the_other_way(void **state)
{
    int tail = 0;
    int head = 0;
    int peer_tail = 0;
    int peer_head = 0;

    (void)state;
    arrow(false, &tail, &head);
    arrow(true, &peer_tail, &peer_head);
    assert_true(tail < head);
    assert_int_equal(peer_tail, head);
    assert_int_equal(peer_head, tail);
}

static void nothing_is_drawn_of_nothing(void **state)
{
    char *text = drawn(NULL, 0);

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

static void many_connections_are_counted_and_that_of_the_deviation_stays(void **state)
{
    enum { COUNT = 256 };
    static char names[COUNT][8];
    static struct mfd_happening seen[COUNT];
    char *text = NULL;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "ch %u", (unsigned)i % 1000);
        seen[i] = (struct mfd_happening){i, names[i], false, i == 200, MFD_HAPPENED_DATA, "x"};
    }
    text = drawn(seen, COUNT);
    assert_int_equal(occurrences(text, "<text class=\"conn\""), MFD_LADDER_LANES);
    assert_non_null(strstr(text, ">ch 200</text>"));
    assert_non_null(strstr(text, "Not drawn: 248 more connections with 248 events."));
    free(text);
}

static void of_many_happenings_the_last_are_drawn(void **state)
{
    enum { COUNT = 1000 };
    static struct mfd_happening seen[COUNT];
    char *text = NULL;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        seen[i] = (struct mfd_happening){i, "main", false, false, MFD_HAPPENED_DATA, "x"};
    }
    text = drawn(seen, COUNT);
    assert_int_equal(occurrences(text, "<text class=\"label\""), MFD_LADDER_ROWS);
    assert_non_null(strstr(text, ">999.000</text>"));
    assert_null(strstr(text, ">900.000</text>"));
    assert_non_null(strstr(text, "Not drawn: 968 earlier events."));
    free(text);
}

static void a_long_label_is_cut_between_characters_and_told_in_full(void **state)
{
    char label[401];
    struct mfd_happening seen[] = {{0, "main", false, false, MFD_HAPPENED_DATA, label}};
    char *text = NULL;
    const char *cut = NULL;

    (void)state;
    for (int i = 0; i < 200; i++) {
        memcpy(label + (size_t)2 * i, "\u00e4", 3);
    }
    text = drawn(seen, 1);
    cut = strstr(text, "\u00e4\u2026<title>\u00e4");
    assert_non_null(cut);
    assert_null(strstr(text, "\\x"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_connection_has_a_lane_and_each_happening_a_row),
        cmocka_unit_test(what_the_peer_does_points_the_other_way),
        cmocka_unit_test(nothing_is_drawn_of_nothing),
        cmocka_unit_test(many_connections_are_counted_and_that_of_the_deviation_stays),
        cmocka_unit_test(of_many_happenings_the_last_are_drawn),
        cmocka_unit_test(a_long_label_is_cut_between_characters_and_told_in_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
