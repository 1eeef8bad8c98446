// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses as text: "tcp:HOST:PORT" (a host with colons in brackets) and "unix:PATH".
 *
 * Functions return 0 or a positive errno: EINVAL for a text that is no address, EHOSTUNREACH for a
 * host that does not resolve, ETIMEDOUT when a deadline passed. Descriptors are blocking, closed on
 * exec and the caller's.
 */
#ifndef MFD_NET_H
#define MFD_NET_H

#include <stdbool.h>
#include <stddef.h>

/* Room for any address text, NUL included. */
#define MFD_ADDRESS_MAX 300

/*
 * Listens. `real` has MFD_ADDRESS_MAX bytes and gets the address as one can connect to it: with the
 * port that the system chose for port 0. A socket file that nobody listens on any more is replaced.
 */
int mfd_net_listen(const char *address, int backlog, int *fd, char *real);
/* Connects within `timeout_ms`; a negative one waits as long as the system does. */
int mfd_net_connect(const char *address, int timeout_ms, int *fd);
/*
 * The host that an address names, in `host` of `size` bytes; false where it names none, or there is no room.
 */
bool mfd_net_host(const char *address, char *host, size_t size);
/* Removes the socket file of a "unix:" address; nothing for others. */
void mfd_net_unlink(const char *address);

#endif
