// SPDX-License-Identifier: GPL-2.0-or-later
#include "method_zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define BLOCK_HEADER 3u
#define WINDOW_LOG_MIN 10u
#define SINGLE_SEGMENT 0x20u

static int encoder_open(struct mfd_encoder *e)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();

    e->state = z;
    return z && !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, e->level))
               ? 0
               : ENOMEM;
}

static void encoder_close(struct mfd_encoder *e)
{
    ZSTD_freeCCtx(e->state);
}

static void restart(struct mfd_encoder *e)
{
    ZSTD_CCtx_reset(e->state, ZSTD_reset_session_only);
}

/* Appends what becomes of one piece. */
static int encode_piece(struct mfd_encoder *e, ZSTD_inBuffer in, ZSTD_EndDirective end)
{
    ZSTD_outBuffer out = {e->buf, MFD_COMPRESSED_MAX, e->fill};
    size_t left = 0;

    do {
        left = ZSTD_compressStream2(e->state, &out, &in, end);
    } while (!ZSTD_isError(left) && out.pos < out.size &&
             (in.pos < in.size || (end != ZSTD_e_continue && left > 0)));
    e->fill = out.pos;
    return !ZSTD_isError(left) && in.pos == in.size && (end == ZSTD_e_continue || left == 0) ? 0
                                                                                             : EIO;
}

static int encode(struct mfd_encoder *e, const struct iovec *pages, size_t count)
{
    int error = 0;

    for (size_t i = 0; i < count && !error; i++) {
        error = encode_piece(e, (ZSTD_inBuffer){pages[i].iov_base, pages[i].iov_len, 0},
                             i + 1 == count ? ZSTD_e_flush : ZSTD_e_continue);
    }
    return error;
}

static int finish(struct mfd_encoder *e)
{
    return encode_piece(e, (ZSTD_inBuffer){NULL, 0, 0}, ZSTD_e_end);
}

/*
 * Input goes in as it asks for it, a block at a time: after an error it does not tell how far it came, and
 * what is behind the last page must be told apart from the pages.
 */
struct inflow {
    ZSTD_DCtx *z;
    size_t next; /* bytes that it asks for: with a block the header of the next one */
};

/* The binary logarithm of a window, rounded up, within what zstd and senders have. */
static unsigned log_of(uint64_t window)
{
    unsigned log = WINDOW_LOG_MIN;

    while (log < MFD_ZSTD_WINDOW_LOG && (uint64_t)1 << log < window) {
        log++;
    }
    return log;
}

/*
 * Takes an empty frame that claims the largest window, so that the memory for it is there and no frame
 * of a peer's decides on any.
 */
static bool reserve_window(ZSTD_DCtx *z, unsigned log)
{
    const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (uint8_t)((log - WINDOW_LOG_MIN) << 3),
                             0x01, 0x00, 0x00};
    uint8_t byte = 0;
    ZSTD_inBuffer in = {frame, sizeof(frame), 0};
    ZSTD_outBuffer out = {&byte, sizeof(byte), 0};

    return !ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, (int)log)) &&
           ZSTD_decompressStream(z, &out, &in) == 0;
}

static int decoder_open(struct mfd_decoder *d)
{
    struct inflow *inflow = calloc(1, sizeof(*inflow));

    d->state = inflow;
    if (!inflow) {
        return ENOMEM;
    }
    inflow->z = ZSTD_createDCtx();
    if (!inflow->z || !reserve_window(inflow->z, log_of(d->window))) {
        return ENOMEM;
    }
    inflow->next = ZSTD_initDStream(inflow->z);
    return ZSTD_isError(inflow->next) ? ENOMEM : 0;
}

static void decoder_close(struct mfd_decoder *d)
{
    struct inflow *inflow = d->state;

    if (inflow) {
        ZSTD_freeDCtx(inflow->z);
        free(inflow);
    }
}

static enum mfd_stream_step step(void *state, struct iovec *in, struct iovec *out)
{
    struct inflow *inflow = state;
    size_t most = inflow->next > BLOCK_HEADER ? inflow->next - BLOCK_HEADER : inflow->next;
    ZSTD_inBuffer from = {in->iov_base, in->iov_len < most ? in->iov_len : most, 0};
    ZSTD_outBuffer to = {out->iov_base, out->iov_len, 0};
    size_t status = ZSTD_decompressStream(inflow->z, &to, &from);

    *in = (struct iovec){(uint8_t *)in->iov_base + from.pos, in->iov_len - from.pos};
    *out = (struct iovec){(uint8_t *)out->iov_base + to.pos, to.size - to.pos};
    if (ZSTD_isError(status)) {
        return MFD_STREAM_BROKEN;
    }
    inflow->next = status;
    return status == 0 ? MFD_STREAM_ENDED : MFD_STREAM_MORE;
}

static bool starts(const uint8_t *bytes)
{
    static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};

    return memcmp(bytes, magic, sizeof(magic)) == 0;
}

/*
 * By the header of the frame: a descriptor, whose bits say which fields follow, then that of the window; a frame of a
 * single segment has none, but its size.
 */
static uint64_t window(const uint8_t *payload, size_t len)
{
    static const size_t id_sizes[] = {0, 1, 2, 4};
    uint64_t base = 0;
    uint64_t size = 0;
    size_t at = 5;

    if (len < 6 || !starts(payload)) {
        return 0;
    }
    if (!(payload[4] & SINGLE_SEGMENT)) {
        base = (uint64_t)1 << (WINDOW_LOG_MIN + (payload[5] >> 3));
        return base + base / 8 * (payload[5] & 7);
    }
    at += id_sizes[payload[4] & 3];
    for (size_t i = (size_t)1 << (payload[4] >> 6); i > 0; i--) {
        size = size << 8 | (at + i - 1 < len ? payload[at + i - 1] : 0);
    }
    return size + (payload[4] >> 6 == 1 ? 256 : 0);
}

static bool decode(struct mfd_decoder *d, struct mfd_input *in, const struct iovec *pages,
                   size_t count, struct mfd_finding *finding)
{
    static const struct mfd_stream stream = {step, starts, MFD_PAY_005};

    return mfd_stream_decode(d, &stream, in, pages, count, finding);
}

const struct mfd_codec mfd_codec_zstd = {
    .encoder_open = encoder_open,
    .encode = encode,
    .finish = finish,
    .restart = restart,
    .encoder_close = encoder_close,
    .decoder_open = decoder_open,
    .window = window,
    .admits = mfd_stream_admits,
    .decode = decode,
    .decoder_close = decoder_close,
};
