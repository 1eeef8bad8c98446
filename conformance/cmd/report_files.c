// SPDX-License-Identifier: GPL-2.0-or-later
#include "report_files.h"

#include "badge.h"
#include "html.h"
#include "json.h"
#include "junit.h"
#include "markdown.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool close_file(FILE *out, bool good, const char *path, const char *command)
{
    if (out) {
        good = fclose(out) == 0 && good;
    }
    if (!out || !good) {
        fprintf(stderr, "mfdkit %s: %s: %s\n", command, path, strerror(errno));
    }
    return out && good;
}

static bool write_file(const char *path, bool (*write)(FILE *out, const struct mfd_run *run),
                       const char *command, const struct mfd_run *run)
{
    FILE *out = path ? fopen(path, "we") : NULL;

    return !path || close_file(out, out && write(out, run), path, command);
}

bool mfd_report_files_write(const struct mfd_report_files *files, const char *command,
                            const struct mfd_run *run)
{
    bool good = write_file(files->json, mfd_json_write, command, run);

    good = write_file(files->junit, mfd_junit_write, command, run) && good;
    good = write_file(files->html, mfd_html_write, command, run) && good;
    good = write_file(files->markdown, mfd_markdown_write, command, run) && good;
    return write_file(files->badge, mfd_badge_write, command, run) && good;
}

bool mfd_report_html_write(const char *path, const char *command, const struct mfd_run *runs,
                           size_t count)
{
    FILE *out = fopen(path, "we");

    return close_file(out, out && mfd_html_write_all(out, runs, count), path, command);
}
