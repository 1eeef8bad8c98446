// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tshark with the plugin of this build, for tests; the script tshark says how. A test whose tshark has not
 * loaded the plugin fails.
 *
 * $MFD_TSHARK names another tshark and $MFD_WS_PLUGINS the folder of its plugins.
 */
#ifndef MFD_TSHARK_TEST_H
#define MFD_TSHARK_TEST_H

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNK 65536

static char *read_all(FILE *in)
{
    char *text = NULL;
    size_t len = 0;
    char chunk[CHUNK];
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    for (size_t n = 0; (n = fread(chunk, 1, sizeof(chunk), in)) > 0;) {
        fwrite(chunk, 1, n, out);
    }
    fclose(out);
    return text;
}

/* What the shell is to do before tshark, "COMMAND; ". */
static const char *mfd_tshark_before = "";

static char *run(const char *arguments)
{
    const char *plugins = getenv("MFD_WS_PLUGINS");
    char *command = NULL;
    char *text = NULL;
    FILE *in = NULL;

    assert_true(asprintf(&command, "%s%s '%s' %s 2>&1", mfd_tshark_before, MFD_TSHARK_SCRIPT,
                         plugins ? plugins : MFD_WS_PLUGINS, arguments) >= 0);
    in = popen(command, "r"); // NOLINT(cert-env33-c): the text is the tests' own
    assert_non_null(in);
    text = read_all(in);
    if (pclose(in) != 0) {
        fail_msg("%s: %s", command, text);
    }
    free(command);
    return text;
}

/* Output of `tshark ARGUMENTS`, owned by the caller. Fails the test where tshark fails. */
__attribute__((format(printf, 1, 2))) static char *mfd_tshark(const char *format, ...)
{
    char *arguments = NULL;
    char *text = NULL;
    va_list list;

    va_start(list, format);
    assert_true(vasprintf(&arguments, format, list) >= 0);
    va_end(list);
    text = run(arguments);
    free(arguments);
    return text;
}

/* Bytes as tshark writes them, with colons between them or without: so many at most; how many there are. */
__attribute__((unused)) static size_t mfd_hex_bytes(const char *text, uint8_t *out, size_t room)
{
    size_t len = 0;

    while (len < room && isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
        out[len++] = (uint8_t)strtoul((char[]){text[0], text[1], '\0'}, NULL, 16);
        text += text[2] == ':' ? 3 : 2;
    }
    return len;
}

/* Setup of a cmocka group: the plugin is loaded, in this version. */
static int mfd_tshark_has_plugin(void **state)
{
    char *text = run("-G plugins");
    const char *line = strstr(text, "multifd.so");

    (void)state;
    if (!line || !strstr(line, MFD_PLUGIN_VERSION)) {
        print_error("the plugin is not loaded:\n%s\n", text);
        free(text);
        return -1;
    }
    free(text);
    return 0;
}

#endif
