// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"

#include "escape.h"
#include "method.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_SIZE 512

enum mfd_interop_verdict mfd_interop_judge(const struct mfd_interop_cell *cell,
                                           const struct mfd_interop_result *result)
{
    const struct mfd_interop_known *known = mfd_interop_known(cell);

    if (!result->ran) {
        return result->unsupported ? MFD_INTEROP_UNSUPPORTED : MFD_INTEROP_ERROR;
    }
    if (result->outcome == MFD_INTEROP_WORKS) {
        return known ? MFD_INTEROP_STALE : MFD_INTEROP_PASS;
    }
    return known && known->outcomes & result->outcome ? MFD_INTEROP_KNOWN : MFD_INTEROP_FAIL;
}

const char *mfd_interop_verdict_name(enum mfd_interop_verdict verdict)
{
    static const char *const names[] = {"pass", "known", "stale", "fail", "error", "unsupported"};

    return names[verdict];
}

void mfd_interop_count(const struct mfd_interop_run *run, size_t counts[MFD_INTEROP_VERDICTS])
{
    memset(counts, 0, MFD_INTEROP_VERDICTS * sizeof(*counts));
    for (size_t i = 0; i < run->count; i++) {
        counts[mfd_interop_judge(&run->cells[i], &run->results[i])]++;
    }
}

const char *mfd_interop_label(const struct mfd_interop_peer *peer)
{
    return peer->program ? peer->version : "ref";
}

const char *mfd_interop_rerun(const struct mfd_interop_cell *cell, char *buf, size_t size)
{
    snprintf(buf, size,
             "mfdkit interop --from %s --to %s --machine %s --zero %s --method %s --channels %u",
             cell->from->name, cell->to->name, mfd_interop_machine_name(cell->machine),
             mfd_interop_zero_name(cell->zero), mfd_method_info(cell->method)->name,
             cell->channels);
    return buf;
}

/* --- text --- */

/* Rows of the table: cells that differ in method and channels only, and have come to the same. */
static bool same_row(const struct mfd_interop_run *run, size_t a, size_t b)
{
    const struct mfd_interop_cell *one = &run->cells[a];
    const struct mfd_interop_cell *other = &run->cells[b];

    return one->from == other->from && one->to == other->to && one->machine == other->machine &&
           one->zero == other->zero && one->settings == other->settings &&
           run->results[a].ran == run->results[b].ran &&
           run->results[a].unsupported == run->results[b].unsupported &&
           run->results[a].outcome == run->results[b].outcome;
}

/* The first cell of a row: no earlier one is in it. */
static bool opens_row(const struct mfd_interop_run *run, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (same_row(run, i, index)) {
            return false;
        }
    }
    return true;
}

/* "none 1,16  zlib 2  zstd 4,255" */
static void methods_of_row(const struct mfd_interop_run *run, size_t row, char *buf, size_t size)
{
    size_t used = 0;

    buf[0] = '\0';
    for (size_t method = 0; method < 32 && used < size; method++) {
        uint32_t bit = method ? 1u << method : 0;
        bool any = false;

        for (size_t i = row; i < run->count && used < size; i++) {
            if (run->cells[i].method == bit && same_row(run, row, i)) {
                if (!any) {
                    used += (size_t)snprintf(buf + used, size - used, "%s%s ", used ? "  " : "",
                                             mfd_method_info(bit)->name);
                }
                used += (size_t)snprintf(buf + used, size - used, "%s%u", any ? "," : "",
                                         run->cells[i].channels);
                any = true;
            }
        }
    }
}

static void print_row(FILE *out, const struct mfd_interop_run *run, size_t row)
{
    const struct mfd_interop_cell *cell = &run->cells[row];
    const struct mfd_interop_result *result = &run->results[row];
    const struct mfd_interop_known *known = mfd_interop_known(cell);
    const char *type = mfd_interop_machine_type(cell);
    enum mfd_interop_verdict verdict = mfd_interop_judge(cell, result);
    char methods[WORDS_SIZE];
    char settings[64];

    methods_of_row(run, row, methods, sizeof(methods));
    fprintf(out, "%-8s %-8s %-16s %-7s %-24s %-10s %-11s %-7s %s\n", mfd_interop_label(cell->from),
            mfd_interop_label(cell->to), type ? type : "-", mfd_interop_zero_name(cell->zero),
            mfd_interop_settings_name(cell->settings, settings, sizeof(settings)),
            result->ran ? mfd_interop_outcome_name(result->outcome) : "not run",
            verdict == MFD_INTEROP_PASS ? "" : mfd_interop_verdict_name(verdict),
            known ? *known->defect ? known->defect : known->rule + 3 : "", methods);
}

static void print_known(FILE *out, const struct mfd_interop_run *run)
{
    size_t count = 0;
    const struct mfd_interop_known *rows = mfd_interop_knowns(&count);

    for (size_t k = 0; k < count; k++) {
        size_t i = 0;

        while (i < run->count && mfd_interop_known(&run->cells[i]) != &rows[k]) {
            i++;
        }
        if (i < run->count) {
            fprintf(out, "\n%s%s%s: %s\n", rows[k].defect, *rows[k].defect ? ", " : "",
                    rows[k].rule, rows[k].why);
            if (rows[k].lacks) {
                fprintf(out, "    what repairs it: %s\n",
                        mfd_interop_setting_text((enum mfd_interop_setting)rows[k].lacks));
            }
        }
    }
}

void mfd_interop_print_cell(FILE *out, const struct mfd_interop_cell *cell,
                            const struct mfd_interop_result *result)
{
    char text[WORDS_SIZE];
    char settings[64];
    char *detail = mfd_escape(result->detail);

    fprintf(out, "\n%s  %s to %s, %s, zero pages %s, method %s, %u channels, settings %s\n",
            mfd_interop_verdict_name(mfd_interop_judge(cell, result)),
            mfd_interop_label(cell->from), mfd_interop_label(cell->to),
            mfd_interop_machine_name(cell->machine), mfd_interop_zero_name(cell->zero),
            mfd_method_info(cell->method)->name, cell->channels,
            mfd_interop_settings_name(cell->settings, settings, sizeof(settings)));
    if (result->ran) {
        fprintf(out, "      outcome    %s: source %s, destination %s\n",
                mfd_interop_outcome_name(result->outcome), result->from_status, result->to_status);
    }
    if (result->compared && result->memory.pages) {
        fprintf(out, "      memory     %" PRIu64 " pages differ, the first byte at 0x%" PRIx64 "\n",
                result->memory.pages, result->memory.first);
    }
    if (detail && *detail) {
        fprintf(out, "      says       %s\n", detail);
    }
    fprintf(out, "      again      %s\n", mfd_interop_rerun(cell, text, sizeof(text)));
    free(detail);
}

void mfd_interop_print(FILE *out, const struct mfd_interop_run *run)
{
    size_t counts[MFD_INTEROP_VERDICTS];

    fprintf(out, "%-8s %-8s %-16s %-7s %-24s %-10s %-19s %s\n", "from", "to", "machine", "zero",
            "settings", "outcome", "", "method and channels");
    for (size_t i = 0; i < run->count; i++) {
        if (opens_row(run, i)) {
            print_row(out, run, i);
        }
    }
    print_known(out, run);
    for (size_t i = 0; i < run->count; i++) {
        enum mfd_interop_verdict verdict = mfd_interop_judge(&run->cells[i], &run->results[i]);

        if (verdict != MFD_INTEROP_PASS && verdict != MFD_INTEROP_KNOWN &&
            verdict != MFD_INTEROP_UNSUPPORTED) {
            mfd_interop_print_cell(out, &run->cells[i], &run->results[i]);
        }
    }
    mfd_interop_count(run, counts);
    fprintf(out,
            "\n%zu cells: %zu work, %zu known to break, %zu stale, %zu failed, %zu not run, "
            "%zu unsupported; %.1f s\n",
            run->count, counts[MFD_INTEROP_PASS], counts[MFD_INTEROP_KNOWN],
            counts[MFD_INTEROP_STALE], counts[MFD_INTEROP_FAIL], counts[MFD_INTEROP_ERROR],
            counts[MFD_INTEROP_UNSUPPORTED], run->seconds);
}

/* --- JSON --- */

/* A string made safe, or null where there is none. */
static json_t *text_json(const char *text)
{
    char *safe = text && *text ? mfd_escape(text) : NULL;
    json_t *json = safe ? json_string(safe) : json_null();

    free(safe);
    return json;
}

static json_t *settings_json(unsigned settings)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < MFD_SETTINGS; i++) {
        if (settings & 1u << i) {
            json_array_append_new(
                list, json_string(mfd_interop_setting_text((enum mfd_interop_setting)(1u << i))));
        }
    }
    return list;
}

static json_t *memory_json(const struct mfd_interop_result *result)
{
    return result->compared
               ? json_pack("{s:b, s:I, s:o}", "equal", result->memory.pages == 0, "pages",
                           (json_int_t)result->memory.pages, "first",
                           result->memory.pages ? json_integer((json_int_t)result->memory.first)
                                                : json_null())
               : json_null();
}

static json_t *cell_json(const struct mfd_interop_cell *cell,
                         const struct mfd_interop_result *result)
{
    const struct mfd_interop_known *known = mfd_interop_known(cell);
    char rerun[WORDS_SIZE];
    json_t *json = json_object();

    json_object_set_new(json, "from", text_json(cell->from->name));
    json_object_set_new(json, "to", text_json(cell->to->name));
    json_object_set_new(json, "machine", text_json(mfd_interop_machine_type(cell)));
    json_object_set_new(json, "zero", text_json(mfd_interop_zero_name(cell->zero)));
    json_object_set_new(json, "method", text_json(mfd_method_info(cell->method)->name));
    json_object_set_new(json, "channels", json_integer(cell->channels));
    json_object_set_new(json, "settings", settings_json(cell->settings));
    json_object_set_new(json, "from_status", text_json(result->from_status));
    json_object_set_new(json, "to_status", text_json(result->to_status));
    json_object_set_new(json, "memory", memory_json(result));
    json_object_set_new(json, "outcome",
                        text_json(result->ran ? mfd_interop_outcome_name(result->outcome) : NULL));
    json_object_set_new(json, "result",
                        text_json(mfd_interop_verdict_name(mfd_interop_judge(cell, result))));
    json_object_set_new(json, "defect", text_json(known ? known->defect : NULL));
    json_object_set_new(json, "rule", text_json(known ? known->rule : NULL));
    json_object_set_new(json, "reason", text_json(known ? known->why : NULL));
    json_object_set_new(
        json, "repair",
        text_json(known && known->lacks
                      ? mfd_interop_setting_text((enum mfd_interop_setting)known->lacks)
                      : NULL));
    json_object_set_new(json, "ms", json_real(round(result->ms * 1000) / 1000));
    json_object_set_new(json, "detail", text_json(result->detail));
    json_object_set_new(json, "rerun", text_json(mfd_interop_rerun(cell, rerun, sizeof(rerun))));
    return json;
}

static json_t *peers_json(const struct mfd_interop_run *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->peer_count; i++) {
        const struct mfd_interop_peer *peer = &run->peers[i];

        json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:o}", "name", text_json(peer->name),
                                              "version", peer->version, "package", peer->package,
                                              "path", text_json(peer->program)));
    }
    return list;
}

json_t *mfd_interop_to_json(const struct mfd_interop_run *run)
{
    size_t counts[MFD_INTEROP_VERDICTS];
    json_t *summary = json_object();
    json_t *cells = json_array();

    mfd_interop_count(run, counts);
    for (int i = 0; i < MFD_INTEROP_VERDICTS; i++) {
        json_object_set_new(summary, mfd_interop_verdict_name((enum mfd_interop_verdict)i),
                            json_integer((json_int_t)counts[i]));
    }
    for (size_t i = 0; i < run->count; i++) {
        json_array_append_new(cells, cell_json(&run->cells[i], &run->results[i]));
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "suite", run->suite, "peers", peers_json(run),
                     "summary", summary, "cells", cells);
}
