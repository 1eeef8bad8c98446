// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_corpus FOLDER SCENARIO...: writes every instance of the scenario files, with and without its fault and
 * for several releases, as an input for the harnesses: into FOLDER/cases, or FOLDER/files for a mapped-ram file. Equal
 * inputs are one file, named by its digest.
 */
#include "guard.h"
#include "image.h"
#include "image_case.h"
#include "plan_case.h"
#include "scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An input that is longer costs the engines more than it tells them. */
#define INPUT_MAX 65536u

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
        struct mfd_target target = {.machine = "none", .slow = true};
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

int main(int argc, char **argv)
{
    bool good = argc > 2;

    for (int i = 2; i < argc; i++) {
        good = write_scenario(argv[1], argv[i]) && good;
    }
    if (argc <= 2) {
        fprintf(stderr, "usage: fuzz_corpus FOLDER SCENARIO...\n");
    }
    return good ? 0 : 1;
}
