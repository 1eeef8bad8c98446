// SPDX-License-Identifier: GPL-2.0-or-later
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#define PATH_SIZE 320
#define PSK_LINE_MAX 1200

/* What both ends accept, by GnuTLS's names: its own default, and key exchanges of pre-shared keys. */
#define PRIORITY_X509 "NORMAL"
#define PRIORITY_PSK "NORMAL:+ECDHE-PSK:+DHE-PSK:+PSK"

struct mfd_tls_creds {
    enum mfd_tls kind;
    enum mfd_tls_end end;
    char *host;
    gnutls_certificate_credentials_t x509;
    gnutls_psk_client_credentials_t psk_sender;
    gnutls_psk_server_credentials_t psk_receiver;
};

/* Whether the file is there to be read; its name goes into `path`. */
static bool find(const char *folder, const char *name, char *path, char *error)
{
    if ((size_t)snprintf(path, PATH_SIZE, "%s/%s", folder, name) >= PATH_SIZE) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%.64s...: %s", folder, strerror(ENAMETOOLONG));
        return false;
    }
    if (access(path, R_OK) != 0) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

static bool succeeded(int code, const char *path, char *error)
{
    if (code < 0) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%s: %s", path, gnutls_strerror(code));
    }
    return code >= 0;
}

static bool load_authority(struct mfd_tls_creds *creds, const char *folder, char *error)
{
    char path[PATH_SIZE];
    int code = 0;

    if (!find(folder, "ca-cert.pem", path, error)) {
        return false;
    }
    code = gnutls_certificate_set_x509_trust_file(creds->x509, path, GNUTLS_X509_FMT_PEM);
    if (code == 0) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%s: no certificate in it", path);
    }
    return code != 0 && succeeded(code, path, error);
}

static bool load_x509(struct mfd_tls_creds *creds, const char *folder, char *error)
{
    bool receiver = creds->end == MFD_TLS_RECEIVER;
    char cert[PATH_SIZE];
    char key[PATH_SIZE];

    if (!succeeded(gnutls_certificate_allocate_credentials(&creds->x509), folder, error) ||
        !load_authority(creds, folder, error)) {
        return false;
    }
    if (!find(folder, receiver ? "server-cert.pem" : "client-cert.pem", cert, error)) {
        /* a sender without a certificate is for the receiver to judge */
        return !receiver && access(cert, F_OK) != 0 && errno == ENOENT;
    }
    return find(folder, receiver ? "server-key.pem" : "client-key.pem", key, error) &&
           succeeded(
               gnutls_certificate_set_x509_key_file(creds->x509, cert, key, GNUTLS_X509_FMT_PEM),
               cert, error);
}

/* The key of the user that a sender is, in hexadecimal digits. */
static bool find_key(const char *path, char *key, char *error)
{
    char line[PSK_LINE_MAX];
    size_t user = strlen(MFD_TLS_USER);
    FILE *file = fopen(path, "re");
    bool found = false;

    if (!file) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%s: %s", path, strerror(errno));
        return false;
    }
    while (!found && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\r\n")] = '\0';
        found = strncmp(line, MFD_TLS_USER, user) == 0 && line[user] == ':';
    }
    fclose(file);
    if (!found) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%s: no key of user %s", path, MFD_TLS_USER);
        return false;
    }
    memcpy(key, line + user + 1, strlen(line + user + 1) + 1);
    return true;
}

static bool load_psk_sender(struct mfd_tls_creds *creds, const char *path, char *error)
{
    char text[PSK_LINE_MAX];
    gnutls_datum_t key = {(unsigned char *)text, 0};

    if (!find_key(path, text, error)) {
        return false;
    }
    key.size = (unsigned)strlen(text);
    return succeeded(gnutls_psk_allocate_client_credentials(&creds->psk_sender), path, error) &&
           succeeded(gnutls_psk_set_client_credentials(creds->psk_sender, MFD_TLS_USER, &key,
                                                       GNUTLS_PSK_KEY_HEX),
                     path, error);
}

static bool load_psk(struct mfd_tls_creds *creds, const char *folder, char *error)
{
    char path[PATH_SIZE];

    if (!find(folder, "keys.psk", path, error)) {
        return false;
    }
    if (creds->end == MFD_TLS_SENDER) {
        return load_psk_sender(creds, path, error);
    }
    return succeeded(gnutls_psk_allocate_server_credentials(&creds->psk_receiver), path, error) &&
           succeeded(gnutls_psk_set_server_credentials_file(creds->psk_receiver, path), path,
                     error);
}

struct mfd_tls_creds *mfd_tls_load(enum mfd_tls kind, enum mfd_tls_end end, const char *folder,
                                   const char *host, char *error)
{
    struct mfd_tls_creds *creds = calloc(1, sizeof(*creds));
    bool good = false;

    if (creds) {
        *creds = (struct mfd_tls_creds){.kind = kind, .end = end};
        creds->host = host ? strdup(host) : NULL;
    }
    if (!creds || (host && !creds->host)) {
        snprintf(error, MFD_TLS_ERROR_SIZE, "%s", strerror(ENOMEM));
    } else {
        good =
            kind == MFD_TLS_PSK ? load_psk(creds, folder, error) : load_x509(creds, folder, error);
    }
    if (!good) {
        mfd_tls_free(creds);
        return NULL;
    }
    return creds;
}

void mfd_tls_free(struct mfd_tls_creds *creds)
{
    if (!creds) {
        return;
    }
    if (creds->x509) {
        gnutls_certificate_free_credentials(creds->x509);
    }
    if (creds->psk_sender) {
        gnutls_psk_free_client_credentials(creds->psk_sender);
    }
    if (creds->psk_receiver) {
        gnutls_psk_free_server_credentials(creds->psk_receiver);
    }
    free(creds->host);
    free(creds);
}

static int use_x509(const struct mfd_tls_creds *creds, gnutls_session_t session)
{
    bool receiver = creds->end == MFD_TLS_RECEIVER;
    int code = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, creds->x509);

    if (receiver) {
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    }
    gnutls_session_set_verify_cert(session, receiver ? NULL : creds->host, 0);
    return code;
}

int mfd_tls_session(const struct mfd_tls_creds *creds, struct gnutls_session_int **session)
{
    bool receiver = creds->end == MFD_TLS_RECEIVER;
    bool psk = creds->kind == MFD_TLS_PSK;
    /* tickets are for resuming, which no migration does, and a close with one unread is a reset */
    unsigned flags = (receiver ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NO_TICKETS;
    int code = gnutls_init(session, flags);

    if (code < 0) {
        *session = NULL;
        return code;
    }
    code = gnutls_priority_set_direct(*session, psk ? PRIORITY_PSK : PRIORITY_X509, NULL);
    if (code >= 0 && psk) {
        code = gnutls_credentials_set(*session, GNUTLS_CRD_PSK,
                                      receiver ? (void *)creds->psk_receiver
                                               : (void *)creds->psk_sender);
    } else if (code >= 0) {
        code = use_x509(creds, *session);
    }
    if (code < 0) {
        gnutls_deinit(*session);
        *session = NULL;
    }
    return code;
}
