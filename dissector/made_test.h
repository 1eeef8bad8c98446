// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captures that tests make event by event, for tshark. One file a test program, written anew by each test: begin(), events,
 * finish(). Its connections go to the port that Decode As names in DECODE; what is not used is not there.
 */
#ifndef MFD_MADE_TEST_H
#define MFD_MADE_TEST_H

#include "capture_write.h"
#include "hello.h"
#include "tshark_test.h"

#include <sys/stat.h>

#define DECODE "-d tcp.port==63500,multifd "
#define MADE __attribute__((unused)) static

MADE char path[] = P_tmpdir "/mfd-made-XXXXXX";
MADE struct mfd_capture_writer *writer;
MADE FILE *file;
MADE const uint8_t uuid[MFD_UUID_SIZE] = {0x6d, 0x75, 0x6c, 0x74, 0x69, 0xfd, 0x4b, 0x17,
                                          0x92, 0xa4, 0x0c, 0x35, 0x5e, 0x88, 0xb1, 0xda};

MADE void begin(void)
{
    file = fopen(path, "wb");
    assert_non_null(file);
    writer = mfd_capture_create(file, &(struct mfd_capture_options){0});
    assert_non_null(writer);
}

MADE void finish(void)
{
    assert_true(mfd_capture_finish(writer));
    fclose(file);
}

/* What follows goes to another receiver. */
MADE void next_migration(void)
{
    mfd_capture_next_migration(writer);
}

MADE void put(uint32_t connection, enum mfd_direction direction, enum mfd_event_kind kind,
              const void *bytes, size_t len)
{
    struct mfd_event event = {
        .connection = connection,
        .direction = direction,
        .kind = kind,
        .bytes = bytes,
        .len = len,
    };

    assert_true(mfd_capture_event(writer, &event));
}

/* In segments of `size` bytes, the last of what is left. */
MADE void put_segments(uint32_t connection, enum mfd_direction direction, const uint8_t *bytes,
                       size_t len, size_t size)
{
    for (size_t at = 0; at < len; at += size) {
        put(connection, direction, MFD_EVENT_DATA, bytes + at, len - at < size ? len - at : size);
    }
}

MADE void open_conn(uint32_t connection)
{
    put(connection, MFD_FORWARD, MFD_EVENT_OPEN, NULL, 0);
}

MADE void close_conn(uint32_t connection)
{
    put(connection, MFD_FORWARD, MFD_EVENT_CLOSE, NULL, 0);
}

MADE void send_bytes(uint32_t connection, const void *bytes, size_t len)
{
    put(connection, MFD_FORWARD, MFD_EVENT_DATA, bytes, len);
}

/* A channel of that id, up to its hello. */
MADE void open_channel(uint32_t connection, uint8_t id)
{
    uint8_t hello[MFD_HELLO_SIZE];

    mfd_hello_pack(hello, uuid, id);
    open_conn(connection);
    send_bytes(connection, hello, sizeof(hello));
}

/* What tshark shows of each dissected frame of a file, a line for each: its Info, then the fields. */
MADE void assert_file_shows(const char *name, const char *how, const char *fields,
                            const char *lines)
{
    char *text = mfd_tshark("-n -r %s %s -Y multifd -T fields -E occurrence=a -e _ws.col.Info %s",
                            name, how, fields);

    if (strcmp(text, lines) != 0) {
        fail_msg("with %s:\n%swanted:\n%s", how, text, lines);
    }
    free(text);
}

MADE void assert_shows(const char *how, const char *fields, const char *lines)
{
    assert_file_shows(path, how, fields, lines);
}

/* Setup and teardown of the group. */
MADE int make_file(void **state)
{
    int fd = -1;

    if (mfd_tshark_has_plugin(state) != 0) {
        return -1;
    }
    fd = mkstemp(path);
    return fd < 0 || fchmod(fd, 0644) != 0 || close(fd) != 0 ? -1 : 0;
}

MADE int remove_file(void **state)
{
    (void)state;
    return getenv("MFD_KEEP") ? 0 : unlink(path);
}

#endif
