// SPDX-License-Identifier: GPL-2.0-or-later
#include "describe.h"

#include "defect.h"
#include "escape.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

const char *mfd_describe_verdict(enum mfd_verdict verdict)
{
    switch (verdict) {
    case MFD_FAIL:
        return "FAIL";
    case MFD_STALE:
        return "STALE";
    case MFD_BLOCKED:
        return "BLOCKED";
    case MFD_HARNESS_ERROR:
        return "HARNESS ERROR";
    case MFD_NOT_APPLICABLE:
        return "n/a";
    default:
        return mfd_verdict_name(verdict);
    }
}

const char *mfd_describe_peer(const struct mfd_run *run, char *buf, size_t size)
{
    const char *more = run->peer_version && *run->peer_version ? run->peer_version
                       : run->peer_path                        ? run->peer_path
                                                               : "";

    snprintf(buf, size, "%s%s%s", run->peer_kind, *more ? " " : "", more);
    return buf;
}

const char *mfd_describe_area(const struct mfd_result *result, char *buf, size_t size)
{
    if (result->rule >= MFD_RULE_COUNT) {
        snprintf(buf, size, "baseline");
    } else {
        snprintf(buf, size, "%.*s", (int)strcspn(result->id, "/["), result->id);
    }
    return buf;
}

static void put_deviation(FILE *out, const struct mfd_result *result)
{
    char expect[128];

    fprintf(out, "expected %s, got %s",
            mfd_outcomes_text(result->expect, expect, (int)sizeof(expect)),
            result->got < MFD_OUTCOME_COUNT ? mfd_outcome_name(result->got) : "nothing");
}

static void put_reason(FILE *out, const struct mfd_result *result)
{
    const struct mfd_defect *defect = result->defect ? mfd_defect_find(result->defect) : NULL;

    if (result->rule >= MFD_RULE_COUNT) {
        fputs(result->detail ? result->detail : "", out);
        return;
    }
    switch (result->verdict) {
    case MFD_PASS:
        return;
    case MFD_FAIL:
    case MFD_WARN:
        put_deviation(out, result);
        break;
    case MFD_KNOWN:
        if (defect) {
            fprintf(out, "%s: %s", defect->id, defect->text);
            return;
        }
        put_deviation(out, result);
        break;
    case MFD_STALE:
        fputs("the baseline says what is no longer so", out);
        break;
    case MFD_BLOCKED:
        fprintf(out, "without its fault: %s", result->twin ? result->twin : "nothing");
        break;
    case MFD_NOT_APPLICABLE:
        fputs("not for this profile", out);
        break;
    case MFD_VERDICT_UNSUPPORTED:
        fputs("not supported by the peer", out);
        break;
    case MFD_VERDICT_UNDECIDED:
        fputs("cannot be seen through this peer", out);
        break;
    default:
        fputs("the harness failed", out);
        break;
    }
    if (result->detail && *result->detail) {
        fprintf(out, ": %s", result->detail);
    }
}

char *mfd_describe_reason(const struct mfd_result *result)
{
    char *text = NULL;
    char *safe = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out) {
        return NULL;
    }
    put_reason(out, result);
    fclose(out);
    safe = mfd_escape(text);
    free(text);
    for (char *p = safe; p && *(p += strcspn(p, "\n\t"));) {
        *p = ' ';
    }
    return safe;
}

char *mfd_describe_failure(const struct mfd_result *result)
{
    char *text = NULL;
    size_t size = 0;
    struct mfd_text plain = {.out = open_memstream(&text, &size)};

    if (!plain.out) {
        return NULL;
    }
    mfd_text_failure(&plain, result);
    fclose(plain.out);
    return text;
}
