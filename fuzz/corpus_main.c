// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_corpus FOLDER FILE...: writes inputs for the harnesses. Of a scenario every instance, with and without its fault
 * and for several releases: into FOLDER/cases as a case and FOLDER/captures as a capture, or FOLDER/files for a mapped-ram
 * file. Of a capture (.pcapng) its first frames, cut short. Equal inputs are one file, named by its digest.
 */
#include "capture_read.h"
#include "capture_write.h"
#include "guard.h"
#include "image.h"
#include "image_case.h"
#include "plan_case.h"
#include "plan_events.h"
#include "scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An input that is longer costs the engines more than it tells them. */
#define INPUT_MAX 65536u
/* Of captures there are a thousand shorter ones. */
#define CAPTURE_MAX 8192u
/* What is left of a recorded capture. */
#define SLIM_FRAMES 60u
#define SLIM_BYTES 200u

static const char *const releases[] = {"5.2", "7.2", "8.2", "9.2", "11.1"};

static bool store(const char *folder, const char *kind, const uint8_t *bytes, size_t size)
{
    char path[4096];
    FILE *file = NULL;
    bool good = false;

    snprintf(path, sizeof(path), "%s/%s/%016" PRIx64, folder, kind,
             mfd_fuzz_digest(0, bytes, size));
    file = fopen(path, "wb");
    good = file && fwrite(bytes, 1, size, file) == size;
    if ((file && fclose(file)) || !good) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

/* The file of a plan as a case, whose head is that of `head`; NULL where there is no room for it. */
static uint8_t *file_case(const struct mfd_plan *plan, const uint8_t *head, size_t *size)
{
    struct mfd_case *c = mfd_case_read_within(head, *size, 0, 0);
    int fd = memfd_create("image", MFD_CLOEXEC);
    uint8_t *bytes = NULL;

    if (fd >= 0 && mfd_image_write(plan, fd) == 0) {
        bytes = mfd_image_case(c, fd, plan->file_offset, size);
    }
    if (fd >= 0) {
        close(fd);
    }
    mfd_case_free(c);
    return bytes;
}

static bool put_event(const struct mfd_event *event, const char *text, void *writer)
{
    (void)text;
    return mfd_capture_event(writer, event);
}

/* What the plan sends as a capture, in one of the forms that captures have. */
static bool write_capture(const char *folder, const struct mfd_plan *plan)
{
    uint64_t form = mfd_plan_digest(plan);
    struct mfd_capture_options options = {.format =
                                              form & 1 ? MFD_CAPTURE_PCAP : MFD_CAPTURE_PCAPNG,
                                          .ipv6 = form & 2,
                                          .mss = form & 4 ? 536 : 0};
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    struct mfd_capture_writer *writer = out ? mfd_capture_create(out, &options) : NULL;
    bool good = writer && mfd_plan_events(plan, put_event, writer);

    good = writer && mfd_capture_finish(writer) && good;
    good = out && fclose(out) == 0 && good;
    if (good && size <= CAPTURE_MAX) {
        good = store(folder, "captures", (uint8_t *)bytes, size);
    }
    free(bytes);
    return good;
}

static bool write_plan(const char *folder, const struct mfd_scenario *scenario,
                       const struct mfd_instance *instance, const struct mfd_target *target,
                       bool twin)
{
    struct mfd_lang_error error = {0};
    struct mfd_plan *plan = mfd_scenario_compile(scenario, instance, target, twin, &error);
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool good = true;

    if (!plan) {
        fprintf(stderr, "%s: line %u: %s\n", instance->id, error.line, error.text);
        return false;
    }
    bytes = plan->expect ? mfd_plan_case(plan, target->rev, &size) : NULL;
    if (bytes && plan->file) {
        uint8_t *head = bytes;

        bytes = file_case(plan, head, &size);
        free(head);
    }
    if (bytes && size <= INPUT_MAX) {
        good = store(folder, plan->file ? "files" : "cases", bytes, size);
    }
    if (plan->expect && plan->conn_count && !plan->tls && !plan->file) {
        good = write_capture(folder, plan) && good;
    }
    free(bytes);
    mfd_plan_free(plan);
    return good;
}

static bool write_scenario(const char *folder, const char *path)
{
    struct mfd_lang_error error = {0};
    struct mfd_scenario *scenario = mfd_scenario_load(path, path, &error);
    bool good = scenario != NULL;

    for (size_t r = 0; good && r < sizeof(releases) / sizeof(releases[0]); r++) {
        struct mfd_target target = {.machine = "none", .slow = true, .settable = true};
        struct mfd_instance *instances = NULL;
        size_t count = 0;

        good = mfd_rev_parse(releases[r], &target.rev);
        instances = mfd_scenario_expand(scenario, &target, 2, &count, &error);
        for (size_t i = 0; good && i < count; i++) {
            good = write_plan(folder, scenario, &instances[i], &target, false);
            if (good && mfd_scenario_negative(scenario)) {
                good = write_plan(folder, scenario, &instances[i], &target, true);
            }
        }
        mfd_instances_free(instances, count);
    }
    if (!scenario) {
        fprintf(stderr, "%s:%u: %s\n", path, error.line, error.text);
    }
    mfd_scenario_free(scenario);
    return good;
}

/* The first frames of the capture, cut short. */
static bool slim(struct mfd_capture_reader *reader, FILE *out, char *error)
{
    struct mfd_frame frame;
    bool good = true;

    while (good && mfd_capture_next(reader, &frame, error) && frame.number <= SLIM_FRAMES) {
        struct mfd_capture_packet packet = {
            .time_ns = mfd_capture_first_ns(reader) + frame.time_ns,
            .bytes = frame.bytes,
            .captured = frame.captured < SLIM_BYTES ? frame.captured : SLIM_BYTES,
            .original = frame.original,
        };

        /* files have another number for bare IP than libpcap */
        good = (frame.number > 1 ||
                mfd_capture_file_start(
                    out, MFD_CAPTURE_PCAP,
                    frame.link == DLT_RAW ? MFD_LINKTYPE_RAW : (unsigned)frame.link, NULL)) &&
               mfd_capture_file_packet(out, MFD_CAPTURE_PCAP, &packet);
    }
    return good && !error[0];
}

static bool write_slim(const char *folder, const char *path)
{
    char error[MFD_CAPTURE_ERROR_SIZE] = "cannot be opened";
    FILE *in = fopen(path, "rb");
    struct mfd_capture_reader *reader = in ? mfd_capture_open(in, error) : NULL;
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    bool good = reader && out && slim(reader, out, error);

    if (reader) {
        mfd_capture_close(reader);
    }
    good = out && fclose(out) == 0 && good && store(folder, "captures", (uint8_t *)bytes, size);
    if (!good) {
        fprintf(stderr, "%s: %s\n", path, error);
    }
    free(bytes);
    return good;
}

static bool is_capture(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot && strcmp(dot, ".pcapng") == 0;
}

int main(int argc, char **argv)
{
    bool good = argc > 2;

    for (int i = 2; i < argc; i++) {
        good = (is_capture(argv[i]) ? write_slim : write_scenario)(argv[1], argv[i]) && good;
    }
    if (argc <= 2) {
        fprintf(stderr, "usage: fuzz_corpus FOLDER FILE...\n");
    }
    return good ? 0 : 1;
}
