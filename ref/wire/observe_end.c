// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which FLOW rules held. Each condition asks for everything that could still break the rule; where
 * something of it is missing the rule stays undecided.
 */
#include "observe_inside.h"

/* What holds of all channels of a session. */
struct summary {
    bool whole;    /* no connection started before the first event or went unseen */
    bool complete; /* and all channels that there should be are there, the RAM sections ended */
    bool ended;    /* and each was closed by the sender between two messages */
    bool hello;    /* each channel has sent its hello */
    bool followed; /* and could be followed to what was seen last of it */
    bool over;     /* and was closed, by whichever side */
    bool between;  /* by the sender, between two messages */
    bool first;    /* each began with a SYNC */
    bool balanced; /* each carried as many SYNCs as main has sync points */
    uint64_t packets;
    uint64_t most_packets; /* of one channel */
    uint64_t fewest_batches;
    uint64_t most_batches;
};

static void add_channel(struct summary *sum, const struct mfd_observer_conn *conn, uint64_t points)
{
    sum->hello &= conn->hello_done;
    sum->followed &= conn->hello_done && !conn->lost;
    sum->over &= conn->closed || conn->cut;
    sum->between &= conn->between;
    sum->first &= conn->sync_first;
    sum->balanced &= conn->syncs == points;
    sum->packets += conn->packets;
    if (conn->packets > sum->most_packets) {
        sum->most_packets = conn->packets;
    }
    if (conn->batches > sum->most_batches) {
        sum->most_batches = conn->batches;
    }
    if (conn->batches < sum->fewest_batches) {
        sum->fewest_batches = conn->batches;
    }
}

static struct summary summarise(const struct mfd_observer *observer)
{
    bool any = observer->channels != 0;
    size_t wanted = observer->config.channels;
    struct summary sum = {
        .whole = !observer->late && !observer->untracked,
        .hello = any,
        .followed = any,
        .over = any,
        .between = any,
        .first = any,
        .balanced = any && observer->points != 0,
        .fewest_batches = UINT64_MAX,
    };

    for (size_t i = 0; i < observer->conns; i++) {
        if (observer->memory.conns[i].is_channel) {
            add_channel(&sum, &observer->memory.conns[i], observer->points);
        }
    }
    sum.followed &= sum.whole;
    sum.complete =
        sum.followed && observer->ram_done && (wanted == 0 || observer->channels == wanted);
    sum.ended = sum.complete && sum.over && sum.between;
    return sum;
}

static void held(struct mfd_observer *observer, enum mfd_rule rule, bool when)
{
    if (when && mfd_rule_applies(rule, observer->config.rev)) {
        observer->judged[rule] = true;
    }
}

static size_t ids_seen(const struct mfd_observer *observer)
{
    size_t count = 0;

    for (size_t i = 0; i < 256; i++) {
        count += observer->ids[i / 64] >> (i % 64) & 1;
    }
    return count;
}

/* Hellos and connections. */
static void decide_connections(struct mfd_observer *observer, const struct summary *sum)
{
    size_t wanted = observer->config.channels;
    bool all_ids = wanted ? ids_seen(observer) == wanted : observer->ram_done;

    held(observer, MFD_INIT_001, sum->whole && sum->hello);
    held(observer, MFD_INIT_005, sum->whole && sum->hello && all_ids);
    held(observer, MFD_INIT_016, sum->whole && sum->hello);
    held(observer, MFD_INIT_026, sum->followed && sum->between);
    /* one connection too many would have broken it already */
    held(observer, MFD_CHAN_001,
         sum->whole && wanted && observer->main && observer->ram_done &&
             observer->channels == wanted);
    held(observer, MFD_CHAN_002, sum->whole && sum->hello && observer->main);
}

/* Framing and numbers. */
static void decide_packets(struct mfd_observer *observer, const struct summary *sum)
{
    bool known = observer->config.channels != 0;
    bool between = sum->followed && sum->between;
    bool no_gap = observer->highest.count && observer->low == observer->highest.got + 1;

    held(observer, MFD_HDR_001, between && sum->packets);
    held(observer, MFD_PAY_019, between);
    held(observer, MFD_PAY_016, sum->followed && observer->zero_framed);
    held(observer, MFD_NUM_001, sum->complete && sum->first && (sum->ended || known));
    held(observer, MFD_NUM_004, sum->followed && sum->most_packets > 1);
    held(observer, MFD_NUM_002, sum->complete && sum->over && no_gap);
}

static void decide_syncs(struct mfd_observer *observer, const struct summary *sum)
{
    held(observer, MFD_SYNC_001, sum->followed && sum->first);
    held(observer, MFD_SYNC_002, sum->complete && sum->over && sum->balanced);
    held(observer, MFD_SYNC_008,
         sum->complete && sum->over && observer->pages_judged && !observer->pages_unjudged);
    held(observer, MFD_SYNC_010, sum->complete && sum->balanced);
    held(observer, MFD_SYNC_011, sum->complete && sum->over && sum->balanced);
    held(observer, MFD_CHAN_021, sum->complete && sum->over && sum->fewest_batches);
}

static void decide_main(struct mfd_observer *observer, const struct summary *sum)
{
    /* nothing shows where zero pages travel unless there are some, or all pages are packets */
    bool zero_shown = observer->config.zero == MFD_ZERO_MAIN     ? observer->zero_on_main
                      : observer->config.zero == MFD_ZERO_PACKET ? observer->zero_in_packets
                                                                 : sum->most_batches != 0;

    held(observer, MFD_MAIN_004, observer->ram_done);
    held(observer, MFD_MAIN_005, sum->complete && sum->over && zero_shown);
    held(observer, MFD_MAIN_006, observer->ram_done && observer->switchover);
}

/* Breaches that only the end of a complete session shows. */
static void find_late_breaches(struct mfd_observer *observer, const struct summary *sum)
{
    const struct mfd_observation *highest = &observer->highest;

    if (sum->ended && highest->count && !observer->window_passed &&
        observer->low != highest->got + 1) {
        struct mfd_observer_conn at = {.number = highest->connection, .offset = highest->offset};

        /* the first number that is missing, shown at the highest that came */
        mfd_observe_breach(observer, MFD_NUM_002, &at, 0, highest->got, observer->low);
    }
    for (size_t i = 0; i < observer->conns; i++) {
        struct mfd_observer_conn *conn = &observer->memory.conns[i];
        struct mfd_observer_conn at = {.number = conn->number, .offset = conn->first_offset};

        if (!conn->is_channel || !sum->ended) {
            continue;
        }
        if (conn->batches == 0 && sum->most_batches >= MFD_OBSERVER_STARVED) {
            mfd_observe_breach(observer, MFD_CHAN_021, conn, 0, 0, 1);
        }
        if (!observer->config.channels && conn->sync_first &&
            conn->first_num >= observer->channels) {
            mfd_observe_breach(observer, MFD_NUM_001, &at, MFD_PACKET_NUM, conn->first_num,
                               observer->channels);
        }
    }
}

void mfd_observe_decide(struct mfd_observer *observer)
{
    struct summary sum = summarise(observer);

    find_late_breaches(observer, &sum);
    decide_connections(observer, &sum);
    decide_packets(observer, &sum);
    decide_syncs(observer, &sum);
    decide_main(observer, &sum);
}

bool mfd_observer_judges(enum mfd_rule rule)
{
    switch (rule) {
    case MFD_INIT_001:
    case MFD_INIT_005:
    case MFD_INIT_016:
    case MFD_INIT_026:
    case MFD_HDR_001:
    case MFD_NUM_001:
    case MFD_NUM_002:
    case MFD_NUM_004:
    case MFD_PAY_016:
    case MFD_PAY_019:
    case MFD_SYNC_001:
    case MFD_SYNC_002:
    case MFD_SYNC_008:
    case MFD_SYNC_010:
    case MFD_SYNC_011:
    case MFD_CHAN_001:
    case MFD_CHAN_002:
    case MFD_CHAN_021:
    case MFD_MAIN_004:
    case MFD_MAIN_005:
    case MFD_MAIN_006:
        return true;
    default:
        return mfd_rule_info(rule)->kind == MFD_KIND_BYTES;
    }
}
