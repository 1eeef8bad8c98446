// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Senders that are broken on purpose, one way each: what the suite must see through. A command by the
 * contract of README.md: broken_sender HOW ADDRESS CHANNELS RAM. All but the first ways share the reference.
 */
#include "guest.h"
#include "net.h"
#include "sender.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *how;

static bool is(const char *name)
{
    return strcmp(how, name) == 0;
}

/* The first block of NAME=FILE:SIZE, mapped in another way where that is what is broken. */
static void map(char *ram, struct mfd_guest *guest)
{
    char *file = strchr(ram, '=');
    char *size = file ? strrchr(file, ':') : NULL;
    struct mfd_guest_block block = {.name = ram};

    if (!size) {
        exit(2);
    }
    *file++ = '\0';
    *size++ = '\0';
    block.used_length = block.max_length = strtoull(size, NULL, 10);
    mfd_guest_init(guest);
    if (is("send-zeros") ? mfd_guest_add_anonymous(guest, &block)
                         : mfd_guest_add_file(guest, &block, file, MFD_GUEST_READ)) {
        exit(2);
    }
}

static int migrate(const char *address, unsigned channels, char *ram)
{
    struct mfd_guest guest;
    struct mfd_sender_config config;
    struct mfd_sender_result result = {.completed = false};
    int fds[MFD_CHANNELS_MAX + 1];

    map(ram, &guest);
    config = mfd_sender_defaults(MFD_REV_LATEST, &guest);
    config.channels = channels;
    config.fds = fds;
    config.return_path = true;
    memcpy(config.uuid, is("wrong-uuid") ? "another machine!" : "", is("wrong-uuid") ? 16 : 1);
    for (unsigned i = 0; i <= channels; i++) {
        if (mfd_net_connect(address, -1, &fds[i]) != 0) {
            mfd_guest_free(&guest);
            return 1;
        }
        if (is("crash") && i == 1) {
            abort();
        }
    }
    if (is("keep-silent")) {
        signal(SIGTERM, SIG_IGN);
        for (;;) {
            pause();
        }
    }
    mfd_sender_run(&config, &result);
    mfd_guest_free(&guest);
    return result.completed || is("say-completed") ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        return 2;
    }
    how = argv[1];
    if (is("send-nothing")) {
        return 0;
    }
    if (is("lack")) {
        return 77;
    }
    if (is("odd-status")) {
        return 9;
    }
    return migrate(argv[2], (unsigned)atoi(argv[3]), argv[4]);
}
