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

/* Sum of the numbers of a text, one or more to a line. */
static unsigned long sum(const char *text)
{
    unsigned long total = 0;

    for (char *end = NULL; *text; text = *end ? end + 1 : end) {
        total += strtoul(text, &end, 10);
    }
    return total;
}

static unsigned long sum_of(const char *path, const char *how, const char *field)
{
    char *text = mfd_tshark("-n -r %s %s -Y %s -T fields -e %s", path, how, field, field);
    unsigned long total = sum(text);

    free(text);
    return total;
}

static void assert_none(const char *path, const char *how, const char *filter)
{
    char *text = mfd_tshark("-n -r %s %s -Y '%s'", path, how, filter);

    if (*text) {
        fail_msg("%s of %s:\n%s", filter, path, text);
    }
    free(text);
}

static void assert_frames(const char *path, const char *filter, size_t wanted)
{
    char *text = mfd_tshark("-n -r %s -Y '%s' -T fields -e frame.number", path, filter);
    size_t found = count(text, "\n");

    if (found != wanted) {
        fail_msg("%s: %zu frames, not %zu", filter, found, wanted);
    }
    free(text);
}

/* ---- many channels ---- */

static void two_hundred_and_fifty_five_channels_are_told_apart(void **state)
{
    bool seen[CHANNELS] = {false};
    char path[64];
    char *text = NULL;

    (void)state;
    snprintf(path, sizeof(path), "%s/many.pcap", folder);
    text = mfd_tshark("-n -r %s -Y multifd.hello.id -T fields -e multifd.hello.id", path);
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        unsigned long id = strtoul(line, NULL, 10);

        assert_true(id < CHANNELS);
        assert_false(seen[id]);
        seen[id] = true;
    }
    for (size_t id = 0; id < CHANNELS; id++) {
        assert_true(seen[id]);
    }
    free(text);
    assert_none(path, "", "multifd.rule or multifd.lost or _ws.malformed or multifd.migration > 0");
    assert_int_equal(sum_of(path, "", "multifd.packet.normal_pages"), PACKETS * 128);
}

/* ---- captures that lack something ---- */

/* The beginning is cut off, within the pages of a packet: the next packet of that channel is found again. */
static void a_capture_that_starts_in_mid_stream_is_followed_from_the_next_header_on(void **state)
{
    char path[64];
    char *text = NULL;

    (void)state;
    /* two channels; the first packets with pages have ten segments each */
    shell(MFD_SPEED_CAPTURE " %s/whole.pcap 6 2 && editcap -F pcap %s/whole.pcap %s/mid.pcap 1-48",
          folder, folder, folder);
    snprintf(path, sizeof(path), "%s/mid.pcap", folder);
    text = mfd_tshark("-n -r %s -d tcp.port==63500,multifd -Y multifd.packet.packet_num -T fields "
                      "-e multifd.packet.packet_num",
                      path);
    /* of ten packets those behind the cut: 4 and 5 begin before it or nearly so, 8 and 9 are the last SYNCs */
    if (!strstr(text, "6\n") || !strstr(text, "7\n") || !strstr(text, "8\n") ||
        !strstr(text, "9\n") || strstr(text, "0\n") == text) {
        fail_msg("packets: %s", text);
    }
    free(text);
    assert_none(path, "-d tcp.port==63500,multifd",
                "multifd.rule or _ws.malformed or multifd.round or multifd.hello.id");
    /* main is found again where a segment starts with a record */
    text = mfd_tshark("-n -r %s -d tcp.port==63500,multifd -Y multifd.marker.word", path);
    assert_int_equal(count(text, "main marker"), 1);
    free(text);
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
    assert_none(path, "-o tcp.reassemble_out_of_order:TRUE", "multifd.rule or multifd.lost");
    assert_int_equal(
        sum_of(path, "-o tcp.reassemble_out_of_order:TRUE", "multifd.packet.normal_pages"),
        6 * 128);
    assert_int_equal(
        sum_of(path, "-2 -o tcp.reassemble_out_of_order:TRUE", "multifd.packet.normal_pages"),
        6 * 128);
}

static void a_lost_segment_costs_no_more_than_its_packet(void **state)
{
    char path[64];
    unsigned long pages = 0;

    (void)state;
    shell("cd %s && " MFD_SPEED_CAPTURE
          " whole.pcap 6 2 && editcap -F pcap whole.pcap lost.pcap 36",
          folder);
    snprintf(path, sizeof(path), "%s/lost.pcap", folder);
    assert_none(path, "", "multifd.rule or _ws.malformed");
    pages = sum_of(path, "", "multifd.packet.normal_pages");
    if (pages < 5ul * 128) {
        fail_msg("%lu pages", pages);
    }
}

/* Frames of 300 bytes end in the name of a block. */
static void a_field_that_the_capture_has_cut_is_not_lost(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "%s/cut.pcapng", folder);
    shell("editcap -s 300 " CAPTURE " %s", path);
    assert_frames(path, "multifd.cut and multifd.packet.flags", 9); /* one frame has two packets */
    assert_none(path, "", "multifd.packet.flags and (multifd.lost or not multifd.cut)");
    assert_none(CAPTURE, "", "multifd.cut");
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
    assert_none(CAPTURE, "--disable-heuristic multifd_tcp", "multifd");
}

static void tls_is_dissected_with_the_keys_of_the_capture_and_not_without(void **state)
{
    static const char path[] = MFD_CAPTURES "/qemu-11.1-tls-zlib.pcapng";
    char *text = NULL;

    (void)state;
    assert_int_equal(sum_of(path, "", "multifd.packet.normal_pages"),
                     sum_of(CAPTURE, "", "multifd.packet.normal_pages"));
    shell("editcap --discard-all-secrets %s %s/nokeys.pcapng", path, folder);
    text = mfd_tshark("-n -r %s/nokeys.pcapng -Y multifd", folder);
    assert_string_equal(text, "");
    free(text);
}

/* ---- what comes out ---- */

/* What is said of hellos and packets, a message a line, whatever frames they stand in. */
static char *messages_of(const char *path)
{
    static const char *const fields[] = {"hello.id",     "packet.packet_num", "packet.normal_pages",
                                         "channel",      "migration",         "revision",
                                         "payload_size", "page_size"};
    char *all = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&all, &len);
    char *text = NULL;

    assert_non_null(out);
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        fprintf(out, " -e multifd.%s", fields[i]);
    }
    fclose(out);
    text = mfd_tshark("-n -r %s -Y 'multifd.hello.id or multifd.packet.magic' -T fields%s "
                      "-e _ws.col.Info",
                      path, all);
    free(all);
    return text;
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
    before = messages_of(capture);
    after = messages_of(path);
    assert_true(count(before, "\n") > 8 && count(before, " zstd ") > 2);
    assert_string_equal(after, before);
    free(after);
    free(before);
    assert_none(path, "", "not multifd or _ws.malformed");
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

static bool has_line(const char *text, const char *line)
{
    size_t len = strlen(line);

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        if (strncmp(text, line, len) == 0 && text[len] == '\n') {
            return true;
        }
    }
    return false;
}

/* Of each frame that has the field, the frame that it leads to is one of `what`; returns how many there are. */
static size_t assert_leads_to(const char *field, const char *what)
{
    char *text = mfd_tshark("-n -2 -r " CAPTURE " -Y multifd.%s -T fields -E occurrence=f "
                            "-e multifd.%s",
                            field, field);
    char *frames = mfd_tshark("-n -2 -r " CAPTURE " -Y %s -T fields -e frame.number", what);
    size_t links = 0;

    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (!has_line(frames, line)) {
            fail_msg("multifd.%s leads to frame %s, which has no %s", field, line, what);
        }
        links++;
    }
    free(frames);
    free(text);
    return links;
}

static void links_lead_from_each_channel_to_main_and_from_each_sync_to_its_point(void **state)
{
    (void)state;
    assert_int_equal(assert_leads_to("main_frame", "multifd.header.magic"), 2);
    assert_int_equal(assert_leads_to("first_packet", "multifd.packet.magic"), 2);
    assert_int_equal(assert_leads_to("hello_frame", "multifd.hello.id"), 2);
    assert_true(assert_leads_to("sync_frame", "multifd.round") >= 4);
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
        cmocka_unit_test(links_lead_from_each_channel_to_main_and_from_each_sync_to_its_point),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
