// SPDX-License-Identifier: GPL-2.0-or-later
#include "method.h"

#include "method_pagewise.h"
#include "method_zlib.h"
#include "method_zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_USUAL 1

static const struct {
    struct mfd_method_info info;
    const struct mfd_codec *codec; /* NULL: none, or not there */
} methods[] = {
    {{"none", 0, true, 0}, NULL},
    {{"zlib", MFD_FLAG_ZLIB, true, 9}, &mfd_codec_zlib},
    {{"zstd", MFD_FLAG_ZSTD, true, 20}, &mfd_codec_zstd},
    {{"qpl", MFD_FLAG_QPL, true, 9}, &mfd_codec_pagewise},
    {{"uadk", MFD_FLAG_UADK, true, 9}, &mfd_codec_pagewise},
    {{"qatzip", MFD_FLAG_QATZIP, false, 9}, NULL},
};

#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

const struct mfd_method_info *mfd_method_info(uint32_t flag)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (methods[i].info.flag == flag) {
            return &methods[i].info;
        }
    }
    return NULL;
}

const struct mfd_method_info *mfd_method_named(const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(methods[i].info.name, name) == 0) {
            return &methods[i].info;
        }
    }
    return NULL;
}

/* The codec of a method; 0, EINVAL or ENOTSUP. */
static int find_codec(uint32_t method, const struct mfd_codec **codec)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (method && methods[i].info.flag == method) {
            *codec = methods[i].codec;
            return *codec ? 0 : ENOTSUP;
        }
    }
    return EINVAL;
}

/* ---- encoder ---- */

int mfd_encoder_open(struct mfd_encoder **encoder, uint32_t method, int level, uint32_t page_size)
{
    const struct mfd_codec *codec = NULL;
    struct mfd_encoder *e = NULL;
    int error = find_codec(method, &codec);

    *encoder = NULL;
    level = level == MFD_LEVEL_DEFAULT ? LEVEL_USUAL : level;
    if (!error && (level < 0 || level > mfd_method_info(method)->level_max)) {
        error = EINVAL;
    }
    if (error) {
        return error;
    }
    e = calloc(1, sizeof(*e));
    if (!e) {
        return ENOMEM;
    }
    *e = (struct mfd_encoder){codec, method, page_size, level, malloc(MFD_COMPRESSED_MAX), 0, NULL};
    error = e->buf ? codec->encoder_open(e) : ENOMEM;
    if (error) {
        mfd_encoder_close(e);
        return error;
    }
    *encoder = e;
    return 0;
}

int mfd_encoder_pages(struct mfd_encoder *encoder, const struct iovec *pages, size_t count,
                      struct iovec *payload)
{
    int error = 0;

    encoder->fill = 0;
    error = encoder->codec->encode(encoder, pages, count);
    *payload = (struct iovec){encoder->buf, encoder->fill};
    return error;
}

int mfd_encoder_finish(struct mfd_encoder *encoder, struct iovec *payload)
{
    int error = ENOTSUP;

    encoder->fill = 0;
    if (encoder->codec->finish) {
        error = encoder->codec->finish(encoder);
        encoder->codec->restart(encoder);
    }
    *payload = (struct iovec){encoder->buf, encoder->fill};
    return error;
}

bool mfd_encoder_restart(struct mfd_encoder *encoder)
{
    if (encoder->codec->restart) {
        encoder->codec->restart(encoder);
    }
    return encoder->codec->restart;
}

void mfd_encoder_close(struct mfd_encoder *encoder)
{
    if (encoder) {
        encoder->codec->encoder_close(encoder);
        free(encoder->buf);
        free(encoder);
    }
}

/* ---- padding ---- */

/* Fills with blocks of `size[0]` and `size[1]` bytes, one byte apart; both start at `blocks`. */
static bool fill_blocks(uint8_t *to, size_t size, const uint8_t *const blocks[2],
                        const size_t sizes[2])
{
    size_t longer = size % sizes[0]; /* so many blocks have one byte more */

    if (longer * sizes[1] > size) {
        return false;
    }
    for (size_t at = 0; at < size;) {
        size_t which = longer > 0;

        memcpy(to + at, blocks[which], sizes[which]);
        at += sizes[which];
        longer -= which;
    }
    return true;
}

bool mfd_method_pad(uint32_t method, uint8_t *to, size_t size)
{
    /* an empty stored block; an empty block of fixed codes before it makes the other length */
    static const uint8_t stored[] = {0x00, 0x00, 0x00, 0xff, 0xff};
    static const uint8_t fixed[] = {0x02, 0x00, 0x00, 0x00, 0xff, 0xff};
    /* a raw block of no bytes; a repeated byte, no times */
    static const uint8_t raw[] = {0x00, 0x00, 0x00};
    static const uint8_t repeated[] = {0x02, 0x00, 0x00, 0x00};

    switch (method) {
    case MFD_FLAG_ZLIB:
        return fill_blocks(to, size, (const uint8_t *const[]){stored, fixed},
                           (const size_t[]){sizeof(stored), sizeof(fixed)});
    case MFD_FLAG_ZSTD:
        return fill_blocks(to, size, (const uint8_t *const[]){raw, repeated},
                           (const size_t[]){sizeof(raw), sizeof(repeated)});
    default:
        return false;
    }
}

/* ---- decoder ---- */

int mfd_decoder_open(struct mfd_decoder **decoder, uint32_t method, uint32_t page_size)
{
    return mfd_decoder_open_window(decoder, method, page_size, MFD_ZSTD_WINDOW_MAX);
}

uint64_t mfd_method_window(uint32_t method, const uint8_t *payload, size_t len)
{
    const struct mfd_codec *codec = NULL;

    return find_codec(method, &codec) == 0 && codec->window ? codec->window(payload, len) : 0;
}

bool mfd_method_admits(uint32_t method, uint32_t page_size, uint32_t pages, uint64_t size,
                       struct mfd_finding *finding)
{
    struct mfd_decoder decoder = {.method = method, .page_size = page_size};

    return find_codec(method, &decoder.codec) == 0 &&
           mfd_decoder_admits(&decoder, pages, size, finding);
}

int mfd_decoder_open_window(struct mfd_decoder **decoder, uint32_t method, uint32_t page_size,
                            uint64_t window)
{
    const struct mfd_codec *codec = NULL;
    struct mfd_decoder *d = NULL;
    int error = find_codec(method, &codec);

    *decoder = NULL;
    if (error) {
        return error;
    }
    d = calloc(1, sizeof(*d));
    if (!d) {
        return ENOMEM;
    }
    *d = (struct mfd_decoder){
        .codec = codec, .method = method, .page_size = page_size, .window = window};
    error = codec->decoder_open(d);
    if (error) {
        mfd_decoder_close(d);
        return error;
    }
    *decoder = d;
    return 0;
}

bool mfd_decoder_admits(const struct mfd_decoder *decoder, uint32_t pages, uint64_t size,
                        struct mfd_finding *finding)
{
    return decoder->codec->admits(decoder, pages, size, finding);
}

bool mfd_decoder_pages(struct mfd_decoder *decoder, const struct iovec *payload, size_t pieces,
                       const struct iovec *pages, size_t count, struct mfd_finding *finding)
{
    struct mfd_input in = mfd_input_of(payload, pieces);
    bool good = decoder->codec->decode(decoder, &in, pages, count, finding);

    decoder->begun = true;
    return good;
}

void mfd_decoder_close(struct mfd_decoder *decoder)
{
    if (decoder) {
        decoder->codec->decoder_close(decoder);
        free(decoder);
    }
}
