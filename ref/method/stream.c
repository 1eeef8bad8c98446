// SPDX-License-Identifier: GPL-2.0-or-later
/* Input in pieces, and decoding of a stream that goes on over all packets; see codec.h. */
#include "codec.h"

#include <string.h>

struct mfd_input mfd_input_of(const struct iovec *pieces, size_t count)
{
    struct mfd_input in = {.pieces = pieces, .count = count};

    for (size_t i = 0; i < count; i++) {
        in.size += pieces[i].iov_len;
    }
    return in;
}

struct iovec mfd_input_front(struct mfd_input *in)
{
    static uint8_t nothing; /* codecs want a pointer even to no bytes */

    while (in->count && in->skip == in->pieces->iov_len) {
        in->pieces++;
        in->count--;
        in->skip = 0;
    }
    if (!in->count) {
        return (struct iovec){&nothing, 0};
    }
    return (struct iovec){(uint8_t *)in->pieces->iov_base + in->skip,
                          in->pieces->iov_len - in->skip};
}

void mfd_input_take(struct mfd_input *in, size_t n)
{
    in->skip += n;
    in->used += n;
}

size_t mfd_input_read(struct mfd_input *in, uint8_t *to, size_t n)
{
    size_t got = 0;

    while (got < n) {
        struct iovec front = mfd_input_front(in);
        size_t part = front.iov_len < n - got ? front.iov_len : n - got;

        if (part == 0) {
            break;
        }
        memcpy(to + got, front.iov_base, part);
        mfd_input_take(in, part);
        got += part;
    }
    return got;
}

bool mfd_codec_refuse(struct mfd_finding *finding, enum mfd_rule rule, const struct mfd_input *in,
                      uint64_t got, uint64_t want)
{
    *finding = (struct mfd_finding){
        .rule = rule,
        .offset = (uint32_t)in->used,
        .width = (uint32_t)(in->size - in->used),
        .got = got,
        .want = want,
    };
    return false;
}

bool mfd_stream_admits(const struct mfd_decoder *d, uint32_t pages, uint64_t size,
                       struct mfd_finding *finding)
{
    (void)d;
    (void)pages;
    if (size > MFD_COMPRESSED_MAX) {
        *finding =
            (struct mfd_finding){.rule = MFD_PAY_008, .got = size, .want = MFD_COMPRESSED_MAX};
        return false;
    }
    return true;
}

/* One step with the front of the input, which is taken as far as it was used. */
static enum mfd_stream_step go_on(struct mfd_decoder *d, const struct mfd_stream *stream,
                                  struct mfd_input *in, struct iovec *out, bool *moved)
{
    struct iovec front = mfd_input_front(in);
    size_t had = front.iov_len;
    size_t room = out->iov_len;
    enum mfd_stream_step step = stream->step(d->state, &front, out);

    mfd_input_take(in, had - front.iov_len);
    *moved = front.iov_len < had || out->iov_len < room;
    return step;
}

static bool refuse_ended(const struct mfd_input *in, struct mfd_finding *finding)
{
    return mfd_codec_refuse(finding, MFD_PAY_010, in, in->used, in->size);
}

/* What is left of the payload may end a flush or be empty blocks, but not decode to anything. */
static bool drain(struct mfd_decoder *d, const struct mfd_stream *stream, struct mfd_input *in,
                  struct mfd_finding *finding)
{
    bool moved = true;

    while (moved) {
        uint8_t byte;
        size_t used = in->used;
        struct iovec out = {&byte, 1};
        enum mfd_stream_step step = go_on(d, stream, in, &out, &moved);

        if (out.iov_len == 0 || step == MFD_STREAM_BROKEN) {
            return mfd_codec_refuse(finding, MFD_PAY_012, in, in->size, used);
        }
        if (step == MFD_STREAM_ENDED) {
            return refuse_ended(in, finding);
        }
    }
    return in->used == in->size || mfd_codec_refuse(finding, MFD_PAY_012, in, in->size, in->used);
}

bool mfd_stream_decode(struct mfd_decoder *d, const struct mfd_stream *stream, struct mfd_input *in,
                       const struct iovec *pages, size_t count, struct mfd_finding *finding)
{
    uint8_t first[4] = {0};
    struct mfd_input peek = *in;
    uint64_t total = 0;
    uint64_t done = 0;

    mfd_input_read(&peek, first, sizeof(first));
    for (size_t i = 0; i < count; i++) {
        total += pages[i].iov_len;
    }
    for (size_t i = 0; i < count; i++) {
        struct iovec out = pages[i];
        bool moved = true;

        while (out.iov_len && moved) {
            enum mfd_stream_step step = go_on(d, stream, in, &out, &moved);

            if (step == MFD_STREAM_BROKEN && out.iov_len == 0 && i + 1 == count) {
                return mfd_codec_refuse(finding, MFD_PAY_012, in, in->size, in->used);
            }
            if (step == MFD_STREAM_BROKEN) {
                bool again = d->begun && stream->starts(first);

                return mfd_codec_refuse(finding, again ? stream->one : MFD_PAY_010, in, in->used,
                                        in->size);
            }
            if (step == MFD_STREAM_ENDED) {
                return refuse_ended(in, finding);
            }
        }
        done += pages[i].iov_len - out.iov_len;
        if (out.iov_len) {
            return mfd_codec_refuse(finding, MFD_PAY_011, in, done, total);
        }
    }
    return drain(d, stream, in, finding);
}
