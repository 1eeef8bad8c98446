// SPDX-License-Identifier: GPL-2.0-or-later
#include "test_keys.h"

#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

/* Loads what must fail, and says that it fails by naming the file. */
static void assert_missing(enum mfd_tls kind, enum mfd_tls_end end, const char *folder,
                           const char *name)
{
    char error[MFD_TLS_ERROR_SIZE] = "";
    struct mfd_tls_creds *creds = mfd_tls_load(kind, end, folder, NULL, error);

    assert_null(creds);
    if (!strstr(error, name)) {
        fail_msg("'%s' does not name %s", error, name);
    }
}

/* A folder with some of the files of another. */
static void copy_some(char *folder, enum mfd_tls kind, const char *const *names)
{
    assert_true(mfd_scratch_make(test_keys_root, folder, 96));
    for (; *names; names++) {
        char from[200];
        char to[200];

        snprintf(from, sizeof(from), "%s/%s", test_keys(kind, TEST_KEYS_OWN), *names);
        snprintf(to, sizeof(to), "%s/%s", folder, *names);
        assert_int_equal(link(from, to), 0);
    }
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[200];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path); /* it may be a link to the right one */
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void credentials_of_both_kinds_load_for_both_ends(void **state)
{
    (void)state;
    for (int kind = MFD_TLS_X509; kind <= MFD_TLS_PSK; kind++) {
        for (int end = MFD_TLS_SENDER; end <= MFD_TLS_RECEIVER; end++) {
            struct mfd_tls_creds *creds =
                test_creds((enum mfd_tls)kind, (enum mfd_tls_end)end, TEST_KEYS_OWN);
            struct gnutls_session_int *session = NULL;

            assert_true(mfd_tls_session(creds, &session) >= 0);
            gnutls_deinit(session);
            mfd_tls_free(creds);
        }
    }
    mfd_tls_free(NULL);
}

static void a_missing_file_is_named(void **state)
{
    static const char *const nothing[] = {NULL};
    static const char *const authority[] = {"ca-cert.pem", NULL};
    static const char *const no_key[] = {"ca-cert.pem", "server-cert.pem", "client-cert.pem", NULL};
    char folder[96];

    (void)state;
    copy_some(folder, MFD_TLS_X509, nothing);
    assert_missing(MFD_TLS_X509, MFD_TLS_RECEIVER, folder, "ca-cert.pem");
    assert_missing(MFD_TLS_PSK, MFD_TLS_RECEIVER, folder, "keys.psk");
    assert_missing(MFD_TLS_PSK, MFD_TLS_SENDER, folder, "keys.psk");
    assert_missing(MFD_TLS_X509, MFD_TLS_SENDER, "/nowhere", "/nowhere/ca-cert.pem");
    copy_some(folder, MFD_TLS_X509, authority);
    assert_missing(MFD_TLS_X509, MFD_TLS_RECEIVER, folder, "server-cert.pem");
    copy_some(folder, MFD_TLS_X509, no_key);
    assert_missing(MFD_TLS_X509, MFD_TLS_RECEIVER, folder, "server-key.pem");
    assert_missing(MFD_TLS_X509, MFD_TLS_SENDER, folder, "client-key.pem");
}

static void a_sender_need_not_have_a_certificate(void **state)
{
    static const char *const authority[] = {"ca-cert.pem", NULL};
    char folder[96];
    char error[MFD_TLS_ERROR_SIZE];
    struct mfd_tls_creds *creds = NULL;

    (void)state;
    copy_some(folder, MFD_TLS_X509, authority);
    creds = mfd_tls_load(MFD_TLS_X509, MFD_TLS_SENDER, folder, NULL, error);
    assert_non_null(creds);
    mfd_tls_free(creds);
}

static void a_file_without_sense_is_named(void **state)
{
    static const char *const all[] = {"ca-cert.pem", "server-cert.pem", "server-key.pem", NULL};
    char folder[96];

    (void)state;
    copy_some(folder, MFD_TLS_X509, all);
    write_text(folder, "server-key.pem", "no key\n");
    assert_missing(MFD_TLS_X509, MFD_TLS_RECEIVER, folder, "server-cert.pem");
    write_text(folder, "ca-cert.pem", "no certificate\n");
    assert_missing(MFD_TLS_X509, MFD_TLS_RECEIVER, folder, "ca-cert.pem");
    write_text(folder, "keys.psk", "somebody:00112233\n");
    assert_missing(MFD_TLS_PSK, MFD_TLS_SENDER, folder, "no key of user qemu");
    write_text(folder, "keys.psk", "qemu:no digits\n");
    assert_missing(MFD_TLS_PSK, MFD_TLS_SENDER, folder, "keys.psk");
}

static void a_folder_with_a_name_too_long_is_refused(void **state)
{
    char folder[600];

    (void)state;
    memset(folder, 'x', sizeof(folder) - 1);
    folder[sizeof(folder) - 1] = '\0';
    assert_missing(MFD_TLS_X509, MFD_TLS_SENDER, folder, "xxx...");
    assert_int_not_equal(mfd_tls_keys_make(folder, MFD_TLS_X509), 0);
}

static void keys_are_for_their_owner_alone(void **state)
{
    char path[128];
    struct stat status;

    (void)state;
    snprintf(path, sizeof(path), "%s/keys.psk", test_keys(MFD_TLS_PSK, TEST_KEYS_OWN));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    snprintf(path, sizeof(path), "%s/server-key.pem", test_keys(MFD_TLS_X509, TEST_KEYS_OWN));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_not_equal(mfd_tls_keys_make("/nowhere", MFD_TLS_PSK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_of_both_kinds_load_for_both_ends),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_sender_need_not_have_a_certificate),
        cmocka_unit_test(a_file_without_sense_is_named),
        cmocka_unit_test(a_folder_with_a_name_too_long_is_refused),
        cmocka_unit_test(keys_are_for_their_owner_alone),
    };

    return cmocka_run_group_tests(tests, test_keys_make, test_keys_remove);
}
