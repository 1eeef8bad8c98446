// SPDX-License-Identifier: GPL-2.0-or-later
#include "badge.h"

#include "escape.h"
#include "json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *colour(const struct mfd_run *run)
{
    switch (mfd_run_exit_code(run)) {
    case 0:
        return run->summary[MFD_KNOWN] ? "yellowgreen" : "brightgreen";
    case 1:
        return "red";
    default:
        return "lightgrey";
    }
}

/* "228 pass, 29 known"; what went wrong comes first. */
static void message(const struct mfd_run *run, char *text, size_t size)
{
    size_t bad = 0;

    for (size_t i = 0; i < run->count; i++) {
        bad += mfd_result_unexpected(&run->results[i], run->strict);
    }
    switch (mfd_run_exit_code(run)) {
    case 1:
        snprintf(text, size, "%zu unexpected, %zu pass", bad, run->summary[MFD_PASS]);
        break;
    case 3:
        snprintf(text, size, "harness failed");
        break;
    case 4:
        snprintf(text, size, "nothing tested");
        break;
    default:
        if (run->summary[MFD_KNOWN]) {
            snprintf(text, size, "%zu pass, %zu known", run->summary[MFD_PASS],
                     run->summary[MFD_KNOWN]);
        } else {
            snprintf(text, size, "%zu pass", run->summary[MFD_PASS]);
        }
    }
}

bool mfd_badge_write(FILE *out, const struct mfd_run *run)
{
    char label[64];
    char text[96];
    char *safe = NULL;
    json_t *json = NULL;
    bool good = false;

    snprintf(label, sizeof(label), "multifd %s %.*s", run->peer_kind,
             run->peer_version ? (int)strcspn(run->peer_version, " ") : 0,
             run->peer_version ? run->peer_version : "");
    label[strlen(label) - (label[strlen(label) - 1] == ' ')] = '\0';
    message(run, text, sizeof(text));
    safe = mfd_escape(label);
    json = json_pack("{s:i, s:s, s:s, s:s}", "schemaVersion", 1, "label", safe ? safe : "multifd",
                     "message", text, "color", colour(run));
    good = mfd_json_put(out, json);
    free(safe);
    return good;
}
