// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records what real programs send each other over the loopback interface of a network of their own.
 *
 * The network is a namespace of the kernel: nothing else can be heard there, and no port is taken. It
 * needs no root where users may make namespaces. Segments are recorded as the kernel hands them over:
 * those of loopback may be larger than a packet on a wire, and their TCP checksums are not filled in.
 */
#ifndef MFD_SNIFF_H
#define MFD_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFD_SNIFF_ERROR_SIZE 320

/*
 * Moves this process, and the programs it starts from now on, into a network of its own that has nothing but
 * loopback. Programs there connect from ports `low` to `high`. To be called before there are threads.
 */
bool mfd_private_network(unsigned low, unsigned high, char error[MFD_SNIFF_ERROR_SIZE]);

struct mfd_sniffed {
    uint64_t time_ns; /* since 1970 */
    uint8_t *bytes;   /* with its Ethernet header; owned by the sniffer */
    size_t len;
};

struct mfd_sniffer;

/* What is sent from now on is recorded. NULL with `error`. */
struct mfd_sniffer *mfd_sniffer_start(char error[MFD_SNIFF_ERROR_SIZE]);
/*
 * Takes in all that was sent before the call; may be called again. False with `error`: also where the kernel
 * had to drop something.
 */
bool mfd_sniffer_collect(struct mfd_sniffer *sniffer, char error[MFD_SNIFF_ERROR_SIZE]);
/* What was taken in, in order; the sniffer's own. */
const struct mfd_sniffed *mfd_sniffer_frames(const struct mfd_sniffer *sniffer, size_t *count);
void mfd_sniffer_free(struct mfd_sniffer *sniffer);

#endif
