// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For the tests of the language: scenarios and plans from text in the test itself. In texts " / " stands for a
 * line break. What fails where the test did not expect it ends the test with the error's message.
 */
#ifndef MFD_LANG_FIXTURE_H
#define MFD_LANG_FIXTURE_H

#include "scenario.h"

/* Parses "# Prose." and the lines of `steps`; `id` is "test/case". */
struct mfd_scenario *mfd_fixture_scenario(const char *steps);
/* The same for a text that must be wrong: fills the error. */
void mfd_fixture_parse_error(const char *text, struct mfd_lang_error *error);

/* A scenario with one plan of it. */
struct mfd_fixture {
    struct mfd_scenario *scenario;
    struct mfd_instance *instances;
    size_t instance_count;
    struct mfd_plan *plan; /* NULL if it does not compile: `error` then tells why */
    struct mfd_lang_error error;
};

/* Compiles instance `index`; a release such as "10.0" names the revision of the peer. */
struct mfd_fixture mfd_fixture_compile(const char *steps, const char *release, size_t index,
                                       bool twin);
/* Instance 0, which must compile. */
struct mfd_fixture mfd_fixture_plan(const char *steps, const char *release);
struct mfd_fixture mfd_fixture_twin(const char *steps, const char *release);
void mfd_fixture_free(struct mfd_fixture *fixture);

/* The `n`th SEND, from 0 on; fails the test if there are fewer. */
const struct mfd_step *mfd_fixture_send(const struct mfd_steps *steps, size_t n);
/* Value of MESSAGE.FIELD, element `index`, in the first such message of the step; fails if there is none. */
uint64_t mfd_fixture_field(const struct mfd_fixture *fixture, const struct mfd_step *step,
                           const char *name, size_t index);
/* "connect:main send:main send:ch 0 settle": owned by the caller. */
char *mfd_fixture_shape(const struct mfd_plan *plan, const struct mfd_steps *steps);

#endif
