// SPDX-License-Identifier: GPL-2.0-or-later
#include "option_number.h"

#include <stdlib.h>

unsigned mfd_option_number(const char *text, const struct argp_state *state, const char *option,
                           unsigned max)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end || value == 0 || value > max) {
        argp_error(state, "%s takes a number from 1 to %u, not '%s'", option, max, text);
    }
    return (unsigned)value;
}
