// SPDX-License-Identifier: GPL-2.0-or-later
#include "method_zlib.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

static int encoder_open(struct mfd_encoder *e)
{
    z_stream *z = calloc(1, sizeof(*z));

    if (!z) {
        return ENOMEM;
    }
    if (deflateInit(z, e->level) != Z_OK) {
        free(z);
        return ENOMEM;
    }
    e->state = z;
    return 0;
}

static void encoder_close(struct mfd_encoder *e)
{
    if (e->state) {
        deflateEnd(e->state);
        free(e->state);
    }
}

static void restart(struct mfd_encoder *e)
{
    deflateReset(e->state);
}

static void give_room(struct mfd_encoder *e)
{
    z_stream *z = e->state;

    z->next_out = e->buf;
    z->avail_out = MFD_COMPRESSED_MAX;
}

/* The flush is asked for with the last piece: it then costs no block of its own. */
static int encode(struct mfd_encoder *e, const struct iovec *pages, size_t count)
{
    z_stream *z = e->state;
    int status = Z_OK;

    give_room(e);
    for (size_t i = 0; i < count && status == Z_OK; i++) {
        z->next_in = pages[i].iov_base;
        z->avail_in = (uInt)pages[i].iov_len;
        status = deflate(z, i + 1 == count ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    }
    e->fill = MFD_COMPRESSED_MAX - z->avail_out;
    return status == Z_OK && !z->avail_in && z->avail_out ? 0 : EIO;
}

static int finish(struct mfd_encoder *e)
{
    z_stream *z = e->state;
    int status = Z_OK;

    give_room(e);
    z->avail_in = 0;
    status = deflate(z, Z_FINISH);
    e->fill = MFD_COMPRESSED_MAX - z->avail_out;
    return status == Z_STREAM_END ? 0 : EIO;
}

static int decoder_open(struct mfd_decoder *d)
{
    z_stream *z = calloc(1, sizeof(*z));

    if (!z) {
        return ENOMEM;
    }
    if (inflateInit(z) != Z_OK) {
        free(z);
        return ENOMEM;
    }
    d->state = z;
    return 0;
}

static void decoder_close(struct mfd_decoder *d)
{
    if (d->state) {
        inflateEnd(d->state);
        free(d->state);
    }
}

static enum mfd_stream_step step(void *state, struct iovec *in, struct iovec *out)
{
    z_stream *z = state;
    uInt had = (uInt)(in->iov_len < UINT_MAX ? in->iov_len : UINT_MAX);
    uInt room = (uInt)(out->iov_len < UINT_MAX ? out->iov_len : UINT_MAX);
    int status = Z_OK;

    z->next_in = in->iov_base;
    z->avail_in = had;
    z->next_out = out->iov_base;
    z->avail_out = room;
    status = inflate(z, Z_SYNC_FLUSH);
    *in = (struct iovec){(uint8_t *)in->iov_base + (had - z->avail_in),
                         in->iov_len - (had - z->avail_in)};
    *out = (struct iovec){(uint8_t *)out->iov_base + (room - z->avail_out),
                          out->iov_len - (room - z->avail_out)};
    switch (status) {
    case Z_OK:
    case Z_BUF_ERROR: /* nothing to do, which is no error of the stream's */
        return MFD_STREAM_MORE;
    case Z_STREAM_END:
        return MFD_STREAM_ENDED;
    default:
        return MFD_STREAM_BROKEN;
    }
}

/* Method and check bits of the two bytes that open a stream. */
static bool starts(const uint8_t *bytes)
{
    return (bytes[0] & 0x0f) == Z_DEFLATED && mfd_get16(bytes) % 31 == 0;
}

static bool decode(struct mfd_decoder *d, struct mfd_input *in, const struct iovec *pages,
                   size_t count, struct mfd_finding *finding)
{
    static const struct mfd_stream stream = {step, starts, MFD_PAY_003};

    return mfd_stream_decode(d, &stream, in, pages, count, finding);
}

const struct mfd_codec mfd_codec_zlib = {
    .encoder_open = encoder_open,
    .encode = encode,
    .finish = finish,
    .restart = restart,
    .encoder_close = encoder_close,
    .decoder_open = decoder_open,
    .admits = mfd_stream_admits,
    .decode = decode,
    .decoder_close = decoder_close,
};
