// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_read.h"

#include "frame.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct mfd_capture_reader {
    pcap_t *pcap;
    int link;
    uint64_t number;
    uint64_t first_ns;
    uint64_t last_ns;
};

struct mfd_capture_reader *mfd_capture_open(FILE *in, char error[MFD_CAPTURE_ERROR_SIZE])
{
    struct mfd_capture_reader *reader = calloc(1, sizeof(*reader));
    char why[PCAP_ERRBUF_SIZE] = "out of memory";

    if (reader) {
        reader->pcap =
            pcap_fopen_offline_with_tstamp_precision(in, PCAP_TSTAMP_PRECISION_NANO, why);
    }
    if (!reader || !reader->pcap) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "%s", why);
        fclose(in);
        free(reader);
        return NULL;
    }
    reader->link = pcap_datalink(reader->pcap);
    if (!mfd_frame_link_known(reader->link)) {
        const char *name = pcap_datalink_val_to_name(reader->link);

        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "link type %d (%s) is not one that can be read",
                 reader->link, name ? name : "unknown");
        mfd_capture_close(reader);
        return NULL;
    }
    return reader;
}

void mfd_capture_close(struct mfd_capture_reader *reader)
{
    pcap_close(reader->pcap);
    free(reader);
}

uint64_t mfd_capture_first_ns(const struct mfd_capture_reader *reader)
{
    return reader->first_ns;
}

bool mfd_capture_next(struct mfd_capture_reader *reader, struct mfd_frame *frame,
                      char error[MFD_CAPTURE_ERROR_SIZE])
{
    struct pcap_pkthdr *header = NULL;
    const uint8_t *bytes = NULL;
    int got = pcap_next_ex(reader->pcap, &header, &bytes);
    uint64_t now = 0;

    error[0] = '\0';
    if (got != 1) {
        if (got != PCAP_ERROR_BREAK) {
            snprintf(error, MFD_CAPTURE_ERROR_SIZE, "behind frame %llu: %s",
                     (unsigned long long)reader->number, pcap_geterr(reader->pcap));
        }
        return false;
    }
    /* with the precision asked for, what is called microseconds are nanoseconds */
    now = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec;
    if (reader->number++ == 0) {
        reader->first_ns = now;
        reader->last_ns = now;
    }
    reader->last_ns = now > reader->last_ns ? now : reader->last_ns;
    *frame = (struct mfd_frame){
        .number = reader->number,
        .time_ns = reader->last_ns - reader->first_ns,
        .link = reader->link,
        .bytes = bytes,
        .captured = header->caplen,
        .original = header->len,
    };
    return true;
}
