// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Credentials of TLS as QEMU has them: a folder with files of fixed names, in which a tls-creds object of
 * QEMU finds the same.
 *
 *   x509  ca-cert.pem, by which the other end is judged, and the certificate and key of this end:
 *         server-cert.pem and server-key.pem of a receiver, client-cert.pem and client-key.pem of a
 *         sender. A receiver wants a certificate of its sender; a sender may have none to show.
 *   psk   keys.psk, lines "USER:KEY" with the key in hexadecimal digits. A sender is user "qemu".
 *
 * The receiver is the TLS server. Each connection has a session of its own, made by sock.h; all
 * of them may use the same credentials at the same time, from any thread.
 */
#ifndef MFD_TLS_H
#define MFD_TLS_H

#include "rev.h"

#include <stddef.h>

/* User of a pre-shared key: what QEMU takes unless told otherwise. */
#define MFD_TLS_USER "qemu"
#define MFD_TLS_ERROR_SIZE 400

enum mfd_tls_end { MFD_TLS_SENDER, MFD_TLS_RECEIVER };

struct mfd_tls_creds;
struct gnutls_session_int; /* a gnutls_session_t points to one */

/*
 * Reads the files. `host`: the name that a receiver's certificate must be for, copied; NULL looks at
 * the authority only. NULL with `error` (MFD_TLS_ERROR_SIZE bytes), which names the file at fault.
 */
struct mfd_tls_creds *mfd_tls_load(enum mfd_tls kind, enum mfd_tls_end end, const char *folder,
                                   const char *host, char *error);
void mfd_tls_free(struct mfd_tls_creds *creds);

/*
 * A session that is yet to get its socket, and that fails in its handshake if the other end's
 * certificate is not trusted. Returns GnuTLS's code, below zero where it is not made.
 */
int mfd_tls_session(const struct mfd_tls_creds *creds, struct gnutls_session_int **session);

#endif
