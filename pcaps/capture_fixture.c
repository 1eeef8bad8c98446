// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_fixture.h"

#include <pcap/pcap.h>

struct fixture_file fixture_write(const struct mfd_capture_options *options,
                                  const struct mfd_event *events, size_t count)
{
    struct fixture_file file = {NULL, 0};
    FILE *out = open_memstream(&file.bytes, &file.len);
    struct mfd_capture_writer *writer = mfd_capture_create(out, options);

    assert_non_null(writer);
    for (size_t i = 0; i < count; i++) {
        assert_true(mfd_capture_event(writer, &events[i]));
    }
    assert_true(mfd_capture_finish(writer));
    fclose(out);
    return file;
}

FILE *fixture_open(const struct fixture_file *file)
{
    FILE *in = tmpfile();

    assert_non_null(in);
    assert_int_equal(fwrite(file->bytes, 1, file->len, in), file->len);
    rewind(in);
    return in;
}

/* Whether an event carries on where the one before of its direction has ended. */
static struct fixture_found *continued(struct fixture_list *list, const struct mfd_found *found)
{
    struct fixture_found *last = list->count ? &list->list[list->count - 1] : NULL;

    return last && found->event.kind == MFD_EVENT_DATA && last->event.kind == MFD_EVENT_DATA &&
                   !found->missing && last->event.connection == found->event.connection &&
                   last->event.direction == found->event.direction
               ? last
               : NULL;
}

static void add_found(const struct mfd_found *found, void *context)
{
    struct fixture_list *list = context;
    struct fixture_found *to = continued(list, found);
    uint8_t *bytes = NULL;

    if (!to) {
        if ((list->count & (list->count - 1)) == 0) { /* full: none, or a power of two */
            list->list = realloc(list->list, (list->count * 2 + 1) * sizeof(*list->list));
            assert_non_null(list->list);
        }
        to = &list->list[list->count++];
        *to = (struct fixture_found){found->event,         found->missing, found->frame,
                                     found->offset,        found->at,      found->sender->port,
                                     found->receiver->port};
        to->event.bytes = NULL;
        to->event.len = 0;
    }
    if (found->event.len) {
        assert_int_equal(found->at, to->at + to->event.len);
        bytes = realloc((void *)to->event.bytes, to->event.len + found->event.len);
        assert_non_null(bytes);
        memcpy(bytes + to->event.len, found->event.bytes, found->event.len);
        to->event.bytes = bytes;
        to->event.len += found->event.len;
    }
}

struct fixture_list fixture_read(const struct fixture_file *file)
{
    struct fixture_list list = {0};
    struct mfd_capture_reader *reader = mfd_capture_open(fixture_open(file), list.error);
    struct mfd_reassembler *reassembler = mfd_reassembler_create(add_found, &list);
    struct mfd_frame frame;

    assert_non_null(reassembler);
    while (reader && mfd_capture_next(reader, &frame, list.error)) {
        assert_true(mfd_reassembler_frame(reassembler, &frame));
    }
    mfd_reassembler_end(reassembler);
    list.totals = mfd_reassembler_totals(reassembler);
    mfd_reassembler_free(reassembler);
    if (reader) {
        mfd_capture_close(reader);
    }
    return list;
}

void fixture_list_free(struct fixture_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((void *)list->list[i].event.bytes);
    }
    free(list->list);
}

struct fixture_frames fixture_frames_of(const struct fixture_file *file)
{
    struct fixture_frames frames = {0};
    char error[MFD_CAPTURE_ERROR_SIZE];
    struct mfd_capture_reader *reader = mfd_capture_open(fixture_open(file), error);
    struct mfd_frame frame;

    assert_non_null(reader);
    while (mfd_capture_next(reader, &frame, error)) {
        struct fixture_frame *to = NULL;

        frames.list = realloc(frames.list, (frames.count + 1) * sizeof(*frames.list));
        assert_non_null(frames.list);
        to = &frames.list[frames.count++];
        *to = (struct fixture_frame){malloc(frame.captured), (uint32_t)frame.captured,
                                     (uint32_t)frame.original};
        memcpy(to->bytes, frame.bytes, frame.captured);
        frames.link = frame.link;
    }
    assert_string_equal(error, "");
    mfd_capture_close(reader);
    return frames;
}

struct fixture_file fixture_of_frames(const struct fixture_frames *frames)
{
    struct fixture_file file = {NULL, 0};
    FILE *out = open_memstream(&file.bytes, &file.len);
    pcap_t *pcap = pcap_open_dead(frames->link, 262144);
    pcap_dumper_t *dumper = pcap_dump_fopen(pcap, out);

    assert_non_null(dumper);
    for (size_t i = 0; i < frames->count; i++) {
        const struct pcap_pkthdr header = {
            .ts = {(time_t)(i / 1000000), (suseconds_t)(i % 1000000)},
            .caplen = frames->list[i].captured,
            .len = frames->list[i].original,
        };

        pcap_dump((u_char *)dumper, &header, frames->list[i].bytes);
    }
    pcap_dump_close(dumper); /* closes `out` */
    pcap_close(pcap);
    return file;
}

void fixture_frames_free(struct fixture_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        free(frames->list[i].bytes);
    }
    free(frames->list);
}
