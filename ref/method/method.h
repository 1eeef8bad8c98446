// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compression methods: pages into the payload of a packet, and back.
 *
 * An encoder or decoder belongs to one channel and one direction and lives as long as the channel:
 *
 *     zlib, zstd   ONE stream for all packets, flushed at the end of each, never finished
 *     qpl, uadk    each page for itself: a table of lengths (u32 big-endian), then the pages; one whose
 *                  length is that of a page is stored raw. qpl: raw deflate; uadk: zlib format. Done in
 *                  software, in the accelerators' framing
 *     qatzip       known by name only: opening gives ENOTSUP
 *
 * Method none has neither encoder nor decoder: its payload is the pages.
 *
 * Pages are given as pieces of memory (adjacent pages may be one piece), each a multiple of the page
 * size. All memory that a decoder ever needs for a peer's data is there when it is open; nothing is
 * allocated by a number of the peer's.
 *
 * Errors are values: an errno, or for a peer's payload the finding. Nothing is printed.
 */
#ifndef MFD_METHOD_H
#define MFD_METHOD_H

#include "finding.h"

#include <stdbool.h>
#include <sys/uio.h>

/* The level of real senders where nobody asks for another: 1. */
#define MFD_LEVEL_DEFAULT (-1)

struct mfd_method_info {
    const char *name;
    uint32_t flag; /* in a packet; 0: none */
    bool there;    /* implemented here */
    int level_max; /* levels are 0 to this */
};

/* By flag bit, or by name; NULL if there is no such method. */
const struct mfd_method_info *mfd_method_info(uint32_t flag);
const struct mfd_method_info *mfd_method_named(const char *name);

/* ---- the sender's side ---- */

struct mfd_encoder;

/*
 * 0; ENOTSUP: not implemented; EINVAL: none, no method, or no level of it; ENOMEM. `*encoder` is NULL
 * unless it is 0.
 */
int mfd_encoder_open(struct mfd_encoder **encoder, uint32_t method, int level, uint32_t page_size);
/*
 * Encodes the pages of one packet, at most its slots, as a payload of at most MFD_COMPRESSED_MAX bytes
 * that is the encoder's and valid until the next call. 0, or EIO after which the encoder is of no use.
 */
int mfd_encoder_pages(struct mfd_encoder *encoder, const struct iovec *pages, size_t count,
                      struct iovec *payload);
/*
 * Ends the stream, which no sender does: gives what belongs behind the last payload. 0, EIO, or ENOTSUP
 * for a method without streams. The next payload starts a new one.
 */
int mfd_encoder_finish(struct mfd_encoder *encoder, struct iovec *payload);
/* The next payload starts a new stream, which no sender does either. False: the method has none. */
bool mfd_encoder_restart(struct mfd_encoder *encoder);
/* NULL is fine. */
void mfd_encoder_close(struct mfd_encoder *encoder);

/*
 * Writes exactly `size` bytes of blocks that decode to nothing, which may stand behind any flushed
 * payload of zlib or zstd. False: the method has no such blocks, or not of that size (all are from 20
 * on).
 */
bool mfd_method_pad(uint32_t method, uint8_t *to, size_t size);

/* ---- the receiver's side ---- */

struct mfd_decoder;

/* As mfd_encoder_open(). */
int mfd_decoder_open(struct mfd_decoder **decoder, uint32_t method, uint32_t page_size);
/*
 * The same with memory for a window of that many bytes, where mfd_decoder_open() has it for the largest, of
 * 32 MiB: a stream that wants more is invalid. For those who have many decoders and see a payload first.
 */
int mfd_decoder_open_window(struct mfd_decoder **decoder, uint32_t method, uint32_t page_size,
                            uint64_t window);
/* The window that the stream wants which starts with these bytes; 0: the method has none, or it does not show. */
uint64_t mfd_method_window(uint32_t method, const uint8_t *payload, size_t len);
/* As mfd_decoder_admits(), for which there need be no decoder: false without finding for a method that is not there. */
bool mfd_method_admits(uint32_t method, uint32_t page_size, uint32_t pages, uint64_t size,
                       struct mfd_finding *finding);
/*
 * Whether a payload of `size` bytes may hold that many pages; to be asked before it is read, of
 * whatever buffer. Otherwise false with the finding: MF-PAY-008, or MF-PAY-014 for a payload that
 * cannot agree with its table. No payload that may is larger than MFD_COMPRESSED_MAX.
 */
bool mfd_decoder_admits(const struct mfd_decoder *decoder, uint32_t pages, uint64_t size,
                        struct mfd_finding *finding);
/*
 * Decodes the whole payload of a packet, in whatever pieces it is there, straight into the pages. True
 * if it fills them exactly. Otherwise the finding, its `offset` within the payload, and the decoder is
 * of no use any more:
 *
 *     MF-PAY-003   zlib: a second stream starts here
 *     MF-PAY-005   zstd: a second frame starts here
 *     MF-PAY-010   invalid, or the stream ends; got: bytes up to there, want: all of the payload
 *     MF-PAY-011   got: bytes decoded, want: bytes of the pages
 *     MF-PAY-012   something behind the last page; got: bytes of the payload, want: those used
 *     MF-PAY-014   qpl, uadk: the table is wrong; got and want: the number at fault
 *
 * What decodes to nothing behind the last page (the end of a flush, empty blocks) is no error. The pages
 * may have been written in part.
 */
bool mfd_decoder_pages(struct mfd_decoder *decoder, const struct iovec *payload, size_t pieces,
                       const struct iovec *pages, size_t count, struct mfd_finding *finding);
void mfd_decoder_close(struct mfd_decoder *decoder);

#endif
