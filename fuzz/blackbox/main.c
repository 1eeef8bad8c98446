// SPDX-License-Identifier: GPL-2.0-or-later
#include "live.h"

int main(int argc, char **argv)
{
    return mfd_live(argc, argv);
}
