// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zstd: one frame a channel, flushed behind each packet.
 *
 * A frame says itself how large its window is. The window of the highest level that a sender can be set
 * to is 32 MiB; it is allocated at once (the system gives memory to what of it is touched), and a frame
 * that wants more is invalid.
 */
#ifndef MFD_METHOD_ZSTD_H
#define MFD_METHOD_ZSTD_H

#include "codec.h"

#define MFD_ZSTD_WINDOW_LOG 25
#define MFD_ZSTD_WINDOW_MAX ((uint64_t)1 << MFD_ZSTD_WINDOW_LOG)

extern const struct mfd_codec mfd_codec_zstd;

#endif
