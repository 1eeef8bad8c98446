// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The captures of real QEMUs, through tshark: each segment is dissected, each byte of each message is part of a
 * field, and nothing is malformed, lost, or marked as breaking a rule. What the fields hold, golden/ has.
 */
#include "tshark_test.h"

#include <glob.h>
#include <stdbool.h>

/* Bytes of a message, for the check that each is part of a field. */
#define MESSAGE_MAX (4u << 20)
static bool covered[MESSAGE_MAX];

/* Of a capture that was cut off, main cannot be followed where it was. */
static bool is_cut(const char *path)
{
    return strstr(path, "-cut.") != NULL;
}

/* Of a migration that failed, the last packet was not sent to its end. */
static bool is_failure(const char *path)
{
    return strstr(path, "-fails.") != NULL;
}

/* Calls `check` with each capture. */
static void each_capture(void (*check)(const char *path))
{
    glob_t found = {0};

    assert_int_equal(glob(MFD_CAPTURES "/*.pcapng", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 15);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        check(found.gl_pathv[i]);
    }
    globfree(&found);
}

static void is_without_fault(const char *path)
{
    /* a segment that is sent again, or that opens TLS, is none of a message; one that waits has its packet later */
    static const char missed[] =
        "tcp.len > 0 and not multifd and not tcp.reassembled_in and not tls and "
        "not tcp.analysis.retransmission and not tcp.analysis.spurious_retransmission";
    static const char wrong[] = "_ws.malformed or multifd.rule or _ws.expert.severity == error or "
                                "(multifd and _ws.expert.group == \"Undecoded\")";
    char *text = mfd_tshark("-n -2 -r %s -Y '(%s %s) or %s %s'", path, missed,
                            is_failure(path) ? "and not tcp.segment_data" : "", wrong,
                            is_cut(path) ? "" : "or multifd.lost or data");

    if (*text) {
        fail_msg("%s:\n%s", path, text);
    }
    free(text);
}

static void real_traffic_is_dissected_whole_and_without_a_mark(void **state)
{
    (void)state;
    each_capture(is_without_fault);
}

/* An attribute of an element of PDML, as a number. */
static size_t number_of(const char *element, const char *end, const char *name)
{
    const char *found = strstr(element, name);

    assert_non_null(found);
    assert_true(found < end);
    return strtoul(found + strlen(name), NULL, 10);
}

/* A message with what is below it: each of its bytes belongs to a field. */
static void assert_covered(const char *path, const char *proto, const char *proto_end)
{
    const char *first = strchr(proto, '>');
    size_t at = number_of(proto, first, " pos=\"");
    size_t size = number_of(proto, first, " size=\"");

    assert_true(size <= MESSAGE_MAX);
    memset(covered, false, size);
    for (const char *field = first;
         (field = strstr(field, "<field name=\"")) && field < proto_end;) {
        const char *end = strchr(field, '>');
        const char *name = field + strlen("<field name=\"");
        /* of another data source, or of no field but a heading */
        bool other = strncmp(name, "multifd.page_", 13) == 0 || *name == '"';
        size_t from = number_of(field, end, " pos=\"");
        size_t len = number_of(field, end, " size=\"");

        if (!other && from >= at && from + len <= at + size) {
            memset(covered + (from - at), true, len);
        }
        field = end;
    }
    for (size_t i = 0; i < size; i++) {
        if (!covered[i]) {
            fail_msg("%s: byte %zu of this is no field: %.300s", path, i, proto);
        }
    }
}

static void has_each_byte_in_a_field(const char *path)
{
    char *text = mfd_tshark("-n -r %s -Y multifd -T pdml -J multifd", path);
    size_t messages = 0;

    for (char *at = text; (at = strstr(at, "<proto name=\"multifd\""));) {
        char *end = strstr(at, "</proto>");

        assert_non_null(end);
        assert_covered(path, at, end);
        messages++;
        at = end;
    }
    assert_true(messages >= 10);
    free(text);
}

static void each_byte_of_a_message_is_part_of_a_field(void **state)
{
    (void)state;
    each_capture(has_each_byte_in_a_field);
}

/* The next line of a text, without its end; NULL: none. */
static char *line_of(char **text)
{
    char *line = *text;
    char *end = line ? strchr(line, '\n') : NULL;

    if (!end) {
        return NULL;
    }
    *end = '\0';
    *text = end + 1;
    return line;
}

/* In one of two passes TLS adds a word of its own. */
static const char *without_tls(const char *info)
{
    const char *bar = strncmp(info, "[TLS segment", 12) == 0 ? strstr(info, " | ") : NULL;

    return bar ? bar + 3 : info;
}

/* Without a filter or fields, tshark asks for no tree; what golden/ has comes from two passes with one. */
static void says_what_golden_has(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    char golden[512];
    FILE *file = NULL;
    char *wanted = NULL;
    char *text = mfd_tshark("-n -r %s -o 'gui.column.format:\"Info\",\"%%i\"'", path);
    char *rest = text;
    char *line = NULL;
    unsigned long frame = 0;
    size_t compared = 0;

    snprintf(golden, sizeof(golden), MFD_GOLDEN "/%.*s.txt",
             (int)(strlen(name) - strlen(".pcapng")), name);
    file = fopen(golden, "r");
    assert_non_null(file);
    wanted = read_all(file);
    fclose(file);
    for (char *at = wanted, *want = NULL; (want = line_of(&at));) {
        char *info = NULL;
        unsigned long number = strtoul(want, &info, 10);

        if (*want == ' ') {
            continue; /* a field */
        }
        for (; frame < number; frame++) {
            line = line_of(&rest);
            assert_non_null(line);
        }
        assert_string_equal(without_tls(line), without_tls(info + 2));
        compared++;
    }
    assert_true(compared >= 5);
    free(text);
    free(wanted);
}

static void frames_say_the_same_where_nobody_asks_for_fields(void **state)
{
    (void)state;
    each_capture(says_what_golden_has);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_traffic_is_dissected_whole_and_without_a_mark),
        cmocka_unit_test(each_byte_of_a_message_is_part_of_a_field),
        cmocka_unit_test(frames_say_the_same_where_nobody_asks_for_fields),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, mfd_tshark_has_plugin, NULL);
}
