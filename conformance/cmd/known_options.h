// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options by which somebody tells what is known of a migration that is looked at: `check` and `proxy`.
 */
#ifndef MFD_KNOWN_OPTIONS_H
#define MFD_KNOWN_OPTIONS_H

#include "learn.h"
#include "params.h"

#include <argp.h>

struct mfd_known_options {
    struct mfd_given given;
    struct mfd_params params; /* that `given` points into */
};

/* A child parser, whose input is a struct mfd_known_options. */
extern const struct argp mfd_known_argp;

#endif
