// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The main channel's part of a connection; conn.h is the interface. Main is read ahead, because its
 * records are small; a page on main is copied from what was read ahead, the rest of it read in
 * place.
 */
#ifndef MFD_CONN_MAIN_H
#define MFD_CONN_MAIN_H

#include "conn.h"

struct iovec mfd_conn_main_want(struct mfd_conn *c);
enum mfd_got mfd_conn_main_got(struct mfd_conn *c, size_t n);
enum mfd_got mfd_conn_main_eof(struct mfd_conn *c);

/*
 * Has the guest take in a block that it lacks, before the record that lists it is judged: `len` bytes from `buf` on stand next in the
 * stream. If it cannot, the block stays unknown.
 */
void mfd_conn_main_adopt(struct mfd_guest *guest, const struct mfd_main *main, const uint8_t *buf,
                         size_t len);

/* Stores the error of the connection; returns MFD_GOT_FINDING. */
enum mfd_got mfd_conn_refuse(struct mfd_conn *c, struct mfd_finding finding);

#endif
