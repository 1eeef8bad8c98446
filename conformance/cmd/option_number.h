// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole number as the value of an option. */
#ifndef MFD_OPTION_NUMBER_H
#define MFD_OPTION_NUMBER_H

#include <argp.h>

/* A decimal number from 1 to `max`; for anything else argp_error() tells what `option` ("--jobs") takes. */
unsigned mfd_option_number(const char *text, const struct argp_state *state, const char *option,
                           unsigned max);

#endif
