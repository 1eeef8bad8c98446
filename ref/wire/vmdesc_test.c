// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmdesc.h"

#include <stdio.h>
#include <string.h>

static char seen[512];

static bool note(void *arg, const struct mfd_vmdesc_device *device)
{
    size_t used = strlen(seen);

    (void)arg;
    snprintf(seen + used, sizeof(seen) - used, "%.*s/%llu ", (int)device->name_len,
             device->name ? (const char *)device->name : "", (unsigned long long)device->instance);
    return true;
}

static bool refuse(void *arg, const struct mfd_vmdesc_device *device)
{
    (void)arg;
    (void)device;
    return false;
}

static bool read_text(const char *text)
{
    seen[0] = '\0';
    return mfd_vmdesc_read((const uint8_t *)text, strlen(text), note, NULL);
}

static void the_devices_are_told_in_order(void **state)
{
    (void)state;
    assert_true(read_text(
        "{\"page_size\": 4096, \"devices\": [{\"name\": \"timer\", \"instance_id\": 0, \"fields\": "
        "[{\"name\": \"inner\", \"instance_id\": 7, \"size\": 8}]}, {\"instance_id\": 12, "
        "\"name\": \"dma\"}], \"configuration\": {\"devices\": [{\"name\": \"no\"}]}}"));
    assert_string_equal(seen, "timer/0 dma/12 ");
}

static void a_description_may_list_none(void **state)
{
    (void)state;
    assert_true(read_text("{}"));
    assert_true(read_text("{ \"devices\" : [ ] }"));
    assert_true(read_text("{\"a\": [1, -2.5e3, true, null, \"x\\\"y\", {}]}"));
    assert_string_equal(seen, "");
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "1",
                                        "{",
                                        "}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":[1}",
                                        "{\"a\":1}x",
                                        "{\"a\":\"x}",
                                        "{\"a\":\"\n\"}",
                                        "{a:1}",
                                        "{\"a\\",
                                        "{\"devices\": [{\"name\": 5}]}"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (read_text(texts[i])) {
            fail_msg("taken: %s", texts[i]);
        }
    }
}

static void one_that_is_cut_anywhere_is_refused(void **state)
{
    static const char text[] =
        "{\"devices\": [{\"name\": \"timer\", \"instance_id\": 0}], \"z\": [\"\\\\\"]}";

    (void)state;
    assert_true(read_text(text));
    for (size_t len = 0; len < strlen(text); len++) {
        assert_false(mfd_vmdesc_read((const uint8_t *)text, len, note, NULL));
    }
}

static void nesting_has_an_end(void **state)
{
    char text[400] = "{\"a\":";

    (void)state;
    memset(text + 5, '[', 60);
    memset(text + 65, ']', 60);
    strcpy(text + 125, "}");
    assert_true(read_text(text));
    memset(text + 5, '[', 150);
    memset(text + 155, ']', 150);
    strcpy(text + 305, "}");
    assert_false(read_text(text));
}

static void whoever_takes_the_devices_may_refuse(void **state)
{
    static const char text[] = "{\"devices\": [{\"name\": \"timer\"}]}";

    (void)state;
    assert_false(mfd_vmdesc_read((const uint8_t *)text, strlen(text), refuse, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_devices_are_told_in_order),
        cmocka_unit_test(a_description_may_list_none),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(one_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(whoever_takes_the_devices_may_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
