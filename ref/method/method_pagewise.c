// SPDX-License-Identifier: GPL-2.0-or-later
#include "method_pagewise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define LENGTH_SIZE 4u

/* The table of the packet at hand, so that it is read once. */
struct table {
    z_stream z;
    bool open;
    uint32_t lengths[MFD_SLOTS_MAX];
};

/* qpl: deflate and nothing around it; uadk: header and checksum of zlib. */
static int window_bits(uint32_t method)
{
    return method == MFD_FLAG_QPL ? -MAX_WBITS : MAX_WBITS;
}

static size_t count_pages(const struct iovec *pages, size_t count, uint32_t page_size)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += pages[i].iov_len;
    }
    return bytes / page_size;
}

/* ---- encoding ---- */

static int encoder_open(struct mfd_encoder *e)
{
    z_stream *z = calloc(1, sizeof(*z));

    if (!z) {
        return ENOMEM;
    }
    if (deflateInit2(z, e->level, Z_DEFLATED, window_bits(e->method), 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
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

/* Length of the page as it was stored: its own unless it gets shorter. */
static size_t encode_page(struct mfd_encoder *e, uint8_t *page)
{
    z_stream *z = e->state;

    deflateReset(z);
    z->next_in = page;
    z->avail_in = e->page_size;
    z->next_out = e->buf + e->fill;
    z->avail_out = e->page_size - 1;
    if (deflate(z, Z_FINISH) == Z_STREAM_END) {
        return e->page_size - 1 - z->avail_out;
    }
    memcpy(e->buf + e->fill, page, e->page_size);
    return e->page_size;
}

static int encode(struct mfd_encoder *e, const struct iovec *pages, size_t count)
{
    size_t number = count_pages(pages, count, e->page_size);
    uint8_t *entry = e->buf;

    if (number > mfd_slots(e->page_size)) {
        return EIO;
    }
    e->fill = number * LENGTH_SIZE;
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < pages[i].iov_len; at += e->page_size) {
            size_t length = encode_page(e, (uint8_t *)pages[i].iov_base + at);

            mfd_put32(entry, (uint32_t)length);
            entry += LENGTH_SIZE;
            e->fill += length;
        }
    }
    return 0;
}

/* ---- decoding ---- */

static int decoder_open(struct mfd_decoder *d)
{
    struct table *table = calloc(1, sizeof(*table));

    d->state = table;
    if (!table || inflateInit2(&table->z, window_bits(d->method)) != Z_OK) {
        return ENOMEM;
    }
    table->open = true;
    return 0;
}

static void decoder_close(struct mfd_decoder *d)
{
    struct table *table = d->state;

    if (table && table->open) {
        inflateEnd(&table->z);
    }
    free(table);
}

static bool admits(const struct mfd_decoder *d, uint32_t pages, uint64_t size,
                   struct mfd_finding *finding)
{
    uint64_t least = (uint64_t)pages * LENGTH_SIZE;
    uint64_t most = least + (uint64_t)pages * d->page_size;
    bool good = size > least && size <= most;

    if (!good) {
        *finding = (struct mfd_finding){
            .rule = MFD_PAY_014, .got = size, .want = size > most ? most : least + 1};
    }
    return good;
}

/* Reads the table: no length above a page, and together all that is behind it. */
static bool read_table(struct mfd_decoder *d, struct mfd_input *in, size_t number,
                       struct mfd_finding *finding)
{
    struct table *table = d->state;
    uint64_t sum = 0;

    if (number > mfd_slots(d->page_size) || in->size < number * LENGTH_SIZE) {
        return mfd_codec_refuse(finding, MFD_PAY_014, in, in->size, number * LENGTH_SIZE);
    }
    for (size_t i = 0; i < number; i++) {
        struct mfd_input before = *in;
        uint8_t entry[LENGTH_SIZE];

        mfd_input_read(in, entry, LENGTH_SIZE);
        table->lengths[i] = mfd_get32(entry);
        sum += table->lengths[i];
        if (table->lengths[i] > d->page_size) {
            return mfd_codec_refuse(finding, MFD_PAY_014, &before, table->lengths[i], d->page_size);
        }
    }
    return sum == in->size - in->used ||
           mfd_codec_refuse(finding, MFD_PAY_014, in, sum, in->size - in->used);
}

/* The next at most `left` bytes of input that lie together. */
static void set_input(z_stream *z, struct mfd_input *in, size_t left)
{
    struct iovec front = mfd_input_front(in);

    z->next_in = front.iov_base;
    z->avail_in = (uInt)(front.iov_len < left ? front.iov_len : left);
}

/* One compressed page: a stream of its own, which must end with the page and with its bytes. */
static bool inflate_page(struct mfd_decoder *d, struct mfd_input *in, size_t length, uint8_t *page,
                         struct mfd_finding *finding)
{
    struct table *table = d->state;
    z_stream *z = &table->z;
    uint8_t beyond;
    size_t end = in->used + length;
    int status = inflateReset(z);

    z->next_out = page;
    z->avail_out = d->page_size;
    while (status == Z_OK && z->total_out <= d->page_size) {
        uInt had = 0;

        if (z->avail_out == 0) { /* the page is full: a stream that only ends writes no more */
            z->next_out = &beyond;
            z->avail_out = 1;
        }
        set_input(z, in, end - in->used);
        had = z->avail_in;
        status = inflate(z, Z_SYNC_FLUSH);
        mfd_input_take(in, had - z->avail_in);
    }
    if (z->total_out > d->page_size || (status == Z_STREAM_END && in->used < end)) {
        return mfd_codec_refuse(finding, MFD_PAY_012, in, length, length - (end - in->used));
    }
    if (z->total_out < d->page_size && (status == Z_STREAM_END || status == Z_BUF_ERROR)) {
        return mfd_codec_refuse(finding, MFD_PAY_011, in, z->total_out, d->page_size);
    }
    return status == Z_STREAM_END || mfd_codec_refuse(finding, MFD_PAY_010, in, in->used, in->size);
}

static bool decode_page(struct mfd_decoder *d, struct mfd_input *in, size_t length, uint8_t *page,
                        struct mfd_finding *finding)
{
    if (length == d->page_size) {
        mfd_input_read(in, page, length);
        return true;
    }
    return inflate_page(d, in, length, page, finding);
}

static bool decode(struct mfd_decoder *d, struct mfd_input *in, const struct iovec *pages,
                   size_t count, struct mfd_finding *finding)
{
    const struct table *table = d->state;
    size_t next = 0;

    if (!read_table(d, in, count_pages(pages, count, d->page_size), finding)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < pages[i].iov_len; at += d->page_size) {
            if (!decode_page(d, in, table->lengths[next++], (uint8_t *)pages[i].iov_base + at,
                             finding)) {
                return false;
            }
        }
    }
    return true;
}

const struct mfd_codec mfd_codec_pagewise = {
    .encoder_open = encoder_open,
    .encode = encode,
    .encoder_close = encoder_close,
    .decoder_open = decoder_open,
    .admits = admits,
    .decode = decode,
    .decoder_close = decoder_close,
};
