// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Wireshark 4.0 to 4.6 as one. The only file that looks at the version; what is not here is the same in
 * all of them. Packet memory is pinfo->pool, tests of values are val_to_str_const and try_val_to_str.
 */
#ifndef MFD_WS_COMPAT_H
#define MFD_WS_COMPAT_H

#include <ws_version.h>

#define WS_VER (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR)

#include <epan/packet.h>

#include <stdbool.h>
#include <stdlib.h>

/* What heuristics return and boolean preferences are. */
#if WS_VER < 402
typedef gboolean ws_bool;
#else
typedef bool ws_bool;
#endif

#if WS_VER < 402
#define ws_get_u8 tvb_get_guint8
#else
#define ws_get_u8 tvb_get_uint8
#endif

/* Plugins describe themselves: plugin_describe(). */
#define WS_DESCRIBES (WS_VER >= 402)

/* Parameters of the functions of a conversation filter, and what registers it. */
#if WS_VER < 404
#define WS_FILTER_PARAMETERS packet_info *pinfo
#define ws_register_filter(proto, title, valid, text) \
    register_conversation_filter(proto, title, valid, text)
#else
#define WS_FILTER_PARAMETERS packet_info *pinfo, void *user_data _U_
#define ws_register_filter(proto, title, valid, text) \
    register_conversation_filter(proto, title, valid, text, NULL)
#endif

/* What starts a `-z` of tshark tells whether it could, from 4.6 on; before, it ends the program where it could not. */
#if WS_VER < 406
typedef void ws_started;
#define WS_STARTED(good) \
    do { \
        if (!(good)) { \
            exit(1); \
        } \
        return; \
    } while (0)
#else
typedef bool ws_started;
#define WS_STARTED(good) return good
#endif

/* Tag that names the dissector of an exported PDU. */
#if WS_VER < 402
#define WS_EXPORTED_BY EXP_PDU_TAG_PROTO_NAME
#else
#define WS_EXPORTED_BY EXP_PDU_TAG_DISSECTOR_NAME
#endif

/*
 * What a postdissector has put into the columns. From 4.4 on the fields that stand for columns are in the tree before
 * that, so that `-e _ws.col.info` would not have it.
 */
static inline void ws_columns_changed(packet_info *pinfo, proto_tree *tree)
{
#if WS_VER >= 402
    static const struct {
        int column;
        const char *field;
    } columns[] = {{COL_PROTOCOL, "_ws.col.protocol"}, {COL_INFO, "_ws.col.info"}};

    for (size_t i = 0; tree && i < sizeof(columns) / sizeof(*columns); i++) {
        GPtrArray *fields =
            proto_get_finfo_ptr_array(tree, proto_registrar_get_id_byname(columns[i].field));
        const char *text = fields ? col_get_text(pinfo->cinfo, columns[i].column) : NULL;

        for (unsigned j = 0; text && j < fields->len; j++) {
            fvalue_set_string(((field_info *)g_ptr_array_index(fields, j))->value, text);
        }
    }
#else
    (void)pinfo;
    (void)tree;
#endif
}

#endif
