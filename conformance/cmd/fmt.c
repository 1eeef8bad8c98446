// SPDX-License-Identifier: GPL-2.0-or-later
/* mfdkit fmt: the one canonical form of scenario files. */
#include "cmd.h"
#include "scenario.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    bool check;
    char **files;
    int count;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;

    (void)value;
    switch (key) {
    case 'c':
        options->check = true;
        return 0;
    case ARGP_KEY_ARGS:
        options->files = state->argv + state->next;
        options->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "no FILE is given");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The whole file, owned by the caller; NULL with errno. */
static char *read_whole(FILE *file, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    char block[4096];
    size_t n = 0;
    bool good = out != NULL;

    while (good && (n = fread(block, 1, sizeof(block), file)) > 0) {
        good = fwrite(block, 1, n, out) == n;
    }
    good = good && !ferror(file);
    if (out && fclose(out) != 0) {
        good = false;
    }
    if (!good) {
        free(text);
        return NULL;
    }
    return text;
}

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static char *read_path(const char *path, size_t *len)
{
    FILE *file = is_stdin(path) ? stdin : fopen(path, "rb");
    char *text = file ? read_whole(file, len) : NULL;

    if (file && file != stdin) {
        fclose(file);
    }
    return text;
}

static bool write_path(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fputs(text, file) >= 0;

    return file && fclose(file) == 0 && good;
}

static int complain(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return MFD_USAGE;
}

static int complain_at(const char *path, const struct mfd_lang_error *error, int code)
{
    fprintf(stderr, "%s:%u: %s\n", path, error->line, error->text);
    return code;
}

/* Says what is to be done, changes nothing. */
static int check(const char *path, const struct mfd_scenario *scenario, bool same)
{
    struct mfd_lang_error error;

    if (!same) {
        printf("%s\n", path);
        return MFD_UNEXPECTED;
    }
    return mfd_scenario_lint(scenario, &error) ? MFD_OK : complain_at(path, &error, MFD_UNEXPECTED);
}

static int format(const char *path, bool only_check)
{
    struct mfd_lang_error error;
    size_t len = 0;
    char *text = read_path(path, &len);
    struct mfd_scenario *scenario = text ? mfd_scenario_parse(path, text, len, &error) : NULL;
    char *form = NULL;
    bool same = false;
    int code = MFD_OK;

    if (!text) {
        return complain(path);
    }
    if (!scenario) {
        free(text);
        return complain_at(path, &error, MFD_USAGE);
    }
    form = mfd_scenario_print(scenario);
    same = strlen(form) == len && memcmp(form, text, len) == 0;
    if (only_check) {
        code = check(path, scenario, same);
    } else if (is_stdin(path)) {
        fputs(form, stdout);
    } else if (!same && !write_path(path, form)) {
        code = complain(path);
    }
    free(form);
    free(text);
    mfd_scenario_free(scenario);
    return code;
}

int mfd_cmd_fmt(int argc, char **argv)
{
    static const struct argp_option option_list[] = {
        {"check", 'c', NULL, 0,
         "Change nothing; name the files that are not in their form or disagree with the rules", 0},
        {0},
    };
    static const struct argp argp = {
        option_list,
        parse_option,
        "FILE...",
        "Writes scenario files in their one form; - stands for standard input and output.",
        NULL,
        NULL,
        NULL,
    };
    struct options options = {0};
    int code = MFD_OK;

    argp_err_exit_status = MFD_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    for (int i = 0; i < options.count; i++) {
        int one = format(options.files[i], options.check);

        code = one > code ? one : code;
    }
    return code;
}
