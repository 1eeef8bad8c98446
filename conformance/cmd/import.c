// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit import: what a fuzz harness was fed as a scenario, and as a capture. */
#include "import.h"

#include "choose.h"
#include "cmd.h"
#include "stage.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More no engine feeds a harness. */
#define INPUT_MAX (16u << 20)

enum { KEY_PCAP = 0x100, KEY_RULE, KEY_TITLE };

struct arguments {
    const char *input;
    const char *output;
    const char *pcap;
    const char *title;
    enum mfd_rule rule;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write the scenario there (default: standard output)", 0},
    {"pcap", KEY_PCAP, "FILE", 0, "write what it sends as a capture, too", 0},
    {"rule", KEY_RULE, "ID", 0,
     "the rule that it is about (default: the first that the input breaks)", 0},
    {"title", KEY_TITLE, "TEXT", 0, "its first line, in place of the input's name", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *args = state->input;

    switch (key) {
    case 'o':
        args->output = arg;
        return 0;
    case KEY_PCAP:
        args->pcap = arg;
        return 0;
    case KEY_RULE:
        args->rule = mfd_rule_find(arg);
        if (args->rule == MFD_RULE_COUNT) {
            argp_error(state, "--rule: there is no rule '%s'; mfdkit list rules shows them", arg);
        }
        return 0;
    case KEY_TITLE:
        if (!*arg || strpbrk(arg, "\r\n")) {
            argp_error(state, "--title takes one line");
        }
        args->title = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->input) {
            argp_error(state, "'%s' is one too many", arg);
        }
        args->input = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which INPUT?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse,
    "INPUT",
    "Write an input of the fuzz harnesses, as AFL++ and libFuzzer store crashes, as a scenario that can be played to "
    "any peer."
    "\vA message becomes the step that comes nearest, with faults for what differs; bytes that are no message become "
    "a \"send\". What a scenario cannot say of the receiver that was fuzzed stands in it as a comment. It expects what "
    "the reference does with it as a receiver of each revision; where that is a crash or a hang, a refusal. Next: mfdkit "
    "shrink FILE makes it smaller; mfdkit test --help tells how to play it.\n\n"
    "Inputs of the harness \"scenario\" are scenarios already.\n\n"
    "Exit status: 0 done, 2 usage, or no input that can be imported, 3 the harness itself failed.",
    NULL,
    NULL,
    NULL};

/* The whole file, for free(); NULL with a message. */
static uint8_t *read_input(const char *path, size_t *size)
{
    static const uint8_t captures[][4] = {{0xd4, 0xc3, 0xb2, 0xa1},
                                          {0xa1, 0xb2, 0xc3, 0xd4},
                                          {0x4d, 0x3c, 0xb2, 0xa1},
                                          {0x0a, 0x0d, 0x0d, 0x0a}};
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = file ? malloc(INPUT_MAX + 1) : NULL;
    const char *problem = bytes ? NULL : strerror(errno);

    *size = bytes ? fread(bytes, 1, INPUT_MAX + 1, file) : 0;
    if (bytes && ferror(file)) {
        problem = strerror(errno);
    } else if (*size > INPUT_MAX) {
        problem = "longer than any input of a harness";
    }
    for (size_t i = 0; !problem && *size >= 4 && i < sizeof(captures) / sizeof(captures[0]); i++) {
        if (memcmp(bytes, captures[i], sizeof(captures[i])) == 0) {
            problem = "that is a capture, which mfdkit check reads, and no input of a harness";
        }
    }
    if (file) {
        fclose(file);
    }
    if (problem) {
        fprintf(stderr, "mfdkit import: %s: %s\n", path, problem);
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* What the reference does with it. */
struct trial {
    bool played;
    enum mfd_outcome got;
    bool twin_passed;
    char detail[256];
};

struct bench {
    const struct arguments *args;
    const struct mfd_case *c;
    struct mfd_stage stage;
    struct mfd_peer reference;
    struct mfd_import_request request;
    struct mfd_imported imported;
    struct trial trial; /* by the revision of the case */
};

/* Plays what is imported to the reference as one of that revision. */
static bool play(struct bench *bench, enum mfd_rev rev, struct trial *trial)
{
    char error[MFD_RUN_ERROR_SIZE];
    struct mfd_run run;
    bool good = false;
    const struct mfd_result *result = NULL;

    *trial = (struct trial){.got = MFD_OUTCOME_COUNT};
    bench->reference.rev = rev;
    good = mfd_stage_play(&bench->stage, &bench->reference, bench->imported.text, &run, error);
    if (!good) {
        fprintf(stderr, "mfdkit import: %s\n", error);
    }
    result = good && run.count ? &run.results[0] : NULL;
    if (result && mfd_stage_played(result)) {
        trial->played = true;
        trial->got = result->got;
        trial->twin_passed = !result->twin || strcmp(result->twin, mfd_verdict_name(MFD_PASS)) == 0;
        snprintf(trial->detail, sizeof(trial->detail), "%s", result->detail ? result->detail : "");
    }
    mfd_run_free(&run);
    return good;
}

/* An outcome that a scenario may ask for, of a receiver that is in order. */
static bool is_sound(const struct trial *trial)
{
    return trial->played && trial->twin_passed &&
           (trial->got == MFD_ACCEPTED || trial->got == MFD_REFUSED || trial->got == MFD_WAITING ||
            trial->got == MFD_CORRUPTED);
}

static bool make_text(struct bench *bench)
{
    struct mfd_lang_error error = {0};

    free(bench->imported.text);
    bench->imported.text = NULL;
    if (mfd_import(&bench->request, &bench->imported, &error)) {
        return true;
    }
    fprintf(stderr, "mfdkit import: %s: %s\n", bench->args->input, error.text);
    return false;
}

/* What the reference does as a receiver of each revision is what is expected of it. */
static bool ask_all(struct bench *bench)
{
    mfd_outcomes *expect = bench->request.expect;

    /* without a clause for it nothing is played */
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_COUNT; rev++) {
        expect[rev] = MFD_OUTCOME_BIT(MFD_REFUSED);
    }
    if (!make_text(bench)) {
        return false;
    }
    for (int rev = MFD_REV_FIRST; rev < MFD_REV_COUNT; rev++) {
        struct trial trial;

        if (!play(bench, (enum mfd_rev)rev, &trial)) {
            return false;
        }
        expect[rev] = is_sound(&trial) ? MFD_OUTCOME_BIT(trial.got) : 0;
        if (rev == (int)bench->c->rev) {
            bench->trial = trial;
            expect[rev] = expect[rev] ? expect[rev] : MFD_OUTCOME_BIT(MFD_REFUSED);
        }
    }
    return true;
}

static bool import(struct bench *bench)
{
    if (!ask_all(bench)) {
        return false;
    }
    if (bench->trial.played && !bench->trial.twin_passed) {
        /* what is left without the faults is no migration: all of it is one fault */
        bench->request.whole = true;
        if (!ask_all(bench)) {
            return false;
        }
    }
    return make_text(bench);
}

static bool write_capture(struct bench *bench)
{
    char command[] = "pcap";
    char name[] = MFD_STAGE_NAME;
    char output[] = "-o";
    char folder[] = "--scenarios";
    char *argv[] = {command, name, output, (char *)bench->args->pcap, folder, bench->stage.folder,
                    NULL};

    return mfd_write_text(bench->stage.path, bench->imported.text) &&
           mfd_cmd_pcap(6, argv) == MFD_OK;
}

static bool write_result(struct bench *bench)
{
    const char *output = bench->args->output;
    const char *text = bench->imported.text;
    bool good =
        output ? mfd_write_text(output, text) : fputs(text, stdout) != EOF && fflush(stdout) == 0;

    if (!good) {
        fprintf(stderr, "mfdkit import: %s: %s\n", output ? output : "standard output",
                strerror(errno));
    }
    return good && (!bench->args->pcap || write_capture(bench));
}

static void tell(const struct bench *bench)
{
    const struct mfd_imported *imported = &bench->imported;
    const struct trial *trial = &bench->trial;

    fprintf(stderr, "%s: %s, %zu messages, %zu of them as bytes; the reference as %s: %s%s%s\n",
            bench->args->input, mfd_rule_info(imported->rule)->id, imported->messages,
            imported->raw, mfd_rev_info(bench->c->rev)->name,
            trial->played ? mfd_outcome_name(trial->got) : "not played", *trial->detail ? ": " : "",
            trial->detail);
}

static int run(const struct arguments *args, const uint8_t *bytes, size_t size)
{
    const struct mfd_choice choice = {.command = "import", .scale = 1};
    struct mfd_case *c = mfd_case_read(bytes, size);
    struct bench bench = {
        .args = args, .c = c, .request = {.c = c, .title = args->title, .rule = args->rule}};
    int code = mfd_choose_peer(&choice, &bench.reference);

    if (code == MFD_OK && !mfd_stage_open(&bench.stage)) {
        fprintf(stderr, "mfdkit import: a folder to work in: %s\n", strerror(errno));
        code = MFD_HARNESS;
    }
    if (code == MFD_OK && !import(&bench)) {
        code = bench.imported.text ? MFD_HARNESS : MFD_USAGE;
    }
    if (code == MFD_OK) {
        code = write_result(&bench) ? MFD_OK : MFD_HARNESS;
    }
    if (code == MFD_OK) {
        tell(&bench);
    }
    free(bench.imported.text);
    mfd_stage_close(&bench.stage);
    mfd_peer_free(&bench.reference);
    mfd_case_free(c);
    return code;
}

int mfd_cmd_import(int argc, char **argv)
{
    static char name[] = "mfdkit import";
    struct arguments args = {.rule = MFD_RULE_COUNT};
    char title[160];
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = MFD_USAGE;

    argv[0] = name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(&parser, argc, argv, 0, NULL, &args);
    if (!args.title) {
        const char *slash = strrchr(args.input, '/');

        snprintf(title, sizeof(title), "Imported from %.100s.", slash ? slash + 1 : args.input);
        args.title = title;
    }
    bytes = read_input(args.input, &size);
    if (bytes) {
        code = run(&args, bytes, size);
    }
    free(bytes);
    return code;
}
