// SPDX-License-Identifier: GPL-2.0-or-later
/* What plugin.c calls when Wireshark starts. */
#ifndef MFD_MULTIFD_PLUGIN_H
#define MFD_MULTIFD_PLUGIN_H

void mfd_proto_register(void);
void mfd_proto_handoff(void);

#endif
