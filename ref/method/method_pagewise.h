// SPDX-License-Identifier: GPL-2.0-or-later
/* qpl and uadk: each page for itself, behind a table of their lengths. */
#ifndef MFD_METHOD_PAGEWISE_H
#define MFD_METHOD_PAGEWISE_H

#include "codec.h"

extern const struct mfd_codec mfd_codec_pagewise;

#endif
