// SPDX-License-Identifier: GPL-2.0-or-later
#include "tls_keys.h"

#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#define PATH_SIZE 512
#define PSK_SIZE 32
#define DAY 86400

/* A key with its certificate. */
struct identity {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
};

/* Who an identity is for. */
struct role {
    const char *name;    /* of its files */
    const char *purpose; /* OID of what it may do; NULL: sign others */
    unsigned usage;
};

static const struct role authority = {"ca", NULL, GNUTLS_KEY_KEY_CERT_SIGN};
static const struct role ends[] = {
    {"server", GNUTLS_KP_TLS_WWW_SERVER,
     GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT},
    {"client", GNUTLS_KP_TLS_WWW_CLIENT,
     GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT},
};

static int write_file(const char *folder, const char *name, const void *data, size_t size)
{
    char path[PATH_SIZE];
    int fd = -1;
    int error = 0;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)) {
        return ENAMETOOLONG;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    if (write(fd, data, size) != (ssize_t)size) {
        error = errno ? errno : ENOSPC;
    }
    close(fd);
    return error;
}

/* Writes PREFIX-SUFFIX.pem; takes over `text`. `code` is GnuTLS's about making it. */
static int write_pem(const char *folder, const char *prefix, const char *suffix, int code,
                     gnutls_datum_t *text)
{
    char name[32];
    int error = EPROTO;

    snprintf(name, sizeof(name), "%s-%s.pem", prefix, suffix);
    if (code >= 0) {
        error = write_file(folder, name, text->data, text->size);
        gnutls_free(text->data);
    }
    return error;
}

/* All that a certificate says; the first error counts. */
static int describe(gnutls_x509_crt_t crt, const struct role *role)
{
    time_t now = time(NULL);
    uint8_t serial[16];
    int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

    serial[0] &= 0x7f; /* a number above zero */
    serial[0] |= 1;
    if (code >= 0) {
        code = gnutls_x509_crt_set_version(crt, 3);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, role->name,
                                             (unsigned)strlen(role->name));
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_activation_time(crt, now - DAY);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_expiration_time(crt, now + (time_t)30 * DAY);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_basic_constraints(crt, role->purpose == NULL, -1);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_key_usage(crt, role->usage);
    }
    if (code >= 0 && role->purpose) {
        code = gnutls_x509_crt_set_key_purpose_oid(crt, role->purpose, 0);
    }
    if (code >= 0 && role->purpose) {
        code = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, MFD_TLS_KEYS_HOST,
                                                    (unsigned)strlen(MFD_TLS_KEYS_HOST),
                                                    GNUTLS_FSAN_SET);
    }
    return code;
}

static void forget(struct identity *identity)
{
    if (identity->crt) {
        gnutls_x509_crt_deinit(identity->crt);
    }
    if (identity->key) {
        gnutls_x509_privkey_deinit(identity->key);
    }
}

/* An elliptic key: one of RSA takes a tenth of a second to make. `signer` NULL: signs itself. */
static int make_identity(struct identity *identity, const struct role *role,
                         const struct identity *signer)
{
    int code = gnutls_x509_privkey_init(&identity->key);

    if (code >= 0) {
        code = gnutls_x509_privkey_generate(identity->key, GNUTLS_PK_ECDSA,
                                            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_init(&identity->crt);
    }
    if (code >= 0) {
        code = describe(identity->crt, role);
    }
    if (code >= 0) {
        code = gnutls_x509_crt_set_key(identity->crt, identity->key);
    }
    if (code >= 0) {
        signer = signer ? signer : identity;
        code = gnutls_x509_crt_sign2(identity->crt, signer->crt, signer->key, GNUTLS_DIG_SHA256, 0);
    }
    return code;
}

static int write_cert(const char *folder, const struct role *role, const struct identity *identity)
{
    gnutls_datum_t text = {NULL, 0};
    int code = gnutls_x509_crt_export2(identity->crt, GNUTLS_X509_FMT_PEM, &text);

    return write_pem(folder, role->name, "cert", code, &text);
}

static int write_key(const char *folder, const struct role *role, const struct identity *identity)
{
    gnutls_datum_t text = {NULL, 0};
    int code = gnutls_x509_privkey_export2(identity->key, GNUTLS_X509_FMT_PEM, &text);

    return write_pem(folder, role->name, "key", code, &text);
}

static int make_end(const char *folder, const struct role *role, const struct identity *signer)
{
    struct identity identity = {NULL, NULL};
    int error = make_identity(&identity, role, signer) < 0 ? EPROTO : 0;

    if (!error) {
        error = write_cert(folder, role, &identity);
    }
    if (!error) {
        error = write_key(folder, role, &identity);
    }
    forget(&identity);
    return error;
}

static int make_x509(const char *folder)
{
    struct identity signer = {NULL, NULL};
    int error = make_identity(&signer, &authority, NULL) < 0 ? EPROTO : 0;

    if (!error) {
        error = write_cert(folder, &authority, &signer);
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !error; i++) {
        error = make_end(folder, &ends[i], &signer);
    }
    forget(&signer);
    return error;
}

static int make_psk(const char *folder)
{
    uint8_t key[PSK_SIZE];
    char line[sizeof(MFD_TLS_USER) + 1 + 2 * PSK_SIZE + 1];
    size_t used = (size_t)snprintf(line, sizeof(line), "%s:", MFD_TLS_USER);

    if (gnutls_rnd(GNUTLS_RND_KEY, key, sizeof(key)) < 0) {
        return EPROTO;
    }
    for (size_t i = 0; i < sizeof(key); i++) {
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%02x", key[i]);
    }
    line[used++] = '\n';
    return write_file(folder, "keys.psk", line, used);
}

/*
 * The group of a key exchange by Diffie-Hellman. A receiver of QEMU that is given none searches for one each time
 * it starts, which takes a second; this is the well-known one of 2048 bits (RFC 7919).
 */
static int make_group(const char *folder)
{
    gnutls_dh_params_t group = NULL;
    gnutls_datum_t text = {NULL, 0};
    int code = gnutls_dh_params_init(&group);
    int error = 0;

    if (code >= 0) {
        code = gnutls_dh_params_import_raw2(group, &gnutls_ffdhe_2048_group_prime,
                                            &gnutls_ffdhe_2048_group_generator,
                                            gnutls_ffdhe_2048_key_bits);
    }
    if (code >= 0) {
        code = gnutls_dh_params_export2_pkcs3(group, GNUTLS_X509_FMT_PEM, &text);
    }
    error = write_pem(folder, "dh", "params", code, &text);
    if (group) {
        gnutls_dh_params_deinit(group);
    }
    return error;
}

int mfd_tls_keys_make(const char *folder, enum mfd_tls kind)
{
    int error = kind == MFD_TLS_PSK ? make_psk(folder) : make_x509(folder);

    return error ? error : make_group(folder);
}
