// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields: registered from fields.def, shown by walking a message. */
#include "field.h"
#include "multifd.h"
#include "packet.h"

#include <string.h>

int mfd_hf[MFD_FIELD_COUNT];
int mfd_gen[MFD_GEN_COUNT];
int mfd_ett[MFD_ETT_COUNT];

static const value_string section_types[] = {
    {MFD_SECTION_EOF, "end"},
    {MFD_SECTION_START, "START"},
    {MFD_SECTION_PART, "PART"},
    {MFD_SECTION_END, "END"},
    {MFD_SECTION_FULL, "FULL"},
    {MFD_SECTION_SUBSECTION, "subsection"},
    {MFD_SECTION_VMDESC, "vmdesc"},
    {MFD_SECTION_CONFIG, "configuration"},
    {MFD_SECTION_COMMAND, "command"},
    {MFD_SECTION_FOOTER, "footer"},
    {0, NULL},
};
static const value_string commands[] = {
    {MFD_CMD_OPEN_RETURN_PATH, "open return path"},
    {MFD_CMD_PING, "ping"},
    {3, "postcopy advise"},
    {4, "postcopy listen"},
    {5, "postcopy run"},
    {6, "postcopy RAM discard"},
    {7, "packaged"},
    {8, "enable COLO"},
    {9, "postcopy resume"},
    {10, "receive bitmap"},
    {MFD_CMD_SWITCHOVER_START, "switchover start"},
    {0, NULL},
};
static const value_string replies[] = {
    {MFD_RETURN_SHUT, "SHUT"},
    {MFD_RETURN_PONG, "PONG"},
    {MFD_RETURN_REQ_PAGES_ID, "REQ_PAGES_ID"},
    {MFD_RETURN_REQ_PAGES, "REQ_PAGES"},
    {MFD_RETURN_RECV_BITMAP, "RECV_BITMAP"},
    {MFD_RETURN_RESUME_ACK, "RESUME_ACK"},
    {MFD_RETURN_SWITCHOVER_ACK, "SWITCHOVER_ACK"},
    {0, NULL},
};
static const value_string methods[] = {
    {0, "none"},
    {MFD_FLAG_ZLIB >> 1, "zlib"},
    {MFD_FLAG_ZSTD >> 1, "zstd"},
    {MFD_FLAG_QPL >> 1, "qpl"},
    {MFD_FLAG_UADK >> 1, "uadk"},
    {MFD_FLAG_QATZIP >> 1, "qatzip"},
    {0, NULL},
};

static int hf_flag_sync = -1;
static int hf_flag_method = -1;
static int hf_flag_device = -1;
static int hf_flag_unknown = -1;
static int hf_word_zero = -1;
static int hf_word_memsize = -1;
static int hf_word_page = -1;
static int hf_word_eos = -1;
static int hf_word_continue = -1;
static int hf_word_flush = -1;

static int *const flag_bits[] = {&hf_flag_sync, &hf_flag_method, &hf_flag_device, &hf_flag_unknown,
                                 NULL};
static int *const word_bits[] = {&hf_word_zero,     &hf_word_memsize, &hf_word_page, &hf_word_eos,
                                 &hf_word_continue, &hf_word_flush,   NULL};

static bool named(const struct mfd_field_info *info, const char *name)
{
    return strcmp(info->name, name) == 0;
}

static bool is_field(const struct mfd_field_info *info, const char *message, const char *name)
{
    return named(info, name) && strcmp(mfd_message_name(info->message), message) == 0;
}

/* What commands and replies carry. Else, what has a length before it is a name or other text. */
static bool is_data(const struct mfd_field_info *info)
{
    return info->count == MFD_COUNT_LEN && (named(info, "argument") || named(info, "payload"));
}

static bool is_text(const struct mfd_field_info *info)
{
    return info->count == MFD_COUNT_LEN && !is_data(info);
}

static enum ftenum type_of(const struct mfd_field_info *info)
{
    switch (info->type) {
    case MFD_TYPE_UUID:
        return FT_GUID;
    case MFD_TYPE_TEXT:
        return FT_STRINGZTRUNC;
    case MFD_TYPE_BYTES:
        return is_text(info) ? FT_STRING : FT_BYTES;
    case MFD_TYPE_UINT:
        break;
    }
    return info->width == 1   ? FT_UINT8
           : info->width == 2 ? FT_UINT16
           : info->width == 4 ? FT_UINT32
                              : FT_UINT64;
}

static int base_of(const struct mfd_field_info *info)
{
    static const char *const hex[] = {"magic", "flags", "word", "offset", "used_length"};

    if (info->type != MFD_TYPE_UINT) {
        return BASE_NONE;
    }
    for (size_t i = 0; i < sizeof(hex) / sizeof(*hex); i++) {
        if (named(info, hex[i])) {
            return BASE_HEX;
        }
    }
    return named(info, "type") && info->width == 1 ? BASE_HEX : BASE_DEC;
}

static const void *strings_of(const struct mfd_field_info *info)
{
    if (is_field(info, "command", "command")) {
        return VALS(commands);
    }
    if (is_field(info, "reply", "type")) {
        return VALS(replies);
    }
    return named(info, "type") ? VALS(section_types) : NULL;
}

/* What a name of the table does not say to somebody who looks at a packet. */
static const char *known_title(const struct mfd_field_info *info)
{
    static const struct {
        const char *message; /* NULL: any */
        const char *name;
        const char *title;
    } titles[] = {
        {NULL, "uuid", "UUID"},
        {"hello", "id", "Channel id"},
        {"text_hello", "id", "Channel id"},
        {"binary_hello", "id", "Channel id"},
        {NULL, "id", "Section number"},
        {NULL, "pages_alloc", "Slots"},
        {NULL, "next_packet_size", "Payload size"},
        {NULL, "packet_num", "Packet number"},
        {NULL, "ramblock", "RAM block"},
        {NULL, "reserved_wide", "Reserved"},
        {"packet", "offset", "Page offset"},
        {"device", "idstr", "Device"},
        {"section", "idstr", "Section name"},
        {NULL, "instance_id", "Instance"},
        {"text_hello", "word", "Mark"},
        {NULL, "word", "Offset and flags"},
        {"config", "name", "Machine type"},
        {"block", "name", "RAM block"},
        {"zero", "name", "RAM block"},
        {"page", "name", "RAM block"},
        {NULL, "json", "JSON"},
    };

    for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
        if (named(info, titles[i].name) &&
            (!titles[i].message ||
             strcmp(mfd_message_name(info->message), titles[i].message) == 0)) {
            return titles[i].title;
        }
    }
    return NULL;
}

/* "used_length" as "Used length". */
static const char *title_of(const struct mfd_field_info *info)
{
    const char *known = known_title(info);
    char *title = NULL;

    if (known) {
        return known;
    }
    title = wmem_strdup(wmem_epan_scope(), info->name);
    for (char *p = title; *p; p++) {
        *p = *p == '_' ? ' ' : *p;
    }
    title[0] = g_ascii_toupper(title[0]);
    return title;
}

static void register_wire_fields(void)
{
    static hf_register_info list[MFD_FIELD_COUNT];

    for (int i = 0; i < MFD_FIELD_COUNT; i++) {
        const struct mfd_field_info *info = mfd_field_info((enum mfd_field)i);
        const char *abbrev = wmem_strdup_printf(wmem_epan_scope(), "multifd.%s.%s",
                                                mfd_message_name(info->message), info->name);

        mfd_hf[i] = -1;
        list[i] = (hf_register_info){
            &mfd_hf[i],
            {title_of(info), abbrev, type_of(info), base_of(info), strings_of(info), 0,
             info->meaning, HFILL},
        };
    }
    proto_register_field_array(mfd_proto, list, MFD_FIELD_COUNT);
}

static void register_generated_fields(void)
{
    static hf_register_info list[MFD_GEN_COUNT] = {
#define X(name, title, type, base, blurb) \
    {&mfd_gen[MFD_GEN_##name], \
     {title, "multifd." #name, FT_##type, BASE_##base, NULL, 0, blurb, HFILL}},
        MFD_GENERATED(X)
#undef X
    };

    for (int i = 0; i < MFD_GEN_COUNT; i++) {
        mfd_gen[i] = -1;
    }
    proto_register_field_array(mfd_proto, list, MFD_GEN_COUNT);
}

static void register_bits(void)
{
#define BIT(hf, title, name, width, mask) \
    { \
        &hf, \
        { \
            title, "multifd." name, FT_BOOLEAN, width, NULL, mask, NULL, HFILL \
        } \
    }
    static hf_register_info list[] = {
        BIT(hf_flag_sync, "SYNC", "flags.sync", 32, MFD_FLAG_SYNC),
        {&hf_flag_method,
         {"Method", "multifd.flags.method", FT_UINT32, BASE_DEC, VALS(methods), 0x3e, NULL, HFILL}},
        BIT(hf_flag_device, "Device state", "flags.device_state", 32, MFD_FLAG_DEVICE_STATE),
        {&hf_flag_unknown,
         {"Unknown", "multifd.flags.unknown", FT_UINT32, BASE_HEX, NULL, 0xffffff80, NULL, HFILL}},
        BIT(hf_word_zero, "Zero page", "word.zero", 64, MFD_RAM_ZERO),
        BIT(hf_word_memsize, "Sum of the lengths", "word.mem_size", 64, MFD_RAM_MEM_SIZE),
        BIT(hf_word_page, "Page", "word.page", 64, MFD_RAM_PAGE),
        BIT(hf_word_eos, "End of the section's records", "word.eos", 64, MFD_RAM_EOS),
        BIT(hf_word_continue, "Same block as before", "word.continue", 64, MFD_RAM_CONTINUE),
        BIT(hf_word_flush, "Sync point", "word.multifd_flush", 64, MFD_RAM_MULTIFD_FLUSH),
    };
#undef BIT

    proto_register_field_array(mfd_proto, list, (int)(sizeof(list) / sizeof(*list)));
}

void mfd_fields_register(void)
{
    static int *trees[MFD_ETT_COUNT];

    register_wire_fields();
    register_generated_fields();
    register_bits();
    for (int i = 0; i < MFD_ETT_COUNT; i++) {
        mfd_ett[i] = -1;
        trees[i] = &mfd_ett[i];
    }
    proto_register_subtree_array(trees, MFD_ETT_COUNT);
}

proto_item *mfd_add_generated(proto_tree *tree, enum mfd_generated field, tvbuff_t *tvb,
                              uint32_t value)
{
    proto_item *item = proto_tree_add_uint(tree, mfd_gen[field], tvb, 0, 0, value);

    proto_item_set_generated(item);
    return item;
}

/* A message that is being shown. */
struct show {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    const struct mfd_note *note;
    const uint8_t *buf;
    size_t len;
    uint32_t normal; /* pages listed, of a packet */
    uint32_t zero;
    bool *shown; /* findings that have their item */
};

/* Findings about bytes of [from, to) stand on their item. */
static void show_findings(const struct show *show, proto_item *item, size_t from, size_t to)
{
    for (size_t i = 0; i < show->note->finding_count; i++) {
        const struct mfd_finding *finding = &show->note->findings[i];

        if (!show->shown[i] && finding->width && finding->offset >= from && finding->offset < to) {
            mfd_rules_show(show->pinfo, show->tree, item, show->tvb, finding);
            show->shown[i] = true;
        }
    }
}

/* Findings on unused offsets and on listed ones have items of their own only where someone looks. */
static void show_offsets(struct show *show, const struct mfd_span *span)
{
    uint32_t at = show->note->at + (uint32_t)span->offset;
    uint64_t wanted = (uint64_t)show->normal + show->zero;
    uint32_t listed = (uint32_t)(wanted < span->elements ? wanted : span->elements);
    uint32_t used = 8 * listed;
    uint32_t rest = 8 * (uint32_t)span->elements - used;
    proto_tree *tree = NULL;
    proto_item *item = NULL;

    if (listed) {
        tree = proto_tree_add_subtree_format(
            show->tree, show->tvb, (int)at, (int)used, mfd_ett[MFD_ETT_OFFSETS], &item,
            "Offsets: %u normal, %u zero", show->normal, show->zero);
    }
    for (uint32_t i = 0; i < listed; i++) {
        item = proto_tree_add_item(tree, mfd_hf[span->field], show->tvb, (int)(at + 8 * i), 8,
                                   ENC_BIG_ENDIAN);
        proto_item_append_text(item, i < show->normal ? " (normal)" : " (zero)");
        if (show->note->finding_count) {
            show_findings(show, item, span->offset + 8 * (size_t)i,
                          span->offset + 8 * (size_t)i + 8);
        }
    }
    if (rest) {
        item = proto_tree_add_item(show->tree, mfd_gen[MFD_GEN_unused_offset], show->tvb,
                                   (int)(at + used), (int)rest, ENC_NA);
        show_findings(show, item, span->offset + used, span->offset + used + rest);
    }
}

/* A RAM record's first word: flags below the offset. */
static proto_item *show_word(const struct show *show, int hf, uint32_t at)
{
    proto_item *item = proto_tree_add_bitmask(show->tree, show->tvb, at, hf, mfd_ett[MFD_ETT_WORD],
                                              (int *const *)word_bits, ENC_BIG_ENDIAN);
    uint64_t offset = tvb_get_ntoh64(show->tvb, (int)at) & ~(uint64_t)(show->note->page_size - 1);
    proto_item *part = proto_tree_add_uint64(proto_item_get_subtree(item),
                                             mfd_gen[MFD_GEN_word_offset], show->tvb, 0, 0, offset);

    proto_item_set_generated(part);
    return item;
}

static proto_item *show_one(const struct show *show, const struct mfd_field_info *info, int hf,
                            uint32_t at, uint32_t width)
{
    unsigned encoding = ENC_BIG_ENDIAN;
    proto_item *item = NULL;
    proto_item *part = NULL;

    if (info->type == MFD_TYPE_UINT && named(info, "flags")) {
        return proto_tree_add_bitmask(show->tree, show->tvb, at, hf, mfd_ett[MFD_ETT_FLAGS],
                                      (int *const *)flag_bits, ENC_BIG_ENDIAN);
    }
    if (info->type == MFD_TYPE_UINT && named(info, "word")) {
        return show_word(show, hf, at);
    }
    if (info->type == MFD_TYPE_TEXT) {
        encoding = ENC_ASCII;
    } else if (info->type == MFD_TYPE_BYTES) {
        encoding = is_text(info) ? ENC_UTF_8 : ENC_NA;
    }
    item = proto_tree_add_item(show->tree, hf, show->tvb, (int)at, (int)width, encoding);
    if (info->type == MFD_TYPE_BYTES && is_data(info) && width == 4) {
        part = proto_tree_add_item(proto_item_add_subtree(item, mfd_ett[MFD_ETT_FLAGS]),
                                   mfd_gen[MFD_GEN_value], show->tvb, (int)at, 4, ENC_BIG_ENDIAN);
        proto_item_set_generated(part);
    }
    return item;
}

static void show_span(struct show *show, const struct mfd_span *span)
{
    const struct mfd_field_info *info = mfd_field_info(span->field);
    uint32_t at = show->note->at + (uint32_t)span->offset;
    bool run = info->type == MFD_TYPE_BYTES;
    size_t elements = run ? 1 : span->elements;
    uint32_t width = run ? (uint32_t)span->elements * span->width : span->width;

    if (info->count == MFD_COUNT_SLOTS) {
        show_offsets(show, span);
        return;
    }
    if (!elements || !width) {
        return; /* a text or an argument of no length */
    }
    for (size_t i = 0; i < elements; i++) {
        size_t from = span->offset + i * width;
        proto_item *item =
            show_one(show, info, mfd_hf[span->field], at + (uint32_t)(i * width), width);

        if (show->note->rev < info->since && info->since <= MFD_REV_LATEST) {
            proto_item_append_text(item, " (reserved before %s)", mfd_rev_info(info->since)->name);
        }
        show_findings(show, item, from, from + width);
    }
}

static void count_pages(struct show *show)
{
    struct mfd_packet packet;

    if (mfd_packet_shown(show->tvb, show->note, &packet)) {
        uint32_t slots = mfd_slots(show->note->page_size);

        show->normal = packet.normal_pages < slots ? packet.normal_pages : slots;
        show->zero =
            packet.zero_pages < slots - show->normal ? packet.zero_pages : slots - show->normal;
    }
}

void mfd_fields_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                     const struct mfd_note *note)
{
    int captured = tvb_captured_length_remaining(tvb, (int)note->at);
    struct show show = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .note = note,
        .len = captured > 0 && (uint32_t)captured < note->size ? (uint32_t)captured : note->size,
    };
    struct mfd_field_walk walk;
    size_t end = 0;

    if (captured <= 0) {
        return;
    }
    show.buf = tvb_get_ptr(tvb, (int)note->at, (int)show.len);
    show.shown = wmem_alloc0_array(pinfo->pool, bool, note->finding_count + 1);
    if (tree) {
        count_pages(&show);
        walk = mfd_field_walk_start(note->message, show.buf, show.len, note->page_size);
        for (struct mfd_span span; mfd_field_walk_next(&walk, &span);) {
            show_span(&show, &span);
            end = span.offset + span.elements * span.width;
        }
        if (end < show.len) {
            proto_tree_add_item(tree, mfd_gen[show.len < note->size ? MFD_GEN_cut : MFD_GEN_lost],
                                tvb, (int)(note->at + end), (int)(show.len - end), ENC_NA);
        }
    }
    for (size_t i = 0; i < note->finding_count; i++) {
        if (!show.shown[i]) {
            mfd_rules_show(pinfo, tree, tree ? proto_tree_get_parent(tree) : NULL, tvb,
                           &note->findings[i]);
        }
    }
}
