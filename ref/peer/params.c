// SPDX-License-Identifier: GPL-2.0-or-later
#include "params.h"

#include "net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mfd_params_init(struct mfd_params *params)
{
    *params = (struct mfd_params){
        .channels = 2,
        .page_size = 4096,
        .rev = MFD_REV_LATEST,
        .level = MFD_LEVEL_DEFAULT,
        .stall_s = 30,
    };
}

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

bool mfd_size_parse(const char *text, const char *end, uint64_t max, uint64_t *value)
{
    static const char suffixes[] = "KMG";
    uint64_t n = 0;
    const char *p = text;

    while (p < end && *p >= '0' && *p <= '9') {
        if (n > (UINT64_MAX - 9) / 10) {
            return false;
        }
        n = n * 10 + (uint64_t)(*p++ - '0');
    }
    if (p == text) {
        return false;
    }
    if (p + 1 == end && strchr(suffixes, *p)) {
        unsigned shift = 10 * (unsigned)(strchr(suffixes, *p++) - suffixes + 1);

        if (n > UINT64_MAX >> shift) {
            return false;
        }
        n <<= shift;
    }
    *value = n;
    return p == end && n <= max;
}

static bool parse_unsigned(const char *text, unsigned min, unsigned max, unsigned *value)
{
    uint64_t n = 0;

    if (!mfd_size_parse(text, text + strlen(text), max, &n) || n < min) {
        return false;
    }
    *value = (unsigned)n;
    return true;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) % 16 : -1;
}

static bool parse_uuid(const char *text, uint8_t *uuid)
{
    uint8_t parsed[MFD_UUID_SIZE];
    size_t i = 0;

    while (i < MFD_UUID_SIZE) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-') {
            return false;
        }
        if (digit(text[0]) < 0 || digit(text[1]) < 0) {
            return false;
        }
        parsed[i++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
        text += 2;
    }
    if (*text != '\0') {
        return false;
    }
    memcpy(uuid, parsed, sizeof(parsed));
    return true;
}

/* One of the words of a list; -1 if it is none. */
static int find_word(const char *text, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* The last `c` from `text` to `end`, or NULL. */
static const char *find_last(const char *text, const char *end, char c)
{
    while (end > text && end[-1] != c) {
        end--;
    }
    return end > text ? end - 1 : NULL;
}

/*
 * NAME=FILE:SIZE or NAME=FILE:SIZE:resizable between `text` and `end`. A file name may hold colons, a
 * block name slashes.
 */
static bool parse_block(const char *text, const char *end, struct mfd_param_block *block)
{
    static const char suffix[] = ":resizable";
    size_t suffix_len = sizeof(suffix) - 1;
    const char *equals = memchr(text, '=', (size_t)(end - text));
    const char *colon = NULL;

    block->resizable =
        (size_t)(end - text) > suffix_len && memcmp(end - suffix_len, suffix, suffix_len) == 0;
    end -= block->resizable ? suffix_len : 0;
    if (!equals || equals >= end) {
        return false;
    }
    colon = find_last(equals + 1, end, ':');
    return colon && copy(block->name, sizeof(block->name), text, (size_t)(equals - text)) &&
           copy(block->file, sizeof(block->file), equals + 1, (size_t)(colon - equals - 1)) &&
           mfd_size_parse(colon + 1, end, SIZE_MAX / 2, &block->size);
}

static const char *add_blocks(struct mfd_params *params, const char *text)
{
    if (params->blocks_by_default) {
        params->blocks_by_default = false;
        params->block_count = 0;
    }
    while (*text) {
        size_t len = strcspn(text, ",");

        if (params->block_count == MFD_PARAM_BLOCKS_MAX) {
            return "names too many blocks";
        }
        if (!parse_block(text, text + len, &params->blocks[params->block_count])) {
            return "is not NAME=FILE:SIZE[:resizable]";
        }
        params->block_count++;
        text += len + (text[len] == ',');
    }
    return NULL;
}

/* ID:INSTANCE between `text` and `end`. */
static bool parse_device_name(const char *text, const char *end, struct mfd_param_device *device)
{
    const char *colon = find_last(text, end, ':');
    uint64_t instance = 0;
    bool good = colon && copy(device->idstr, sizeof(device->idstr), text, (size_t)(colon - text)) &&
                mfd_size_parse(colon + 1, end, UINT32_MAX, &instance);

    device->instance = (uint32_t)instance;
    return good;
}

/* FILE, and with `bounded` :BOUND behind it. */
static bool parse_device_file(const char *text, bool bounded, struct mfd_param_device *device)
{
    const char *end = text + strlen(text);
    const char *colon = bounded ? find_last(text, end, ':') : end;

    device->bound = 0;
    return colon && copy(device->file, sizeof(device->file), text, (size_t)(colon - text)) &&
           (!bounded ||
            (mfd_size_parse(colon + 1, end, SIZE_MAX / 2, &device->bound) && device->bound > 0));
}

static const char *add_device(struct mfd_params *params, const char *text, bool bounded)
{
    struct mfd_param_device device;
    const char *equals = strchr(text, '=');

    if (!equals || !parse_device_name(text, equals, &device) ||
        !parse_device_file(equals + 1, bounded, &device)) {
        return bounded ? "is not ID:INSTANCE=FILE:BOUND" : "is not ID:INSTANCE=FILE";
    }
    for (size_t i = 0; i < params->device_count; i++) {
        if (params->devices[i].instance == device.instance &&
            strcmp(params->devices[i].idstr, device.idstr) == 0) {
            return "names a device that was given already";
        }
    }
    if (params->device_count == MFD_PARAM_DEVICES_MAX) {
        return "is one device too many";
    }
    params->devices[params->device_count++] = device;
    return NULL;
}

/* Several, as MFD_DEVICES_OUT has them; a name or file with a comma in it cannot be told that way. */
static const char *add_devices(struct mfd_params *params, const char *text)
{
    const char *wrong = NULL;
    char one[2 * 256 + 64];

    while (*text && !wrong) {
        size_t len = strcspn(text, ",");

        wrong = copy(one, sizeof(one), text, len) ? add_device(params, one, true)
                                                  : "names a device without sense";
        text += len + (text[len] == ',');
    }
    return wrong;
}

static const char *set_method(struct mfd_params *params, const char *value)
{
    const struct mfd_method_info *method = mfd_method_named(value);

    if (!method) {
        return "is not none, zlib, zstd, qpl, uadk or qatzip";
    }
    params->method = method->flag;
    return NULL;
}

static const char *set_level(struct mfd_params *params, const char *value)
{
    unsigned n = 0;

    if (!parse_unsigned(value, 0, 20, &n)) {
        return "is no number from 0 to 20";
    }
    params->level = (int)n;
    return NULL;
}

static const char *set_page_size(struct mfd_params *params, const char *value)
{
    unsigned n = 0;

    if (!parse_unsigned(value, MFD_PAGE_SIZE_MIN, MFD_PAGE_SIZE_MAX, &n) || (n & (n - 1))) {
        return "is no power of two from 256 to 64K";
    }
    params->page_size = n;
    return NULL;
}

static const char *set_sync(struct mfd_params *params, const char *value)
{
    static const char *const words[] = {"section", "marker", NULL};
    int word = find_word(value, words);

    if (word < 0) {
        return "is not section or marker";
    }
    params->sync_given = true;
    params->sync = (enum mfd_sync)word;
    return NULL;
}

static const char *set_zero(struct mfd_params *params, const char *value)
{
    static const char *const words[] = {"main", "packet", "none", NULL};
    int word = find_word(value, words);

    if (word < 0) {
        return "is not main, packet or none";
    }
    params->zero_given = true;
    params->zero = (enum mfd_zero)word;
    return NULL;
}

static const char *set_machine(struct mfd_params *params, const char *value)
{
    size_t len = strlen(value);

    if (len >= sizeof(params->machine)) {
        return "is too long";
    }
    memcpy(params->machine, value, len + 1);
    return NULL;
}

static const char *set_tls(struct mfd_params *params, const char *value)
{
    static const char *const words[] = {"none", "x509", "psk", NULL};
    char kind[8] = "";
    const char *colon = strchr(value, ':');
    int word = -1;

    if (colon && copy(kind, sizeof(kind), value, (size_t)(colon - value))) {
        word = find_word(kind, words);
    }
    if (word <= 0 ||
        !copy(params->tls_folder, sizeof(params->tls_folder), colon + 1, strlen(colon + 1))) {
        return "is not x509:FOLDER or psk:FOLDER";
    }
    params->tls = (enum mfd_tls)word;
    return NULL;
}

const char *mfd_params_set(struct mfd_params *params, enum mfd_param param, const char *value)
{
    switch (param) {
    case MFD_PARAM_ADDRESS:
        return copy(params->address, sizeof(params->address), value, strlen(value))
                   ? NULL
                   : "is no address";
    case MFD_PARAM_CHANNELS:
        return parse_unsigned(value, 1, MFD_CHANNELS_MAX, &params->channels)
                   ? NULL
                   : "is no number from 1 to 255";
    case MFD_PARAM_METHOD:
        return set_method(params, value);
    case MFD_PARAM_LEVEL:
        return set_level(params, value);
    case MFD_PARAM_UUID:
        return parse_uuid(value, params->uuid) ? NULL : "is no UUID";
    case MFD_PARAM_PAGE_SIZE:
        return set_page_size(params, value);
    case MFD_PARAM_RAM:
        return add_blocks(params, value);
    case MFD_PARAM_REVISION:
        return mfd_rev_parse(value, &params->rev) ? NULL : "is no revision or release";
    case MFD_PARAM_SYNC:
        return set_sync(params, value);
    case MFD_PARAM_ZERO:
        return set_zero(params, value);
    case MFD_PARAM_MACHINE:
        return set_machine(params, value);
    case MFD_PARAM_STALL:
        return parse_unsigned(value, 0, 86400, &params->stall_s) ? NULL : "is no number of seconds";
    case MFD_PARAM_TLS:
        return set_tls(params, value);
    case MFD_PARAM_TLS_HOST:
        return copy(params->tls_host, sizeof(params->tls_host), value, strlen(value))
                   ? NULL
                   : "is no host name";
    case MFD_PARAM_DEVICE_IN:
    case MFD_PARAM_DEVICE_OUT:
        return add_device(params, value, param == MFD_PARAM_DEVICE_OUT);
    case MFD_PARAM_DEVICES_OUT:
        return add_devices(params, value);
    }
    return "is unknown";
}

const char *mfd_params_environment(struct mfd_params *params, enum mfd_tls_end end,
                                   const char **name)
{
    bool receives = end == MFD_TLS_RECEIVER;
    const struct {
        const char *name;
        enum mfd_param param;
    } variables[] = {
        {"MFD_ADDR", MFD_PARAM_ADDRESS},
        {"MFD_CHANNELS", MFD_PARAM_CHANNELS},
        {"MFD_METHOD", MFD_PARAM_METHOD},
        {"MFD_UUID", MFD_PARAM_UUID},
        {"MFD_PAGE_SIZE", MFD_PARAM_PAGE_SIZE},
        {receives ? "MFD_RAM_OUT" : "MFD_RAM_IN", MFD_PARAM_RAM},
        {"MFD_REVISION", MFD_PARAM_REVISION},
        {"MFD_SYNC", MFD_PARAM_SYNC},
        {"MFD_ZERO", MFD_PARAM_ZERO},
        {"MFD_MACHINE", MFD_PARAM_MACHINE},
        {"MFD_TLS", MFD_PARAM_TLS},
        {"MFD_TLS_HOST", MFD_PARAM_TLS_HOST},
        {receives ? "MFD_DEVICES_OUT" : NULL, MFD_PARAM_DEVICES_OUT},
    };

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = variables[i].name ? getenv(variables[i].name) : NULL;
        const char *wrong = value ? mfd_params_set(params, variables[i].param, value) : NULL;

        if (wrong) {
            *name = variables[i].name;
            return wrong;
        }
    }
    params->blocks_by_default = true;
    return NULL;
}

bool mfd_params_tls(const struct mfd_params *params, enum mfd_tls_end end,
                    struct mfd_tls_creds **creds, char *error)
{
    char host[sizeof(params->tls_host)];
    const char *name = params->tls_host;

    *creds = NULL;
    if (params->tls == MFD_TLS_NONE) {
        return true;
    }
    if (!*name && end == MFD_TLS_SENDER && params->tls == MFD_TLS_X509) {
        if (!mfd_net_host(params->address, host, sizeof(host))) {
            snprintf(error, MFD_TLS_ERROR_SIZE,
                     "%.200s names no host that the receiver's certificate could be for",
                     params->address);
            return false;
        }
        name = host;
    }
    *creds = mfd_tls_load(params->tls, end, params->tls_folder, *name ? name : NULL, error);
    return *creds != NULL;
}

int mfd_params_guest(const struct mfd_params *params, struct mfd_guest *guest,
                     enum mfd_guest_use use, const struct mfd_param_block **block)
{
    int error = 0;

    mfd_guest_init(guest);
    for (size_t i = 0; i < params->block_count && !error; i++) {
        const struct mfd_param_block *from = &params->blocks[i];
        struct mfd_guest_block to = {from->name, from->size, from->size, from->resizable};

        *block = from;
        error = mfd_guest_add_file(guest, &to, from->file, use);
    }
    if (error) {
        mfd_guest_free(guest);
    }
    return error;
}
