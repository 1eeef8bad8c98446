// SPDX-License-Identifier: GPL-2.0-or-later
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define REFUSED MFD_OUTCOME_BIT(MFD_REFUSED)
#define ACCEPTED MFD_OUTCOME_BIT(MFD_ACCEPTED)
#define WAITING MFD_OUTCOME_BIT(MFD_WAITING)

static const struct {
    const char *id;
    const char *params;
    enum mfd_rule rule;
    mfd_outcomes expect;
    enum mfd_outcome got;
    enum mfd_verdict verdict;
    double ms;
    const char *twin;
    const char *detail;
    const char *defect;
} rows[] = {
    {"init/bad-magic", "", MFD_INIT_002, REFUSED, MFD_REFUSED, MFD_PASS, 3.25, "pass", NULL, NULL},
    {"init/eof[n=13]", "n=13", MFD_INIT_016, REFUSED, MFD_CRASHED, MFD_FAIL, 12.5, "pass",
     "ended by <signal> 11 & \"core\" \x1b[31m\xff", NULL},
    {"init/stall", "", MFD_INIT_017, REFUSED | WAITING, MFD_HUNG, MFD_WARN, 2000, "pass",
     "does not answer", NULL},
    {"init/id-equals-count", "", MFD_INIT_012, REFUSED, MFD_CRASHED, MFD_KNOWN, 4.125, "pass",
     "ended by signal 11", "B01"},
    {"header/offset-past-block", "", MFD_HDR_021, REFUSED, MFD_REFUSED, MFD_STALE, 5, "pass",
     "baselines/x:4: never held", "B05"},
    {"header/unknown-block", "", MFD_HDR_019, REFUSED, MFD_REFUSED, MFD_BLOCKED, 6, "fail",
     "its twin ended as corrupted", NULL},
    {"zero/onto-dirt", "", MFD_PAY_017, ACCEPTED, MFD_OUTCOME_COUNT, MFD_NOT_APPLICABLE, 0, NULL,
     "from 9.0 on", NULL},
    {"zlib/fresh-stream", "", MFD_PAY_003, REFUSED, MFD_UNSUPPORTED, MFD_VERDICT_UNSUPPORTED, 1,
     NULL, "no zlib", NULL},
    {"sync/left-over", "", MFD_SYNC_011, REFUSED, MFD_UNDECIDED, MFD_VERDICT_UNDECIDED, 7, "pass",
     "nothing carries the settle", NULL},
    {"sync/omitted", "", MFD_SYNC_002, REFUSED | WAITING, MFD_OUTCOME_COUNT, MFD_HARNESS_ERROR, 0.5,
     NULL, "bind: Address already in use", NULL},
};

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* All that is told only of a failure. */
static void add_failure(struct mfd_result *result)
{
    static const struct {
        const char *conn;
        bool from_peer;
        bool deviation;
        enum mfd_happening_kind kind;
        const char *text;
    } seen[] = {
        {"main", false, false, MFD_HAPPENED_OPEN, "connected"},
        {"ch 0", false, false, MFD_HAPPENED_DATA, "ch 0 hello (64 bytes)"},
        {"ch 1", false, true, MFD_HAPPENED_DATA, "ch 1 hello ! cut=$n close (13 bytes)"},
        {"ch 0", true, false, MFD_HAPPENED_END, "reset"},
    };

    result->happening_count = sizeof(seen) / sizeof(seen[0]);
    result->happenings = calloc(result->happening_count, sizeof(*result->happenings));
    for (size_t i = 0; i < result->happening_count; i++) {
        result->happenings[i] = (struct mfd_happening){
            .ms = (double)i * 1.5,
            .conn = copy(seen[i].conn),
            .from_peer = seen[i].from_peer,
            .deviation = seen[i].deviation,
            .kind = seen[i].kind,
            .text = copy(seen[i].text),
        };
    }
    result->signal = 11;
    result->sanitizer = copy("ERROR: heap-buffer-overflow\n    #0 in hello");
    result->peer_log = copy("peer: starting\npeer: bad \x01 hello");
    result->pcap = copy("out/init-eof-13.pcapng");
    result->rerun = copy("mfdkit test qemu -t 'init/eof[n=13]'");
    result->offending =
        copy("hello, 4 bytes\n  > 0000  11 22 33 44              magic  <- \"it\"\n");
    result->path = copy("conformance/scenarios/init/eof.mfd");
    result->line = 7;
}

void fixture_run(struct mfd_run *run)
{
    *run = (struct mfd_run){
        .suite_version = copy("0.1.0"),
        .peer_kind = copy("qemu"),
        .peer_version = copy("7.2.22 (Debian)"),
        .peer_path = copy("/usr/bin/qemu-system-x86_64"),
        .profile = copy("qemu-7.2"),
        .role = "receiver",
        .results = calloc(sizeof(rows) / sizeof(rows[0]), sizeof(struct mfd_result)),
        .ms = 2042.5,
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mfd_result *result = &run->results[run->count++];

        *result = (struct mfd_result){
            .id = copy(rows[i].id),
            .params = copy(rows[i].params),
            .rule = rows[i].rule,
            .level = mfd_rule_level(rows[i].rule, false),
            .role = "receiver",
            .expect = rows[i].expect,
            .got = rows[i].got,
            .verdict = rows[i].verdict,
            .ms = rows[i].ms,
            .twin = copy(rows[i].twin),
            .detail = copy(rows[i].detail),
            .defect = copy(rows[i].defect),
        };
        if (result->verdict == MFD_FAIL) {
            add_failure(result);
        }
    }
    mfd_run_summarise(run);
}

char *fixture_written(bool (*write)(FILE *out, const struct mfd_run *run),
                      const struct mfd_run *run)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_true(write(out, run));
    fclose(out);
    return text;
}

void fixture_assert_golden(const char *text, const char *name)
{
    char path[512];
    char *want = NULL;
    size_t room = 0;
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/golden/%s", MFD_REPORT_FOLDER, name);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&want, &room, '\0', file) > 0);
    fclose(file);
    if (strcmp(text, want) != 0) {
        fputs(text, stdout); /* cmocka cuts long strings */
    }
    assert_string_equal(text, want);
    free(want);
}

char *fixture_file(const char *text)
{
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir;
    char name[256];
    FILE *file = NULL;

    snprintf(name, sizeof(name), "%s/mfd-report-XXXXXX", folder);
    file = fdopen(mkstemp(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return strdup(name);
}

/* Waits for a child; its exit status, 127 if it did not end by itself. */
static int wait_for(pid_t pid)
{
    int status = 0;

    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status)) {
        return 127;
    }
    return WEXITSTATUS(status);
}

int fixture_exec(char *const argv[])
{
    pid_t pid = fork();

    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    return wait_for(pid);
}

char *fixture_output(int (*command)(int argc, char **argv), char **argv, int *status)
{
    FILE *file = tmpfile();
    char *text = NULL;
    size_t room = 0;
    int argc = 0;
    pid_t pid = 0;

    assert_non_null(file);
    while (argv[argc]) {
        argc++;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        /* in a child, because wrong usage ends the process */
        dup2(fileno(file), STDOUT_FILENO);
        dup2(fileno(file), STDERR_FILENO);
        exit(command(argc, argv));
    }
    *status = wait_for(pid);
    rewind(file);
    if (getdelim(&text, &room, '\0', file) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(file);
    return text;
}

void fixture_expect_said(int (*command)(int argc, char **argv), char **argv, int status,
                         const char *text)
{
    int got = 0;
    char *said = fixture_output(command, argv, &got);

    if (got != status || !strstr(said, text)) {
        fail_msg("exit status %d, \"%s\" wanted:\n%s", got, text, said);
    }
    free(said);
}

void fixture_tree_write(const struct fixture_tree *tree, const char *name, const char *text)
{
    char path[512];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", tree->root, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

void fixture_tree_remove(const struct fixture_tree *tree, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", tree->root, name);
    assert_int_equal(remove(path), 0);
}

static void make_folder(const struct fixture_tree *tree, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", tree->root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

int fixture_tree_make(void **state)
{
    struct fixture_tree *tree = calloc(1, sizeof(*tree));

    tree->root = fixture_file("");
    unlink(tree->root);
    make_folder(tree, "");
    make_folder(tree, "scenarios");
    make_folder(tree, "scenarios/init");
    make_folder(tree, "baselines");
    fixture_tree_write(tree, "scenarios/init/id-too-large.mfd",
                       "# A hello whose id is the number of channels.\n"
                       "rule MF-INIT-012\n\nmain start\nch 0 ready\n"
                       "ch 1 hello ! id=channels\nexpect refused\n");
    fixture_tree_write(tree, "baselines/qemu-7.2",
                       "init/* 7.2.0..7.2.22 crashed B01 # one past the table\n");
    snprintf(tree->scenarios, sizeof(tree->scenarios), "%s/scenarios", tree->root);
    *state = tree;
    return 0;
}

int fixture_tree_drop(void **state)
{
    struct fixture_tree *tree = *state;

    fixture_tree_remove(tree, "scenarios/init/id-too-large.mfd");
    fixture_tree_remove(tree, "scenarios/init");
    fixture_tree_remove(tree, "scenarios");
    fixture_tree_remove(tree, "baselines/qemu-7.2");
    fixture_tree_remove(tree, "baselines");
    fixture_tree_remove(tree, "");
    free(tree->root);
    free(tree);
    return 0;
}
