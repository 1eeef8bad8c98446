// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static bool read_all(struct mfd_capture_reader *reader, struct mfd_verdicts *verdicts, char *error)
{
    struct mfd_reassembler *reassembler =
        mfd_reassembler_create(mfd_checker_found, verdicts->checker);
    struct mfd_frame frame;
    bool good = reassembler != NULL;

    while (reassembler && mfd_capture_next(reader, &frame, verdicts->broken_off)) {
        good = mfd_reassembler_frame(reassembler, &frame) && good;
    }
    if (reassembler) {
        mfd_reassembler_end(reassembler);
        verdicts->totals = mfd_reassembler_totals(reassembler);
        mfd_reassembler_free(reassembler);
        good = mfd_checker_end(verdicts->checker) && good;
    }
    if (!good) {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "out of memory");
    }
    return good;
}

bool mfd_verdicts_read(FILE *in, const struct mfd_given *given, uint16_t port,
                       struct mfd_verdicts *verdicts, char error[MFD_CAPTURE_ERROR_SIZE])
{
    struct mfd_capture_reader *reader = mfd_capture_open(in, error);
    bool good = false;

    *verdicts = (struct mfd_verdicts){0};
    if (!reader) {
        return false;
    }
    verdicts->checker = mfd_checker_create(given, port);
    if (verdicts->checker) {
        good = read_all(reader, verdicts, error);
    } else {
        snprintf(error, MFD_CAPTURE_ERROR_SIZE, "out of memory");
    }
    mfd_capture_close(reader);
    if (good && verdicts->broken_off[0] && !verdicts->totals.frames) {
        memcpy(error, verdicts->broken_off, MFD_CAPTURE_ERROR_SIZE);
        return false;
    }
    return good;
}

void mfd_verdicts_free(struct mfd_verdicts *verdicts)
{
    mfd_checker_free(verdicts->checker);
}

struct mfd_verdict_sums mfd_verdicts_sum(const struct mfd_verdicts *verdicts, bool strict)
{
    struct mfd_verdict_sums sums = {0};

    for (size_t i = 0; i < mfd_checker_count(verdicts->checker); i++) {
        const struct mfd_checked *checked = mfd_checker_at(verdicts->checker, i);

        for (size_t state = 0; state < MFD_CHECKED_STATES; state++) {
            sums.counts[state] += checked->counts[state];
        }
        sums.broken += mfd_checked_broken(checked, strict);
    }
    return sums;
}

const char *mfd_endpoint_text(const struct mfd_endpoint *end, char text[MFD_ENDPOINT_TEXT])
{
    char address[INET6_ADDRSTRLEN] = "";

    inet_ntop(end->ipv6 ? AF_INET6 : AF_INET, end->address, address, sizeof(address));
    snprintf(text, MFD_ENDPOINT_TEXT, end->ipv6 ? "[%s]:%u" : "%s:%u", address, end->port);
    return text;
}
