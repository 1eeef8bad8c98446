// SPDX-License-Identifier: GPL-2.0-or-later
#include "migrate.h"

#include "mapfile_peer.h"

#include <stdlib.h>
#include <string.h>

static const struct argp_option options[] = {
    {"channels", MFD_MIGRATE_KEY(MFD_PARAM_CHANNELS), "N", 0, "multifd channels, 1 to 255 (2)", 0},
    {"rev", MFD_MIGRATE_KEY(MFD_PARAM_REVISION), "REV", 0,
     "what the bytes mean: a release such as 7.2 (newest)", 0},
    {"sync", MFD_MIGRATE_KEY(MFD_PARAM_SYNC), "section|marker", 0,
     "where sync points stand (by revision)", 0},
    {"uuid", MFD_MIGRATE_KEY(MFD_PARAM_UUID), "UUID", 0, "UUID of the virtual machine (none)", 0},
    {"page-size", MFD_MIGRATE_KEY(MFD_PARAM_PAGE_SIZE), "BYTES", 0, "target page size (4096)", 0},
    {"method", MFD_MIGRATE_KEY(MFD_PARAM_METHOD), "METHOD", 0,
     "compression: none, zlib, zstd, qpl or uadk (none)", 0},
    {"stall", MFD_MIGRATE_KEY(MFD_PARAM_STALL), "SECONDS", 0,
     "give up when nothing moves for so long; 0: never (30)", 0},
    {"tls", MFD_MIGRATE_KEY(MFD_PARAM_TLS), "x509|psk:FOLDER", 0,
     "TLS on every connection, by the files that a tls-creds object of QEMU finds in its folder: ca-cert.pem, "
     "server-cert.pem and server-key.pem of a receiver, client-cert.pem and client-key.pem of a sender; or "
     "keys.psk with a key of the user qemu",
     0},
    {0}};

error_t mfd_migrate_option(struct mfd_migrate *m, int key, char *value, struct argp_state *state)
{
    const char *wrong = NULL;

    if (key < MFD_MIGRATE_KEY(0) || key > MFD_MIGRATE_KEY(MFD_PARAM_LAST)) {
        return ARGP_ERR_UNKNOWN;
    }
    wrong = mfd_params_set(&m->params, (enum mfd_param)(key - MFD_MIGRATE_KEY(0)), value);
    if (wrong) {
        argp_error(state, "'%s' %s", value, wrong);
    }
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct mfd_migrate *m = state->input;

    if (key == ARGP_KEY_END &&
        (!m->params.address[0] || (m->params.block_count == 0 && !m->ram_may_lack))) {
        argp_error(state, "%s and --ram are needed", m->address);
    }
    return mfd_migrate_option(m, key, value, state);
}

const struct argp mfd_migrate_argp = {.options = options, .parser = parse};

int mfd_migrate_begin(struct mfd_migrate *m, const struct argp *parser, void *input, int argc,
                      char **argv)
{
    const struct mfd_param_block *block = NULL;
    const char *variable = NULL;
    const char *wrong = NULL;
    char sentence[64];
    char wrong_tls[MFD_TLS_ERROR_SIZE];
    int error = 0;

    mfd_params_init(&m->params);
    wrong = mfd_params_environment(&m->params, m->end, &variable);
    if (wrong) {
        fprintf(stderr, "%s: %s: '%s' %s\n", m->name, variable, getenv(variable), wrong);
        return MFD_USAGE;
    }
    argv[0] = (char *)m->name;
    argp_err_exit_status = MFD_USAGE;
    argp_parse(parser, argc, argv, 0, NULL, input);
    if (!mfd_method_info(m->params.method)->there) {
        snprintf(sentence, sizeof(sentence), "method %s is not implemented",
                 mfd_method_info(m->params.method)->name);
        return mfd_migrate_say(m, MFD_MIGRATE_UNSUPPORTED, sentence);
    }
    if (m->params.tls && mfd_mapfile_is_file(m->params.address)) {
        return mfd_migrate_say(m, MFD_USAGE, "a file has no connections, and so no TLS");
    }
    if (!mfd_params_tls(&m->params, m->end, &m->tls, wrong_tls)) {
        return mfd_migrate_say(m, MFD_USAGE, wrong_tls);
    }
    error = mfd_params_guest(&m->params, &m->guest, m->use, &block);
    if (error) {
        mfd_tls_free(m->tls);
        return mfd_migrate_complain(m, block->file, error);
    }
    return 0;
}

void mfd_migrate_end(struct mfd_migrate *m)
{
    mfd_tls_free(m->tls);
    mfd_guest_free(&m->guest);
}

int mfd_migrate_say(const struct mfd_migrate *m, int status, const char *sentence)
{
    fprintf(stderr, "%s: %s\n", m->name, sentence);
    return status;
}

int mfd_migrate_complain(const struct mfd_migrate *m, const char *subject, int error)
{
    fprintf(stderr, "%s: %s: %s\n", m->name, subject, strerror(error));
    return m->trouble;
}

int mfd_migrate_report(const struct mfd_migrate *m, const struct mfd_migrate_outcome *outcome)
{
    char text[512];

    if (!outcome->completed) {
        return mfd_migrate_say(m, MFD_UNEXPECTED,
                               mfd_failure_text(outcome->failure, text, sizeof(text)));
    }
    printf("completed: %llu normal and %llu zero pages in %llu packets, %llu sync points\n",
           (unsigned long long)outcome->normal_pages, (unsigned long long)outcome->zero_pages,
           (unsigned long long)outcome->packets, (unsigned long long)outcome->sync_points);
    return MFD_OK;
}
