// SPDX-License-Identifier: GPL-2.0-or-later
#include "mapfile_peer.h"

#include "mainstream.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, MIB = 1 << 20 };

static char folder[64];
static struct mfd_mapfile file;

/* ---- guests ---- */

static void add_anonymous(struct mfd_guest *guest, const char *name, size_t size)
{
    struct mfd_guest_block block = {name, size, size, false};

    assert_int_equal(mfd_guest_add_anonymous(guest, &block), 0);
}

/* Every third page is zero, the others differ. */
static void fill(const struct mfd_guest *guest, uint32_t page_size)
{
    uint64_t x = 88172645463325252u;

    for (size_t b = 0; b < guest->table.count; b++) {
        for (uint64_t at = 0; at < guest->table.blocks[b].used_length; at += page_size) {
            bool zero = at / page_size % 3 == 1;

            for (uint32_t i = 0; i < page_size && !zero; i += 8) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                memcpy(guest->maps[b].base + at + i, &x, 8);
            }
        }
    }
}

static void dirty(const struct mfd_guest *guest)
{
    for (size_t b = 0; b < guest->table.count; b++) {
        memset(guest->maps[b].base, 0xaa, guest->table.blocks[b].used_length);
    }
}

static void assert_equal(const struct mfd_guest *a, const struct mfd_guest *b)
{
    assert_int_equal(a->table.count, b->table.count);
    for (size_t i = 0; i < a->table.count; i++) {
        assert_memory_equal(a->maps[i].base, b->maps[i].base, a->table.blocks[i].used_length);
    }
}

/* ---- files ---- */

static int setup(void **state)
{
    (void)state;
    assert_true(mfd_scratch_make(NULL, folder, sizeof(folder)));
    snprintf(file.path, sizeof(file.path), "%s/file", folder);
    file.offset = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(file.path);
    return rmdir(folder);
}

static struct mfd_sender_result write_guest(const struct mfd_guest *guest, unsigned channels,
                                            uint32_t page_size)
{
    struct mfd_sender_config config = mfd_sender_defaults(MFD_REV_LATEST, guest);
    struct mfd_sender_result result;

    config.channels = channels;
    config.page_size = page_size;
    assert_int_equal(mfd_mapfile_write(&config, &file, &result), 0);
    assert_int_equal(result.threads_created, result.threads_joined);
    return result;
}

static struct mfd_receiver_result read_guest(struct mfd_guest *guest, unsigned channels,
                                             uint32_t page_size)
{
    struct mfd_receiver_config config = mfd_receiver_defaults(MFD_REV_LATEST, guest);
    struct mfd_receiver_result result;

    config.channels = channels;
    config.page_size = page_size;
    config.machine = "none";
    assert_int_equal(mfd_mapfile_read(&config, &file, &result), 0);
    assert_int_equal(result.threads_created, result.threads_joined);
    assert_int_equal(result.completed, !result.failure.set);
    return result;
}

static uint64_t size_of_file(void)
{
    struct stat st;

    assert_int_equal(stat(file.path, &st), 0);
    return (uint64_t)st.st_size;
}

static uint64_t bytes_on_disk(void)
{
    struct stat st;

    assert_int_equal(stat(file.path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

static void patch(uint64_t at, const void *bytes, size_t size)
{
    int fd = open(file.path, O_WRONLY | O_CLOEXEC);

    assert_int_equal(pwrite(fd, bytes, size, (off_t)at), size);
    close(fd);
}

/* Offset of the header of the one block "mem0" of a file that starts at 0. */
#define HEADER 102u

/* ---- tests ---- */

static void memory_is_the_same_afterwards(void **state)
{
    static const unsigned channels[] = {1, 2, 4, 255};
    static const uint32_t pages[] = {256, 4096, 65536};
    static const uint64_t offsets[] = {0, 1, 4096, MIB + 5};

    (void)state;
    for (size_t p = 0; p < 3; p++) {
        struct mfd_guest from, to;

        mfd_guest_init(&from);
        mfd_guest_init(&to);
        /* none of them a multiple of 1 MiB, one of them smaller than a word of the bitmap covers */
        add_anonymous(&from, "mem0", 5 * MIB + 3 * 65536);
        add_anonymous(&from, "rom", 65536);
        add_anonymous(&from, "vga", MIB - 65536);
        add_anonymous(&to, "mem0", 5 * MIB + 3 * 65536);
        add_anonymous(&to, "rom", 65536);
        add_anonymous(&to, "vga", MIB - 65536);
        fill(&from, pages[p]);
        for (size_t c = 0; c < 4; c++) {
            struct mfd_sender_result sent;
            struct mfd_receiver_result received;

            file.offset = offsets[c];
            sent = write_guest(&from, channels[c], pages[p]);
            assert_true(sent.completed);
            assert_int_equal(sent.threads_created, channels[c]);
            dirty(&to);
            received = read_guest(&to, channels[3 - c], pages[p]);
            assert_true(received.completed);
            assert_equal(&from, &to);
            assert_int_equal(sent.normal_pages, received.normal_pages);
            assert_int_equal(sent.zero_pages, received.zero_pages);
            assert_int_equal(sent.normal_pages + sent.zero_pages, (6 * MIB + 3 * 65536) / pages[p]);
        }
        mfd_guest_free(&from);
        mfd_guest_free(&to);
    }
}

static void the_file_is_laid_out_like_one_of_qemu(void **state)
{
    static const uint8_t wanted[] = {
        'Q', 'E', 'V', 'M', 0, 0, 0, 3, 7, 0, 0, 0, 4, 'n', 'o', 'n', 'e', 5, 26,
    };
    struct mfd_guest guest;
    uint8_t head[256];
    int fd = -1;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", 2 * MIB);
    for (unsigned page = 0; page < 512; page++) {
        guest.maps[0].base[page * PAGE] = page % 4 != 3;
    }
    assert_true(write_guest(&guest, 2, PAGE).completed);
    fd = open(file.path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
    close(fd);
    assert_memory_equal(head, wanted, sizeof(wanted));
    assert_memory_equal(head + 89, "\4mem0", 5);
    assert_int_equal(mfd_get32(head + HEADER), 1);
    assert_int_equal(mfd_get64(head + HEADER + 12), 130);
    assert_int_equal(mfd_get64(head + HEADER + 20), MIB);
    for (unsigned i = 130; i < 194; i++) {
        assert_int_equal(head[i], 0x77);
    }
    mfd_guest_free(&guest);
}

static void zero_pages_are_holes_in_the_file(void **state)
{
    struct mfd_guest guest;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", 64 * MIB);
    guest.maps[0].base[33 * MIB] = 1;
    assert_int_equal(write_guest(&guest, 2, PAGE).normal_pages, 1);
    assert_true(size_of_file() > 64 * MIB);
    assert_true(bytes_on_disk() < MIB);
    assert_true(read_guest(&guest, 2, PAGE).completed);
    assert_int_equal(guest.maps[0].base[33 * MIB], 1);
    mfd_guest_free(&guest);
}

static void without_looking_for_zero_pages_all_are_stored(void **state)
{
    struct mfd_guest guest;
    struct mfd_sender_config config;
    struct mfd_sender_result result;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", 2 * MIB);
    config = mfd_sender_defaults(MFD_REV_LATEST, &guest);
    config.zero = MFD_ZERO_NONE;
    assert_int_equal(mfd_mapfile_write(&config, &file, &result), 0);
    assert_int_equal(result.normal_pages, 512);
    assert_int_equal(result.zero_pages, 0);
    assert_true(read_guest(&guest, 2, PAGE).completed);
    mfd_guest_free(&guest);
}

static void what_stands_before_the_offset_is_left_alone(void **state)
{
    struct mfd_guest guest;
    char text[9] = "";
    int fd = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_int_equal(write(fd, "preamble and the rest", 21), 21);
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", MIB);
    file.offset = 8;
    assert_true(write_guest(&guest, 1, PAGE).completed);
    assert_int_equal(pread(fd, text, 8, 0), 8);
    assert_string_equal(text, "preamble");
    assert_true(read_guest(&guest, 1, PAGE).completed);
    file.offset = 9;
    assert_false(read_guest(&guest, 1, PAGE).completed);
    close(fd);
    mfd_guest_free(&guest);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct mfd_guest from, to;
    uint64_t whole = 0;
    uint64_t pages = 2 * MIB;
    unsigned tried = 0;

    (void)state;
    mfd_guest_init(&from);
    mfd_guest_init(&to);
    add_anonymous(&from, "mem0", 512);
    add_anonymous(&from, "rom", 768);
    add_anonymous(&to, "mem0", 512);
    add_anonymous(&to, "rom", 768);
    fill(&from, 256);
    assert_true(write_guest(&from, 2, 256).completed);
    whole = size_of_file();
    /* up to the last byte that says anything: the end record; a description may be missing */
    for (uint64_t size = whole - 1 - 7; size != UINT64_MAX; tried++) {
        struct mfd_receiver_result result;

        assert_int_equal(truncate(file.path, (off_t)size), 0);
        dirty(&to);
        result = read_guest(&to, 2, 256);
        assert_false(result.completed);
        assert_true(result.failure.is_rule);
        assert_int_equal(result.failure.finding.rule, MFD_MAP_007);
        assert_int_equal(result.normal_pages, 0);
        assert_int_equal(to.maps[1].base[0], 0xaa);
        /* each byte, but for those in the middle of the two holes */
        size -= size % MIB > 2000 && size < pages && size % MIB < MIB - 2000 ? 1009 : 1;
        size = size > whole ? UINT64_MAX : size;
    }
    assert_true(tried > 4000);
    /* the whole of it is good */
    mfd_guest_free(&to);
    mfd_guest_init(&to);
    add_anonymous(&to, "mem0", 512);
    add_anonymous(&to, "rom", 768);
    assert_true(write_guest(&from, 2, 256).completed);
    assert_true(read_guest(&to, 2, 256).completed);
    assert_equal(&from, &to);
    mfd_guest_free(&from);
    mfd_guest_free(&to);
}

/* Any byte of all that is not a page, changed in any way that matters: memory outside is never touched. */
static void a_hostile_file_touches_nothing_but_the_block(void **state)
{
    static const uint8_t values[] = {0x00, 0x01, 0x10, 0x7f, 0x80, 0xff};
    struct mfd_guest from, to;
    unsigned completed = 0;
    unsigned refused = 0;
    uint8_t head[300];
    int fd = -1;

    (void)state;
    mfd_guest_init(&from);
    mfd_guest_init(&to);
    add_anonymous(&from, "mem0", 70 * PAGE);
    add_anonymous(&from, "rom", 3 * PAGE);
    add_anonymous(&to, "mem0", 70 * PAGE); /* with pages without access around it */
    add_anonymous(&to, "rom", 3 * PAGE);
    fill(&from, PAGE);
    assert_true(write_guest(&from, 2, PAGE).completed);
    fd = open(file.path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
    close(fd);
    for (uint64_t at = 0; at < 160; at++) {
        for (size_t v = 0; v < sizeof(values); v++) {
            struct mfd_receiver_result result;

            patch(at, &values[v], 1);
            result = read_guest(&to, 2, PAGE);
            completed += result.completed;
            refused += result.failure.set;
        }
        patch(at, &head[at], 1);
    }
    assert_true(completed > 50);
    assert_true(refused > 300);
    assert_true(read_guest(&to, 2, PAGE).completed);
    assert_equal(&from, &to);
    mfd_guest_free(&from);
    mfd_guest_free(&to);
}

struct header_case {
    uint32_t offset;
    uint32_t width;
    uint64_t value;
    enum mfd_rule rule;
};

static void each_field_of_a_header_is_checked_before_any_page_is_read(void **state)
{
    static const struct header_case cases[] = {
        {HEADER, 4, 0, MFD_MAP_001},
        {HEADER, 4, 2, MFD_MAP_001},
        {HEADER + 4, 8, 0, MFD_MAP_001},
        {HEADER + 4, 8, 1, MFD_MAP_001},
        {HEADER + 4, 8, 65536, MFD_MAP_001},
        {HEADER + 12, 8, 0, MFD_MAP_012},
        {HEADER + 12, 8, 129, MFD_MAP_012},
        {HEADER + 12, 8, MIB, MFD_MAP_012},
        {HEADER + 12, 8, (uint64_t)1 << 40, MFD_MAP_007},
        {HEADER + 12, 8, UINT64_MAX - 7, MFD_MAP_007},
        {HEADER + 20, 8, 0, MFD_MAP_012},
        {HEADER + 20, 8, MIB + 1, MFD_MAP_011},
        {HEADER + 20, 8, (uint64_t)1 << 40, MFD_MAP_007},
        {HEADER + 20, 8, 0 - (uint64_t)2 * MIB, MFD_MAP_007},
        {HEADER - 8, 8, 2 * MIB + PAGE, MFD_MAP_009},
        {HEADER - 8, 8, UINT64_MAX - PAGE + 1, MFD_MAP_009},
        {130 + 72, 1, 0x10, MFD_MAP_009}, /* a bit past the last page */
        {130 + 79, 1, 0x80, MFD_MAP_009},
    };
    struct mfd_guest from, to;

    (void)state;
    mfd_guest_init(&from);
    mfd_guest_init(&to);
    add_anonymous(&from, "mem0", 2 * MIB + 67 * PAGE);
    add_anonymous(&to, "mem0", 2 * MIB + 67 * PAGE);
    fill(&from, PAGE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mfd_receiver_result result;
        uint8_t bytes[8];

        assert_true(write_guest(&from, 2, PAGE).completed);
        mfd_uint_put(bytes, cases[i].width, cases[i].value);
        patch(cases[i].offset, bytes, cases[i].width);
        dirty(&to);
        result = read_guest(&to, 2, PAGE);
        assert_true(result.failure.is_rule);
        assert_int_equal(result.failure.finding.rule, cases[i].rule);
        assert_string_equal(result.failure.connection, "main");
        assert_int_equal(result.threads_created, 0);
        for (size_t at = 0; at < to.table.blocks[0].used_length; at += PAGE) {
            assert_int_equal(to.maps[0].base[at], 0xaa);
        }
    }
    mfd_guest_free(&from);
    mfd_guest_free(&to);
}

static void a_resizable_block_gets_the_length_of_the_file(void **state)
{
    struct mfd_guest from, to;
    struct mfd_guest_block block = {"mem0", 8 * PAGE, 8 * PAGE, true};

    (void)state;
    mfd_guest_init(&from);
    mfd_guest_init(&to);
    add_anonymous(&from, "mem0", 3 * PAGE);
    fill(&from, PAGE);
    assert_int_equal(mfd_guest_add_anonymous(&to, &block), 0);
    assert_true(write_guest(&from, 1, PAGE).completed);
    assert_true(read_guest(&to, 1, PAGE).completed);
    assert_int_equal(to.table.blocks[0].used_length, 3 * PAGE);
    assert_equal(&from, &to);
    mfd_guest_free(&from);
    mfd_guest_free(&to);
}

static uint64_t append(uint64_t at, const uint8_t *bytes, size_t size)
{
    patch(at, bytes, size);
    return at + size;
}

static struct mfd_receiver_result skip_devices(struct mfd_guest *guest)
{
    struct mfd_receiver_config config = mfd_receiver_defaults(MFD_REV_LATEST, guest);
    struct mfd_receiver_result result;

    config.skip_devices = true;
    assert_int_equal(mfd_mapfile_read(&config, &file, &result), 0);
    return result;
}

/* State of devices that nobody here knows, between the RAM and a description that ends the file. */
static void a_machine_with_devices_is_read_to_its_description(void **state)
{
    struct mfd_guest from, to;
    uint8_t buf[MFD_RECORD_MAX];
    uint64_t end = 0;
    uint64_t last = 0;

    (void)state;
    mfd_guest_init(&from);
    mfd_guest_init(&to);
    add_anonymous(&from, "mem0", 3 * PAGE);
    add_anonymous(&to, "mem0", 3 * PAGE);
    fill(&from, PAGE);
    assert_true(write_guest(&from, 1, PAGE).completed);
    end = size_of_file() - 8; /* the end record and the description are not yet due */
    end = append(end, buf, mfd_pack_section(buf, MFD_SECTION_FULL, 7, "i8259", 0, 1));
    for (unsigned i = 0; i < 200; i++) {
        memset(buf, (int)i % 7, sizeof(buf)); /* also what looks like an end */
        end = append(end, buf, sizeof(buf));
    }
    end = append(end, buf, mfd_pack_footer(buf, 7));
    last = append(end, buf, mfd_pack_end(buf));
    last =
        append(last, buf,
               mfd_pack_vmdesc(buf, "{\"devices\": [{\"name\": \"i8259\", \"instance_id\": 0}]}"));
    assert_true(skip_devices(&to).completed);
    assert_equal(&from, &to);
    assert_int_equal(read_guest(&to, 1, PAGE).failure.finding.rule, MFD_MAIN_017);
    for (uint64_t size = last - 1; size > end - 20; size--) {
        assert_int_equal(truncate(file.path, (off_t)size), 0);
        assert_int_equal(skip_devices(&to).failure.finding.rule, MFD_MAP_007);
    }
    mfd_guest_free(&from);
    mfd_guest_free(&to);
}

static unsigned creations_left;

static int create_some(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                       void *arg)
{
    return creations_left-- ? pthread_create(thread, attr, start, arg) : EAGAIN;
}

static void a_thread_that_cannot_be_created_fails_the_migration(void **state)
{
    struct mfd_guest guest;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", 4 * MIB);
    fill(&guest, PAGE);
    assert_true(write_guest(&guest, 2, PAGE).completed);
    for (unsigned good = 0; good < 4; good++) {
        struct mfd_receiver_config in = mfd_receiver_defaults(MFD_REV_LATEST, &guest);
        struct mfd_sender_config out = mfd_sender_defaults(MFD_REV_LATEST, &guest);
        struct mfd_receiver_result received;
        struct mfd_sender_result sent;

        in.channels = out.channels = 4;
        in.create = out.create = create_some;
        creations_left = good;
        assert_int_equal(mfd_mapfile_read(&in, &file, &received), 0);
        assert_false(received.completed);
        assert_int_equal(received.failure.error, EAGAIN);
        assert_int_equal(received.threads_created, good);
        assert_int_equal(received.threads_joined, good);
        creations_left = good;
        assert_int_equal(mfd_mapfile_write(&out, &file, &sent), 0);
        assert_false(sent.completed);
        assert_int_equal(sent.failure.error, EAGAIN);
        assert_int_equal(sent.threads_created, good);
        assert_int_equal(sent.threads_joined, good);
        assert_true(write_guest(&guest, 2, PAGE).completed);
    }
    mfd_guest_free(&guest);
}

static void cancelling_ends_the_reading(void **state)
{
    struct mfd_guest guest;
    struct mfd_receiver_config config;
    struct mfd_receiver_result result;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", 4 * MIB);
    assert_true(write_guest(&guest, 2, PAGE).completed);
    config = mfd_receiver_defaults(MFD_REV_LATEST, &guest);
    config.cancel_fd = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(mfd_mapfile_read(&config, &file, &result), 0);
    close(config.cancel_fd);
    assert_false(result.completed);
    assert_int_equal(result.failure.error, ECANCELED);
    mfd_guest_free(&guest);
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    struct mfd_guest guest;
    struct mfd_receiver_result received;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", PAGE);
    received = read_guest(&guest, 1, PAGE);
    assert_int_equal(received.failure.error, ENOENT);
    assert_int_equal(mkfifo(file.path, 0600), 0);
    assert_int_equal(read_guest(&guest, 1, PAGE).failure.error, EINVAL);
    assert_int_equal(write_guest(&guest, 1, PAGE).failure.error, ENXIO);
    unlink(file.path);
    snprintf(file.path, sizeof(file.path), "%s", folder);
    assert_int_equal(read_guest(&guest, 1, PAGE).failure.error, EINVAL);
    assert_int_equal(write_guest(&guest, 1, PAGE).failure.error, EISDIR);
    snprintf(file.path, sizeof(file.path), "/dev/full");
    assert_int_equal(write_guest(&guest, 1, PAGE).failure.error, EINVAL);
    snprintf(file.path, sizeof(file.path), "%s/file", folder);
    mfd_guest_free(&guest);
}

static void a_write_that_fails_is_told_by_its_thread(void **state)
{
    struct rlimit old;
    struct rlimit limit;
    struct mfd_guest guest;
    struct mfd_sender_result result;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", 8 * MIB);
    memset(guest.maps[0].base, 1, 8 * MIB);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = 4 * MIB;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    result = write_guest(&guest, 2, PAGE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    /* main gets there first: it writes behind the pages before they are written */
    assert_false(result.completed);
    assert_int_equal(result.failure.error, EFBIG);
    assert_string_equal(result.failure.what, "cannot write the file");
    mfd_guest_free(&guest);
}

static void a_configuration_without_sense_is_refused(void **state)
{
    struct mfd_guest guest;
    struct mfd_receiver_config in;
    struct mfd_sender_config out;
    struct mfd_receiver_result received;
    struct mfd_sender_result sent;

    (void)state;
    mfd_guest_init(&guest);
    add_anonymous(&guest, "mem0", PAGE);
    in = mfd_receiver_defaults(MFD_REV_8_1, &guest);
    out = mfd_sender_defaults(MFD_REV_8_1, &guest);
    assert_int_equal(mfd_mapfile_read(&in, &file, &received), EINVAL);
    assert_int_equal(mfd_mapfile_write(&out, &file, &sent), EINVAL);
    in = mfd_receiver_defaults(MFD_REV_LATEST, &guest);
    out = mfd_sender_defaults(MFD_REV_LATEST, &guest);
    in.method = out.method = MFD_FLAG_ZLIB;
    assert_int_equal(mfd_mapfile_read(&in, &file, &received), EINVAL);
    assert_int_equal(mfd_mapfile_write(&out, &file, &sent), EINVAL);
    in.method = out.method = 0;
    in.channels = out.channels = 0;
    assert_int_equal(mfd_mapfile_read(&in, &file, &received), EINVAL);
    assert_int_equal(mfd_mapfile_write(&out, &file, &sent), EINVAL);
    mfd_guest_free(&guest);
}

static void an_address_is_path_and_offset(void **state)
{
    struct mfd_mapfile got;
    char longest[300];

    (void)state;
    assert_true(mfd_mapfile_parse("file:/a/b,c", &got));
    assert_string_equal(got.path, "/a/b,c");
    assert_int_equal(got.offset, 0);
    assert_true(mfd_mapfile_parse("file:x,offset=4K", &got));
    assert_string_equal(got.path, "x");
    assert_int_equal(got.offset, 4096);
    assert_true(mfd_mapfile_parse("file:a,offset=1,offset=17", &got));
    assert_string_equal(got.path, "a,offset=1");
    assert_int_equal(got.offset, 17);
    assert_false(mfd_mapfile_parse("file:", &got));
    assert_false(mfd_mapfile_parse("file:,offset=1", &got));
    assert_false(mfd_mapfile_parse("file:x,offset=", &got));
    assert_false(mfd_mapfile_parse("file:x,offset=-1", &got));
    assert_false(mfd_mapfile_parse("file:x,offset=9223372036854775807", &got));
    assert_false(mfd_mapfile_parse("unix:x", &got));
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "file:", 5);
    longest[5 + 255] = '\0';
    assert_true(mfd_mapfile_parse(longest, &got));
    longest[5 + 255] = 'x';
    longest[5 + 256] = '\0';
    assert_false(mfd_mapfile_parse(longest, &got));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(memory_is_the_same_afterwards),
        IN_FOLDER(the_file_is_laid_out_like_one_of_qemu),
        IN_FOLDER(zero_pages_are_holes_in_the_file),
        IN_FOLDER(without_looking_for_zero_pages_all_are_stored),
        IN_FOLDER(what_stands_before_the_offset_is_left_alone),
        IN_FOLDER(a_file_cut_anywhere_is_refused),
        IN_FOLDER(a_hostile_file_touches_nothing_but_the_block),
        IN_FOLDER(each_field_of_a_header_is_checked_before_any_page_is_read),
        IN_FOLDER(a_resizable_block_gets_the_length_of_the_file),
        IN_FOLDER(a_machine_with_devices_is_read_to_its_description),
        IN_FOLDER(a_thread_that_cannot_be_created_fails_the_migration),
        IN_FOLDER(cancelling_ends_the_reading),
        IN_FOLDER(what_is_no_file_is_refused_at_once),
        IN_FOLDER(a_write_that_fails_is_told_by_its_thread),
        IN_FOLDER(a_configuration_without_sense_is_refused),
        cmocka_unit_test(an_address_is_path_and_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
