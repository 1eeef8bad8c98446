// SPDX-License-Identifier: GPL-2.0-or-later
/* The return path: what the receiver says in the other direction of main. */
#include "multifd.h"

/* A request for pages: where, how many bytes, and in some the name of the block. */
#define REQUEST_SIZE 12u
#define NAME_MAX_SIZE 255u
/* Before a bitmap stands how long it is, behind it a mark. */
#define BITMAP_LENGTH_SIZE 8u
#define BITMAP_MARK_SIZE 8u
/* That of a block of 128 TiB. */
#define BITMAP_MAX ((uint64_t)1 << 32)

/* Takes what cannot be followed; the next segment may start with a reply. */
static bool lost(struct mfd_parse *parse)
{
    parse->flow->place = MFD_PLACE_LOST;
    return true;
}

static bool has_bitmap(const uint8_t *buf)
{
    return mfd_get16(buf) == MFD_RETURN_RECV_BITMAP;
}

/* Whether `length` bytes are `before` and a name with its length, as far as it is there. */
static bool is_named(const uint8_t *payload, size_t len, uint32_t length, uint32_t before)
{
    return length > before + 1 && length <= before + 1 + NAME_MAX_SIZE &&
           (len <= before || payload[before] == length - before - 1);
}

/* Whether the bytes are those of a reply, or of its start: at least its header. */
static bool is_reply(const uint8_t *buf, size_t len)
{
    const uint8_t *payload = buf + MFD_RETURN_HEADER_SIZE;
    uint32_t length = mfd_get16(buf + 2);
    size_t here = len - MFD_RETURN_HEADER_SIZE;

    switch (mfd_get16(buf)) {
    case MFD_RETURN_SHUT:
    case MFD_RETURN_PONG:
    case MFD_RETURN_RESUME_ACK:
        return length == 4;
    case MFD_RETURN_REQ_PAGES:
        return length == REQUEST_SIZE;
    case MFD_RETURN_REQ_PAGES_ID:
        return is_named(payload, here, length, REQUEST_SIZE);
    case MFD_RETURN_RECV_BITMAP:
        return is_named(payload, here, length, 0);
    case MFD_RETURN_SWITCHOVER_ACK:
        return length == 0;
    default:
        return false;
    }
}

/* Of a bitmap, whose bits come in words of 64; 0 where there is none of that length. */
static uint64_t bitmap_size(const uint8_t *length)
{
    uint64_t size = mfd_get64(length);

    return size % 8 == 0 && size <= BITMAP_MAX ? size : 0;
}

/* Bytes of a reply by which it is known to be one: its own, and the length of a bitmap. */
static uint32_t needed(const uint8_t *buf)
{
    return MFD_RETURN_HEADER_SIZE + mfd_get16(buf + 2) + (has_bitmap(buf) ? BITMAP_LENGTH_SIZE : 0);
}

bool mfd_reply(struct mfd_parse *parse)
{
    struct mfd_note *note = NULL;
    const uint8_t *buf = mfd_parse_bytes(parse);
    uint64_t bitmap = 0;
    uint32_t size = 0;
    bool snapped = false;

    if (!mfd_parse_have(parse, MFD_RETURN_HEADER_SIZE, &snapped)) {
        return snapped && lost(parse);
    }
    if (!is_reply(buf, mfd_parse_captured(parse))) {
        return lost(parse);
    }
    if (!mfd_parse_whole(parse, needed(buf), &snapped)) {
        return snapped && lost(parse);
    }
    size = MFD_RETURN_HEADER_SIZE + mfd_get16(buf + 2);
    if (has_bitmap(buf)) {
        bitmap = bitmap_size(buf + size);
        if (!bitmap) {
            return lost(parse);
        }
    }
    note = mfd_parse_note(parse, MFD_NOTE_MESSAGE, size);
    note->message = MFD_MSG_reply;
    note->payload_all = bitmap ? BITMAP_LENGTH_SIZE + bitmap + BITMAP_MARK_SIZE : 0;
    mfd_parse_passed(parse, note);
    return true;
}

bool mfd_reply_resume(struct mfd_parse *parse)
{
    const uint8_t *buf = mfd_parse_bytes(parse);
    uint32_t captured = mfd_parse_captured(parse);
    uint32_t size = 0;

    if (parse->at != 0 || captured < MFD_RETURN_HEADER_SIZE || !is_reply(buf, captured)) {
        return false;
    }
    /* it has to be all here, or it would be lost again at once */
    size = needed(buf);
    if (size > captured || (has_bitmap(buf) && !bitmap_size(buf + size - BITMAP_LENGTH_SIZE))) {
        return false;
    }
    if (!has_bitmap(buf) && captured - size >= MFD_RETURN_HEADER_SIZE &&
        !is_reply(buf + size, captured - size)) {
        return false;
    }
    parse->flow->place = MFD_PLACE_REPLY;
    return true;
}

void mfd_reply_show_bitmap(tvbuff_t *tvb, proto_tree *tree, const struct mfd_note *note)
{
    int at = (int)(note->at + note->size);
    int left = tvb_captured_length_remaining(tvb, at);
    uint32_t here = left > 0 && (uint32_t)left < note->payload ? (uint32_t)left : note->payload;
    uint64_t bits = note->payload_all - BITMAP_LENGTH_SIZE - BITMAP_MARK_SIZE;
    uint32_t shown = 0;

    if (left < (int)BITMAP_LENGTH_SIZE) {
        return;
    }
    proto_tree_add_item(tree, mfd_gen[MFD_GEN_received_size], tvb, at, BITMAP_LENGTH_SIZE,
                        ENC_BIG_ENDIAN);
    at += (int)BITMAP_LENGTH_SIZE;
    here -= BITMAP_LENGTH_SIZE;
    shown = bits < here ? (uint32_t)bits : here;
    if (shown) {
        proto_tree_add_item(tree, mfd_gen[MFD_GEN_received], tvb, at, (int)shown, ENC_NA);
    }
    if (here > shown) {
        proto_tree_add_item(tree, mfd_gen[MFD_GEN_received_end], tvb, at + (int)shown,
                            (int)(here - shown), ENC_NA);
    }
}
