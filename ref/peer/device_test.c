// SPDX-License-Identifier: GPL-2.0-or-later
/* State of devices from the reference sender to the reference receiver, over sockets. */
#include "device.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_pair.h"
#include "wire.h"

#define DEVICES 5

static const size_t sizes[DEVICES] = {1, 275, 70000, 3u << 20, 4096};

/* A pair whose sender has the state of five devices; a handler of the receiver has room for it exactly. */
struct rig {
    struct pair *pair;
    struct mfd_device_state states[DEVICES];
    struct mfd_device_handler handlers[DEVICES];
    uint8_t *from[DEVICES];
    uint8_t *to[DEVICES];
};

static struct rig *rig_new(enum mfd_rev rev, unsigned channels)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    rig->pair = pair_new(rev, channels);
    for (unsigned i = 0; i < DEVICES; i++) {
        const char *idstr = i < 2 ? "0000:00:03.0/vfio" : "gpu";

        rig->from[i] = malloc(sizes[i]);
        rig->to[i] = calloc(1, sizes[i]);
        assert_true(rig->from[i] && rig->to[i]);
        for (size_t j = 0; j < sizes[i]; j++) {
            rig->from[i][j] = (uint8_t)(j * 31 + j / 256 + i + 1);
        }
        rig->states[i] = (struct mfd_device_state){idstr, i, rig->from[i], sizes[i]};
        rig->handlers[i] = (struct mfd_device_handler){idstr, i, rig->to[i], sizes[i], 0};
    }
    rig->pair->sending.devices = rig->states;
    rig->pair->sending.device_count = DEVICES;
    rig->pair->receiving.devices = rig->handlers;
    rig->pair->receiving.device_count = DEVICES;
    return rig;
}

static void rig_free(struct rig *rig)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        free(rig->from[i]);
        free(rig->to[i]);
    }
    pair_free(rig->pair);
    free(rig);
}

static void assert_same_state(const struct rig *rig)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        assert_int_equal(atomic_load(&rig->handlers[i].filled), sizes[i]);
        assert_memory_equal(rig->from[i], rig->to[i], sizes[i]);
    }
}

static void state_arrives_over_any_number_of_channels(void **state)
{
    static const unsigned counts[] = {1, 2, 4, 16};
    static const uint32_t methods[] = {0, MFD_FLAG_ZLIB, MFD_FLAG_ZSTD};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (size_t j = 0; j < sizeof(methods) / sizeof(methods[0]); j++) {
            struct rig *rig = rig_new(i % 2 ? MFD_REV_11_1 : MFD_REV_10_0, counts[i]);

            rig->pair->sending.method = rig->pair->receiving.method = methods[j];
            rig->pair->sending.passes = 2;
            migrate(rig->pair);
            assert_completed(rig->pair);
            assert_same_state(rig);
            rig_free(rig);
        }
    }
}

static void a_handler_that_gets_no_state_is_no_failure(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);

    (void)state;
    rig->pair->sending.device_count = 1;
    migrate(rig->pair);
    assert_completed(rig->pair);
    assert_int_equal(atomic_load(&rig->handlers[0].filled), sizes[0]);
    assert_int_equal(atomic_load(&rig->handlers[1].filled), 0);
    rig_free(rig);
}

static void a_device_without_handler_fails_both_ends(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);

    (void)state;
    rig->pair->receiving.device_count = DEVICES - 1;
    migrate(rig->pair);
    assert_false(rig->pair->sent.completed);
    assert_int_equal(rig->pair->received.failure.finding.rule, MFD_DEV_003);
    rig_free(rig);
}

static void state_above_the_bound_fails_both_ends(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);

    (void)state;
    rig->handlers[3].size--;
    migrate(rig->pair);
    assert_false(rig->pair->sent.completed);
    assert_int_equal(rig->pair->received.failure.finding.rule, MFD_DEV_006);
    assert_int_equal(atomic_load(&rig->handlers[3].filled), 0);
    rig_free(rig);
}

static void states_without_sense_are_refused(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);
    struct mfd_sender_config *config = &rig->pair->sending;
    char long_name[MFD_IDSTR_SIZE + 1];

    (void)state;
    memset(long_name, 'x', sizeof(long_name));
    long_name[MFD_IDSTR_SIZE] = '\0';
    assert_int_equal(mfd_sender_check(config), 0);
    rig->states[4].idstr = long_name;
    assert_int_equal(mfd_sender_check(config), EINVAL);
    long_name[MFD_IDSTR_SIZE - 1] = '\0';
    assert_int_equal(mfd_sender_check(config), 0);
    rig->states[4].idstr = "";
    assert_int_equal(mfd_sender_check(config), EINVAL);
    rig->states[4] = rig->states[0];
    assert_int_equal(mfd_sender_check(config), EINVAL);
    rig->states[4].instance = 1;
    assert_int_equal(mfd_sender_check(config), EINVAL);
    rig->states[4].instance = 4;
    rig->states[4].size = 0;
    assert_int_equal(mfd_sender_check(config), EINVAL);
    rig->states[4].size = (size_t)MFD_DEVICE_PAYLOAD_MAX + 1;
    assert_int_equal(mfd_sender_check(config), EINVAL);
    config->device_count = 4;
    assert_int_equal(mfd_sender_check(config), 0);
    config->rev = MFD_REV_9_0;
    config->switchover = false;
    assert_int_equal(mfd_sender_check(config), EINVAL);
    rig_free(rig);
}

static void handlers_without_sense_are_refused(void **state)
{
    struct rig *rig = rig_new(MFD_REV_10_0, 2);
    struct mfd_receiver_config *config = &rig->pair->receiving;

    (void)state;
    assert_int_equal(mfd_receiver_check(config), 0);
    rig->handlers[1].instance = 0;
    assert_int_equal(mfd_receiver_check(config), EINVAL);
    rig->handlers[1].instance = 1;
    rig->handlers[1].idstr = "";
    assert_int_equal(mfd_receiver_check(config), EINVAL);
    rig->handlers[1].idstr = "gpu";
    rig->handlers[1].room = NULL;
    assert_int_equal(mfd_receiver_check(config), EINVAL);
    rig->handlers[1].room = rig->to[1];
    atomic_store(&rig->handlers[1].filled, 1);
    assert_int_equal(mfd_receiver_check(config), EINVAL);
    atomic_store(&rig->handlers[1].filled, 0);
    assert_int_equal(mfd_receiver_check(config), 0);
    config->rev = MFD_REV_9_0;
    assert_int_equal(mfd_receiver_check(config), EINVAL);
    rig_free(rig);
}

static void room_is_handed_out_up_to_its_bound(void **state)
{
    uint8_t room[10];
    struct mfd_device_handler handler = {"a", 0, room, sizeof(room), 0};

    (void)state;
    assert_ptr_equal(mfd_device_take(&handler, 4), room);
    assert_null(mfd_device_take(&handler, 7));
    assert_null(mfd_device_take(&handler, SIZE_MAX));
    assert_ptr_equal(mfd_device_take(&handler, 6), room + 4);
    assert_null(mfd_device_take(&handler, 1));
    assert_int_equal(atomic_load(&handler.filled), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_arrives_over_any_number_of_channels),
        cmocka_unit_test(a_handler_that_gets_no_state_is_no_failure),
        cmocka_unit_test(a_device_without_handler_fails_both_ends),
        cmocka_unit_test(state_above_the_bound_fails_both_ends),
        cmocka_unit_test(states_without_sense_are_refused),
        cmocka_unit_test(handlers_without_sense_are_refused),
        cmocka_unit_test(room_is_handed_out_up_to_its_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
