// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What else the plugin is to do, through tshark: many channels, captures that lack their beginning or the order of
 * their segments, ways to have a connection dissected, exported messages, links.
 */
#include "tshark_test.h"

#include <stdbool.h>
#include <sys/stat.h>

#define CAPTURE MFD_CAPTURES "/qemu-10.0-zlib.pcapng"
/* Of 255 channels and six packets with pages, by speed_capture. */
#define CHANNELS 255u
#define PACKETS 6u

static char folder[] = P_tmpdir "/mfd-features-XXXXXX";

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
    char *command = NULL;
    va_list list;

    va_start(list, format);
    assert_true(vasprintf(&command, format, list) >= 0);
    va_end(list);
    if (system(command) != 0) {
        fail_msg("%s", command);
    }
    free(command);
}

static size_t count(const char *text, const char *words)
{
    size_t n = 0;

    for (; (text = strstr(text, words)); text += strlen(words)) {
        n++;
    }
    return n;
}

/* ---- one run of tshark, many questions ---- */

#define ROWS_MAX 4000u
#define COLUMNS_MAX 8u

/* What tshark says of each frame, column by column. */
struct table {
    char *text;
    size_t count;
    const char *cells[ROWS_MAX][COLUMNS_MAX];
};

static struct table table;

/* Fills the table with these fields, "-e FIELD -e FIELD", of the frames that the filter lets through. */
static void ask(const char *path, const char *how, const char *filter, const char *fields)
{
    char *rest = NULL;

    free(table.text);
    memset(&table, 0, sizeof(table));
    table.text =
        mfd_tshark("-n -r %s %s -Y '%s' -T fields -E aggregator=/s %s", path, how, filter, fields);
    rest = table.text;
    for (char *line = NULL; *rest && (line = strsep(&rest, "\n"));) {
        assert_true(table.count < ROWS_MAX);
        for (size_t i = 0; line; i++) {
            assert_true(i < COLUMNS_MAX);
            table.cells[table.count][i] = strsep(&line, "\t");
        }
        table.count++;
    }
}

/* Sum of the numbers of a column, one or more to a cell. */
static unsigned long sum(size_t column)
{
    unsigned long total = 0;

    for (size_t i = 0; i < table.count; i++) {
        for (const char *at = table.cells[i][column]; at && *at;) {
            char *end = NULL;

            total += strtoul(at, &end, 10);
            at = end > at ? end : at + 1;
        }
    }
    return total;
}

/* Frames that have something in a column. */
static size_t filled(size_t column)
{
    size_t n = 0;

    for (size_t i = 0; i < table.count; i++) {
        n += table.cells[i][column] && *table.cells[i][column];
    }
    return n;
}

static bool has(size_t row, size_t column, const char *text)
{
    return strcmp(table.cells[row][column], text) == 0;
}

/* Nothing stands in a column. */
static void assert_empty(size_t column, const char *what)
{
    if (filled(column)) {
        fail_msg("%s: %zu frames", what, filled(column));
    }
}

/* What is wrong shows in these: rules, bytes that are lost, and, by its words, what is malformed. */
#define FAULTS "-e multifd.rule -e multifd.lost -e _ws.col.Info "
enum { RULES, LOST, INFO, OWN };

static void assert_no_faults(void)
{
    assert_empty(RULES, "rules");
    assert_empty(LOST, "lost bytes");
    for (size_t i = 0; i < table.count; i++) {
        if (strstr(table.cells[i][INFO], "alformed")) {
            fail_msg("%s", table.cells[i][INFO]);
        }
    }
}

/* ---- many channels ---- */

static void two_hundred_and_fifty_five_channels_are_told_apart(void **state)
{
    bool seen[CHANNELS] = {false};
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "%s/many.pcap", folder);
    ask(path, "", "multifd",
        FAULTS "-e multifd.hello.id -e multifd.packet.normal_pages -e multifd.migration");
    assert_no_faults();
    for (size_t i = 0; i < table.count; i++) {
        unsigned long id = strtoul(table.cells[i][OWN], NULL, 10);

        if (*table.cells[i][OWN]) {
            assert_true(id < CHANNELS);
            assert_false(seen[id]);
            seen[id] = true;
        }
    }
    for (size_t id = 0; id < CHANNELS; id++) {
        assert_true(seen[id]);
    }
    assert_int_equal(sum(OWN + 1), PACKETS * 128);
    assert_int_equal(sum(OWN + 2), 0);
}

/* ---- captures that lack something ---- */

/* The beginning is cut off, within the pages of a packet: the next packet of that channel is found again. */
static void a_capture_that_starts_in_mid_stream_is_followed_from_the_next_header_on(void **state)
{
    char path[64];
    bool seen[10] = {false};

    (void)state;
    /* two channels; the first packets with pages have ten segments each */
    shell(MFD_SPEED_CAPTURE " %s/whole.pcap 6 2 && editcap -F pcap %s/whole.pcap %s/mid.pcap 1-48",
          folder, folder, folder);
    snprintf(path, sizeof(path), "%s/mid.pcap", folder);
    ask(path, "-d tcp.port==63500,multifd", "multifd",
        "-e multifd.rule -e multifd.round -e _ws.col.Info -e multifd.hello.id "
        "-e multifd.packet.packet_num -e multifd.marker.word -e multifd.lost -e multifd.expert.lost");
    assert_true(filled(OWN + 3) > 0);
    for (size_t i = 0; i < table.count; i++) {
        assert_true(has(i, OWN + 3, "") == has(i, OWN + 4, ""));
    }
    for (size_t i = 0; i < table.count; i++) {
        if (*table.cells[i][OWN + 1]) {
            seen[strtoul(table.cells[i][OWN + 1], NULL, 10) % 10] = true;
        }
        assert_null(strstr(table.cells[i][INFO], "alformed"));
    }
    /* of ten packets those behind the cut: 4 and 5 begin before it or nearly so, 8 and 9 are the last SYNCs */
    assert_true(seen[6] && seen[7] && seen[8] && seen[9] && !seen[0]);
    assert_empty(RULES, "rules");
    assert_empty(1, "rounds");
    assert_empty(OWN, "hellos");
    /* main is found again where a segment starts with a record */
    assert_int_equal(filled(OWN + 2), 1);
}

static void segments_out_of_order_are_put_right_by_tcp(void **state)
{
    char path[64];

    (void)state;
    /* some segment of a packet comes behind the one after it */
    shell("cd %s && " MFD_SPEED_CAPTURE " whole.pcap 6 2 && "
          "for part in a:1-30 b:33-33 c:31-32 d:34-999; do "
          "editcap -F pcap -r whole.pcap ${part%%%%:*}.pcap ${part#*:}; done && "
          "mergecap -F pcap -a -w order.pcap a.pcap b.pcap c.pcap d.pcap",
          folder);
    snprintf(path, sizeof(path), "%s/order.pcap", folder);
    for (size_t twice = 0; twice < 2; twice++) {
        ask(path,
            twice ? "-2 -o tcp.reassemble_out_of_order:TRUE"
                  : "-o tcp.reassemble_out_of_order:TRUE",
            "multifd", FAULTS "-e multifd.packet.normal_pages");
        assert_no_faults();
        assert_int_equal(sum(OWN), 6 * 128);
    }
}

static void a_lost_segment_costs_no_more_than_its_packet(void **state)
{
    char path[64];

    (void)state;
    shell("cd %s && " MFD_SPEED_CAPTURE
          " whole.pcap 6 2 && editcap -F pcap whole.pcap lost.pcap 36",
          folder);
    snprintf(path, sizeof(path), "%s/lost.pcap", folder);
    ask(path, "", "multifd or _ws.malformed", FAULTS "-e multifd.packet.normal_pages");
    assert_empty(RULES, "rules");
    for (size_t i = 0; i < table.count; i++) {
        assert_null(strstr(table.cells[i][INFO], "alformed"));
    }
    if (sum(OWN) < 5ul * 128) {
        fail_msg("%lu pages", sum(OWN));
    }
}

/* Frames of 300 bytes end in the name of a block. */
static void a_field_that_the_capture_has_cut_is_not_lost(void **state)
{
    char path[64];
    size_t cut = 0;

    (void)state;
    snprintf(path, sizeof(path), "%s/cut.pcapng", folder);
    shell("editcap -s 300 " CAPTURE " %s", path);
    ask(path, "", "multifd.packet.flags", "-e multifd.cut -e multifd.lost");
    for (size_t i = 0; i < table.count; i++) {
        cut += *table.cells[i][0] != '\0';
        assert_true(has(i, 1, "") && !has(i, 0, ""));
    }
    assert_int_equal(cut, 9); /* one frame has two packets */
}

/* ---- ways in ---- */

static void a_port_may_be_given_by_decode_as_or_by_preference(void **state)
{
    static const char *const ways[] = {"-d tcp.port==63500,multifd",
                                       "-o multifd.tcp.port:63400-63500"};

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        char *text = mfd_tshark(
            "-n -r " CAPTURE " --disable-heuristic multifd_tcp %s -Y multifd.hello.id", ways[i]);

        assert_int_equal(count(text, "hello"), 2);
        free(text);
    }
    ask(CAPTURE, "--disable-heuristic multifd_tcp", "multifd", "-e frame.number");
    assert_int_equal(table.count, 0);
}

static void tls_is_dissected_with_the_keys_of_the_capture_and_not_without(void **state)
{
    static const char path[] = MFD_CAPTURES "/qemu-11.1-tls-zlib.pcapng";
    static const char pages[] = "-e multifd.packet.normal_pages -e multifd.cut";
    unsigned long plain = 0;
    char without[64];

    (void)state;
    ask(CAPTURE, "", "multifd", pages);
    plain = sum(0);
    assert_true(plain > 0);
    assert_empty(1, "cut fields of a whole capture");
    ask(path, "", "multifd", pages);
    assert_int_equal(sum(0), plain);
    snprintf(without, sizeof(without), "%s/nokeys.pcapng", folder);
    shell("editcap --discard-all-secrets %s %s", path, without);
    ask(without, "", "multifd", pages);
    assert_int_equal(table.count, 0);
}

/* ---- what comes out ---- */

/* What is said of hellos and packets, whatever frames they stand in; owned by the caller. */
static char *messages_of(const char *path, const char *filter)
{
    return mfd_tshark("-n -r %s -Y '%s' -T fields -e multifd.hello.id -e multifd.packet.packet_num "
                      "-e multifd.packet.normal_pages -e multifd.channel -e multifd.migration "
                      "-e multifd.revision -e multifd.payload_size -e multifd.page_size "
                      "-e _ws.col.Info",
                      path, filter);
}

static void exported_messages_are_dissected_as_they_were(void **state)
{
    static const char capture[] = MFD_CAPTURES "/qemu-10.0-zstd.pcapng";
    char path[64];
    char *before = NULL;
    char *after = NULL;

    (void)state;
    snprintf(path, sizeof(path), "%s/exported.pcapng", folder);
    free(mfd_tshark("-n -r %s -U 'QEMU multifd' -w %s", capture, path));
    before = messages_of(capture, "multifd.hello.id or multifd.packet.magic");
    after = messages_of(path, "frame"); /* there is nothing else in it */
    assert_true(count(before, "\n") > 8 && count(before, " zstd ") > 2);
    assert_string_equal(after, before);
    free(after);
    free(before);
}

/* What the menu "This migration" filters by. */
static void connections_of_one_migration_have_its_number(void **state)
{
    static const char path[] = MFD_CAPTURES "/qemu-11.1-sixteen.pcapng";
    char *text = mfd_tshark("-n -q -r %s -z conv,tcp,multifd.migration==0", path);

    (void)state;
    assert_int_equal(count(text, "<->"), 17);
    free(text);
}

/* What the menu "This channel" filters by. */
static void messages_of_one_channel_have_its_number(void **state)
{
    static const char path[] = MFD_CAPTURES "/qemu-11.1-sixteen.pcapng";

    (void)state;
    ask(path, "", "multifd.migration == 0 and multifd.channel == 11",
        "-e tcp.stream -e multifd.hello.id -e multifd.packet.magic");
    assert_true(table.count > 3 && filled(2) > 2);
    assert_int_equal(sum(1), 11);
    for (size_t i = 1; i < table.count; i++) {
        assert_string_equal(table.cells[i][0], table.cells[0][0]);
    }
}

/* Of each frame that has something in column `from`, that is the number of a frame which has something in `to`. */
static size_t assert_leads_to(size_t from, size_t to)
{
    size_t links = 0;

    for (size_t i = 0; i < table.count; i++) {
        char *end = NULL;
        unsigned long frame = strtoul(table.cells[i][from], &end, 10);
        size_t row = 0;

        if (end == table.cells[i][from]) {
            continue;
        }
        while (row < table.count && strtoul(table.cells[row][0], NULL, 10) != frame) {
            row++;
        }
        if (row == table.count || has(row, to, "")) {
            fail_msg("column %zu leads to frame %lu, which has nothing in column %zu", from, frame,
                     to);
        }
        links++;
    }
    return links;
}

static void links_lead_from_each_channel_to_main_and_from_each_sync_to_its_point(void **state)
{
    enum { FRAME, MAIN_FRAME, FIRST_PACKET, HELLO_FRAME, HEADER, PACKET, HELLO, ROUND };

    (void)state;
    ask(CAPTURE, "-2", "multifd",
        "-e frame.number -e multifd.main_frame -e multifd.first_packet -e multifd.hello_frame "
        "-e multifd.header.magic -e multifd.packet.magic -e multifd.hello.id -e multifd.round");
    assert_int_equal(assert_leads_to(MAIN_FRAME, HEADER), 2);
    assert_int_equal(assert_leads_to(FIRST_PACKET, PACKET), 2);
    assert_int_equal(assert_leads_to(HELLO_FRAME, HELLO), 2);
    ask(CAPTURE, "-2", "multifd", "-e frame.number -e multifd.sync_frame -e multifd.round");
    assert_true(assert_leads_to(1, 2) >= 4);
}

static int make_folder(void **state)
{
    if (mfd_tshark_has_plugin(state) != 0 || !mkdtemp(folder) || chmod(folder, 0777) != 0) {
        return -1;
    }
    shell("umask 022; " MFD_SPEED_CAPTURE " %s/many.pcap %u %u", folder, PACKETS, CHANNELS);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    free(table.text);
    shell("rm -r %s", folder);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_and_fifty_five_channels_are_told_apart),
        cmocka_unit_test(a_capture_that_starts_in_mid_stream_is_followed_from_the_next_header_on),
        cmocka_unit_test(segments_out_of_order_are_put_right_by_tcp),
        cmocka_unit_test(a_lost_segment_costs_no_more_than_its_packet),
        cmocka_unit_test(a_field_that_the_capture_has_cut_is_not_lost),
        cmocka_unit_test(a_port_may_be_given_by_decode_as_or_by_preference),
        cmocka_unit_test(tls_is_dissected_with_the_keys_of_the_capture_and_not_without),
        cmocka_unit_test(exported_messages_are_dissected_as_they_were),
        cmocka_unit_test(connections_of_one_migration_have_its_number),
        cmocka_unit_test(messages_of_one_channel_have_its_number),
        cmocka_unit_test(links_lead_from_each_channel_to_main_and_from_each_sync_to_its_point),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
