// SPDX-License-Identifier: GPL-2.0-or-later
/* What a scenario has the receiver do, and when; see take.h. */
#include "take.h"

#include "packet.h"

#include <stdio.h>

/* Its acts, once it is due. */
static bool act(struct mfd_take *take, struct mfd_take_link *link, const struct mfd_moment *moment)
{
    take->faulted = true;
    mfd_take_happen(take, link, false, true,
                    moment->acts & (MFD_DO_CLOSE | MFD_DO_RESET) ? MFD_HAPPENED_END
                                                                 : MFD_HAPPENED_NOTE,
                    moment->text);
    if (moment->acts & MFD_DO_CANCEL) {
        take->cancel_due = true;
        take->held = true; /* or it could complete before it is told */
    }
    if (moment->acts & MFD_DO_STALL) {
        link->stalled = true;
    }
    if (moment->acts & (MFD_DO_CLOSE | MFD_DO_RESET)) {
        take->adrift = true;
        mfd_take_drop(take, link, moment->acts & MFD_DO_RESET);
        return true;
    }
    return false;
}

bool mfd_take_moment(struct mfd_take *take, struct mfd_take_link *link, enum mfd_moment_at at,
                     uint64_t number)
{
    for (size_t i = 0; i < take->plan->moment_count; i++) {
        const struct mfd_moment *moment = &take->plan->moments[i];

        if (!take->done[i] && link->conn == (int)moment->conn && moment->at == at &&
            moment->number == number) {
            take->done[i] = true;
            if (act(take, link, moment)) {
                return true;
            }
        }
    }
    return false;
}

bool mfd_take_refuses(const struct mfd_take *take, unsigned arrival)
{
    return mfd_take_greeted_with(take, arrival) & MFD_DO_REFUSE;
}

unsigned mfd_take_greeted_with(const struct mfd_take *take, unsigned arrival)
{
    unsigned acts = 0;

    for (size_t i = 0; i < take->plan->moment_count; i++) {
        const struct mfd_moment *moment = &take->plan->moments[i];

        if (moment->at == MFD_AT_ACCEPT && moment->conn == arrival) {
            acts |= moment->acts;
        }
    }
    return acts;
}

/* Whether the moment lies within the message that the link has begun, or is about to begin. */
static bool within(const struct mfd_take_link *link, const struct mfd_moment *moment)
{
    const struct mfd_conn *machine = &link->machine;

    if (!moment->cut || link->conn != (int)moment->conn) {
        return false;
    }
    if (moment->at == MFD_AT_HELLO) {
        return !machine->hello_done;
    }
    /* only where pages have begun to come it is sure what message it is */
    return machine->hello_done && machine->loading && !machine->in_device &&
           !(machine->packet->flags & MFD_FLAG_SYNC) && link->datas == moment->number;
}

uint64_t mfd_take_room(const struct mfd_take *take, const struct mfd_take_link *link)
{
    uint64_t into = link->bytes - link->machine.at; /* bytes of the message that were read */

    for (size_t i = 0; i < take->plan->moment_count; i++) {
        const struct mfd_moment *moment = &take->plan->moments[i];

        if (!take->done[i] && within(link, moment)) {
            return moment->cut > into ? moment->cut - into : 0;
        }
    }
    return UINT64_MAX;
}
