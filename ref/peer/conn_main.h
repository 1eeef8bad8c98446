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

/* Stores the error of the connection; returns MFD_GOT_FINDING. */
enum mfd_got mfd_conn_refuse(struct mfd_conn *c, struct mfd_finding finding);

#endif
