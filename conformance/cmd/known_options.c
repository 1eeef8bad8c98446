// SPDX-License-Identifier: GPL-2.0-or-later
#include "known_options.h"

enum { KEY_FIRST = 0x200, KEY_NO_SWITCHOVER = KEY_FIRST + MFD_PARAM_LAST + 1 };

#define KEY(param) (KEY_FIRST + (int)(param))

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What is known; the rest is taken from the traffic:", 10},
    {"rev", KEY(MFD_PARAM_REVISION), "REV", 0, "what the sender speaks: a release such as 7.2", 10},
    {"channels", KEY(MFD_PARAM_CHANNELS), "N", 0, "multifd channels that are set up", 10},
    {"page-size", KEY(MFD_PARAM_PAGE_SIZE), "BYTES", 0, "of a guest page", 10},
    {"method", KEY(MFD_PARAM_METHOD), "METHOD", 0, "compression", 10},
    {"sync", KEY(MFD_PARAM_SYNC), "section|marker", 0, "where sync points stand on main", 10},
    {"zero", KEY(MFD_PARAM_ZERO), "main|packet|none", 0, "where zero pages travel", 10},
    {"uuid", KEY(MFD_PARAM_UUID), "UUID", 0, "of the virtual machine", 10},
    {"machine", KEY(MFD_PARAM_MACHINE), "NAME", 0, "machine type of the receiver", 10},
    {"no-switchover", KEY_NO_SWITCHOVER, NULL, 0,
     "the sender is told to leave SWITCHOVER_START out", 10},
    {0}};

/* What one parameter says. */
static void take(struct mfd_known_options *known, enum mfd_param param)
{
    struct mfd_given *given = &known->given;
    const struct mfd_params *params = &known->params;

    switch (param) {
    case MFD_PARAM_REVISION:
        given->rev = (int)params->rev;
        break;
    case MFD_PARAM_CHANNELS:
        given->channels = params->channels;
        break;
    case MFD_PARAM_PAGE_SIZE:
        given->page_size = (int)params->page_size;
        break;
    case MFD_PARAM_METHOD:
        given->method = params->method;
        break;
    case MFD_PARAM_SYNC:
        given->sync = (int)params->sync;
        break;
    case MFD_PARAM_ZERO:
        given->zero = (int)params->zero;
        break;
    case MFD_PARAM_UUID:
        given->uuid = params->uuid;
        break;
    default:
        given->machine = params->machine;
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct mfd_known_options *known = state->input;
    enum mfd_param param = (enum mfd_param)(key - KEY_FIRST);
    const char *wrong = NULL;

    if (key == ARGP_KEY_INIT) {
        mfd_params_init(&known->params);
        known->given = mfd_given_nothing();
        return 0;
    }
    if (key == KEY_NO_SWITCHOVER) {
        known->given.no_switchover = true;
        return 0;
    }
    if (key < KEY_FIRST || key > KEY_NO_SWITCHOVER) {
        return ARGP_ERR_UNKNOWN;
    }
    wrong = mfd_params_set(&known->params, param, value);
    if (wrong) {
        argp_error(state, "'%s' %s", value, wrong);
    }
    take(known, param);
    return 0;
}

const struct argp mfd_known_argp = {.options = options, .parser = parse};
