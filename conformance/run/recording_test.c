// SPDX-License-Identifier: GPL-2.0-or-later
/* What a failure leaves behind: a capture of what was really sent. */
#include "recording.h"

#include "capture_fixture.h"
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = P_tmpdir "/mfdkit-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    char inner[64];

    (void)state;
    snprintf(inner, sizeof(inner), "%s/packet", folder);
    return rmdir(inner) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* A receiver that checks nothing, with captures kept; the caller frees the run. */
static struct mfd_run run_on_credulous(const char *scenario, unsigned repeat)
{
    char *argv[] = {MFD_BROKEN_PEER, "accept-all", "{addr}", "{channels}", "{ram}", NULL};
    const char *globs[] = {scenario, NULL};
    struct mfd_peer peer = {.kind = &mfd_peer_command,
                            .argv = argv,
                            .machine = "none",
                            .rev = MFD_REV_LATEST,
                            .guard = 60};
    struct mfd_run_options options = {.scenarios = MFD_SOURCE_SCENARIOS,
                                      .globs = globs,
                                      .role = "receiver",
                                      .rerun = "mfdkit test",
                                      .jobs = 2,
                                      .repeat = repeat,
                                      .strength = 2,
                                      .save_pcap = folder};
    struct mfd_run run = {0};
    char error[MFD_RUN_ERROR_SIZE] = "";

    assert_true(mfd_run_suite(&peer, &options, &run, error));
    assert_int_equal(run.count, 1);
    return run;
}

static struct fixture_list read_capture(const char *path)
{
    struct fixture_file file = {malloc(1u << 20), 0};
    FILE *in = fopen(path, "rbe");
    struct fixture_list list;

    assert_non_null(in);
    file.len = fread(file.bytes, 1, 1u << 20, in);
    fclose(in);
    list = fixture_read(&file);
    assert_string_equal(list.error, "");
    free(file.bytes);
    return list;
}

/* Whether some connection has carried a hello and, somewhere behind it, a packet whose magic is zero. */
static bool has_wrong_magic(const struct fixture_list *list)
{
    static const uint8_t magic[4] = {0x11, 0x22, 0x33, 0x44};
    static const uint8_t wrong[8] = {0, 0, 0, 0, 0, 0, 0, 1};

    for (size_t i = 0; i < list->count; i++) {
        const struct mfd_event *event = &list->list[i].event;

        if (event->kind == MFD_EVENT_DATA && event->direction == MFD_FORWARD &&
            event->len >= 1344 &&
            (memcmp(event->bytes, wrong, 8) == 0 ||
             (memcmp(event->bytes, magic, 4) == 0 && event->len > 1408 + 1344 &&
              memcmp(event->bytes + 1408, wrong, 8) == 0))) {
            return true;
        }
    }
    return false;
}

static void a_failure_leaves_a_capture_of_what_was_sent(void **state)
{
    struct mfd_run run = run_on_credulous("packet/magic-zero", 1);
    struct fixture_list list;
    char path[128];

    (void)state;
    assert_int_equal(run.results[0].verdict, MFD_FAIL);
    snprintf(path, sizeof(path), "%s/packet/magic-zero.pcapng", folder);
    assert_non_null(run.results[0].pcap);
    assert_string_equal(run.results[0].pcap, path);
    list = read_capture(path);
    assert_int_equal(list.totals.connections, 3);
    assert_int_equal(list.totals.lost, 0);
    assert_true(has_wrong_magic(&list));
    fixture_list_free(&list);
    mfd_run_free(&run);
    assert_int_equal(unlink(path), 0);
}

static void what_passes_leaves_nothing(void **state)
{
    struct mfd_run run = run_on_credulous("packet/full", 1);
    char path[128];

    (void)state;
    assert_int_equal(run.results[0].verdict, MFD_PASS);
    assert_null(run.results[0].pcap);
    snprintf(path, sizeof(path), "%s/packet/full.pcapng", folder);
    assert_int_equal(access(path, F_OK), -1);
    mfd_run_free(&run);
}

/* Of three failures alike one counts, and one capture stays. */
static void repetitions_leave_one_capture(void **state)
{
    struct mfd_run run = run_on_credulous("packet/magic-zero", 3);

    (void)state;
    assert_int_equal(run.results[0].verdict, MFD_FAIL);
    assert_int_equal(unlink(run.results[0].pcap), 0);
    mfd_run_free(&run); /* drop_folder() sees whether another one was left */
}

static void a_peer_that_answers_without_end_does_not_fill_memory(void **state)
{
    static const uint8_t bytes[1u << 16];
    const struct mfd_event event = {
        .direction = MFD_BACKWARD, .kind = MFD_EVENT_DATA, .bytes = bytes, .len = sizeof(bytes)};
    struct mfd_plan plan = {.id = "a"};
    struct mfd_recording recording = {.count = 0};

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        mfd_recording_add(&recording, &event, NULL);
    }
    assert_true(recording.full);
    errno = 0;
    assert_null(mfd_recording_save(&recording, &plan, folder, 0));
    assert_int_equal(errno, ENOMEM);
    mfd_recording_free(&recording);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_leaves_a_capture_of_what_was_sent),
        cmocka_unit_test(what_passes_leaves_nothing),
        cmocka_unit_test(repetitions_leave_one_capture),
        cmocka_unit_test(a_peer_that_answers_without_end_does_not_fill_memory),
    };
    return cmocka_run_group_tests_name("recording", tests, make_folder, drop_folder);
}
