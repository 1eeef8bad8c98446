// SPDX-License-Identifier: GPL-2.0-or-later
/* What Wireshark looks for in a plugin. */
#include "multifd_plugin.h"

#include "ws_compat.h"

#include <wireshark.h>

#define WANTED __attribute__((visibility("default")))

WANTED const char plugin_version[] = MFD_PLUGIN_VERSION;
WANTED const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WANTED const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WANTED void plugin_register(void);

void plugin_register(void)
{
    static proto_plugin plugin = {mfd_proto_register, mfd_proto_handoff};

    proto_register_plugin(&plugin);
}

#if WS_DESCRIBES
WANTED uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return 1; /* WS_PLUGIN_DESC_DISSECTOR, which is not in every header that is installed */
}
#endif
