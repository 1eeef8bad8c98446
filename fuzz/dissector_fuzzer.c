// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dissector inside Debian's libwireshark: the events of a case as TCP over IP, each frame dissected when it is seen
 * first, then all of them again.
 *
 * Byte 4 of a case, which elsewhere numbers an allocation, says here how its frames come: see enum twist; its extra
 * bits, how much memory for judging there is left: see leave_memory(). Some of the messages are exported, too, and read
 * back as they are and with something wrong.
 *
 * Expected beyond not crashing: the dissector never leaves it to Wireshark to stop it at the end of a message
 * ("malformed"), what it marks it marks again when it is asked a second time, and it knows what it has exported.
 */
#include "capture_write.h"
#include "case.h"
#include "guard.h"
#include "multifd.h"
#include "segment.h"

#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/exported_pdu.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/tap.h>
#include <epan/timestamp.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of byte 4 of a case. */
enum twist {
    TWIST_SMALL = 0x01,     /* segments of 100 bytes instead of 1460 */
    TWIST_LARGE = 0x02,     /* of 65475 */
    TWIST_SNAPPED = 0x04,   /* frames cut behind 160 bytes */
    TWIST_SWAPPED = 0x08,   /* each fifth frame changes places with the next */
    TWIST_MIDSTREAM = 0x10, /* the first frames are missing, and each twentieth */
    TWIST_HEADERS = 0x20,   /* pages are not reassembled */
    TWIST_TOLD = 0x40,      /* preferences say what the case is set up for */
    TWIST_ORDERED = 0x80,   /* TCP puts segments into order before it hands them on */
};

/* So that no case takes for ever: it has 4096 events. */
#define FRAMES_MAX 4000u
/* A new capture costs Wireshark more than most cases do: so many cases are one, each with a receiver of its own. */
#define CASES_A_CAPTURE 200u
/* Of a case, the first so many exported messages are read back, each twice. */
#define EXPORTS_MAX 32u
#define EXPORT_TAGS 64u
#define SNAPPED 160u
#define FILE_HEADER 24u
#define RECORD_HEADER 16u

void plugin_register(void);
const char *__asan_default_options(void);

/* What Wireshark allocates once, and never frees, is no concern of ours. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static int malformed;
static dissector_handle_t handle;

/* Messages of the case that were exported, each behind its tags. */
static struct {
    uint8_t *bytes;
    uint32_t head; /* of these the tags */
    uint32_t len;
} exports[EXPORTS_MAX];
static size_t export_count;
static bool exporting;

static tap_packet_status take_tap(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                  const void *message, tap_flags_t flags)
{
    const struct mfd_tap *tap = (const struct mfd_tap *)message;

    (void)data;
    (void)pinfo;
    (void)edt;
    (void)flags;
    MFD_FUZZ_EXPECT(tap->channel >= MFD_TAP_UNKNOWN && tap->channel <= 999, "channel %d",
                    tap->channel);
    return TAP_PACKET_DONT_REDRAW;
}

/* Keeps what goes into the file that `tshark -U` writes. */
static tap_packet_status take_export(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                     const void *message, tap_flags_t flags)
{
    const exp_pdu_data_t *pdu = (const exp_pdu_data_t *)message;
    uint32_t len = pdu->tlv_buffer_len + pdu->tvb_captured_length;

    (void)data;
    (void)pinfo;
    (void)edt;
    (void)flags;
    if (exporting && export_count < EXPORTS_MAX) {
        uint8_t *bytes = (uint8_t *)g_malloc(len);

        memcpy(bytes, pdu->tlv_buffer, pdu->tlv_buffer_len);
        tvb_memcpy(pdu->pdu_tvb, bytes + pdu->tlv_buffer_len, 0, pdu->tvb_captured_length);
        exports[export_count].bytes = bytes;
        exports[export_count].head = pdu->tlv_buffer_len;
        exports[export_count++].len = len;
    }
    return TAP_PACKET_DONT_REDRAW;
}

/* As `-o` of tshark. */
static void set_preference(const char *text)
{
    char copy[64];
    char *error = NULL;

    snprintf(copy, sizeof(copy), "%s", text);
    if (prefs_set_pref(copy, &error) != PREFS_SET_OK) {
        abort();
    }
}

static void start_wireshark(void)
{
    setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", 1); /* for the address sanitizer */
    setenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "1", 1);
    setenv("HOME", "/nonexistent", 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    ws_log_init("dissector_fuzzer", NULL);
    init_process_policies();
    wtap_init(FALSE);
    plugin_register(); /* linked in, not loaded */
    if (!epan_init(NULL, NULL, FALSE)) {
        abort();
    }
    epan_load_settings();
    prefs_apply_all();
    timestamp_set_type(TS_RELATIVE);
    malformed = proto_get_id_by_filter_name("_ws.malformed");
    handle = find_dissector("multifd");
    if (malformed <= 0 || !handle ||
        register_tap_listener("multifd", &malformed, NULL, TL_REQUIRES_NOTHING, NULL, take_tap,
                              NULL, NULL) ||
        register_tap_listener("QEMU multifd", exports, NULL, TL_REQUIRES_NOTHING, NULL, take_export,
                              NULL, NULL)) {
        abort();
    }
    /* as Decode As would: nobody else's heuristic gets to see a segment */
    dissector_add_uint("tcp.port", MFD_CAPTURE_PORT, handle);
}

/* ---- the case as frames ---- */

struct frame {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t captured;
    int encap;
    uint32_t marks; /* of rules, when it was seen first */
    frame_data fd;
};

static struct frame frames[FRAMES_MAX + 2 * EXPORTS_MAX];
static size_t frame_count;
static uint32_t frames_before; /* of earlier cases, in the same capture */
static unsigned turn;          /* which case of the capture this is */

static char *write_capture(const struct mfd_case *c, size_t *size)
{
    struct mfd_capture_options options = {
        .format = MFD_CAPTURE_PCAP,
        .mss = c->fail & TWIST_SMALL   ? 100
               : c->fail & TWIST_LARGE ? MFD_CAPTURE_MSS
                                       : 1460,
    };
    char *bytes = NULL;
    FILE *file = open_memstream(&bytes, size);
    struct mfd_capture_writer *writer = file ? mfd_capture_create(file, &options) : NULL;

    if (!writer) {
        abort();
    }
    for (unsigned i = 0; i < turn; i++) {
        mfd_capture_next_migration(writer);
    }
    for (size_t i = 0; i < c->event_count; i++) {
        mfd_capture_event(writer, &c->events[i]); /* data after an end is refused */
    }
    if (!mfd_capture_finish(writer) || fclose(file) != 0) {
        abort();
    }
    return bytes;
}

/* The frames for a person to look at, where $MFD_FUZZ_CAPTURE names a file for them. */
static void keep(const char *bytes, size_t size)
{
    const char *path = getenv("MFD_FUZZ_CAPTURE");
    FILE *file = path ? fopen(path, "wb") : NULL;

    if (file) {
        fwrite(bytes, 1, size, file);
        fclose(file);
    }
}

static uint32_t host32(const char *at)
{
    uint32_t value = 0;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void find_frames(const struct mfd_case *c, const char *bytes, size_t size)
{
    size_t number = 0;

    frame_count = 0;
    for (size_t at = FILE_HEADER; at + RECORD_HEADER <= size && frame_count < FRAMES_MAX;) {
        uint32_t len = GUINT32_FROM_LE(host32(bytes + at + 8));
        struct frame *frame = &frames[frame_count];

        *frame = (struct frame){
            .bytes = (const uint8_t *)bytes + at + RECORD_HEADER,
            .len = len,
            .encap = WTAP_ENCAP_RAW_IP,
        };
        frame->captured = c->fail & TWIST_SNAPPED && len > SNAPPED ? SNAPPED : len;
        at += RECORD_HEADER + len;
        number++;
        if (!(c->fail & TWIST_MIDSTREAM) || (number > 8 && number % 20 != 0)) {
            frame_count++;
        }
    }
    for (size_t i = 0; c->fail & TWIST_SWAPPED && i + 1 < frame_count; i += 5) {
        struct frame swap = frames[i];

        frames[i] = frames[i + 1];
        frames[i + 1] = swap;
    }
}

/* The same message as it is and with one byte of it wrong, or its end missing; what, the case decides. */
static void add_exports(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < export_count; i++) {
        uint32_t head = exports[i].head;
        uint32_t len = exports[i].len;
        uint8_t *wrong = (uint8_t *)g_memdup2(exports[i].bytes, len);
        uint8_t choice = size ? data[(i * 31 + 7) % size] : 0;
        size_t at = size ? (data[i % size] << 3 | choice >> 5) % (len - head) : 0;

        frames[frame_count++] = (struct frame){.bytes = exports[i].bytes,
                                               .len = len,
                                               .captured = len,
                                               .encap = WTAP_ENCAP_WIRESHARK_UPPER_PDU};
        if (choice & 1) {
            len = head + (uint32_t)at;
        } else {
            wrong[head + at] ^= choice;
        }
        frames[frame_count++] = (struct frame){
            .bytes = wrong, .len = len, .captured = len, .encap = WTAP_ENCAP_WIRESHARK_UPPER_PDU};
    }
}

static void free_exports(size_t first)
{
    for (size_t i = first; i < frame_count; i++) {
        g_free((void *)frames[i].bytes);
    }
    export_count = 0;
}

/* ---- dissecting them ---- */

static const nstime_t *time_of(struct packet_provider_data *provider, guint32 number)
{
    static const nstime_t earlier;

    (void)provider;
    return number > frames_before && number <= frames_before + frame_count
               ? &frames[number - frames_before - 1].fd.abs_ts
               : &earlier;
}

/* Items of a field that the tree has. */
static uint32_t items(const epan_dissect_t *edt, int field)
{
    const GPtrArray *found = proto_get_finfo_ptr_array(edt->tree, field);

    return found ? found->len : 0;
}

/* Whether the frame is a message as it was exported. */
static bool is_true_export(size_t i)
{
    return frames[i].encap == WTAP_ENCAP_WIRESHARK_UPPER_PDU &&
           (frame_count - i) % 2 == 0; /* behind each stands its other */
}

/* Returns how many rules are marked. */
static uint32_t dissect(epan_t *session, size_t i, bool first, bool visible)
{
    static uint32_t bytes_before;
    static nstime_t elapsed;
    static const frame_data *reference;
    static frame_data before;
    struct frame *frame = &frames[i];
    epan_dissect_t *edt = NULL;
    wtap_rec rec;
    uint32_t marks = 0;

    wtap_rec_init(&rec);
    rec.rec_type = REC_TYPE_PACKET;
    rec.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
    rec.ts.secs = (time_t)(1 + frames_before + i);
    rec.rec_header.packet_header.caplen = frame->captured;
    rec.rec_header.packet_header.len = frame->len;
    rec.rec_header.packet_header.pkt_encap = frame->encap;
    if (first) {
        bytes_before = i ? bytes_before : 0;
        reference = i ? reference : NULL;
        frame_data_init(&frame->fd, frames_before + (guint32)i + 1, &rec, 0, bytes_before);
        frame_data_set_before_dissect(&frame->fd, &elapsed, &reference, i ? &before : NULL);
        reference = reference == &frame->fd || !reference ? &frames[0].fd : reference;
    }
    edt = epan_dissect_new(session, TRUE, visible);
    epan_dissect_prime_with_hfid(edt, malformed);
    epan_dissect_prime_with_hfid(edt, mfd_gen[MFD_GEN_rule]);
    epan_dissect_prime_with_hfid(edt, mfd_gen[MFD_GEN_exported]);
    epan_dissect_run_with_taps(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &rec,
                               tvb_new_real_data(frame->bytes, frame->captured, (gint)frame->len),
                               &frame->fd, NULL);
    MFD_FUZZ_EXPECT(!items(edt, malformed), "frame %zu is called malformed", i + 1);
    marks = items(edt, mfd_gen[MFD_GEN_rule]);
    MFD_FUZZ_EXPECT(!is_true_export(i) || items(edt, mfd_gen[MFD_GEN_exported]) == 1,
                    "exported message %zu is not known", i + 1);
    if (first) {
        frame_data_set_after_dissect(&frame->fd, &bytes_before);
        before = frame->fd;
    }
    epan_dissect_free(edt);
    wtap_rec_cleanup(&rec);
    return marks;
}

static void tell(const struct mfd_case *c)
{
    static const char *const ordered[] = {"tcp.reassemble_out_of_order:FALSE",
                                          "tcp.reassemble_out_of_order:TRUE"};
    static int last = -1;
    int now = c->fail & TWIST_ORDERED ? 1 : 0;
    bool told = c->fail & TWIST_TOLD;

    if (now != last) {
        set_preference(ordered[now]);
        last = now;
    }
    mfd_prefs.reassemble = !(c->fail & TWIST_HEADERS);
    mfd_prefs.memory = 1;
    mfd_prefs.revision = told ? (int)c->rev : MFD_PREF_AUTO;
    mfd_prefs.sync = told ? (int)c->sync : MFD_PREF_AUTO;
    mfd_prefs.method = told ? (int)c->method : MFD_PREF_AUTO;
    mfd_prefs.page_size = told ? (int)c->page_size : MFD_PREF_AUTO;
    mfd_prefs.channels = told ? c->channels : 0;
}

/* Uses up the memory for judging the migrations of a capture, but for what the case says. Returns what is to be given back. */
static uint64_t leave_memory(const struct mfd_case *c)
{
    static const uint64_t left[] = {UINT64_MAX, 0, 192u << 10, 1u << 20};
    uint64_t used = 0;

    if (!c->extra) {
        return 0;
    }
    for (uint64_t step = (uint64_t)1 << 40; step; step >>= 1) {
        while (mfd_budget_take(step)) {
            used += step;
        }
    }
    if (left[c->extra] < used) {
        mfd_budget_return(left[c->extra]);
        used -= left[c->extra];
    }
    return used;
}

/* Both passes over the frames from the `first` on. */
static void dissect_from(epan_t *session, size_t first, bool visible)
{
    exporting = !first;
    for (size_t i = first; i < frame_count; i++) {
        frames[i].marks = dissect(session, i, true, visible);
    }
    exporting = false;
    for (size_t i = first; i < frame_count; i++) {
        uint32_t marks = dissect(session, i, false, true);

        MFD_FUZZ_EXPECT(marks == frames[i].marks, "frame %zu has %u marks, then %u", i + 1,
                        frames[i].marks, marks);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct packet_provider_funcs provider = {.get_frame_ts = time_of};
    static epan_t *session;
    struct mfd_case *c = NULL;
    char *bytes = NULL;
    size_t len = 0;
    size_t real = 0;
    uint64_t used = 0;

    if (!session) {
        start_wireshark();
    }
    if (!session || turn == CASES_A_CAPTURE) {
        if (session) {
            epan_free(session);
        }
        session = epan_new(NULL, &provider);
        turn = 0;
        frames_before = 0;
    }
    c = mfd_case_read(data, size);
    tell(c);
    used = leave_memory(c);
    bytes = write_capture(c, &len);
    keep(bytes, len);
    find_frames(c, bytes, len);
    dissect_from(session, 0, size % 2);
    real = frame_count;
    add_exports(data, size);
    dissect_from(session, real, true);
    mfd_budget_return(used);
    for (size_t i = 0; i < frame_count; i++) {
        frame_data_destroy(&frames[i].fd);
    }
    frames_before += (uint32_t)frame_count;
    turn++;
    free_exports(real);
    free(bytes);
    mfd_case_free(c);
    return 0;
}
