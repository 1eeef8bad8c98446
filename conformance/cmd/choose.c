// SPDX-License-Identifier: GPL-2.0-or-later
#include "choose.h"

#include "cmd.h"
#include "qemu_find.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Seconds; only a peer that spins, or a command that does not end, ever makes use of them. */
#define GUARD 10.0

__attribute__((format(printf, 2, 3))) static void say(const struct mfd_choice *choice,
                                                      const char *format, ...)
{
    va_list list;

    fprintf(stderr, "mfdkit %s: ", choice->command);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
}

int mfd_choose_peer(const struct mfd_choice *choice, struct mfd_peer *peer)
{
    char error[MFD_PEER_ERROR_SIZE];
    char lack[MFD_FIND_ERROR_SIZE];

    peer->guard = GUARD * choice->scale;
    peer->wrap = (char *)choice->wrap;
    if (choice->argv) {
        peer->kind = &mfd_peer_command;
        peer->argv = choice->argv;
        peer->path = strdup(choice->argv[0]);
        peer->machine = strdup("none");
        return MFD_OK;
    }
    if (!choice->peer || strcmp(choice->peer, "ref") == 0) {
        if (choice->wrap) {
            say(choice, "the embedded reference is no program that could run under another: use -- "
                        "mfdkit recv ...\n");
            return MFD_USAGE;
        }
        peer->kind = &mfd_peer_ref;
        peer->path = strdup("");
        peer->machine = strdup("none");
        return MFD_OK;
    }
    if (strncmp(choice->peer, "qemu", 4) != 0 || (choice->peer[4] && choice->peer[4] != '=')) {
        say(choice, "there is no peer '%s'; try ref, qemu, qemu=PATH, qemu=SUITE or -- COMMAND\n",
            choice->peer);
        return MFD_USAGE;
    }
    peer->kind = &mfd_peer_qemu;
    peer->path = mfd_qemu_find(choice->peer[4] ? choice->peer + 5 : MFD_QEMU_PROGRAM, lack);
    if (!peer->path) {
        say(choice, "%s\n", lack);
        return MFD_HARNESS;
    }
    if (!mfd_qemu_probe(peer, error)) {
        say(choice, "%s\n", error);
        return MFD_HARNESS;
    }
    return MFD_OK;
}

const struct mfd_profile *mfd_choose_profile(const struct mfd_choice *choice,
                                             const struct mfd_peer *peer)
{
    const struct mfd_profile *profile = NULL;
    bool exact = true;

    if (choice->profile && strcmp(choice->profile, "auto") != 0) {
        profile = mfd_profile_find(choice->profile);
        if (!profile) {
            say(choice, "there is no profile '%s'; mfdkit list profiles shows them\n",
                choice->profile);
        }
        return profile;
    }
    if (!peer->version) {
        return mfd_profile_find("ref");
    }
    profile = mfd_profile_for_version(peer->version, &exact);
    if (!profile) {
        say(choice, "no profile for version %s; name one with --profile\n", peer->version);
    } else if (!exact) {
        say(choice, "no profile for version %s; judged by %s\n", peer->version, profile->name);
    }
    return profile;
}
