// SPDX-License-Identifier: GPL-2.0-or-later
#include "roll.h"

#include "peer.h"
#include "profile.h"
#include "qemu_find.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_GUARD 60.0

/* Version, machine type and revision of a QEMU. */
static bool probe(struct mfd_interop_peer *peer, char *error, char *warning)
{
    struct mfd_peer qemu = {.kind = &mfd_peer_qemu,
                            .path = peer->program,
                            .guard = PROBE_GUARD,
                            .scratch = mfd_scratch()};
    const struct mfd_profile *profile = NULL;
    bool exact = true;
    bool good = mfd_qemu_probe(&qemu, error);

    if (good) {
        snprintf(peer->version, sizeof(peer->version), "%s", qemu.version);
        snprintf(peer->package, sizeof(peer->package), "%s", qemu.package);
        peer->pc = qemu.pc_machine;
        qemu.pc_machine = NULL;
        profile = mfd_profile_for_version(qemu.version, &exact);
        good = profile != NULL;
        if (!good) {
            snprintf(error, MFD_ROLL_ERROR_SIZE, "version %s is older than every profile",
                     peer->version);
        } else {
            peer->rev = profile->rev;
        }
    }
    if (good && !exact) {
        snprintf(warning, MFD_ROLL_ERROR_SIZE, "no profile for version %s; taken for %s",
                 peer->version, profile->name);
    }
    qemu.path = NULL;
    mfd_peer_free(&qemu);
    return good;
}

int mfd_interop_enroll(struct mfd_interop_roll *roll, const char *name, char *error, char *warning)
{
    struct mfd_interop_peer *peer = &roll->peers[roll->count];

    *warning = '\0';
    for (size_t i = 0; i < roll->count; i++) {
        if (strcmp(roll->peers[i].name, name) == 0) {
            return (int)i;
        }
    }
    if (roll->count == MFD_INTEROP_PEERS_MAX || strlen(name) >= sizeof(peer->name)) {
        snprintf(error, MFD_ROLL_ERROR_SIZE, "too many peers, or too long a name");
        return -1;
    }
    *peer = (struct mfd_interop_peer){.rev = MFD_REV_LATEST};
    snprintf(peer->name, sizeof(peer->name), "%s", name);
    if (strcmp(name, "ref") != 0) {
        peer->program = mfd_qemu_find(strcmp(name, "qemu") == 0 ? MFD_QEMU_PROGRAM : name, error);
        if (!peer->program) {
            return -1;
        }
        if (!probe(peer, error, warning)) {
            free(peer->program);
            free(peer->pc);
            return -1;
        }
    }
    return (int)roll->count++;
}

void mfd_interop_roll_free(struct mfd_interop_roll *roll)
{
    for (size_t i = 0; i < roll->count; i++) {
        free(roll->peers[i].program);
        free(roll->peers[i].pc);
    }
    roll->count = 0;
}
