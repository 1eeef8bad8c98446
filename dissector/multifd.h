// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inside of the dissector: what its files share.
 *
 * A call of the dissector is done in two steps. The first, once for each, takes the bytes apart into
 * notes (stream.c; channel.c and mainchannel.c know the messages), learns from them (migration.c) and
 * holds them to the rules (watch.c). The second, as often as Wireshark asks, shows the notes (show.c). So the order
 * in which packets are looked at later changes nothing.
 *
 * All memory is the capture's (wmem_file_scope) unless it says otherwise.
 */
#ifndef MFD_MULTIFD_H
#define MFD_MULTIFD_H

#include "ws_compat.h"

#include "learn.h"
#include "mainstream.h"
#include "method.h"
#include "multifd_plugin.h"
#include "observe.h"
#include "packet.h"

#include <epan/conversation.h>

extern int mfd_proto;

/* ---- preferences; packet-multifd.c ---- */

/* Values of preferences that stand for "as the traffic shows". */
#define MFD_PREF_AUTO (-1)

struct mfd_prefs {
    ws_bool reassemble; /* page data together with its header; else headers alone */
    ws_bool decompress;
    unsigned memory;   /* MiB of decompressed pages that are kept */
    int page_size;     /* bytes, or AUTO */
    int revision;      /* enum mfd_rev, or AUTO */
    int sync;          /* enum mfd_sync, or AUTO */
    int zero;          /* enum mfd_zero, or AUTO */
    int method;        /* flag bit, 0 for none, or AUTO */
    unsigned channels; /* 0: not known */
    ws_bool no_switchover;
    const char *uuid; /* text, "": as the first hello */
};
extern struct mfd_prefs mfd_prefs;

/* ---- what is known of a migration; migration.c ---- */

struct mfd_link;
struct tcp_analysis;

struct mfd_migration {
    uint32_t number;
    struct mfd_link *main;
    uint32_t main_frame;    /* of its first bytes; 0: not seen */
    uint32_t first_channel; /* lowest TCP stream of a channel; UINT32_MAX: none */
    bool over;              /* all its connections were closed */
    const char *unwatched;  /* why the observer sees no more of this one; NULL: it does */
    uint32_t links;         /* connections, and how many of them are still open */
    uint32_t open;
    struct mfd_learned learned; /* of the sender */
    struct mfd_check_context context;
    struct mfd_ramtable blocks;        /* of RAM START, once listed */
    struct mfd_observer *observer;     /* NULL: there was no memory for it */
    struct mfd_observer_memory memory; /* its own */
    uint32_t room_page_size;           /* the smallest that there is memory for */
    struct mfd_findings early; /* of connections that had ended before any byte told of it */
    uint32_t points;           /* sync points on main */
    wmem_array_t *point_frames;
};

/* Names the receiver, by address and port; the packet's memory. */
char *mfd_receiver_of(packet_info *pinfo, bool to_receiver);
/* The migration that a connection to this receiver belongs to. */
struct mfd_migration *mfd_migration_of(packet_info *pinfo, bool to_receiver, bool main);
/* The latest migration to where the packet goes; NULL: none. */
struct mfd_migration *mfd_migration_find(packet_info *pinfo);
/* Has to be called whenever something was learnt: brings what is derived up to date. */
void mfd_migration_settle(struct mfd_migration *migration);
/* Reads a UUID as text, with its dashes or without. */
bool mfd_uuid_parse(const char *text, uint8_t *uuid);
/* Takes over the blocks of RAM START as soon as all are listed. */
void mfd_migration_update_blocks(struct mfd_migration *migration);

/* ---- room.c: memory that few bytes of a capture can ask for ---- */

#define MFD_NO_MEMORY "the memory for judging the migrations of a capture is used up"

/* False: the capture's budget has not so much left. */
bool mfd_budget_take(uint64_t bytes);
void mfd_budget_return(uint64_t bytes);
/* Whether so much more of decompressed pages may be kept; the preference "memory" bounds them. */
bool mfd_room_to_keep(uint64_t bytes);
/* Starts the observer, or leaves the migration unwatched. */
void mfd_room_start(struct mfd_migration *migration);
/* Makes its room larger where there are more connections, or smaller pages; or leaves the migration unwatched. */
void mfd_room_fit(struct mfd_migration *migration);
/* Once all blocks are known: gives it memory for what becomes of each page. */
void mfd_room_give_pages(struct mfd_migration *migration);

/* ---- connections; stream.c ---- */

enum mfd_role { MFD_ROLE_UNKNOWN, MFD_ROLE_CHANNEL, MFD_ROLE_MAIN };

/* What the next byte of a direction belongs to. */
enum mfd_place {
    MFD_PLACE_START,
    MFD_PLACE_HELLO,
    MFD_PLACE_PACKET,
    MFD_PLACE_MAIN,
    MFD_PLACE_BODY, /* a section of main whose size only its footer tells */
    MFD_PLACE_REPLY,
    MFD_PLACE_LOST,
};

struct mfd_note;

/* One direction of a connection. */
struct mfd_flow {
    enum mfd_place place;
    bool begun;
    bool gap;                 /* bytes are missing, so nothing is observed any more */
    bool missed;              /* messages may be: sync points are not counted any more */
    uint32_t next_seq;        /* TCP only */
    uint64_t offset;          /* of the next byte, from the first that was seen */
    uint64_t observed;        /* up to where the observer has seen bytes that waited */
    uint32_t tcp_next;        /* what TCP expects behind the last frame */
    uint64_t skip;            /* bytes of payload to come */
    struct mfd_note *owner;   /* whose payload that is */
    uint32_t held;            /* bytes that wait for more */
    uint32_t put_off_seq;     /* of the call whose notes are those below */
    struct mfd_note *put_off; /* what is shown in the next call, or NULL */
    uint32_t rest;            /* those of them that are kept: no more than a header */
    uint32_t rest_room;
    uint8_t *rest_bytes;
};

struct mfd_link {
    struct mfd_migration *migration; /* NULL until the first bytes told */
    enum mfd_role role;
    uint32_t number;     /* among the connections of the migration */
    uint32_t tcp_stream; /* UINT32_MAX: not TCP */
    bool whole;          /* seen from its first byte */
    bool fed;            /* the observer knows of it */
    bool ordered;        /* held to MF-CHAN-002 */
    uint8_t seen;        /* what TCP has seen of it */
    bool closed[2];
    bool over;
    address sender;
    uint32_t sender_port;
    struct mfd_flow flow[2]; /* towards the receiver, and back */
    bool has_id;
    uint16_t id; /* three digits may name more than there are */
    uint32_t hello_frame;
    uint32_t first_packet_frame;
    uint32_t packets;
    uint32_t syncs;
    struct mfd_main main; /* place in main's stream */
    uint32_t body_id;     /* of the section whose end is looked for */
    struct mfd_decoder *decoder;
    uint32_t decoder_method;
    uint64_t decoder_memory; /* of the budget */
    bool undecodable;
};

/* ---- notes ---- */

enum mfd_note_kind {
    MFD_NOTE_MESSAGE,
    MFD_NOTE_PAYLOAD, /* more of an earlier message's payload */
    MFD_NOTE_BODY,    /* contents of a section that are not known here */
    MFD_NOTE_LOST,    /* bytes that cannot be followed */
    MFD_NOTE_CLOSED,
};

struct mfd_note {
    struct mfd_note *next; /* of the same call */
    enum mfd_note_kind kind;
    enum mfd_message message;
    uint32_t at; /* in the bytes of the call */
    uint32_t size;
    uint32_t payload; /* bytes of it here, behind the message */
    uint64_t payload_all;
    uint64_t offset; /* in its direction's stream */
    uint32_t frame;
    uint32_t page_size;
    uint32_t method;
    enum mfd_rev rev;
    const char *revision;
    const struct mfd_note *owner;
    uint32_t related; /* frame of the hello, for the first packet of the channel */
    uint32_t round;   /* of a SYNC or a sync point, from 1 */
    bool is_ram;
    const char *block; /* of a page's record on main; NULL: not known */
    struct mfd_finding *findings;
    size_t finding_count;
    uint8_t *pages; /* decompressed, `page_bytes` of them; NULL: not kept */
    uint32_t page_bytes;
    const char *problem; /* why pages are not shown */
};

/* One call. */
struct mfd_call {
    uint32_t seq;
    uint32_t len;
    struct mfd_link *link;
    bool reply;
    struct mfd_note *first;
    struct mfd_note *last;
    uint32_t want_at; /* where what is to be reassembled starts */
    uint32_t want;    /* bytes that lack; 0: none */
};

/* The bytes at hand while a call is taken apart. */
struct mfd_parse {
    struct mfd_call *call;
    packet_info *pinfo;
    tvbuff_t *tvb;
    struct mfd_link *link;
    struct mfd_flow *flow;
    uint32_t at;
    uint32_t len;                      /* of all bytes of the call, on the wire */
    uint32_t held;                     /* of these: were there before, and waited for more */
    struct mfd_findings lost_findings; /* for the note of bytes that cannot be followed */
};

struct mfd_note *mfd_parse_note(struct mfd_parse *parse, enum mfd_note_kind kind, uint32_t size);
/* Bytes from here on: on the wire, and of these in the capture. */
uint32_t mfd_parse_left(const struct mfd_parse *parse);
uint32_t mfd_parse_captured(const struct mfd_parse *parse);
const uint8_t *mfd_parse_bytes(const struct mfd_parse *parse);
/*
 * Whether `size` bytes are there. If not, asks for more if that can be done; `*snapped` tells that it
 * cannot, since they are not in the capture. Only a message's whole size is asked for as such: TCP does not take apart
 * a second time what was asked for in several steps that end within a segment.
 */
bool mfd_parse_have(struct mfd_parse *parse, uint32_t size, bool *snapped);
bool mfd_parse_whole(struct mfd_parse *parse, uint32_t size, bool *snapped);
/* Goes behind the note, whose payload follows, and lets the observer see its bytes. */
void mfd_parse_passed(struct mfd_parse *parse, struct mfd_note *note);
/* Adds findings to a note. */
void mfd_note_found(struct mfd_note *note, const struct mfd_findings *findings);
/* Takes bytes apart, or gives what was found when they were; NULL: they were never seen. */
struct mfd_call *mfd_stream_call(tvbuff_t *tvb, packet_info *pinfo, const uint32_t *seq,
                                 struct mfd_link *link);
/* ---- link.c ---- */

/* Bits of what TCP has seen of a connection. */
#define MFD_SEEN_SYN 0x01u
#define MFD_SEEN_ANSWER 0x02u
#define MFD_SEEN_DATA 0x08u
#define MFD_SEEN_FIN 0x10u
#define MFD_SEEN_RESET 0x20u

/* Keys of what is kept for a frame: the closing, then each call. */
#define MFD_KEY_CLOSED 0u
#define MFD_KEY_CALLS 1u

/* The link of the packet's conversation, made if it is not there and `create`. */
struct mfd_link *mfd_link_of(packet_info *pinfo, bool create);
/* Makes that of a connection which has none. `tcp` is NULL where it is not TCP. */
struct mfd_link *mfd_link_make(conversation_t *conv, const struct tcp_analysis *tcp,
                               const address *sender, uint32_t port);
/* Has the migration count the connection, which it is told of with what it sends next. */
void mfd_link_join(struct mfd_link *link, struct mfd_migration *migration);
/* Whether the packet goes from the receiver to the sender. */
bool mfd_link_is_reply(const struct mfd_link *link, packet_info *pinfo);
/* The connection has turned out to be one: gives it its migration. */
void mfd_link_classify(struct mfd_parse *parse, enum mfd_role role);
/* After each packet: a connection that it opened or closed. NULL, or a call with what that broke. */
struct mfd_call *mfd_link_closed(packet_info *pinfo);

/* ---- silent.c: connections that were opened before the first bytes told of a migration ---- */

void mfd_silent_register(void);
/* After each packet of TCP, the first time that it is seen. */
void mfd_silent_note(packet_info *pinfo);
/*
 * The migration, of which nobody has told yet, gets the connections to its receiver that were opened before, in their order: those
 * that are open, and those that ended meanwhile. `speaker` is the one whose bytes tell.
 */
void mfd_silent_join(struct mfd_migration *migration, struct mfd_link *speaker,
                     const char *receiver);

/* ---- watch.c: each adds to the note what the event broke ---- */

void mfd_watch_open(struct mfd_link *link, struct mfd_note *note);
/* The next `len` bytes at parse->at. */
void mfd_watch_bytes(struct mfd_parse *parse, struct mfd_note *note, uint32_t len);
/* `side` is 1 for the receiver's. */
void mfd_watch_close(struct mfd_link *link, struct mfd_note *note, int side, bool reset);

/* ---- channel.c, mainchannel.c: each takes one message at parse->at; false: nothing more can be done */

bool mfd_channel_hello(struct mfd_parse *parse);
/*
 * Whether a connection starts with a text hello, as the word in it shows: `len` bytes, perhaps not all of them. Not
 * where the preference names a revision that has none.
 */
bool mfd_channel_is_text_hello(const uint8_t *buf, size_t len);
/* The bytes that are there could become one. */
bool mfd_channel_begins_text_hello(const uint8_t *buf, size_t len);
bool mfd_channel_packet(struct mfd_parse *parse);
/* Whether the bytes could start a RAM or device-state packet. */
bool mfd_channel_plausible(const uint8_t *buf, size_t len);
bool mfd_main_record(struct mfd_parse *parse);
/*
 * Whether a segment of a main that was lost, or of a connection of which nothing is known, starts with a record;
 * then main goes on from there.
 */
bool mfd_main_resume(struct mfd_parse *parse);
bool mfd_main_body(struct mfd_parse *parse);

/* ---- reply.c ---- */

/* Takes one reply at parse->at; false: nothing more can be done. */
bool mfd_reply(struct mfd_parse *parse);
/* Whether a segment of a return path that was lost starts with a reply; then it goes on from there. */
bool mfd_reply_resume(struct mfd_parse *parse);
/* The bitmap behind a reply, as far as it is here. */
void mfd_reply_show_bitmap(tvbuff_t *tvb, proto_tree *tree, const struct mfd_note *note);

/* ---- payload.c ---- */

/* Whether a payload of that size can be right; to be asked before it is waited for. */
bool mfd_payload_admits(struct mfd_parse *parse, uint32_t method, const struct mfd_packet *packet,
                        struct mfd_findings *findings);
/* Decodes the payload of a packet whose bytes are all there. */
void mfd_payload_decode(struct mfd_parse *parse, struct mfd_note *note, uint32_t normal_pages);
/* The connection has nothing more to decode. */
void mfd_payload_close(struct mfd_link *link);
/* Shows it. */
void mfd_payload_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                      const struct mfd_note *note);

/* ---- fields.c ---- */

/* Generated fields, which are no bytes of the wire as fields.def lists them. */
#define MFD_GENERATED(X) \
    X(channel, "Channel", UINT32, DEC, "id of the channel") \
    X(migration, "Migration", UINT32, DEC, "number of the migration in the capture") \
    X(unwatched, "Not judged as a whole", STRING, NONE, \
      "why the migration is not held to the rules that need all of it") \
    X(revision, "Sender revision", STRING, NONE, \
      "revision that the sender speaks, as far as it shows") \
    X(rule, "Rule", STRING, NONE, "id of a rule that is broken here") \
    X(main_frame, "Main channel", FRAMENUM, NONE, "first frame of the migration's main channel") \
    X(first_packet, "First packet", FRAMENUM, NONE, "first packet on the channel") \
    X(hello_frame, "Hello", FRAMENUM, NONE, "hello of the channel") \
    X(sync_frame, "Sync point", FRAMENUM, NONE, "sync point on main that takes this SYNC") \
    X(round, "Round", UINT32, DEC, "number of the sync point, from 1") \
    X(payload, "Payload", BYTES, NONE, "payload of a packet") \
    X(payload_size, "Payload size", UINT64, DEC, "bytes of payload behind the message") \
    X(payload_of, "Payload of", FRAMENUM, NONE, "packet whose payload this is") \
    X(unused_offset, "Unused offsets", BYTES, NONE, "slots that list no page") \
    X(page_size, "Page size", UINT32, DEC, "bytes of a guest page") \
    X(page_block, "Block", STRING, NONE, "RAM block of a page") \
    X(page_offset, "Offset", UINT64, HEX, "offset of a page in its block") \
    X(page_data, "Data", BYTES, NONE, "content of a page") \
    X(page_length, "Length", UINT32, DEC, "length of a page in the table of qpl and uadk") \
    X(body, "Section contents", BYTES, NONE, \
      "contents of a section of main that are not taken apart") \
    X(subsection_data, "Subsection contents", BYTES, NONE, "fields of a subsection") \
    X(page_bits, "Target page bits", UINT32, DEC, "subsection configuration/target-page-bits") \
    X(config_uuid, "UUID", GUID, NONE, "subsection configuration/uuid") \
    X(received_size, "Bitmap size", UINT64, DEC, "bytes of the bitmap behind a RECV_BITMAP") \
    X(received, "Bitmap", BYTES, NONE, \
      "bitmap of the pages that a receiver has, words of 64 bits, little-endian") \
    X(received_end, "End of bitmap", BYTES, NONE, "mark behind the bitmap, 0x0123456789abcdef") \
    X(exported, "Head of the export", BYTES, NONE, \
      "what was known of an exported message: channel, migration, method and more") \
    X(lost, "Lost bytes", BYTES, NONE, "bytes that cannot be followed") \
    X(cut, "Cut field", BYTES, NONE, "start of a field whose end was not captured") \
    X(value, "Value", UINT32, DEC, "number that a command or a reply carries") \
    X(word_offset, "Offset", UINT64, HEX, "what a RAM record's word has above its flags")

enum mfd_generated {
#define X(name, ...) MFD_GEN_##name,
    MFD_GENERATED(X)
#undef X
        MFD_GEN_COUNT
};

extern int mfd_hf[MFD_FIELD_COUNT];
extern int mfd_gen[MFD_GEN_COUNT];

enum mfd_ett {
    MFD_ETT_MULTIFD,
    MFD_ETT_FLAGS,
    MFD_ETT_WORD,
    MFD_ETT_OFFSETS,
    MFD_ETT_PAGES,
    MFD_ETT_PAGE,
    MFD_ETT_RULE,
    MFD_ETT_COUNT,
};
extern int mfd_ett[MFD_ETT_COUNT];

void mfd_fields_register(void);
/* Adds every field of the note's message, with the findings on those that they are about. */
void mfd_fields_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                     const struct mfd_note *note);
proto_item *mfd_add_generated(proto_tree *tree, enum mfd_generated field, tvbuff_t *tvb,
                              uint32_t value);

/* ---- rules.c ---- */

void mfd_rules_register(void);
/* Marks the item with the finding; NULL marks the packet as a whole. */
void mfd_rules_show(packet_info *pinfo, proto_tree *tree, proto_item *item, tvbuff_t *tvb,
                    const struct mfd_finding *finding);
/* Says of the item that it is bytes which cannot be followed, which breaks no rule. */
void mfd_rules_show_lost(packet_info *pinfo, proto_item *item);

/* ---- show.c ---- */

void mfd_show_call(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                   const struct mfd_call *call);

/*
 * The numbers of a RAM packet, and its name with zeros for what the capture has cut off. False: it is no RAM
 * packet, or not even these are there.
 */
bool mfd_packet_shown(tvbuff_t *tvb, const struct mfd_note *note, struct mfd_packet *packet);

/* Likewise of a device-state packet. */
bool mfd_device_shown(tvbuff_t *tvb, const struct mfd_note *note, struct mfd_device *device);

/* The name of a block or a device, up to its NUL and fit to be printed; the packet's memory. */
const char *mfd_block_name(packet_info *pinfo, const char *ramblock);

/* ---- taps.c ---- */

/* Of a tap's channel or migration, where that is no number. */
#define MFD_TAP_MAIN (-1)
#define MFD_TAP_UNKNOWN (-2)

/* One message, for listeners of the tap "multifd". */
struct mfd_tap {
    enum mfd_note_kind kind;
    enum mfd_message message;
    int64_t migration; /* or UNKNOWN */
    int channel;       /* or MAIN or UNKNOWN */
    uint32_t method;   /* of a packet with pages */
    uint32_t normal_pages;
    uint32_t zero_pages;
    uint64_t bytes;    /* with payload */
    const char *block; /* NULL: no pages, or a block that is not known */
    bool sync;         /* a SYNC, or a sync point on main */
    uint32_t round;
};

void mfd_taps_register(void);
void mfd_taps_handoff(void);
void mfd_taps_note(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_call *call,
                   const struct mfd_note *note);

/* ---- export.c: messages without what is around them ---- */

void mfd_export_register(void);
/* Exports the message, if that is asked for. */
void mfd_export_note(tvbuff_t *tvb, packet_info *pinfo, const struct mfd_call *call,
                     const struct mfd_note *note);
/* One that was exported. */
int mfd_export_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* ---- tap_tree.c: -z multifd,tree; tap_sync.c: -z multifd,sync ---- */

void mfd_tap_tree_register(void);
void mfd_tap_sync_register(void);

#endif
