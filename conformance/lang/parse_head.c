// SPDX-License-Identifier: GPL-2.0-or-later
/* Headers of a scenario; see parser.h. */
#include "parser.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

typedef bool header_fn(struct mfd_parser *parser, const struct mfd_words *words);

static bool read_rev(struct mfd_parser *parser, const char *word, const char *text,
                     enum mfd_rev *rev)
{
    return mfd_rev_parse(text, rev) || MFD_PARSE_FAIL(parser, "%s: no such revision", word);
}

/* The revision of a peer; those of 2017 are nobody's: a scenario that speaks one decides for the peer. */
static bool read_peer_rev(struct mfd_parser *parser, const char *word, const char *text,
                          enum mfd_rev *rev)
{
    return read_rev(parser, word, text, rev) &&
           (mfd_rev_has_packets(*rev) ||
            MFD_PARSE_FAIL(parser, "%s: that revision has no packets", word));
}

bool mfd_parse_revs(struct mfd_parser *parser, const char *word, struct mfd_revs *revs)
{
    struct mfd_arena *arena = &parser->scenario->arena;
    const char *dots = strstr(word, "..");
    const char *low = dots ? mfd_arena_text(arena, word, (size_t)(dots - word)) : word;
    const char *high = dots ? dots + 2 : word;

    *revs = (struct mfd_revs){word, MFD_REV_FIRST, MFD_REV_LATEST};
    if (!*low && !*high) {
        return MFD_PARSE_FAIL(parser, "%s: a revision must stand on one side", word);
    }
    if (*low && !read_peer_rev(parser, word, low, &revs->first)) {
        return false;
    }
    if (*high && !read_peer_rev(parser, word, high, &revs->last)) {
        return false;
    }
    if (revs->first > revs->last) {
        return MFD_PARSE_FAIL(parser, "%s: no revision lies between", word);
    }
    return true;
}

/* A plain number without parameters or symbols; its value goes to `*number` too. */
static bool read_number(struct mfd_parser *parser, const char *word, uint64_t low, uint64_t high,
                        struct mfd_term *term, uint64_t *number)
{
    struct mfd_env env = {.scenario = parser->scenario};
    const char *problem = NULL;

    if (!mfd_parse_term(parser, word, term)) {
        return false;
    }
    if (term->param || term->symbol || term->addend_param) {
        return MFD_PARSE_FAIL(parser, "%s: must be a plain number", word);
    }
    problem = mfd_term_within(&env, term, low, high, number);
    return problem ? MFD_PARSE_FAIL(parser, "%s: %s", word, problem) : true;
}

static bool read_plain(struct mfd_parser *parser, const char *word, uint64_t low, uint64_t high,
                       struct mfd_term *term)
{
    uint64_t number = 0;

    return read_number(parser, word, low, high, term, &number);
}

static bool parse_rule(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_arena *arena = &scenario->arena;

    scenario->rule_line = parser->line;
    for (size_t i = 1; i < words->count; i++) {
        enum mfd_rule rule = mfd_rule_find(words->list[i]);
        size_t n = scenario->rule_name_count++;

        scenario->rule_names =
            mfd_arena_grow(arena, scenario->rule_names, n, sizeof(*scenario->rule_names));
        scenario->rule_names[n] = words->list[i];
        if (rule != MFD_RULE_COUNT) {
            n = scenario->rule_count++;
            scenario->rules = mfd_arena_grow(arena, scenario->rules, n, sizeof(*scenario->rules));
            scenario->rules[n] = rule;
        }
    }
    return true;
}

static bool parse_speak(struct mfd_parser *parser, const struct mfd_words *words)
{
    parser->scenario->speak_text = words->list[1];
    return read_rev(parser, words->list[1], words->list[1], &parser->scenario->speak);
}

static bool parse_only(struct mfd_parser *parser, const struct mfd_words *words)
{
    return mfd_parse_revs(parser, words->list[1], &parser->scenario->only);
}

static bool parse_role(struct mfd_parser *parser, const struct mfd_words *words)
{
    if (strcmp(words->list[1], "sender") != 0) {
        return MFD_PARSE_FAIL(parser, "%s: the only role to name is sender", words->list[1]);
    }
    parser->scenario->sender = true;
    return true;
}

static bool parse_channels(struct mfd_parser *parser, const struct mfd_words *words)
{
    parser->scenario->channels_set = true;
    return read_plain(parser, words->list[1], 1, MFD_CHANNELS_MAX, &parser->scenario->channels);
}

static bool parse_method(struct mfd_parser *parser, const struct mfd_words *words)
{
    uint32_t bit = 0;

    parser->scenario->method = words->list[1];
    return mfd_method_find(words->list[1], &bit) ||
           MFD_PARSE_FAIL(parser, "%s: no such method", words->list[1]);
}

static bool parse_page(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_env env = {.scenario = parser->scenario};
    struct mfd_term *page = &parser->scenario->page;
    uint64_t number = 0;

    parser->scenario->page_set = true;
    if (!read_plain(parser, words->list[1], 0, UINT64_MAX, page)) {
        return false;
    }
    if (mfd_term_within(&env, page, 0, UINT64_MAX, &number) || !mfd_is_page_size(number)) {
        return MFD_PARSE_FAIL(parser, "%s: not a power of two from 256 to 64K", words->list[1]);
    }
    return true;
}

static bool parse_uuid(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;

    scenario->uuid_given = true;
    scenario->uuid_none = strcmp(words->list[1], "none") == 0;
    return scenario->uuid_none || mfd_uuid_parse(words->list[1], scenario->uuid) ||
           MFD_PARSE_FAIL(parser, "%s: neither a UUID nor none", words->list[1]);
}

static bool parse_ram_option(struct mfd_parser *parser, const char *word, struct mfd_ram *ram)
{
    if (strcmp(word, "resizable") == 0 && !ram->resizable) {
        ram->resizable = true;
        return true;
    }
    if (strncmp(word, "fill=", 5) != 0 || ram->fill != MFD_FILL_ZERO) {
        return MFD_PARSE_FAIL(parser, "%s: only fill= and resizable may follow, each once", word);
    }
    if (strcmp(word + 5, "random") == 0 || strcmp(word + 5, "mixed") == 0) {
        ram->fill = word[5] == 'r' ? MFD_FILL_RANDOM : MFD_FILL_MIXED;
        return true;
    }
    if (strlen(word + 5) != 2 || strspn(word + 5, "0123456789abcdefABCDEF") != 2) {
        return MFD_PARSE_FAIL(parser, "%s: neither two hex digits, random nor mixed", word);
    }
    ram->fill = MFD_FILL_BYTE;
    ram->fill_byte = (uint8_t)strtoul(word + 5, NULL, 16);
    return true;
}

static bool parse_ram(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_ram ram = {.line = parser->line, .name = words->list[1]};

    if (strlen(ram.name) >= MFD_IDSTR_SIZE || strpbrk(ram.name, "\"',()=!")) {
        return MFD_PARSE_FAIL(parser, "%.40s: no name for a block", ram.name);
    }
    if (scenario->ram_count && mfd_scenario_has_block(scenario, ram.name)) {
        return MFD_PARSE_FAIL(parser, "%s: a block of that name stands above", ram.name);
    }
    if (words->count < 3) {
        return MFD_PARSE_FAIL(parser, "ram: the size is missing");
    }
    if (!mfd_parse_term(parser, words->list[2], &ram.size)) {
        return false;
    }
    if (ram.size.symbol == MFD_SYM_LEN || ram.size.symbol == MFD_SYM_SIZE) {
        return MFD_PARSE_FAIL(parser, "%s: a size does not depend on blocks or messages",
                              words->list[2]);
    }
    for (size_t i = 3; i < words->count; i++) {
        if (!parse_ram_option(parser, words->list[i], &ram)) {
            return false;
        }
    }
    scenario->rams = mfd_arena_grow(&scenario->arena, scenario->rams, scenario->ram_count,
                                    sizeof(*scenario->rams));
    scenario->rams[scenario->ram_count++] = ram;
    return true;
}

/* IDSTR INSTANCE SIZE */
static bool parse_device(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;
    struct mfd_head_device device = {.idstr = words->list[1]};
    uint64_t instance = 0;
    uint64_t size = 0;

    if (words->count != 4) {
        return MFD_PARSE_FAIL(parser, "device: name, instance and size must follow");
    }
    if (strlen(device.idstr) >= MFD_IDSTR_SIZE) {
        return MFD_PARSE_FAIL(parser, "%.40s...: no name of at most 255 bytes", device.idstr);
    }
    if (!read_number(parser, words->list[2], 0, UINT32_MAX, &device.instance_term, &instance) ||
        !read_number(parser, words->list[3], 1, MFD_DEVICE_PAYLOAD_MAX, &device.size_term, &size)) {
        return false;
    }
    device.instance = (uint32_t)instance;
    device.size = (size_t)size;
    for (size_t i = 0; i < scenario->device_count; i++) {
        if (strcmp(scenario->devices[i].idstr, device.idstr) == 0 &&
            scenario->devices[i].instance == device.instance) {
            return MFD_PARSE_FAIL(parser, "%s: that device stands above", device.idstr);
        }
    }
    scenario->devices = mfd_arena_grow(&scenario->arena, scenario->devices, scenario->device_count,
                                       sizeof(*scenario->devices));
    scenario->devices[scenario->device_count++] = device;
    return true;
}

static bool parse_tls(struct mfd_parser *parser, const struct mfd_words *words)
{
    bool psk = strcmp(words->list[1], "psk") == 0;

    if (!psk && strcmp(words->list[1], "x509") != 0) {
        return MFD_PARSE_FAIL(parser, "%s: neither x509 nor psk", words->list[1]);
    }
    parser->scenario->tls = psk ? MFD_TLS_PSK : MFD_TLS_X509;
    return true;
}

static bool parse_transport(struct mfd_parser *parser, const struct mfd_words *words)
{
    static const char *const names[] = {[MFD_TRANSPORT_UNIX] = "unix", "tcp", "file"};

    for (int i = MFD_TRANSPORT_UNIX; i <= MFD_TRANSPORT_FILE; i++) {
        if (strcmp(words->list[1], names[i]) == 0) {
            parser->scenario->transport = (enum mfd_transport)i;
            return true;
        }
    }
    return MFD_PARSE_FAIL(parser, "%s: neither unix, tcp nor file", words->list[1]);
}

static bool parse_needs(struct mfd_parser *parser, const struct mfd_words *words)
{
    struct mfd_scenario *scenario = parser->scenario;

    for (size_t i = 1; i < words->count; i++) {
        if (!mfd_parse_is_name(words->list[i])) {
            return MFD_PARSE_FAIL(parser, "%s: no word for a need", words->list[i]);
        }
        scenario->needs = mfd_arena_grow(&scenario->arena, scenario->needs, scenario->need_count,
                                         sizeof(*scenario->needs));
        scenario->needs[scenario->need_count++] = words->list[i];
    }
    return true;
}

static const struct {
    const char *name;
    header_fn *parse;
    bool many_words; /* takes more than one word */
    bool repeated;   /* may stand more than once */
} headers[] = {
    {"rule", parse_rule, true, false},
    {"speak", parse_speak, false, false},
    {"only", parse_only, false, false},
    {"role", parse_role, false, false},
    {"channels", parse_channels, false, false},
    {"method", parse_method, false, false},
    {"page", parse_page, false, false},
    {"uuid", parse_uuid, false, false},
    {"ram", parse_ram, true, true},
    {"device", parse_device, true, true},
    {"tls", parse_tls, false, false},
    {"transport", parse_transport, false, false},
    {"needs", parse_needs, true, false},
    {"each", mfd_parse_axis, true, true},
    {"with", mfd_parse_axis, true, true},
};

#define HEADER_COUNT (sizeof(headers) / sizeof(headers[0]))

static size_t header_index(const char *word)
{
    size_t i = 0;

    while (i < HEADER_COUNT && strcmp(headers[i].name, word) != 0) {
        i++;
    }
    return i;
}

bool mfd_parse_is_header(const char *word)
{
    return header_index(word) < HEADER_COUNT;
}

unsigned mfd_parse_header_bit(const char *word)
{
    return mfd_parse_is_header(word) ? 1u << header_index(word) : 0;
}

bool mfd_parse_header(struct mfd_parser *parser, const struct mfd_words *words)
{
    size_t i = header_index(words->list[0]);
    unsigned bit = mfd_parse_header_bit(words->list[0]);

    if (words->count < 2) {
        return MFD_PARSE_FAIL(parser, "%s: its value is missing", words->list[0]);
    }
    if (words->count > 2 && !headers[i].many_words) {
        return MFD_PARSE_FAIL(parser, "%s: nothing may follow \"%s\"", words->list[2],
                              words->list[1]);
    }
    if (!headers[i].repeated && (parser->headers_seen & bit)) {
        return MFD_PARSE_FAIL(parser, "%s: stands above already", words->list[0]);
    }
    parser->headers_seen |= bit;
    return headers[i].parse(parser, words);
}

bool mfd_parse_head_end(struct mfd_parser *parser)
{
    const struct mfd_scenario *scenario = parser->scenario;
    unsigned line = parser->line;
    bool good = mfd_parse_axes_end(parser);

    for (size_t i = 0; good && i < scenario->ram_count; i++) {
        parser->line = scenario->rams[i].line;
        good = mfd_parse_check_term(parser, &scenario->rams[i].size);
    }
    parser->line = good ? line : parser->line;
    return good;
}
