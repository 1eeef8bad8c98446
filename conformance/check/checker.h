// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The migrations in a capture: which connections belong together, whatever else is in it. What the
 * reassembler finds goes in, each migration with its results comes out.
 *
 * A connection is one of a migration if it starts as main or as a channel does, or goes to where one is
 * being received. Together belong those that go to the same address and port: while main is open, and has not
 * been silent for a minute. Where that leaves several (the same receiver for two senders) the UUID of the hello
 * tells, else the sender's address. A connection that began before the capture belongs to what goes on at its
 * receiver; where that is nothing, a packet in it shows a channel.
 *
 * Two at a time that share sender, receiver and port are taken for one with two main channels.
 */
#ifndef MFD_CHECKER_H
#define MFD_CHECKER_H

#include "checked.h"
#include "reassemble.h"

/* Migrations in one capture: those beyond are only counted. */
#define MFD_CHECKER_MOST 2048u
/* Of these, at a time: the one that was silent for longest ends. */
#define MFD_CHECKER_LIVE 64u
/* Connections that are remembered, of migrations or not. */
#define MFD_CHECKER_LINKS 16384u

struct mfd_checker;

struct mfd_checker_totals {
    uint64_t tls;     /* connections that speak TLS, and are not judged */
    uint64_t dropped; /* migrations beyond MFD_CHECKER_MOST */
};

/*
 * `port` is where receivers listen: then whatever goes there is a connection of a migration, however it
 * starts, but for TLS; 0: not known. NULL without memory. What `given` points to stays the caller's.
 */
struct mfd_checker *mfd_checker_create(const struct mfd_given *given, uint16_t port);
/* The next event of the capture, for mfd_reassembler_create(); `checker` is a struct mfd_checker. */
void mfd_checker_found(const struct mfd_found *found, void *checker);
/* Nothing follows: every migration has its results. False if memory was short at any time. */
bool mfd_checker_end(struct mfd_checker *checker);

/* In the order of their beginnings; after the end. */
size_t mfd_checker_count(const struct mfd_checker *checker);
const struct mfd_checked *mfd_checker_at(const struct mfd_checker *checker, size_t i);
struct mfd_checker_totals mfd_checker_totals(const struct mfd_checker *checker);
void mfd_checker_free(struct mfd_checker *checker);

#endif
