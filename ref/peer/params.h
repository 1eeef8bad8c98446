// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parameters of a sender or a receiver as text, from a command line or from the environment
 * that a command under test is given. A value given twice: the later one counts; RAM blocks and devices add up.
 */
#ifndef MFD_PARAMS_H
#define MFD_PARAMS_H

#include "guest.h"
#include "method.h"
#include "rev.h"
#include "tls.h"

#define MFD_PARAM_BLOCKS_MAX 64
#define MFD_PARAM_DEVICES_MAX 64

enum mfd_param {
    MFD_PARAM_ADDRESS,   /* tcp:HOST:PORT, unix:PATH or file:PATH[,offset=N] */
    MFD_PARAM_CHANNELS,  /* 1 to 255 */
    MFD_PARAM_METHOD,    /* name of a compression method */
    MFD_PARAM_LEVEL,     /* of the method */
    MFD_PARAM_UUID,      /* 8-4-4-4-12 hexadecimal digits */
    MFD_PARAM_PAGE_SIZE, /* bytes */
    /* NAME=FILE:SIZE, several separated by commas; SIZE with K, M or G, and :resizable behind it for a
     * block that RAM START may shrink */
    MFD_PARAM_RAM,
    MFD_PARAM_REVISION,    /* name of a revision or a release number */
    MFD_PARAM_SYNC,        /* section or marker */
    MFD_PARAM_ZERO,        /* main, packet or none */
    MFD_PARAM_MACHINE,     /* machine type; "" for any */
    MFD_PARAM_STALL,       /* seconds; 0: never */
    MFD_PARAM_TLS,         /* x509:FOLDER or psk:FOLDER, see tls.h */
    MFD_PARAM_TLS_HOST,    /* name that the receiver's certificate is for */
    MFD_PARAM_DEVICE_IN,   /* ID:INSTANCE=FILE, state of a device; ID may hold colons */
    MFD_PARAM_DEVICE_OUT,  /* ID:INSTANCE=FILE:BOUND, BOUND in bytes with K, M or G */
    MFD_PARAM_DEVICES_OUT, /* the same, several separated by commas */
    MFD_PARAM_LAST = MFD_PARAM_DEVICES_OUT,
};

struct mfd_param_block {
    char name[MFD_IDSTR_SIZE];
    char file[256];
    uint64_t size;
    bool resizable;
};

struct mfd_param_device {
    char idstr[MFD_IDSTR_SIZE];
    uint32_t instance;
    char file[256];
    uint64_t bound; /* 0 of MFD_PARAM_DEVICE_IN */
};

struct mfd_params {
    char address[256]; /* "" if not given */
    unsigned channels;
    uint32_t method; /* flag bit */
    int level;       /* MFD_LEVEL_DEFAULT unless given; which there are, the method decides */
    uint8_t uuid[MFD_UUID_SIZE];
    uint32_t page_size;
    enum mfd_rev rev;
    bool sync_given; /* otherwise by revision */
    enum mfd_sync sync;
    bool zero_given;
    enum mfd_zero zero;
    char machine[MFD_IDSTR_SIZE]; /* "": any, or the default */
    unsigned stall_s;
    enum mfd_tls tls;
    char tls_folder[256];
    char tls_host[256]; /* "": that of the address */
    struct mfd_param_block blocks[MFD_PARAM_BLOCKS_MAX];
    size_t block_count;
    struct mfd_param_device devices[MFD_PARAM_DEVICES_MAX];
    size_t device_count;
    bool blocks_by_default; /* from the environment: the first one given otherwise replaces them */
};

/* A number, K, M or G behind it or not, from `text` to before `end`; false if it is none or above `max`. */
bool mfd_size_parse(const char *text, const char *end, uint64_t max, uint64_t *value);

/* 2 channels, 4 KiB pages, the newest revision, half a minute until a stall is an error. */
void mfd_params_init(struct mfd_params *params);
/* NULL, or what is wrong with the value: a constant phrase like "is no UUID". */
const char *mfd_params_set(struct mfd_params *params, enum mfd_param param, const char *value);
/*
 * Takes the MFD_* variables that are set; a receiver's memory and devices are those of MFD_RAM_OUT and
 * MFD_DEVICES_OUT, a sender's memory that of MFD_RAM_IN.
 * Returns like mfd_params_set(), with the variable in `*name`.
 */
const char *mfd_params_environment(struct mfd_params *params, enum mfd_tls_end end,
                                   const char **name);
/*
 * Loads the credentials for one end; NULL in `*creds` where TLS is not asked for. False with `error`
 * (MFD_TLS_ERROR_SIZE bytes).
 */
bool mfd_params_tls(const struct mfd_params *params, enum mfd_tls_end end,
                    struct mfd_tls_creds **creds, char *error);
/* Maps the blocks; 0 or an errno, with the block at fault in `*block`. */
int mfd_params_guest(const struct mfd_params *params, struct mfd_guest *guest,
                     enum mfd_guest_use use, const struct mfd_param_block **block);

#endif
