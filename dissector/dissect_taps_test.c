// SPDX-License-Identifier: GPL-2.0-or-later
/* What the taps count, through tshark: -z multifd,tree and -z multifd,sync. */
#include "made_test.h"
#include "packet.h"

#include <stdbool.h>

#define ZLIB MFD_CAPTURES "/qemu-10.0-zlib.pcapng"
#define ZERO_MAIN MFD_CAPTURES "/qemu-10.0-zero-main.pcapng"
#define SIXTEEN MFD_CAPTURES "/qemu-11.1-sixteen.pcapng"
#define PAGE 4096u
#define GIB ((uint64_t)1 << 30)
/* Levels of the tree. */
#define DEPTH 4
#define NAME 64

/* ---- the tree ---- */

static char *tree_of(const char *capture)
{
    return mfd_tshark("-n -q -r %s " DECODE "-z multifd,tree", capture);
}

/* A line of the tree: its level, name and count. False: it is none. */
static bool read_line(const char *line, size_t *level, char *name, unsigned long *number)
{
    size_t indent = strspn(line, " ");
    const char *end = strstr(line + indent, "  ");
    char *rest = NULL;

    if (indent >= DEPTH || !end || (size_t)(end - line) - indent >= NAME) {
        return false;
    }
    *level = indent;
    snprintf(name, NAME, "%.*s", (int)(end - line - (long)indent), line + indent);
    *number = strtoul(end, &rest, 10);
    return rest != end;
}

/* The number behind a node, which is named with those above it: "Migration 0/By channel/main"; -1: there is none. */
static long counted(const char *tree, const char *wanted)
{
    char names[DEPTH][NAME] = {""};
    char here[DEPTH * (NAME + 1)];
    unsigned long number = 0;
    size_t level = 0;

    for (const char *line = tree; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char name[NAME];

        if (!read_line(line, &level, name, &number)) {
            continue;
        }
        strcpy(names[level], name);
        here[0] = '\0';
        for (size_t i = 0; i <= level; i++) {
            strcat(here, i ? "/" : "");
            strcat(here, names[i]);
        }
        if (strcmp(here, wanted) == 0) {
            return (long)number;
        }
    }
    return -1;
}

static void assert_counted(const char *tree, const char *node, long number)
{
    long found = counted(tree, node);

    if (found != number) {
        fail_msg("%s is %ld, not %ld, in\n%s", node, found, number, tree);
    }
}

/* Sum of the numbers that a field has. */
static long sum_of(const char *capture, const char *filter, const char *field)
{
    char *text = mfd_tshark("-n -r %s -Y '%s' -T fields -e %s", capture, filter, field);
    long total = 0;

    for (char *at = text, *end = NULL; *at; at = *end ? end + 1 : end) {
        total += strtol(at, &end, 10);
    }
    free(text);
    return total;
}

static void the_tree_counts_what_the_packets_say(void **state)
{
    char *tree = tree_of(ZLIB);
    long pages = sum_of(ZLIB, "multifd.packet.normal_pages", "multifd.packet.normal_pages");
    long zero = sum_of(ZLIB, "multifd.packet.zero_pages", "multifd.packet.zero_pages");
    long payload = sum_of(ZLIB, "multifd.packet.normal_pages>0", "multifd.payload_size");

    (void)state;
    assert_true(pages > 0 && zero > 0 && payload > 0);
    assert_counted(tree, "Migration 0/By method/zlib", 4);
    assert_counted(tree, "Migration 0/By method/zlib/Pages", pages);
    assert_counted(tree, "Migration 0/By method/zlib/Zero pages", zero);
    assert_counted(tree, "Migration 0/By method/zlib/Bytes",
                   payload + 4 * (long)mfd_packet_size(PAGE));
    assert_counted(tree, "Migration 0/By method/without pages", 6);
    assert_counted(tree, "Migration 0/By block/mem0/Pages", pages);
    assert_counted(tree, "Migration 0/By block/mem0/Zero pages", zero);
    assert_int_equal(counted(tree, "Migration 0/By channel/channel 0/Pages") +
                         counted(tree, "Migration 0/By channel/channel 1/Pages"),
                     pages);
    free(tree);
}

static void zero_pages_of_main_are_counted_with_their_block(void **state)
{
    char *tree = tree_of(ZERO_MAIN);
    char *words = mfd_tshark("-n -r " ZERO_MAIN " -Y multifd.zero.word -T fields -E occurrence=a "
                             "-E aggregator=/s -e multifd.zero.word");
    long zero = 0;

    (void)state;
    for (const char *at = words; (at = strstr(at, "0x")); at++) {
        zero++;
    }
    assert_true(zero > 10);
    assert_counted(tree, "Migration 0/By channel/main/Zero pages", zero);
    assert_counted(tree, "Migration 0/By method/on main", zero);
    assert_counted(tree, "Migration 0/By block/mem0/Zero pages", zero);
    free(words);
    free(tree);
}

/* ---- captures that are made ---- */

static void put_sync(uint32_t connection)
{
    struct mfd_packet packet = {.magic = MFD_MAGIC, .version = MFD_VERSION, .flags = MFD_FLAG_SYNC};
    uint8_t bytes[MFD_PACKET_SIZE_MAX];

    mfd_packet_pack(bytes, PAGE, &packet, NULL);
    send_bytes(connection, bytes, mfd_packet_size(PAGE));
}

/* Its payload is as long as it says, and never comes. */
static void put_device(uint32_t connection, uint32_t payload)
{
    struct mfd_device device = {
        .magic = MFD_MAGIC,
        .version = MFD_VERSION,
        .flags = MFD_FLAG_DEVICE_STATE,
        .idstr = "vfio",
        .next_packet_size = payload,
    };
    uint8_t bytes[MFD_DEVICE_SIZE];

    mfd_device_pack(bytes, &device);
    send_bytes(connection, bytes, sizeof(bytes));
}

static void migrations_unknown_channels_and_channel_0_are_counted_apart(void **state)
{
    char *tree = NULL;

    (void)state;
    begin();
    open_channel(0, 0);
    put_sync(0);
    put_sync(0);
    put_sync(1); /* without its hello: the capture missed it */
    next_migration();
    open_channel(0, 0);
    put_sync(0);
    finish();
    tree = tree_of(path);
    assert_counted(tree, "Migration 0/By channel/channel 0", 2);
    assert_counted(tree, "Migration 0/By channel/unknown channel", 1);
    assert_counted(tree, "Migration 1/By channel/channel 0", 1);
    assert_counted(tree, "Migration 1/By channel/unknown channel", -1);
    free(tree);
}

static void bytes_of_device_state_are_exact_beyond_2_gib(void **state)
{
    static const uint32_t payload = 3200000001u;
    uint64_t all = 3 * ((uint64_t)payload + MFD_DEVICE_SIZE);
    char *tree = NULL;
    char *info = NULL;

    (void)state;
    begin();
    for (uint8_t id = 0; id < 3; id++) {
        open_channel(id, id);
        put_device(id, payload);
    }
    finish();
    tree = tree_of(path);
    assert_counted(tree, "Migration 0/By method/device state", 3);
    assert_counted(tree, "Migration 0/By method/device state/Bytes", (long)(all % GIB));
    assert_counted(tree, "Migration 0/By method/device state/and GiB", (long)(all / GIB));
    assert_counted(tree, "Migration 0/By block", -1);
    free(tree);
    info = mfd_tshark("-n -r %s " DECODE "-Y multifd.device.flags -T fields -e _ws.col.Info", path);
    assert_non_null(strstr(info, "ch 2 device state of vfio/0, 3200000001 bytes\n"));
    free(info);
}

/* ---- the rounds ---- */

/* Rounds that are listed, each of which must have so many SYNCs and, if `point`, its time on main. */
static unsigned rounds_of(const char *text, unsigned wanted, bool point)
{
    unsigned rounds = 0;

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        unsigned migration = 0;
        unsigned round = 0;
        unsigned syncs = 0;
        char main[32];
        double first = 0;
        double last = 0;

        if (sscanf(line, "%u %u %u %31s %lf %lf", &migration, &round, &syncs, main, &first,
                   &last) == 6) {
            assert_int_equal(migration, 0);
            assert_int_equal(round, ++rounds);
            assert_int_equal(syncs, wanted);
            assert_int_equal(strcmp(main, "-") != 0, point);
            assert_true(first <= last);
        }
    }
    return rounds;
}

static void each_round_has_its_sync_point_and_the_syncs_of_all_channels(void **state)
{
    char *text = mfd_tshark("-n -q -r " SIXTEEN " -z multifd,sync");

    (void)state;
    assert_int_equal(rounds_of(text, 16, true), 3);
    free(text);
}

static void the_filter_of_the_rounds_is_kept_to(void **state)
{
    char *text = mfd_tshark("-n -q -r " SIXTEEN " -z 'multifd,sync,multifd.channel<3'");

    (void)state;
    assert_int_equal(rounds_of(text, 3, false), 3);
    free(text);
    assert_int_not_equal(system(MFD_TSHARK_SCRIPT " '" MFD_WS_PLUGINS "' -n -q -r " SIXTEEN
                                                  " -z multifd,sync,no.field >/dev/null 2>&1"),
                         0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_counts_what_the_packets_say),
        cmocka_unit_test(zero_pages_of_main_are_counted_with_their_block),
        cmocka_unit_test(migrations_unknown_channels_and_channel_0_are_counted_apart),
        cmocka_unit_test(bytes_of_device_state_are_exact_beyond_2_gib),
        cmocka_unit_test(each_round_has_its_sync_point_and_the_syncs_of_all_channels),
        cmocka_unit_test(the_filter_of_the_rounds_is_kept_to),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
