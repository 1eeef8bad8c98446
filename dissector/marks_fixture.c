// SPDX-License-Identifier: GPL-2.0-or-later
#include "marks_fixture.h"

#include "capture_write.h"
#include "method.h"
#include "tshark_test.h"

#include <sys/stat.h>

#define GROUPS 128
/* The first receiver of a capture. */
#define RECEIVER ((198u << 24) | (18u << 16) | 1u)

/* Migrations whose receivers are set up alike: one capture. */
struct group {
    char prefs[512];
    char path[64];
    FILE *file;
    struct mfd_capture_writer *writer;
    struct mfd_marks_sample *samples;
    size_t count;
};

static struct group groups[GROUPS];
static size_t group_count;
static struct group *current;
static char folder[] = P_tmpdir "/mfd-dissector-XXXXXX";
static char keys[sizeof(folder) + 8];

bool mfd_marks_begin(void)
{
    if (mfd_tshark_has_plugin(NULL) != 0 || !mkdtemp(folder) || chmod(folder, 0755) != 0) {
        return false;
    }
    snprintf(keys, sizeof(keys), "%s/keys", folder);
    return setenv("SSLKEYLOGFILE", keys, 1) == 0;
}

/* ---- making captures ---- */

/*
 * How tshark is to find the migrations, and what it is told of them. Faulty ones need Decode As; where some of the connections are TLS
 * it finds out itself which.
 */
static void write_prefs(char *prefs, size_t size, const struct mfd_plan *plan, bool no_switchover)
{
    static const char *const syncs[] = {"section", "marker"};
    static const char *const zeros[] = {"main", "packet", "none"};
    char uuid[2 * MFD_UUID_SIZE + 1] = "";
    char tls[sizeof(keys) + 64] = "";

    for (size_t i = 0; i < MFD_UUID_SIZE; i++) {
        snprintf(uuid + 2 * i, 3, "%02x", plan->uuid[i]);
    }
    if (plan->tls) {
        snprintf(tls, sizeof(tls), " -o tls.keylog_file:%s -d tls.port==%u,multifd", keys,
                 MFD_CAPTURE_PORT);
    } else {
        snprintf(tls, sizeof(tls), " -d tcp.port==%u,multifd", MFD_CAPTURE_PORT);
    }
    snprintf(prefs, size,
             "-o multifd.revision:%s -o multifd.sync:%s -o multifd.zero:%s -o multifd.method:%s "
             "-o multifd.channels:%u -o multifd.page_size:%u -o multifd.uuid:%s "
             "-o multifd.no_switchover:%s%s",
             mfd_rev_info(plan->speak)->name, syncs[plan->sync], zeros[plan->zero],
             mfd_method_info(plan->method)->name, plan->channels, plan->page_size, uuid,
             no_switchover ? "TRUE" : "FALSE", tls);
}

static struct group *group_of(const char *prefs)
{
    struct group *group = NULL;

    for (size_t i = 0; i < group_count; i++) {
        if (strcmp(groups[i].prefs, prefs) == 0) {
            return &groups[i];
        }
    }
    assert_true(group_count < GROUPS);
    group = &groups[group_count];
    strcpy(group->prefs, prefs);
    snprintf(group->path, sizeof(group->path), "%s/%zu.pcapng", folder, group_count);
    group_count++;
    group->file = fopen(group->path, "wb");
    assert_non_null(group->file);
    group->writer = mfd_capture_create(group->file, &(struct mfd_capture_options){0});
    assert_non_null(group->writer);
    return group;
}

struct mfd_marks_sample *mfd_marks_add(const struct mfd_plan *plan, bool no_switchover)
{
    char prefs[sizeof(groups->prefs)];
    struct mfd_marks_sample *sample = NULL;

    write_prefs(prefs, sizeof(prefs), plan, no_switchover);
    current = group_of(prefs);
    if (current->count) {
        mfd_capture_next_migration(current->writer);
    }
    current->samples = realloc(current->samples, (current->count + 1) * sizeof(*current->samples));
    assert_non_null(current->samples);
    sample = &current->samples[current->count++];
    memset(sample, 0, sizeof(*sample));
    sample->id = strdup(plan->id);
    sample->twin = plan->twin;
    return sample;
}

void mfd_marks_event(const struct mfd_event *event, const char *text)
{
    mfd_capture_comment(current->writer, text);
    assert_true(mfd_capture_event(current->writer, event));
}

void mfd_marks_finish(void)
{
    for (size_t i = 0; i < group_count; i++) {
        assert_true(mfd_capture_finish(groups[i].writer));
        fclose(groups[i].file);
    }
}

/* ---- what tshark marks ---- */

/* The next of the columns of a line, which may be empty; NULL: there is none. */
static char *next_column(char **line)
{
    return strsep(line, "\t");
}

static struct mfd_marks_sample *sample_of(struct group *group, const char *receiver)
{
    unsigned a[4] = {0};
    size_t index = 0;

    assert_int_equal(sscanf(receiver, "%u.%u.%u.%u", &a[0], &a[1], &a[2], &a[3]), 4);
    index = (a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3]) - RECEIVER;
    assert_true(index < group->count);
    return &group->samples[index];
}

/* What dissect() asks for: source, destination, rules, ids of hellos, and what only a frame of TLS has. */
static void take_line(struct group *group, char *line)
{
    char *source = next_column(&line);
    char *destination = next_column(&line);
    char *rules = next_column(&line);
    char *hellos = next_column(&line);
    char *records = next_column(&line);
    struct mfd_marks_sample *sample = NULL;

    if (!records) {
        fail_msg("what does tshark mean by: %s", source);
        return;
    }
    sample = sample_of(group, strcmp(source, "192.0.2.1") == 0 ? destination : source);
    for (char *save = NULL, *id = strtok_r(rules, ",", &save); id;
         id = strtok_r(NULL, ",", &save)) {
        enum mfd_rule rule = mfd_rule_find(id);

        assert_int_not_equal(rule, MFD_RULE_COUNT);
        sample->marked[rule] = true;
    }
    sample->uncovered += *records && *hellos;
}

static void dissect(struct group *group, const char *how)
{
    char *text = mfd_tshark("-r %s -n %s -o tcp.try_heuristic_first:TRUE %s "
                            "-Y 'multifd.rule or (tls and multifd.hello.id)' -T fields -e ip.src "
                            "-e ip.dst -e multifd.rule -e multifd.hello.id "
                            "-e tls.record.content_type",
                            group->path, how, group->prefs);

    for (size_t i = 0; i < group->count; i++) {
        memset(group->samples[i].marked, 0, sizeof(group->samples[i].marked));
        group->samples[i].uncovered = 0;
    }
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        take_line(group, line);
    }
    free(text);
}

/* ---- comparing ---- */

/* Rules about payload, which the observer passes over. */
static bool is_about_payload(int rule)
{
    switch (rule) {
    case MFD_PAY_003:
    case MFD_PAY_005:
    case MFD_PAY_010:
    case MFD_PAY_011:
    case MFD_PAY_012:
    case MFD_PAY_014:
        return true;
    default:
        return false;
    }
}

static size_t tell(const struct mfd_marks_sample *sample, int rule, bool wanted)
{
    print_error("%s%s: %s is %s\n", sample->id, sample->twin ? " without its fault" : "",
                mfd_rule_info((enum mfd_rule)rule)->id,
                wanted ? "not marked" : "marked, but not broken");
    return 1;
}

/* A scenario names all rules about payload that its fault may break; a decoder stops at the first. */
static size_t payload_differences(const struct mfd_marks_sample *sample, bool payload)
{
    size_t count = 0;
    int named = -1;
    bool marked = false;

    for (int rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (!is_about_payload(rule)) {
            continue;
        }
        marked |= sample->marked[rule];
        if (sample->named[rule] && sample->refused && payload) {
            named = rule;
        } else if (sample->marked[rule]) {
            count += tell(sample, rule, false);
        }
    }
    return count + (named >= 0 && !marked ? tell(sample, named, true) : 0);
}

static size_t differences(const struct mfd_marks_sample *sample, bool payload)
{
    size_t count = payload_differences(sample, payload);

    if (sample->uncovered != sample->covered) {
        print_error("%s: %zu hellos under TLS, %zu are read\n", sample->id, sample->covered,
                    sample->uncovered);
        count++;
    }
    for (int rule = 0; rule < MFD_RULE_COUNT; rule++) {
        if (!is_about_payload(rule) && !sample->open[rule] &&
            sample->wanted[rule] != sample->marked[rule]) {
            count += tell(sample, rule, sample->wanted[rule]);
        }
    }
    return count;
}

size_t mfd_marks_differences(const char *how, bool payload)
{
    size_t wrong = 0;

    for (size_t i = 0; i < group_count; i++) {
        dissect(&groups[i], how);
        for (size_t s = 0; s < groups[i].count; s++) {
            wrong += differences(&groups[i].samples[s], payload);
        }
    }
    return wrong;
}

size_t mfd_marks_count(void)
{
    size_t count = 0;

    for (size_t i = 0; i < group_count; i++) {
        count += groups[i].count;
    }
    return count;
}

const struct mfd_marks_sample *mfd_marks_at(size_t i)
{
    size_t group = 0;

    while (i >= groups[group].count) {
        i -= groups[group++].count;
    }
    return &groups[group].samples[i];
}

int mfd_marks_remove(void)
{
    for (size_t i = 0; i < group_count; i++) {
        for (size_t s = 0; s < groups[i].count; s++) {
            free(groups[i].samples[s].id);
        }
        free(groups[i].samples);
        if (!getenv("MFD_KEEP")) {
            unlink(groups[i].path);
        }
    }
    if (getenv("MFD_KEEP")) {
        print_message("kept: %s\n", folder);
        return 0;
    }
    unlink(keys);
    return rmdir(folder);
}
