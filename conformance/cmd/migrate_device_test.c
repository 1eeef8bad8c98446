// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit send and mfdkit recv as programs, with state of devices in files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define RAM (64u * 4096u)
#define SMALL 3000u
#define LARGE 200000u

/* A folder with memory and two states to send; `output` is what the programs have printed. */
struct rig {
    char dir[64];
    char output[4096];
    int received; /* exit statuses */
    int sent;
};

static void name(const struct rig *rig, const char *file, char *path)
{
    snprintf(path, 128, "%s/%s", rig->dir, file);
}

static void make_file(const struct rig *rig, const char *file, size_t size, unsigned seed)
{
    char path[128];
    FILE *out = NULL;

    name(rig, file, path);
    out = fopen(path, "wb");
    assert_non_null(out);
    for (size_t i = 0; i < size; i++) {
        fputc((int)((i * 7 + i / 251 + seed) & 0xff), out);
    }
    assert_int_equal(fclose(out), 0);
}

static struct rig *rig_new(void)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    snprintf(rig->dir, sizeof(rig->dir), P_tmpdir "/mfdkit-device.XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
    make_file(rig, "ram-in", RAM, 1);
    make_file(rig, "small-in", SMALL, 2);
    make_file(rig, "large-in", LARGE, 3);
    return rig;
}

static void rig_free(struct rig *rig)
{
    static const char *const files[] = {"ram-in",   "ram-out",   "small-in", "small-out",
                                        "large-in", "large-out", "empty",    "socket"};
    char path[128];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        name(rig, files[i], path);
        unlink(path);
    }
    assert_int_equal(rmdir(rig->dir), 0);
    free(rig);
}

static bool exists(const struct rig *rig, const char *file)
{
    char path[128];

    name(rig, file, path);
    return access(path, F_OK) == 0;
}

static void assert_same_file(const struct rig *rig, const char *a, const char *b, long size)
{
    char path[2][128];
    FILE *in[2];
    int byte = 0;

    name(rig, a, path[0]);
    name(rig, b, path[1]);
    for (int i = 0; i < 2; i++) {
        in[i] = fopen(path[i], "rb");
        assert_non_null(in[i]);
    }
    do {
        byte = fgetc(in[0]);
        assert_int_equal(fgetc(in[1]), byte);
    } while (byte != EOF);
    assert_int_equal(ftell(in[1]), size);
    fclose(in[0]);
    fclose(in[1]);
}

/* Runs mfdkit with `arguments`, in which @ is the folder; a stream of what it prints. */
static FILE *start(const struct rig *rig, const char *arguments)
{
    char command[2048] = MFD_PROGRAM " ";
    size_t len = strlen(command);
    FILE *out = NULL;

    for (; *arguments; arguments++) {
        len +=
            (size_t)snprintf(command + len, sizeof(command) - len, "%.*s",
                             *arguments == '@' ? 64 : 1, *arguments == '@' ? rig->dir : arguments);
        assert_true(len < sizeof(command) - 8);
    }
    snprintf(command + len, sizeof(command) - len, " 2>&1");
    out = popen(command, "r");
    assert_non_null(out);
    return out;
}

/* What it printed goes behind what `output` holds; its exit status. */
static int finish(struct rig *rig, FILE *out)
{
    size_t len = strlen(rig->output);
    int status = 0;

    len += fread(rig->output + len, 1, sizeof(rig->output) - 1 - len, out);
    rig->output[len] = '\0';
    status = pclose(out);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Sends to a receiver that listens already; more options for each. */
static void migrate(struct rig *rig, const char *for_recv, const char *for_send)
{
    char arguments[1024];
    char line[256];
    FILE *receiver = NULL;

    snprintf(arguments, sizeof(arguments),
             "recv --listen=unix:@/socket --ram=mem0=@/ram-out:256K --channels=2 %s", for_recv);
    receiver = start(rig, arguments);
    assert_non_null(fgets(line, sizeof(line), receiver));
    assert_non_null(strstr(line, "listening at"));
    snprintf(arguments, sizeof(arguments),
             "send --to=unix:@/socket --ram=mem0=@/ram-in:256K --channels=2 %s", for_send);
    rig->sent = finish(rig, start(rig, arguments));
    rig->received = finish(rig, receiver);
}

static void assert_says(const struct rig *rig, const char *words)
{
    if (!strstr(rig->output, words)) {
        fail_msg("no \"%s\" in:\n%s", words, rig->output);
    }
}

static void state_of_devices_goes_from_file_to_file(void **state)
{
    struct rig *rig = rig_new();

    (void)state;
    migrate(rig, "--device=0000:00:03.0/vfio:1=@/small-out:4K --device=gpu:0=@/large-out:1M",
            "--device=gpu:0=@/large-in --device=0000:00:03.0/vfio:1=@/small-in");
    assert_says(rig, "device 0000:00:03.0/vfio:1: 3000 bytes");
    assert_says(rig, "device gpu:0: 200000 bytes");
    assert_int_equal(rig->sent, 0);
    assert_int_equal(rig->received, 0);
    assert_same_file(rig, "ram-in", "ram-out", RAM);
    assert_same_file(rig, "small-in", "small-out", SMALL);
    assert_same_file(rig, "large-in", "large-out", LARGE);
    rig_free(rig);
}

static void state_that_is_refused_leaves_no_file(void **state)
{
    struct rig *rig = rig_new();

    (void)state;
    migrate(rig, "--device=gpu:0=@/large-out:199999", "--device=gpu:0=@/large-in");
    assert_says(rig, "MF-DEV-006");
    assert_int_equal(rig->sent, 1);
    assert_int_equal(rig->received, 1);
    rig->output[0] = '\0';
    migrate(rig, "--device=gpu:1=@/large-out:1M", "--device=gpu:0=@/large-in");
    assert_says(rig, "MF-DEV-003");
    assert_int_equal(rig->received, 1);
    assert_false(exists(rig, "large-out"));
    rig_free(rig);
}

/* Options that `command` cannot do anything with. */
static void assert_refused(const char *command, int status, const char *words)
{
    struct rig *rig = rig_new();

    make_file(rig, "empty", 0, 0);
    assert_int_equal(finish(rig, start(rig, command)), status);
    assert_says(rig, words);
    rig_free(rig);
}

static void devices_without_sense_are_told(void **state)
{
    (void)state;
    assert_refused("send --to=unix:@/socket --ram=mem0=@/ram-in:256K --device=gpu=@/small-in", 2,
                   "is not ID:INSTANCE=FILE");
    assert_refused("send --to=unix:@/socket --ram=mem0=@/ram-in:256K --device=gpu:0=@/none", 1,
                   "none: No such file");
    assert_refused("send --to=unix:@/socket --ram=mem0=@/ram-in:256K --device=gpu:0=@/empty", 1,
                   "empty: No data available");
    assert_refused("recv --listen=unix:@/socket --ram=mem0=@/ram-out:256K --device=gpu:0=@/x", 2,
                   "is not ID:INSTANCE=FILE:BOUND");
    assert_refused("recv --listen=unix:@/socket --ram=mem0=@/ram-out:256K --rev=9.0 "
                   "--device=gpu:0=@/x:1K",
                   2, "the revision does not have");
    assert_refused("send --to=file:@/socket --ram=mem0=@/ram-in:256K --device=gpu:0=@/small-in", 2,
                   "does not have this");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_of_devices_goes_from_file_to_file),
        cmocka_unit_test(state_that_is_refused_leaves_no_file),
        cmocka_unit_test(devices_without_sense_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
