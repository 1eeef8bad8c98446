// SPDX-License-Identifier: GPL-2.0-or-later
/* The canonical form. */
#include "value.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_text(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);

    if (!out) {
        abort(); /* out of memory: see memory.h */
    }
    return out;
}

static void print_comment(FILE *out, const struct mfd_comment *comment, const char *indent)
{
    for (size_t i = 0; i < comment->count; i++) {
        fprintf(out, "%s#%s%s\n", indent, *comment->lines[i] ? " " : "", comment->lines[i]);
    }
}

/* ---- headers ---- */

static void __attribute__((format(printf, 3, 4)))
print_header(FILE *out, const char *name, const char *format, ...)
{
    va_list values;

    fprintf(out, "%-9s ", name);
    va_start(values, format);
    vfprintf(out, format, values);
    va_end(values);
    fputc('\n', out);
}

static void print_words(FILE *out, const char *name, const char **words, size_t count)
{
    if (count) {
        fprintf(out, "%-9s", name);
    }
    for (size_t i = 0; i < count; i++) {
        fprintf(out, " %s", words[i]);
    }
    if (count) {
        fputc('\n', out);
    }
}

static void print_number(FILE *out, const char *name, const struct mfd_term *term)
{
    fprintf(out, "%-9s ", name);
    mfd_term_print(out, term);
    fputc('\n', out);
}

static void print_uuid(FILE *out, const uint8_t *uuid)
{
    fprintf(out, "%-9s ", "uuid");
    for (size_t i = 0; i < MFD_UUID_SIZE; i++) {
        fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
    }
    fputc('\n', out);
}

static void print_ram(FILE *out, const struct mfd_ram *ram)
{
    fprintf(out, "%-9s %s ", "ram", ram->name);
    mfd_term_print(out, &ram->size);
    if (ram->fill == MFD_FILL_BYTE) {
        fprintf(out, " fill=%02x", ram->fill_byte);
    } else if (ram->fill != MFD_FILL_ZERO) {
        fputs(ram->fill == MFD_FILL_RANDOM ? " fill=random" : " fill=mixed", out);
    }
    fputs(ram->resizable ? " resizable\n" : "\n", out);
}

static void print_axis(FILE *out, const struct mfd_axis *axis)
{
    fprintf(out, "%-9s %s%s", axis->pairwise ? "with" : "each", axis->name,
            axis->pairwise ? "" : " in");
    for (size_t i = 0; i < axis->values.count; i++) {
        fputc(' ', out);
        mfd_value_print(out, &axis->values.list[i]);
    }
    fputc('\n', out);
}

static void print_head(FILE *out, const struct mfd_scenario *scenario)
{
    print_comment(out, &scenario->prose, "");
    print_words(out, "rule", scenario->rule_names, scenario->rule_name_count);
    if (scenario->speak_text) {
        print_header(out, "speak", "%s", scenario->speak_text);
    }
    if (scenario->only.text) {
        print_header(out, "only", "%s", scenario->only.text);
    }
    if (scenario->sender) {
        print_header(out, "role", "sender");
    }
    if (scenario->channels_set) {
        print_number(out, "channels", &scenario->channels);
    }
    if (scenario->method) {
        print_header(out, "method", "%s", scenario->method);
    }
    if (scenario->page_set) {
        print_number(out, "page", &scenario->page);
    }
    if (scenario->uuid_none) {
        print_header(out, "uuid", "none");
    } else if (scenario->uuid_given) {
        print_uuid(out, scenario->uuid);
    }
    for (size_t i = 0; i < scenario->ram_count; i++) {
        print_ram(out, &scenario->rams[i]);
    }
    for (size_t i = 0; i < scenario->device_count; i++) {
        const struct mfd_head_device *device = &scenario->devices[i];

        fprintf(out, "%-9s %s ", "device", device->idstr);
        mfd_term_print(out, &device->instance_term);
        fputc(' ', out);
        mfd_term_print(out, &device->size_term);
        fputc('\n', out);
    }
    if (scenario->tls) {
        print_header(out, "tls", "%s", scenario->tls == MFD_TLS_PSK ? "psk" : "x509");
    }
    if (scenario->transport) {
        print_header(out, "transport", "%s", mfd_scenario_transport(scenario));
    }
    print_words(out, "needs", scenario->needs, scenario->need_count);
    for (size_t i = 0; i < scenario->axis_count; i++) {
        print_axis(out, &scenario->axes[i]);
    }
}

/* ---- steps ---- */

static void print_values(FILE *out, const struct mfd_values *values, bool repeat)
{
    for (size_t i = 0; i < values->count; i++) {
        fputs(i ? "," : "", out);
        mfd_value_print(out, &values->list[i]);
    }
    fputs(repeat ? ",*" : "", out);
}

/* A block is written bare, unless it is a parameter. */
static void print_block(FILE *out, const struct mfd_value *value)
{
    if (value->kind == MFD_VALUE_TEXT) {
        fputs(value->text, out);
    } else {
        mfd_value_print(out, value);
    }
}

static void print_arg(FILE *out, const struct mfd_arg *arg)
{
    fprintf(out, " %s=", mfd_arg_name(arg->name));
    if (arg->name == MFD_ARG_block) {
        print_block(out, arg->values.list);
    } else {
        print_values(out, &arg->values, arg->repeat);
    }
}

static void print_fault(FILE *out, const struct mfd_fault *fault)
{
    if (fault->kind != MFD_FAULT_FIELD) {
        fputs(mfd_fault_name(fault->kind), out);
    } else if (fault->message != MFD_MESSAGE_COUNT) {
        fprintf(out, "%s.%s", mfd_message_name(fault->message), fault->field);
    } else {
        fputs(fault->field, out);
    }
    if (fault->indexed) {
        fputc('[', out);
        mfd_term_print(out, &fault->index);
        fputc(']', out);
    }
    if (fault->values.count) {
        fputc('=', out);
    }
    if (fault->kind == MFD_FAULT_BLOCK) {
        print_block(out, fault->values.list);
    } else {
        print_values(out, &fault->values, fault->repeat);
    }
}

static void print_who(FILE *out, const struct mfd_who *who)
{
    switch (who->kind) {
    case MFD_WHO_MAIN:
        fputs("main ", out);
        break;
    case MFD_WHO_FILE:
        fputs("file ", out);
        break;
    case MFD_WHO_EXTRA:
        fprintf(out, "extra %s ", who->name);
        break;
    case MFD_WHO_CHANNEL:
        fputs(who->all ? "ch *" : "ch ", out);
        if (!who->all) {
            mfd_term_print(out, &who->from);
        }
        if (who->range) {
            fputs("..", out);
            mfd_term_print(out, &who->to);
        }
        fputc(' ', out);
        break;
    default:
        break;
    }
}

static void print_step(FILE *out, const struct mfd_line *line)
{
    fputs(line->whole ? "! " : "", out);
    fputs(line->at ? "at " : "", out);
    print_who(out, &line->who);
    if (line->at) {
        fprintf(out, "%s#%s", line->at_message, line->at_last ? "last" : "");
        if (!line->at_last) {
            mfd_term_print(out, &line->at_number);
        }
        fputs(line->verb == MFD_VERB_COUNT ? "" : " ", out);
    }
    if (line->verb != MFD_VERB_COUNT) {
        fputs(mfd_verb_info(line->verb)->name, out);
    }
    if (line->raw) {
        struct mfd_value raw = {.kind = MFD_VALUE_BYTES, .bytes = line->raw, .len = line->raw_len};

        fputc(' ', out);
        mfd_value_print(out, &raw);
    }
    for (size_t i = 0; i < line->arg_count; i++) {
        print_arg(out, &line->args[i]);
    }
    if (line->fault_count && !line->whole) {
        fputs(" !", out);
    }
    for (size_t i = 0; i < line->fault_count; i++) {
        fputc(' ', out);
        print_fault(out, &line->faults[i]);
    }
}

char *mfd_line_text(const struct mfd_line *line)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);

    print_step(out, line);
    fclose(out);
    return text;
}

char *mfd_fault_text(const struct mfd_fault *fault)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);

    print_fault(out, fault);
    fclose(out);
    return text;
}

static void print_steps(FILE *out, const struct mfd_scenario *scenario)
{
    for (size_t i = 0; i < scenario->line_count; i++) {
        const struct mfd_line *line = &scenario->lines[i];
        bool first = line->ordered && (i == 0 || !line[-1].ordered);
        bool last = line->ordered && (i + 1 == scenario->line_count || !line[1].ordered);

        fputs(first ? "orders\n" : "", out);
        print_comment(out, &line->comment, line->ordered ? "    " : "");
        fputs(line->ordered ? "    " : "", out);
        print_step(out, line);
        fputs(last ? "\nend\n" : "\n", out);
    }
}

static void print_expect(FILE *out, const struct mfd_expect *expect)
{
    char outcomes[128];

    print_comment(out, &expect->comment, "");
    fprintf(out, "expect %s", mfd_outcomes_text(expect->outcomes, outcomes, sizeof(outcomes)));
    if (expect->revs.text) {
        fprintf(out, " for %s", expect->revs.text);
    }
    fputc('\n', out);
}

char *mfd_scenario_print(const struct mfd_scenario *scenario)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);

    print_head(out, scenario);
    fputc('\n', out);
    print_steps(out, scenario);
    for (size_t i = 0; i < scenario->expect_count; i++) {
        print_expect(out, &scenario->expects[i]);
    }
    fclose(out);
    return text;
}
