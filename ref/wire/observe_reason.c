// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a rule is undecided. */
#include "observe_inside.h"

#include <string.h>

/* What there was of the session's connections. */
struct survey {
    bool gap;
    bool lost;
    bool open;
    bool hellos; /* there are channels, and each has sent its hello */
};

/* Whether a rule about one message is about messages of channels, or about records of main. */
static bool is_of_channels(enum mfd_rule rule)
{
    const char *field = mfd_rule_info(rule)->field;

    return strncmp(field, "packet", 6) == 0 || strncmp(field, "device", 6) == 0 ||
           strncmp(field, "hello", 5) == 0;
}

/* Of a rule about one message only the connections count that carry such. */
static struct survey look(const struct mfd_observer *observer, enum mfd_rule rule)
{
    struct survey seen = {.hellos = observer->channels != 0};
    bool flow = mfd_rule_info(rule)->kind == MFD_KIND_FLOW;
    bool of_channels = is_of_channels(rule);

    for (size_t i = 0; i < observer->conns; i++) {
        const struct mfd_observer_conn *conn = &observer->memory.conns[i];

        if (!flow && of_channels == (conn == observer->main)) {
            continue;
        }
        seen.gap |= conn->gap;
        seen.lost |= conn->lost;
        seen.open |= !conn->closed && !conn->cut;
        seen.hellos &= !conn->is_channel || conn->hello_done;
    }
    return seen;
}

/* What has to be known beforehand and is not. */
static enum mfd_undecided lacks(const struct mfd_observer *observer, enum mfd_rule rule)
{
    switch (rule) {
    case MFD_INIT_012:
    case MFD_CHAN_001:
        return observer->config.channels ? MFD_DECIDED : MFD_UNDECIDED_CHANNELS;
    case MFD_INIT_004:
        return observer->config.uuid ? MFD_DECIDED : MFD_UNDECIDED_UUID;
    case MFD_MAIN_016:
        return observer->config.machine ? MFD_DECIDED : MFD_UNDECIDED_MACHINE;
    case MFD_MAIN_008:
        return observer->config.ram ? MFD_DECIDED : MFD_UNDECIDED_BLOCKS;
    case MFD_HDR_019:
    case MFD_HDR_021:
    case MFD_HDR_022:
    case MFD_HDR_023:
    case MFD_SYNC_008:
        return observer->blocks_missing ? MFD_UNDECIDED_BLOCKS : MFD_DECIDED;
    default:
        return MFD_DECIDED;
    }
}

/* What of the session is not there to be judged. */
static enum mfd_undecided misses(const struct mfd_observer *observer, enum mfd_rule rule,
                                 const struct survey *seen)
{
    bool flow = mfd_rule_info(rule)->kind == MFD_KIND_FLOW;
    bool of_channels = is_of_channels(rule);

    if (seen->gap) {
        return MFD_UNDECIDED_GAP;
    }
    if (observer->late) {
        return MFD_UNDECIDED_LATE;
    }
    if (observer->untracked) {
        return MFD_UNDECIDED_UNTRACKED;
    }
    if (seen->lost) {
        return MFD_UNDECIDED_LOST;
    }
    if (!observer->main && (flow || !of_channels)) {
        return MFD_UNDECIDED_MAIN;
    }
    return seen->hellos || (!flow && !of_channels) ? MFD_DECIDED : MFD_UNDECIDED_CHANNEL;
}

/* A session that is all there, as far as it went: what keeps a rule about its whole course open? */
static enum mfd_undecided unfinished(const struct mfd_observer *observer, const struct survey *seen)
{
    if (observer->receiver_closed && !observer->ram_done) {
        return MFD_UNDECIDED_CUT;
    }
    if (!observer->ram_done) {
        return MFD_UNDECIDED_UNFINISHED;
    }
    return seen->open ? MFD_UNDECIDED_OPEN : MFD_UNDECIDED_NOTHING;
}

enum mfd_undecided mfd_observer_undecided(const struct mfd_observer *observer, enum mfd_rule rule)
{
    struct survey seen = look(observer, rule);
    enum mfd_undecided reason = MFD_DECIDED;

    if (mfd_observer_verdict(observer, rule).state != MFD_OBSERVED_UNDECIDED) {
        return MFD_DECIDED;
    }
    if (!mfd_rule_applies(rule, observer->config.rev)) {
        return MFD_UNDECIDED_REVISION;
    }
    if (!mfd_observer_judges(rule)) {
        return MFD_UNDECIDED_UNSEEN;
    }
    reason = lacks(observer, rule);
    if (!reason) {
        reason = misses(observer, rule, &seen);
    }
    if (!reason) {
        reason = mfd_rule_info(rule)->kind == MFD_KIND_FLOW ? unfinished(observer, &seen)
                                                            : MFD_UNDECIDED_NOTHING;
    }
    return reason;
}

const char *mfd_undecided_text(enum mfd_undecided reason)
{
    static const char *const texts[MFD_UNDECIDED_COUNT] = {
        [MFD_DECIDED] = "",
        [MFD_UNDECIDED_REVISION] = "no rule of the sender's revision",
        [MFD_UNDECIDED_UNSEEN] = "not to be seen in what a sender sends",
        [MFD_UNDECIDED_CHANNELS] = "the number of channels set up is not known",
        [MFD_UNDECIDED_UUID] = "the UUID of the VM is not known",
        [MFD_UNDECIDED_MACHINE] = "the machine type of the receiver is not known",
        [MFD_UNDECIDED_BLOCKS] = "the receiver's blocks of RAM are not known",
        [MFD_UNDECIDED_LATE] = "a connection began before the capture",
        [MFD_UNDECIDED_UNTRACKED] = "there are too many connections",
        [MFD_UNDECIDED_GAP] = "bytes are missing",
        [MFD_UNDECIDED_LOST] = "a connection cannot be followed to its end",
        [MFD_UNDECIDED_MAIN] = "the main channel is not there",
        [MFD_UNDECIDED_CHANNEL] = "a channel has not sent its hello",
        [MFD_UNDECIDED_NOTHING] = "nothing that it is about was sent",
        [MFD_UNDECIDED_CUT] = "the receiver ended the migration",
        [MFD_UNDECIDED_UNFINISHED] = "the migration was not finished",
        [MFD_UNDECIDED_OPEN] = "a connection was still open at the end",
    };

    return texts[reason];
}
