// SPDX-License-Identifier: GPL-2.0-or-later
/* zlib: one stream a channel, a sync flush behind each packet. */
#ifndef MFD_METHOD_ZLIB_H
#define MFD_METHOD_ZLIB_H

#include "codec.h"

extern const struct mfd_codec mfd_codec_zlib;

#endif
