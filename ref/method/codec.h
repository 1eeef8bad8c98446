// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inside of the methods: what a codec provides for method.c, and what codecs share.
 */
#ifndef MFD_CODEC_H
#define MFD_CODEC_H

#include "method.h"
#include "wire.h"

/* A payload in its pieces, taken from the front. */
struct mfd_input {
    const struct iovec *pieces;
    size_t count;
    size_t skip; /* bytes of the first piece that are taken */
    size_t used; /* bytes taken in all */
    size_t size; /* bytes of all pieces */
};

struct mfd_input mfd_input_of(const struct iovec *pieces, size_t count);
/* What is left of the first piece that is not empty; length 0 at the end. */
struct iovec mfd_input_front(struct mfd_input *in);
/* `n` bytes of the front are used. */
void mfd_input_take(struct mfd_input *in, size_t n);
/* Copies up to `n` bytes, over the pieces, and takes them; how many there were. */
size_t mfd_input_read(struct mfd_input *in, uint8_t *to, size_t n);

struct mfd_codec;

struct mfd_encoder {
    const struct mfd_codec *codec;
    uint32_t method;
    uint32_t page_size;
    int level;
    uint8_t *buf; /* MFD_COMPRESSED_MAX bytes */
    size_t fill;
    void *state; /* the codec's */
};

struct mfd_decoder {
    const struct mfd_codec *codec;
    uint32_t method;
    uint32_t page_size;
    bool begun; /* a packet was decoded */
    void *state;
    uint64_t window; /* bytes of the largest that it takes */
};

/* Functions of int return 0 or an errno. Close functions are called whatever open returned. */
struct mfd_codec {
    int (*encoder_open)(struct mfd_encoder *e);
    /* Appends to `buf`. */
    int (*encode)(struct mfd_encoder *e, const struct iovec *pages, size_t count);
    int (*finish)(
        struct mfd_encoder *e); /* likewise; NULL, with `restart`, where there is no stream */
    void (*restart)(struct mfd_encoder *e);
    void (*encoder_close)(struct mfd_encoder *e);

    int (*decoder_open)(struct mfd_decoder *d);
    uint64_t (*window)(const uint8_t *payload, size_t len); /* or NULL */
    bool (*admits)(const struct mfd_decoder *d, uint32_t pages, uint64_t size,
                   struct mfd_finding *finding);
    bool (*decode)(struct mfd_decoder *d, struct mfd_input *in, const struct iovec *pages,
                   size_t count, struct mfd_finding *finding);
    void (*decoder_close)(struct mfd_decoder *d);
};

/* ---- stream.c: decoding of one stream over all packets ---- */

enum mfd_stream_step {
    MFD_STREAM_MORE, /* as far as input and room go */
    MFD_STREAM_ENDED,
    MFD_STREAM_BROKEN,
};

struct mfd_stream {
    /* Decodes from the front of `in` to the front of `out` and takes away from both what it used. */
    enum mfd_stream_step (*step)(void *state, struct iovec *in, struct iovec *out);
    /* Whether the first four bytes of a payload (zeros behind its end) are those of a new stream. */
    bool (*starts)(const uint8_t *bytes);
    enum mfd_rule one; /* that there is only one */
};

bool mfd_stream_admits(const struct mfd_decoder *d, uint32_t pages, uint64_t size,
                       struct mfd_finding *finding);
bool mfd_stream_decode(struct mfd_decoder *d, const struct mfd_stream *stream, struct mfd_input *in,
                       const struct iovec *pages, size_t count, struct mfd_finding *finding);

/* Sets the finding, at what of the payload is used; false. */
bool mfd_codec_refuse(struct mfd_finding *finding, enum mfd_rule rule, const struct mfd_input *in,
                      uint64_t got, uint64_t want);

#endif
