// SPDX-License-Identifier: GPL-2.0-or-later
#include "params.h"

#include "test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_set(struct mfd_params *params, enum mfd_param param, const char *value)
{
    assert_null(mfd_params_set(params, param, value));
}

static void assert_refused(enum mfd_param param, const char *value)
{
    struct mfd_params params;

    mfd_params_init(&params);
    assert_non_null(mfd_params_set(&params, param, value));
}

static void values_are_taken(void **state)
{
    static const uint8_t uuid[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    struct mfd_params params;

    (void)state;
    mfd_params_init(&params);
    assert_set(&params, MFD_PARAM_CHANNELS, "255");
    assert_set(&params, MFD_PARAM_UUID, "00112233-4455-6677-8899-aabbccDDEEFF");
    assert_set(&params, MFD_PARAM_METHOD, "zstd");
    assert_set(&params, MFD_PARAM_PAGE_SIZE, "64K");
    assert_set(&params, MFD_PARAM_REVISION, "7.2.22");
    assert_set(&params, MFD_PARAM_SYNC, "marker");
    assert_set(&params, MFD_PARAM_ZERO, "none");
    assert_set(&params, MFD_PARAM_MACHINE, "pc-i440fx-7.2");
    assert_set(&params, MFD_PARAM_TLS, "psk:/a:b");
    assert_int_equal(params.tls, MFD_TLS_PSK);
    assert_string_equal(params.tls_folder, "/a:b");
    assert_int_equal(params.channels, 255);
    assert_memory_equal(params.uuid, uuid, sizeof(uuid));
    assert_int_equal(params.method, MFD_FLAG_ZSTD);
    assert_int_equal(params.level, MFD_LEVEL_DEFAULT);
    assert_int_equal(params.page_size, 65536);
    assert_int_equal(params.rev, MFD_REV_7_2);
    assert_true(params.sync_given && params.sync == MFD_SYNC_MARKER);
    assert_true(params.zero_given && params.zero == MFD_ZERO_NONE);
}

static void blocks_are_listed_with_commas_or_one_by_one(void **state)
{
    struct mfd_params params;

    (void)state;
    mfd_params_init(&params);
    assert_set(&params, MFD_PARAM_RAM, "mem0=/a:b/ram:2M,/rom@etc/acpi/tables=x:4096");
    assert_set(&params, MFD_PARAM_RAM, "big=y:16G:resizable");
    assert_int_equal(params.block_count, 3);
    assert_string_equal(params.blocks[0].name, "mem0");
    assert_string_equal(params.blocks[0].file, "/a:b/ram");
    assert_int_equal(params.blocks[0].size, 2u << 20);
    assert_string_equal(params.blocks[1].name, "/rom@etc/acpi/tables");
    assert_int_equal(params.blocks[2].size, (uint64_t)16 << 30);
    assert_string_equal(params.blocks[2].file, "y");
    assert_true(params.blocks[2].resizable);
    assert_false(params.blocks[0].resizable);
}

static void devices_are_given_one_by_one(void **state)
{
    struct mfd_params params;

    (void)state;
    mfd_params_init(&params);
    assert_set(&params, MFD_PARAM_DEVICE_IN, "0000:00:03.0/vfio:0=/a:b/state");
    assert_set(&params, MFD_PARAM_DEVICE_IN, "0000:00:03.0/vfio:1=x=y");
    assert_set(&params, MFD_PARAM_DEVICE_OUT, "gpu:4294967295=/a:b:2K");
    assert_int_equal(params.device_count, 3);
    assert_string_equal(params.devices[0].idstr, "0000:00:03.0/vfio");
    assert_string_equal(params.devices[0].file, "/a:b/state");
    assert_int_equal(params.devices[1].instance, 1);
    assert_string_equal(params.devices[1].file, "x=y");
    assert_int_equal(params.devices[2].instance, UINT32_MAX);
    assert_string_equal(params.devices[2].file, "/a:b");
    assert_int_equal(params.devices[2].bound, 2048);
    assert_string_equal(mfd_params_set(&params, MFD_PARAM_DEVICE_OUT, "gpu:4294967295=z:1"),
                        "names a device that was given already");
    assert_int_equal(params.device_count, 3);
    while (params.device_count < MFD_PARAM_DEVICES_MAX) {
        char text[32];

        snprintf(text, sizeof(text), "d:%zu=f", params.device_count);
        assert_set(&params, MFD_PARAM_DEVICE_IN, text);
    }
    assert_string_equal(mfd_params_set(&params, MFD_PARAM_DEVICE_IN, "more:0=f"),
                        "is one device too many");
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_refused(MFD_PARAM_DEVICE_IN, "vfio:0");
    assert_refused(MFD_PARAM_DEVICE_IN, "vfio=file");
    assert_refused(MFD_PARAM_DEVICE_IN, ":0=file");
    assert_refused(MFD_PARAM_DEVICE_IN, "vfio:=file");
    assert_refused(MFD_PARAM_DEVICE_IN, "vfio:4294967296=file");
    assert_refused(MFD_PARAM_DEVICE_IN, "vfio:0=");
    assert_refused(MFD_PARAM_DEVICE_OUT, "vfio:0=file");
    assert_refused(MFD_PARAM_DEVICE_OUT, "vfio:0=file:0");
    assert_refused(MFD_PARAM_DEVICE_OUT, "vfio:0=file:x");
    assert_refused(MFD_PARAM_DEVICE_OUT, "vfio:0=:1");
    assert_refused(MFD_PARAM_CHANNELS, "0");
    assert_refused(MFD_PARAM_TLS, "x509");
    assert_refused(MFD_PARAM_TLS, "x509:");
    assert_refused(MFD_PARAM_TLS, "none:/x");
    assert_refused(MFD_PARAM_TLS, "ssl:/x");
    assert_refused(MFD_PARAM_TLS_HOST, "");
    assert_refused(MFD_PARAM_CHANNELS, "256");
    assert_refused(MFD_PARAM_CHANNELS, "2x");
    assert_refused(MFD_PARAM_CHANNELS, "-1");
    assert_refused(MFD_PARAM_CHANNELS, "99999999999999999999999");
    assert_refused(MFD_PARAM_UUID, "00112233-4455-6677-8899-aabbccddeef");
    assert_refused(MFD_PARAM_UUID, "00112233-4455-6677-8899-aabbccddeeff0");
    assert_refused(MFD_PARAM_UUID, "0011223344556677-8899-aabbccddeeff");
    assert_refused(MFD_PARAM_UUID, "");
    assert_refused(MFD_PARAM_METHOD, "lz4");
    assert_refused(MFD_PARAM_LEVEL, "21");
    assert_refused(MFD_PARAM_LEVEL, "-1");
    assert_refused(MFD_PARAM_PAGE_SIZE, "5000");
    assert_refused(MFD_PARAM_PAGE_SIZE, "128");
    assert_refused(MFD_PARAM_RAM, "mem0");
    assert_refused(MFD_PARAM_RAM, "mem0=file");
    assert_refused(MFD_PARAM_RAM, "=file:1M");
    assert_refused(MFD_PARAM_RAM, "mem0=:1M");
    assert_refused(MFD_PARAM_RAM, "mem0=file:1X");
    assert_refused(MFD_PARAM_RAM, "mem0=file:99999999999G");
    assert_refused(MFD_PARAM_RAM, "mem0=file:resizable");
    assert_refused(MFD_PARAM_RAM, "mem0=:resizable");
    assert_refused(MFD_PARAM_RAM, ":resizable");
    assert_refused(MFD_PARAM_REVISION, "yesterday");
    assert_refused(MFD_PARAM_SYNC, "none");
    assert_refused(MFD_PARAM_ADDRESS, "");
}

static void the_environment_gives_way_to_the_command_line(void **state)
{
    struct mfd_params params;
    const char *name = NULL;

    (void)state;
    setenv("MFD_ADDR", "unix:/x", 1);
    setenv("MFD_CHANNELS", "4", 1);
    setenv("MFD_RAM_OUT", "a=f:1M,b=g:1M", 1);
    mfd_params_init(&params);
    assert_null(mfd_params_environment(&params, MFD_TLS_RECEIVER, &name));
    assert_string_equal(params.address, "unix:/x");
    assert_int_equal(params.channels, 4);
    assert_int_equal(params.block_count, 2);
    assert_set(&params, MFD_PARAM_RAM, "c=h:1M");
    assert_set(&params, MFD_PARAM_RAM, "d=i:1M");
    assert_int_equal(params.block_count, 2);
    assert_string_equal(params.blocks[0].name, "c");

    setenv("MFD_CHANNELS", "many", 1);
    assert_non_null(mfd_params_environment(&params, MFD_TLS_RECEIVER, &name));
    assert_string_equal(name, "MFD_CHANNELS");
    unsetenv("MFD_ADDR");
    unsetenv("MFD_CHANNELS");
    unsetenv("MFD_RAM_OUT");
}

static void credentials_are_loaded_for_the_end_that_asks(void **state)
{
    struct mfd_params params;
    struct mfd_tls_creds *creds = NULL;
    char error[MFD_TLS_ERROR_SIZE] = "";
    char value[128];

    (void)state;
    mfd_params_init(&params);
    assert_true(mfd_params_tls(&params, MFD_TLS_SENDER, &creds, error));
    assert_null(creds);
    assert_set(&params, MFD_PARAM_ADDRESS, "unix:/x");
    snprintf(value, sizeof(value), "psk:%s", test_keys(MFD_TLS_PSK, TEST_KEYS_OWN));
    assert_set(&params, MFD_PARAM_TLS, value);
    assert_true(mfd_params_tls(&params, MFD_TLS_SENDER, &creds, error));
    mfd_tls_free(creds);
    snprintf(value, sizeof(value), "x509:%s", test_keys(MFD_TLS_X509, TEST_KEYS_OWN));
    assert_set(&params, MFD_PARAM_TLS, value);
    assert_true(mfd_params_tls(&params, MFD_TLS_RECEIVER, &creds, error));
    mfd_tls_free(creds);
    /* at a UNIX socket only the option can name the host */
    assert_false(mfd_params_tls(&params, MFD_TLS_SENDER, &creds, error));
    assert_non_null(strstr(error, "unix:/x names no host"));
    assert_set(&params, MFD_PARAM_TLS_HOST, MFD_TLS_KEYS_HOST);
    assert_true(mfd_params_tls(&params, MFD_TLS_SENDER, &creds, error));
    mfd_tls_free(creds);
    mfd_params_init(&params);
    assert_set(&params, MFD_PARAM_TLS, value);
    assert_set(&params, MFD_PARAM_ADDRESS, "tcp:localhost:1");
    assert_true(mfd_params_tls(&params, MFD_TLS_SENDER, &creds, error));
    mfd_tls_free(creds);
    assert_set(&params, MFD_PARAM_TLS, "x509:/nowhere");
    assert_false(mfd_params_tls(&params, MFD_TLS_RECEIVER, &creds, error));
    assert_non_null(strstr(error, "/nowhere/ca-cert.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_taken),
        cmocka_unit_test(blocks_are_listed_with_commas_or_one_by_one),
        cmocka_unit_test(devices_are_given_one_by_one),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(the_environment_gives_way_to_the_command_line),
        cmocka_unit_test(credentials_are_loaded_for_the_end_that_asks),
    };

    return cmocka_run_group_tests(tests, test_keys_make, test_keys_remove);
}
