// SPDX-License-Identifier: GPL-2.0-or-later
#include "record.h"

#include "capture_file.h"
#include "qemu_find.h"
#include "qemu_vm.h"
#include "ram_file.h"
#include "sniff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUARD 60.0
#define MORE_MAX 16
#define PATH_ROOM 256
/* Text of the key log that GnuTLS writes where this variable tells it to. */
#define KEY_LOG "SSLKEYLOGFILE"
#define PSK "qemu:6d666420636170747572657320617265206e6f20736563726574\n"

struct recording {
    const struct mfd_row *row;
    const char *folder;
    struct mfd_sniffer *sniffer;
    struct mfd_vm source;
    struct mfd_vm destination;
    char ram[2][PATH_ROOM]; /* of the source, of the destination */
    char keys[PATH_ROOM];
    char *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct recording *rec, const char *format,
                                                       ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(rec->error, MFD_RECORD_ERROR_SIZE, format, list);
    va_end(list);
    return false;
}

static bool vm_failed(struct recording *rec, const struct mfd_vm *vm)
{
    return fail(rec, "%s: %s", vm == &rec->source ? "source" : "destination", vm->error);
}

/* ---- files ---- */

static bool write_file(struct recording *rec, const char *name, const char *text)
{
    char path[PATH_ROOM];
    FILE *out = NULL;

    snprintf(path, sizeof(path), "%s/%s", rec->folder, name);
    out = fopen(path, "we");
    if (!out || fputs(text, out) == EOF) {
        fail(rec, "%s: %s", path, strerror(errno));
        if (out) {
            fclose(out);
        }
        return false;
    }
    return fclose(out) == 0 || fail(rec, "%s: %s", path, strerror(errno));
}

/* RAM of one side: the source's has content, the destination's is empty. */
static bool make_ram(struct recording *rec, bool source)
{
    size_t size = (size_t)(source ? rec->row->ram_kib : rec->row->to_ram_kib) << 10;
    char *path = rec->ram[!source];
    FILE *out = NULL;
    bool good = true;

    snprintf(path, PATH_ROOM, "%s/%s", rec->folder, source ? "source.ram" : "destination.ram");
    out = fopen(path, "we");
    for (size_t page = 0; out && good && source && page < size / MFD_ROW_PAGE; page++) {
        uint8_t bytes[MFD_ROW_PAGE];

        mfd_row_page(bytes, page);
        good = fwrite(bytes, 1, sizeof(bytes), out) == sizeof(bytes);
    }
    good = out && fclose(out) == 0 && good && truncate(path, (off_t)size) == 0;
    return good || fail(rec, "%s: %s", path, strerror(errno));
}

/* ---- the two QEMUs ---- */

static bool start(struct recording *rec, struct mfd_vm *vm)
{
    const struct mfd_row *row = rec->row;
    bool source = vm == &rec->source;
    const char *more[MORE_MAX + 1] = {NULL};
    size_t count = 0;
    char tls[PATH_ROOM + 80];
    char find_error[MFD_FIND_ERROR_SIZE];
    enum mfd_rev rev = source ? row->from : row->to;
    char *program = mfd_qemu_find(mfd_row_qemu(rev), find_error);
    struct mfd_vm_setup setup = {
        .program = program,
        .machine = mfd_row_machine(row),
        .ram_name = MFD_ROW_RAM,
        .ram_file = rec->ram[!source],
        .ram_size = (uint64_t)(source ? row->ram_kib : row->to_ram_kib) << 10,
        .more = more,
        .incoming = !source,
        .paused = true,
        .dir = rec->folder,
        .guard = GUARD,
    };
    bool good = true;

    if (!program) {
        return fail(rec, "%s", find_error);
    }
    if (source ? row->section : row->to_section) {
        more[count++] = "-global";
        more[count++] = "migration.multifd-flush-after-each-section=on";
    }
    if (source && row->no_switchover) {
        more[count++] = "-global";
        more[count++] = "migration.send-switchover-start=off";
    }
    if (!source && row->to_uuid) {
        more[count++] = "-uuid";
        more[count++] = "6d666420-6361-4074-8265-207465737421";
    }
    if (row->tls) {
        snprintf(tls, sizeof(tls), "tls-creds-psk,id=tls0,endpoint=%s,dir=%s",
                 source ? "client" : "server", rec->folder);
        more[count++] = "-object";
        more[count++] = tls;
    }
    if (source && row->tls) {
        setenv(KEY_LOG, rec->keys, 1);
    }
    good = mfd_vm_start(vm, &setup);
    unsetenv(KEY_LOG);
    free(program);
    if (!good) {
        return vm_failed(rec, vm);
    }
    if (strncmp(vm->version, mfd_rev_info(rev)->name, strlen(mfd_rev_info(rev)->name)) != 0) {
        return fail(rec, "QEMU %s is wanted, and %s is %s", mfd_rev_info(rev)->name,
                    mfd_row_qemu(rev), vm->version);
    }
    return true;
}

static bool set_parameter(struct mfd_vm *vm, const char *name, const char *value)
{
    return mfd_vm_command(vm, "migrate-set-parameters", json_pack("{s:s}", name, value), NULL);
}

static bool configure(struct recording *rec, struct mfd_vm *vm)
{
    const struct mfd_row *row = rec->row;
    bool source = vm == &rec->source;
    bool good = mfd_vm_multifd(vm, source ? row->channels : row->to_channels, row->method) &&
                mfd_vm_capability(vm, "return-path", row->return_path) &&
                (!row->tls || set_parameter(vm, "tls-creds", "tls0")) &&
                (!source || !row->zero || set_parameter(vm, "zero-page-detection", row->zero));

    return good || vm_failed(rec, vm);
}

static const char *outcome(enum mfd_vm_end end)
{
    static const char *const names[] = {"completed", "failed", "ended", "has not come to an end"};

    return names[end];
}

/* Both must have completed; or, in a row that fails, the source must say that it has failed. */
static bool wait_for_end(struct recording *rec)
{
    enum mfd_vm_end end = mfd_vm_wait(&rec->source, GUARD);

    if (end != (rec->row->fails ? MFD_VM_FAILED : MFD_VM_COMPLETED)) {
        return fail(rec, "the source %s: %s", outcome(end), rec->source.error);
    }
    if (rec->row->fails) {
        return true;
    }
    end = mfd_vm_wait(&rec->destination, GUARD);
    return end == MFD_VM_COMPLETED ||
           fail(rec, "the destination %s: %s", outcome(end), rec->destination.error);
}

static bool migrate(struct recording *rec)
{
    char uri[64];

    snprintf(uri, sizeof(uri), "tcp:%s:%u", rec->row->ipv6 ? "[::1]" : "127.0.0.1",
             MFD_RECORD_PORT);
    if (!mfd_vm_incoming(&rec->destination, uri)) {
        return vm_failed(rec, &rec->destination);
    }
    if (!mfd_vm_migrate(&rec->source, uri)) {
        return vm_failed(rec, &rec->source);
    }
    return wait_for_end(rec);
}

static bool compare_ram(struct recording *rec)
{
    struct mfd_ram_difference difference = {0};
    int code =
        mfd_ram_compare(rec->ram[0], rec->ram[1], (uint64_t)rec->row->ram_kib << 10, &difference);

    if (code != 0) {
        return fail(rec, "RAM cannot be compared: %s", strerror(code));
    }
    return difference.pages == 0 ||
           fail(rec, "%llu pages arrived with other content", (unsigned long long)difference.pages);
}

/* ---- the file ---- */

static bool write_secrets(struct recording *rec, FILE *out)
{
    char text[65536];
    FILE *in = rec->row->tls ? fopen(rec->keys, "re") : NULL;
    size_t len = 0;

    if (!rec->row->tls) {
        return true;
    }
    if (in) {
        len = fread(text, 1, sizeof(text), in);
        fclose(in);
    }
    if (len == 0 || len == sizeof(text)) {
        return fail(rec, "the source has left no TLS secrets");
    }
    return mfd_capture_file_secrets(out, text, len) || fail(rec, "%s", strerror(errno));
}

static bool write_capture(struct recording *rec, FILE *out)
{
    size_t count = 0;
    const struct mfd_sniffed *frames = mfd_sniffer_frames(rec->sniffer, &count);
    char *made = mfd_row_made(rec->row);
    char *comment = NULL;
    bool good = asprintf(&comment, "%s. %s. QEMU %s%s%s to QEMU %s%s%s", rec->row->shows, made,
                         rec->source.version, *rec->source.package ? " " : "", rec->source.package,
                         rec->destination.version, *rec->destination.package ? " " : "",
                         rec->destination.package) >= 0;

    good = good && mfd_capture_file_start(out, MFD_CAPTURE_PCAPNG, MFD_LINKTYPE_ETHERNET, comment);
    free(comment);
    free(made);
    if (!good) {
        return fail(rec, "%s", strerror(errno));
    }
    good = write_secrets(rec, out);
    for (size_t i = 0; good && i < count; i++) {
        unsigned snaplen = rec->row->snaplen;
        struct mfd_capture_packet packet = {
            .time_ns = frames[i].time_ns,
            .bytes = frames[i].bytes,
            .captured = snaplen && frames[i].len > snaplen ? snaplen : frames[i].len,
            .original = frames[i].len,
        };

        good = mfd_capture_file_packet(out, MFD_CAPTURE_PCAPNG, &packet) ||
               fail(rec, "%s", strerror(errno));
    }
    return good;
}

static bool record(struct recording *rec, FILE *out)
{
    bool good = false;

    if (!make_ram(rec, true) || !make_ram(rec, false) || !write_file(rec, "keys.psk", PSK) ||
        !write_file(rec, "tls.log", "") || !start(rec, &rec->destination) ||
        !start(rec, &rec->source) || !configure(rec, &rec->destination) ||
        !configure(rec, &rec->source)) {
        return false;
    }
    rec->sniffer = mfd_sniffer_start(rec->error);
    good = rec->sniffer && migrate(rec);
    /* their ends close what is still open */
    mfd_vm_stop(&rec->source);
    mfd_vm_stop(&rec->destination);
    if (good && !rec->row->fails) {
        good = compare_ram(rec);
    }
    good = good && mfd_sniffer_collect(rec->sniffer, rec->error) && write_capture(rec, out);
    if (rec->sniffer) {
        mfd_sniffer_free(rec->sniffer);
    }
    return good;
}

bool mfd_record(const struct mfd_row *row, const char *folder, FILE *out,
                char error[MFD_RECORD_ERROR_SIZE])
{
    struct recording rec = {.row = row, .folder = folder, .error = error};
    bool good = false;

    rec.source.qmp_fd = -1;
    rec.destination.qmp_fd = -1;
    snprintf(rec.keys, sizeof(rec.keys), "%s/tls.log", folder);
    error[0] = '\0';
    good = record(&rec, out);
    mfd_vm_stop(&rec.source);
    mfd_vm_stop(&rec.destination);
    return good;
}
