// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that a command writes about a run, as its options name them.
 */
#ifndef MFD_REPORT_FILES_H
#define MFD_REPORT_FILES_H

#include "result.h"

#include <stdbool.h>

/* NULL: none of that kind. */
struct mfd_report_files {
    const char *json;
    const char *junit;
    const char *html;
    const char *markdown;
    const char *badge;
};

/* Writes all of them; false with a message of `command` for each that could not be. */
bool mfd_report_files_write(const struct mfd_report_files *files, const char *command,
                            const struct mfd_run *run);
/* One file about several runs. */
bool mfd_report_html_write(const char *path, const char *command, const struct mfd_run *runs,
                           size_t count);

#endif
