// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compressed payload: one stream for each connection, as a sender keeps it, and the faults that break it; see
 * compile.h.
 */
#include "compile.h"

#include "packet.h"

#include <stdlib.h>
#include <string.h>

/* As real senders do where nobody asks for another level. */
static bool open_stream(struct mfd_compiler *c, unsigned conn, struct mfd_encoder **encoder)
{
    if (!c->encoders[conn] && mfd_encoder_open(&c->encoders[conn], c->plan->method,
                                               MFD_LEVEL_DEFAULT, c->env.page_size)) {
        return MFD_COMPILE_FAIL(c, "method %s: its codec is not there",
                                mfd_method_info(c->plan->method)->name);
    }
    *encoder = c->encoders[conn];
    return true;
}

static void append(struct mfd_bytes *to, struct iovec payload)
{
    memcpy(mfd_bytes_add(to, payload.iov_len), payload.iov_base, payload.iov_len);
}

static void set_size(struct mfd_bytes *bytes, size_t header, size_t size)
{
    mfd_put32(bytes->bytes + header + MFD_PACKET_NEXT_SIZE, (uint32_t)size);
}

bool mfd_payload_compress(struct mfd_compiler *c, unsigned conn, size_t header,
                          struct mfd_bytes *bytes)
{
    size_t start = header + mfd_packet_size(c->env.page_size);
    struct iovec pages = {bytes->bytes + start, bytes->size - start};
    struct iovec payload;
    struct mfd_encoder *encoder = NULL;

    if (!open_stream(c, conn, &encoder)) {
        return false;
    }
    if (mfd_encoder_pages(encoder, &pages, 1, &payload)) {
        return MFD_COMPILE_FAIL(c, "data: cannot be compressed");
    }
    bytes->size = start;
    append(bytes, payload);
    set_size(bytes, header, payload.iov_len);
    return true;
}

/* The content of the packet's pages once more, as its effects tell. */
static void add_pages(const struct mfd_compiler *c, struct mfd_bytes *bytes)
{
    for (size_t i = 0; i < bytes->effect_count; i++) {
        const struct mfd_effect *effect = &bytes->effects[i];

        if (effect->state == MFD_PAGE_DATA) {
            mfd_page_content(mfd_bytes_add(bytes, c->env.page_size), c->env.page_size,
                             effect->block, effect->page, effect->generation);
        }
    }
}

/* The size stays as a fault on it has set it. */
static void keep_size(struct mfd_bytes *bytes, size_t header, uint32_t size, bool faulty)
{
    if (faulty) {
        set_size(bytes, header, size);
    }
}

static const char *start_afresh(struct mfd_compiler *c, struct mfd_encoder *encoder,
                                struct mfd_stream_fault *fault)
{
    size_t start = fault->header + mfd_packet_size(c->env.page_size);
    uint32_t size = mfd_get32(fault->bytes->bytes + fault->header + MFD_PACKET_NEXT_SIZE);

    if (!mfd_encoder_restart(encoder)) {
        return "the method has no stream";
    }
    fault->bytes->size = start;
    add_pages(c, fault->bytes);
    if (!mfd_payload_compress(c, fault->conn, fault->header, fault->bytes)) {
        return "cannot be compressed";
    }
    keep_size(fault->bytes, fault->header, size, fault->sized);
    fault->from = start;
    return NULL;
}

static const char *finish(struct mfd_compiler *c, struct mfd_encoder *encoder,
                          struct mfd_stream_fault *fault)
{
    size_t start = fault->header + mfd_packet_size(c->env.page_size);
    struct iovec rest;

    if (mfd_encoder_finish(encoder, &rest)) {
        return "the method has no stream";
    }
    fault->from = fault->bytes->size;
    append(fault->bytes, rest);
    if (!fault->sized) {
        set_size(fault->bytes, fault->header, fault->bytes->size - start);
    }
    return NULL;
}

/* Fills up to the size that the packet announces, but for what is still to be appended. */
static const char *pad(const struct mfd_compiler *c, struct mfd_stream_fault *fault)
{
    size_t start = fault->header + mfd_packet_size(c->env.page_size);
    size_t size = mfd_get32(fault->bytes->bytes + fault->header + MFD_PACKET_NEXT_SIZE);
    size_t there = fault->bytes->size - start + fault->behind;

    if (!fault->sized || size < there || size > (1u << 30)) {
        return "needs a next_packet_size above that of the payload";
    }
    fault->from = fault->bytes->size;
    return mfd_method_pad(c->plan->method, mfd_bytes_add(fault->bytes, size - there), size - there)
               ? NULL
               : "the method has no empty blocks of that size";
}

const char *mfd_payload_stream(struct mfd_compiler *c, const char *word,
                               struct mfd_stream_fault *fault)
{
    struct mfd_encoder *encoder = c->encoders[fault->conn];

    if (!encoder || fault->bytes->size == fault->header + mfd_packet_size(c->env.page_size)) {
        return "nothing is compressed here";
    }
    if (strcmp(word, "fresh") == 0) {
        return start_afresh(c, encoder, fault);
    }
    return strcmp(word, "finished") == 0 ? finish(c, encoder, fault) : pad(c, fault);
}
