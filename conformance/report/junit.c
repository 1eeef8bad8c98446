// SPDX-License-Identifier: GPL-2.0-or-later
#include "junit.h"

#include "describe.h"
#include "escape.h"

#include <stdlib.h>
#include <string.h>

enum element { PLAIN, FAILURE, ERROR, SKIPPED };

static enum element element_of(const struct mfd_result *result, bool strict)
{
    if (mfd_result_unexpected(result, strict)) {
        return FAILURE;
    }
    switch (result->verdict) {
    case MFD_PASS:
    case MFD_WARN:
        return PLAIN;
    case MFD_HARNESS_ERROR:
        return ERROR;
    default:
        return SKIPPED;
    }
}

/* The results of one area; of all if `area` is NULL. */
struct counts {
    size_t tests;
    size_t of[SKIPPED + 1];
    double ms;
};

static bool in_area(const struct mfd_result *result, const char *area)
{
    char own[64];

    return !area || strcmp(mfd_describe_area(result, own, sizeof(own)), area) == 0;
}

static struct counts count(const struct mfd_run *run, const char *area)
{
    struct counts counts = {0};

    for (size_t i = 0; i < run->count; i++) {
        if (in_area(&run->results[i], area)) {
            counts.tests++;
            counts.of[element_of(&run->results[i], run->strict)]++;
            counts.ms += run->results[i].ms;
        }
    }
    return counts;
}

static void attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    mfd_escape_xml(out, value);
    fputc('"', out);
}

static void put_counts(FILE *out, const struct counts *counts, double ms)
{
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.6f\">\n",
            counts->tests, counts->of[FAILURE], counts->of[ERROR], counts->of[SKIPPED], ms / 1000);
}

static void put_property(FILE *out, const char *indent, const char *name, const char *value)
{
    if (value) {
        fprintf(out, "%s<property", indent);
        attribute(out, "name", name);
        attribute(out, "value", value);
        fputs("/>\n", out);
    }
}

static void put_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, "      <%s>", name);
    mfd_escape_xml(out, text);
    fprintf(out, "</%s>\n", name);
}

/* <failure> or <error>, with everything that is known about it. */
static void put_problem(FILE *out, const char *name, const struct mfd_result *result,
                        const char *reason)
{
    char *full = mfd_describe_failure(result);

    fprintf(out, "      <%s", name);
    attribute(out, "message", reason);
    attribute(out, "type", mfd_verdict_name(result->verdict));
    fputc('>', out);
    mfd_escape_xml(out, full);
    fprintf(out, "</%s>\n", name);
    free(full);
}

static void put_verdict(FILE *out, const struct mfd_result *result, bool strict)
{
    char *reason = mfd_describe_reason(result);

    switch (element_of(result, strict)) {
    case FAILURE:
        put_problem(out, "failure", result, reason);
        break;
    case ERROR:
        put_problem(out, "error", result, reason);
        break;
    case SKIPPED:
        fputs("      <skipped", out);
        attribute(out, "message", reason);
        fputs("/>\n", out);
        break;
    case PLAIN:
        if (result->verdict == MFD_WARN) {
            char *full = mfd_describe_failure(result);

            put_text(out, "system-out", full);
            free(full);
        }
        break;
    }
    if (result->peer_log) {
        put_text(out, "system-err", result->peer_log);
    }
    free(reason);
}

static void put_case(FILE *out, const struct mfd_run *run, const struct mfd_result *result,
                     const char *area)
{
    char class[160];

    snprintf(class, sizeof(class), "%s.%s.%s", run->profile, run->role, area);
    fputs("    <testcase", out);
    attribute(out, "name", result->id);
    attribute(out, "classname", class);
    fprintf(out, " time=\"%.6f\">\n      <properties>\n", result->ms / 1000);
    if (result->rule < MFD_RULE_COUNT) {
        put_property(out, "        ", "rule", mfd_rule_info(result->rule)->id);
    }
    put_property(out, "        ", "level", result->level);
    put_property(out, "        ", "verdict", mfd_verdict_name(result->verdict));
    put_property(out, "        ", "defect", result->defect);
    put_property(out, "        ", "twin", result->twin);
    put_property(out, "        ", "capture", result->pcap);
    fputs("      </properties>\n", out);
    put_verdict(out, result, run->strict);
    fputs("    </testcase>\n", out);
}

static void put_suite(FILE *out, const struct mfd_run *run, const char *area)
{
    struct counts counts = count(run, area);

    fputs("  <testsuite", out);
    attribute(out, "name", area);
    put_counts(out, &counts, counts.ms);
    fputs("    <properties>\n", out);
    put_property(out, "      ", "suite", run->suite_version);
    put_property(out, "      ", "peer", run->peer_kind);
    put_property(out, "      ", "version", run->peer_version);
    put_property(out, "      ", "path", run->peer_path);
    put_property(out, "      ", "profile", run->profile);
    put_property(out, "      ", "role", run->role);
    fputs("    </properties>\n", out);
    for (size_t i = 0; i < run->count; i++) {
        if (in_area(&run->results[i], area)) {
            put_case(out, run, &run->results[i], area);
        }
    }
    fputs("  </testsuite>\n", out);
}

/* Whether no result before this one has its area. */
static bool first_of_area(const struct mfd_run *run, size_t index, const char *area)
{
    for (size_t i = 0; i < index; i++) {
        if (in_area(&run->results[i], area)) {
            return false;
        }
    }
    return true;
}

bool mfd_junit_write(FILE *out, const struct mfd_run *run)
{
    struct counts counts = count(run, NULL);

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mfdkit\"", out);
    put_counts(out, &counts, run->ms);
    for (size_t i = 0; i < run->count; i++) {
        char area[64];

        mfd_describe_area(&run->results[i], area, sizeof(area));
        if (first_of_area(run, i, area)) {
            put_suite(out, run, area);
        }
    }
    fputs("</testsuites>\n", out);
    return !ferror(out);
}
