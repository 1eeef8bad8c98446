// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture_fixture.h"

#include "wire.h"

static const struct mfd_event events[] = {
    {.time_ns = 1000, .connection = 0, .kind = MFD_EVENT_OPEN},
    {.time_ns = 2000,
     .connection = 0,
     .kind = MFD_EVENT_DATA,
     .bytes = (const uint8_t *)"a few bytes",
     .len = 11},
    {.time_ns = 3000, .connection = 0, .kind = MFD_EVENT_CLOSE},
};

static struct fixture_file sample(enum mfd_capture_format format)
{
    const struct mfd_capture_options options = {
        .format = format, .mss = 5, .start_ns = 1000000000, .comment = "a sample"};

    return fixture_write(&options, events, COUNT(events));
}

static void frames_are_numbered_and_timed_from_the_first(void **state)
{
    (void)state;
    for (enum mfd_capture_format format = MFD_CAPTURE_PCAPNG; format <= MFD_CAPTURE_PCAP;
         format++) {
        struct fixture_file file = sample(format);
        char error[MFD_CAPTURE_ERROR_SIZE];
        struct mfd_capture_reader *reader = mfd_capture_open(fixture_open(&file), error);
        struct mfd_frame frame;
        uint64_t count = 0;

        assert_non_null(reader);
        while (mfd_capture_next(reader, &frame, error)) {
            assert_int_equal(frame.number, ++count);
            assert_int_equal(frame.captured, frame.original);
            if (count == 4) {
                assert_int_equal(frame.time_ns, 1000);
            }
        }
        assert_string_equal(error, "");
        assert_int_equal(count, 10);
        assert_int_equal(mfd_capture_first_ns(reader), 1000001000);
        mfd_capture_close(reader);
        free(file.bytes);
    }
}

static void assert_refused(struct fixture_file file, const char *why)
{
    char error[MFD_CAPTURE_ERROR_SIZE];

    assert_null(mfd_capture_open(fixture_open(&file), error));
    if (!strstr(error, why)) {
        fail_msg("%s", error);
    }
}

static void what_is_no_capture_is_refused_with_the_reason(void **state)
{
    static char nothing[] = "";
    static char text[] = "this is only a text, if a rather long one";
    struct fixture_file radio = sample(MFD_CAPTURE_PCAP);

    (void)state;
    radio.bytes[20] = 105;
    assert_refused((struct fixture_file){nothing, 0}, "truncated");
    assert_refused((struct fixture_file){text, sizeof(text)}, "unknown file format");
    assert_refused(radio, "link type 105 (IEEE802_11) is not one that can be read");
    free(radio.bytes);
}

/* A file that ends early is read as far as it goes, and says so unless it ends between two frames. */
static void every_truncation_is_read_to_its_end(void **state)
{
    (void)state;
    for (enum mfd_capture_format format = MFD_CAPTURE_PCAPNG; format <= MFD_CAPTURE_PCAP;
         format++) {
        struct fixture_file whole = sample(format);
        size_t clean = 0;

        for (size_t len = 0; len < whole.len; len++) {
            struct fixture_file part = {whole.bytes, len};
            struct fixture_list list = fixture_read(&part);

            clean += list.error[0] == '\0';
            fixture_list_free(&list);
        }
        assert_int_equal(clean, 10); /* behind the head of the file and each frame but the last */
        free(whole.bytes);
    }
}

/* Any bit of the file the other way round: whatever it means, nothing breaks and all ends. */
static void every_flipped_bit_is_survived(void **state)
{
    (void)state;
    for (enum mfd_capture_format format = MFD_CAPTURE_PCAPNG; format <= MFD_CAPTURE_PCAP;
         format++) {
        struct fixture_file file = sample(format);
        size_t frames = 0;

        for (size_t bit = 0; bit < file.len * 8; bit++) {
            struct fixture_list list;

            file.bytes[bit / 8] ^= (char)(1 << bit % 8);
            list = fixture_read(&file);
            frames += list.totals.frames;
            fixture_list_free(&list);
            file.bytes[bit / 8] ^= (char)(1 << bit % 8);
        }
        assert_true(frames > file.len * 8 * 4); /* most of them are read to the end */
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_numbered_and_timed_from_the_first),
        cmocka_unit_test(what_is_no_capture_is_refused_with_the_reason),
        cmocka_unit_test(every_truncation_is_read_to_its_end),
        cmocka_unit_test(every_flipped_bit_is_survived),
    };
    return cmocka_run_group_tests_name("capture_read", tests, NULL, NULL);
}
