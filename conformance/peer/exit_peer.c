// SPDX-License-Identifier: GPL-2.0-or-later
#include "exit_peer.h"

bool mfd_exit_peer_answers(struct mfd_live *live)
{
    (void)live;
    return true;
}

bool mfd_exit_peer_completed(struct mfd_live *live)
{
    return mfd_process_poll(&live->process) && live->process.exit_code == MFD_EXIT_COMPLETED;
}

bool mfd_exit_peer_refusal(int code)
{
    return code == MFD_EXIT_REFUSED;
}
