// SPDX-License-Identifier: GPL-2.0-or-later
#include "fault_line.h"

#include "compile.h"
#include "packet.h"

#include <stdlib.h>
#include <string.h>

struct mfd_fault_line {
    struct mfd_scenario *scenario; /* with this line alone */
    const struct mfd_line *line;
    char *text;
    enum mfd_verb verb;
    bool main;
    uint64_t channel;
    uint64_t number; /* of the message, from 0 */
    uint64_t seen;
};

/* The scenario that has the line: "WHO MESSAGE[#K] ! FAULT..." becomes "at WHO MESSAGE#K ! FAULT...". */
static char *scenario_text(const char *text)
{
    static const char head[] = "# A fault on what somebody else sends.\nrule MF-HDR-013\n"
                               "role sender\nchannels 255\n\nat ";
    size_t first = strcspn(text, " ");
    bool two = strncmp(text, "main", 4) != 0 && text[first]; /* "ch 2" */
    size_t who = two ? first + 1 + strcspn(text + first + 1, " ") : first;
    size_t space = strspn(text + who, " ");
    size_t word = who + space + strcspn(text + who + space, " !");
    size_t room = sizeof(head) + strlen(text) + 32;
    char *out = mfd_zalloc(room);

    snprintf(out, room, "%s%.*s%s%s\nexpect accepted\n", head, (int)word, text,
             memchr(text, '#', word) ? "" : "#0", text + word);
    return out;
}

/* The one message that a verb stands for, or none. A hello has three forms, of which a sender has one. */
static bool is_single(enum mfd_verb verb)
{
    const struct mfd_verb_info *info = mfd_verb_info(verb);
    unsigned who = 1u << MFD_WHO_MAIN | 1u << MFD_WHO_CHANNEL;

    switch (verb) {
    case MFD_VERB_ready:
    case MFD_VERB_start:
    case MFD_VERB_flush:
    case MFD_VERB_round:
    case MFD_VERB_finish:
        return false;
    default:
        return info->messages && (info->who & who);
    }
}

static bool suits(const struct mfd_fault_line *fault, struct mfd_lang_error *error)
{
    static const enum mfd_fault_kind never[] = {
        MFD_FAULT_PLAIN, MFD_FAULT_FOREIGN, MFD_FAULT_STREAM, MFD_FAULT_BLOCK,
        MFD_FAULT_SPLIT, MFD_FAULT_REFUSE,  MFD_FAULT_STALL,  MFD_FAULT_CANCEL};
    const struct mfd_line *line = fault->line;
    const struct mfd_verb_info *info = mfd_verb_info(fault->verb);

    if (line->who.kind != MFD_WHO_MAIN && line->who.kind != MFD_WHO_CHANNEL) {
        return mfd_lang_fail(error, 0, "the line must begin with main or ch N");
    }
    if (line->at_last) {
        return mfd_lang_fail(error, 0, "#last: nobody knows which one that will be");
    }
    if (line->who.all || line->who.range) {
        return mfd_lang_fail(error, 0, "one channel can be meant, not several");
    }
    if (!is_single(fault->verb) || !(info->who & 1u << line->who.kind)) {
        return mfd_lang_fail(error, 0, "%s: no single message of such a connection",
                             line->at_message);
    }
    if (!line->fault_count || line->whole || line->verb != MFD_VERB_COUNT) {
        return mfd_lang_fail(error, 0, "a fault must stand behind \"!\"");
    }
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (mfd_line_has_fault(line, never[i])) {
            return mfd_lang_fail(error, 0, "%s: not on what somebody else sends",
                                 mfd_fault_name(never[i]));
        }
    }
    return true;
}

static bool read_numbers(struct mfd_fault_line *fault, struct mfd_lang_error *error)
{
    struct mfd_target target = {.rev = MFD_REV_LATEST, .machine = "none"};
    struct mfd_env env = {.scenario = fault->scenario,
                          .target = &target,
                          .channels = MFD_CHANNELS_MAX,
                          .page_size = MFD_DEFAULT_PAGE};
    const struct mfd_line *line = fault->line;
    const char *problem = mfd_term_within(&env, &line->at_number, 0, UINT64_MAX, &fault->number);

    if (problem) {
        return mfd_lang_fail(error, 0, "the number of the message: %s", problem);
    }
    fault->main = line->who.kind == MFD_WHO_MAIN;
    problem =
        fault->main ? NULL : mfd_term_within(&env, &line->who.from, 0, UINT8_MAX, &fault->channel);
    return !problem || mfd_lang_fail(error, 0, "the channel: %s", problem);
}

struct mfd_fault_line *mfd_fault_line_parse(const char *text, struct mfd_lang_error *error)
{
    struct mfd_fault_line *fault = mfd_zalloc(sizeof(*fault));
    char *scenario = NULL;
    bool good = !strpbrk(text, "\n\r");

    error->line = 0;
    if (!good) {
        mfd_lang_fail(error, 0, "one line is wanted");
    } else {
        scenario = scenario_text(text);
        fault->scenario = mfd_scenario_parse("fault", scenario, strlen(scenario), error);
        good = fault->scenario != NULL;
        if (good && fault->scenario->line_count != 1) {
            good = mfd_lang_fail(error, 0, "one line is wanted");
        }
    }
    free(scenario);
    if (good) {
        fault->line = fault->scenario->lines;
        fault->verb =
            fault->line->at_message ? mfd_verb_find(fault->line->at_message) : MFD_VERB_COUNT;
        good =
            (fault->verb != MFD_VERB_COUNT || mfd_lang_fail(error, 0, "the message is missing")) &&
            suits(fault, error) && read_numbers(fault, error);
    }
    fault->text = good ? strdup(text) : NULL;
    if (!good || !fault->text) {
        mfd_fault_line_free(fault);
        return NULL;
    }
    return fault;
}

void mfd_fault_line_free(struct mfd_fault_line *line)
{
    if (line) {
        if (line->scenario) {
            mfd_scenario_free(line->scenario);
        }
        free(line->text);
        free(line);
    }
}

const char *mfd_fault_line_text(const struct mfd_fault_line *line)
{
    return line->text;
}

/* ---- which message ---- */

static bool is_sync(const uint8_t *packet)
{
    return mfd_get32(packet + MFD_PACKET_FLAGS) & MFD_FLAG_SYNC;
}

static bool has_pages(const uint8_t *packet)
{
    return mfd_get32(packet + MFD_PACKET_NORMAL_PAGES) || mfd_get32(packet + MFD_PACKET_ZERO_PAGES);
}

/* Verbs that share a kind of message are told apart by what is in it; a SYNC with pages is a SYNC. */
static bool is_of_verb(enum mfd_verb verb, const uint8_t *bytes)
{
    switch (verb) {
    case MFD_VERB_data:
        return has_pages(bytes) && !is_sync(bytes);
    case MFD_VERB_sync:
        return is_sync(bytes);
    case MFD_VERB_empty:
        return !has_pages(bytes) && !is_sync(bytes);
    case MFD_VERB_part:
        return bytes[0] == MFD_SECTION_PART;
    case MFD_VERB_last:
        return bytes[0] == MFD_SECTION_END;
    case MFD_VERB_ping:
        return mfd_get16(bytes + 1) == MFD_CMD_PING;
    case MFD_VERB_openrp:
        return mfd_get16(bytes + 1) == MFD_CMD_OPEN_RETURN_PATH;
    case MFD_VERB_switchover:
        return mfd_get16(bytes + 1) == MFD_CMD_SWITCHOVER_START;
    default:
        return true;
    }
}

bool mfd_fault_line_meets(struct mfd_fault_line *line, const struct mfd_fault_message *message)
{
    return line->main == message->main && (line->main || line->channel == message->channel) &&
           (mfd_verb_info(line->verb)->messages & 1u << message->message) &&
           is_of_verb(line->verb, message->bytes) && line->seen++ == line->number;
}

/* ---- what becomes of it ---- */

bool mfd_fault_line_apply(const struct mfd_fault_line *line, const struct mfd_fault_scope *scope,
                          enum mfd_message message, const uint8_t *bytes, size_t header,
                          size_t size, struct mfd_fault_result *result,
                          struct mfd_lang_error *error)
{
    struct mfd_target target = {.rev = scope->rev, .machine = "none"};
    struct mfd_plan plan = {.speak = scope->rev, .page_size = scope->page_size};
    struct mfd_compiler compiler = {
        .env = {.scenario = line->scenario,
                .target = &target,
                .channels = scope->channels,
                .page_size = scope->page_size},
        .error = error,
        .plan = &plan,
        .line = line->line,
    };
    struct mfd_bytes changed = {0};
    struct mfd_damage damage = {0};
    bool good = false;

    memcpy(mfd_bytes_add(&changed, size), bytes, size);
    mfd_bytes_part(&changed, message, 0, header);
    good = mfd_fault_apply(&compiler, &changed, &damage);
    *result = (struct mfd_fault_result){
        .times = damage.omit    ? 0
                 : damage.twice ? 2
                                : 1,
        .cut = damage.cut || damage.close || damage.reset,
        .close = damage.close,
        .reset = damage.reset,
    };
    if (good) {
        result->bytes = changed.bytes;
        result->size = changed.size;
        changed.bytes = NULL;
    }
    mfd_bytes_free(&changed);
    return good;
}
