// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The captures of real QEMUs, through tshark: each segment is dissected, each byte of each message is part of a
 * field, nothing is malformed, lost, or marked as breaking a rule, and the pages are the memory that was sent. What else the
 * fields hold, golden/ has, in two passes.
 */
#include "row.h"
#include "tshark_test.h"

#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>

/* Bytes of a message, for the check that each is part of a field. */
#define MESSAGE_MAX (4u << 20)
static bool covered[MESSAGE_MAX];
static size_t pages; /* compared with the RAM that was sent */

/* Of a capture that was cut off, main cannot be followed where it was. */
static bool is_cut(const char *path)
{
    return strstr(path, "-cut.") != NULL;
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

/* What an attribute of an element holds. */
static const char *text_of(const char *element, const char *end, const char *name)
{
    const char *found = strstr(element, name);

    assert_non_null(found);
    assert_true(found < end);
    return found + strlen(name);
}

/* As a number. */
static size_t number_of(const char *element, const char *end, const char *name)
{
    return strtoul(text_of(element, end, name), NULL, 10);
}

/* A page of the source's own RAM, as it was sent. */
static void assert_page(const char *path, uint64_t offset, const char *data, const char *end)
{
    uint8_t sent[MFD_ROW_PAGE];
    uint8_t shown[MFD_ROW_PAGE];

    mfd_row_page(sent, offset / MFD_ROW_PAGE);
    assert_int_equal(mfd_hex_bytes(text_of(data, end, " show=\""), shown, sizeof(shown)),
                     sizeof(shown));
    if (memcmp(sent, shown, sizeof(sent)) != 0) {
        fail_msg("%s: the page at 0x%" PRIx64 " is not what was sent", path, offset);
    }
    pages++;
}

/* The page that an element is about: its block stands before its offset, and that before its data. */
static void take_page(const char *path, const char *name, const char *end)
{
    static bool own;
    static uint64_t offset;

    if (strncmp(name, "multifd.page_block\"", 19) == 0) {
        own = strncmp(text_of(name, end, " show=\""), MFD_ROW_RAM "\"", sizeof(MFD_ROW_RAM)) == 0;
    } else if (strncmp(name, "multifd.page_offset\"", 20) == 0) {
        offset = strtoull(text_of(name, end, " show=\""), NULL, 0);
    } else if (own && strncmp(name, "multifd.page_data\"", 18) == 0) {
        assert_page(path, offset, name, end);
    }
}

/* A message with what is below it: each of its bytes belongs to a field, and none of these says that something is wrong. */
static void assert_message(const char *path, const char *proto, const char *proto_end)
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

        /* each mark is an expert item, and so are lost bytes */
        bool lost =
            strncmp(name, "multifd.lost\"", 13) == 0 || strncmp(name, "_ws.expert\"", 11) == 0;

        if (strncmp(name, "multifd.rule\"", 13) == 0 || (lost && !is_cut(path))) {
            fail_msg("%s: %.300s", path, proto);
        }
        take_page(path, name, end);
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

/* A frame: it is all messages of this protocol. Returns how many. */
static size_t assert_frame(const char *path, char *frame)
{
    size_t messages = 0;

    if (strstr(frame, "<proto name=\"_ws.malformed\"") ||
        (strstr(frame, "<proto name=\"data\"") && !is_cut(path))) {
        fail_msg("%s: %.2000s", path, frame);
    }
    for (char *at = frame; (at = strstr(at, "<proto name=\"multifd\""));) {
        char *end = strstr(at, "</proto>");

        assert_non_null(end);
        assert_message(path, at, end);
        messages++;
        at = end;
    }
    if (!messages) {
        fail_msg("%s: this is not dissected: %.2000s", path, frame);
    }
    return messages;
}

static void is_dissected_whole(const char *path)
{
    /*
     * A segment that is sent again, or that opens TLS, is none of a message. One that waits has its packet later; whether it really
     * has, two passes tell, which golden/ is made by.
     */
    static const char missed[] =
        "tcp.len > 0 and not tcp.segment_data and not tls and "
        "not tcp.analysis.retransmission and not tcp.analysis.spurious_retransmission";
    char *text = mfd_tshark("-n -r %s -Y 'multifd or _ws.malformed or data or (%s)' -T pdml "
                            "-J multifd",
                            path, missed);
    size_t messages = 0;

    for (char *at = strstr(text, "<packet>"), *end = NULL; at; at = strstr(end + 1, "<packet>")) {
        end = strstr(at, "</packet>");
        assert_non_null(end);
        *end = '\0';
        messages += assert_frame(path, at);
    }
    assert_true(messages >= 10);
    free(text);
}

static void real_traffic_is_dissected_whole_without_a_mark_and_its_pages_are_the_ram_that_was_sent(
    void **state)
{
    (void)state;
    each_capture(is_dissected_whole);
    assert_true(pages > 1000);
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

        if (*want == ' ' || strstr(want, "  bytes that nobody took")) {
            continue; /* a field, or none of our frames */
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
        cmocka_unit_test(
            real_traffic_is_dissected_whole_without_a_mark_and_its_pages_are_the_ram_that_was_sent),
        cmocka_unit_test(frames_say_the_same_where_nobody_asks_for_fields),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, mfd_tshark_has_plugin, NULL);
}
