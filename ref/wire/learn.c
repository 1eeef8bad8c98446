// SPDX-License-Identifier: GPL-2.0-or-later
#include "learn.h"

#include "packet.h"

#include <string.h>

struct mfd_given mfd_given_nothing(void)
{
    return (struct mfd_given){
        .rev = MFD_LEARN_AUTO,
        .sync = MFD_LEARN_AUTO,
        .zero = MFD_LEARN_AUTO,
        .method = MFD_LEARN_AUTO,
        .page_size = MFD_LEARN_AUTO,
    };
}

/* Of the revisions that it may be, the one by whose checks it is judged. */
static enum mfd_rev revision_of(const struct mfd_learned *learned)
{
    if (learned->rev_given) {
        return learned->config.rev;
    }
    if (learned->old) {
        return learned->evidence >= MFD_REV_8_1 ? MFD_REV_8_1 : MFD_REV_7_2;
    }
    return learned->evidence > MFD_REV_9_0 ? learned->evidence : MFD_REV_9_0;
}

/* Brings what is derived up to date with what is known. */
static void settle(struct mfd_learned *learned)
{
    struct mfd_observer_config *config = &learned->config;

    config->rev = revision_of(learned);
    if (!learned->sync_known) {
        config->sync = mfd_rev_info(config->rev)->sync;
    }
    if (!learned->zero_known) {
        config->zero = mfd_rev_info(config->rev)->zero;
    }
}

void mfd_learn_start(struct mfd_learned *learned, const struct mfd_given *given)
{
    bool known = given->rev != MFD_LEARN_AUTO;
    enum mfd_rev rev = known ? (enum mfd_rev)given->rev : MFD_REV_FIRST;

    *learned = (struct mfd_learned){
        .config = mfd_observer_config(rev),
        .rev_given = known,
        .generation_known = known,
        .old = known && rev < MFD_REV_9_0,
        .evidence = rev,
        .sync_known = given->sync != MFD_LEARN_AUTO,
        .zero_known = given->zero != MFD_LEARN_AUTO,
        .page_known = given->page_size != MFD_LEARN_AUTO,
    };
    learned->config.channels = given->channels;
    learned->config.no_switchover = given->no_switchover;
    learned->config.machine = given->machine;
    if (given->method != MFD_LEARN_AUTO) {
        learned->config.method = (uint32_t)given->method;
    }
    if (learned->sync_known) {
        learned->config.sync = (enum mfd_sync)given->sync;
    }
    if (learned->zero_known) {
        learned->config.zero = (enum mfd_zero)given->zero;
    }
    if (learned->page_known) {
        learned->config.page_size = (uint32_t)given->page_size;
    }
    if (given->uuid) {
        mfd_learn_uuid(learned, given->uuid);
    }
    settle(learned);
}

enum mfd_rev mfd_learned_first(const struct mfd_learned *learned)
{
    bool recent = learned->generation_known && !learned->old && learned->evidence < MFD_REV_9_0;

    return recent ? MFD_REV_9_0 : learned->evidence;
}

enum mfd_rev mfd_learned_last(const struct mfd_learned *learned)
{
    if (learned->rev_given) {
        return learned->config.rev;
    }
    return learned->generation_known && learned->old ? MFD_REV_2024_MID : MFD_REV_LATEST;
}

const char *mfd_learned_name(const struct mfd_learned *learned)
{
    if (learned->rev_given) {
        return mfd_rev_info(learned->config.rev)->name;
    }
    if (learned->generation_known && learned->old) {
        return learned->evidence >= MFD_REV_8_1 ? "8.1 to 8.2" : "before 9.0";
    }
    if (learned->evidence >= MFD_REV_10_0) {
        return "10.0 or later";
    }
    if (!learned->generation_known) {
        return learned->evidence >= MFD_REV_8_1 ? "8.1 or later" : "not known yet";
    }
    return learned->evidence >= MFD_REV_9_2   ? "9.2 or later"
           : learned->evidence >= MFD_REV_9_1 ? "9.1 or later"
                                              : "9.0 or later";
}

static void evidence(struct mfd_learned *learned, enum mfd_rev rev)
{
    if (!learned->rev_given && rev > learned->evidence) {
        learned->evidence = rev;
        settle(learned);
    }
}

void mfd_learn_uuid(struct mfd_learned *learned, const uint8_t *uuid)
{
    if (!learned->config.uuid) {
        memcpy(learned->uuid, uuid, MFD_UUID_SIZE);
        learned->config.uuid = learned->uuid;
    }
}

void mfd_learn_text_hello(struct mfd_learned *learned)
{
    if (learned->rev_given || learned->generation_known || learned->evidence > MFD_REV_FIRST) {
        return;
    }
    learned->rev_given = true;
    learned->generation_known = true;
    learned->old = true;
    learned->evidence = MFD_REV_2017_TEXT;
    learned->config.rev = MFD_REV_2017_TEXT;
    settle(learned);
}

void mfd_learn_page_size(struct mfd_learned *learned, uint32_t page_size)
{
    if (!learned->page_known && mfd_is_page_size(page_size)) {
        learned->page_known = true;
        learned->config.page_size = page_size;
    }
}

/* Whether a packet starts here, as far as its first fields tell. */
static bool starts_packet(const uint8_t *buf, size_t len)
{
    return len >= MFD_PREFIX_SIZE && mfd_get32(buf) == MFD_MAGIC &&
           mfd_get32(buf + 4) == MFD_VERSION &&
           !(mfd_get32(buf + MFD_PACKET_FLAGS) & ~mfd_rev_flags(MFD_REV_LATEST));
}

/*
 * The slots of a header: pages_alloc says it in every packet but the SYNC of 9.0 and later; behind that
 * one the next header stands where the slots end.
 */
static void find_slots(struct mfd_learned *learned, const uint8_t *buf, size_t len)
{
    uint32_t alloc = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC);

    if (alloc >= 8 && alloc <= MFD_SLOTS_MAX && (alloc & (alloc - 1)) == 0) {
        mfd_learn_page_size(learned, MFD_PACKET_SPAN / alloc);
        return;
    }
    if (mfd_get32(buf + MFD_PACKET_NORMAL_PAGES) != 0) {
        return;
    }
    for (uint32_t size = MFD_PAGE_SIZE_MIN; size <= MFD_PAGE_SIZE_MAX; size *= 2) {
        size_t next = mfd_packet_size(size);

        if (len >= next + MFD_PREFIX_SIZE && starts_packet(buf + next, len - next)) {
            mfd_learn_page_size(learned, size);
            return;
        }
    }
}

void mfd_learn_packet(struct mfd_learned *learned, const uint8_t *buf, size_t len)
{
    uint32_t flags = mfd_get32(buf + MFD_PACKET_FLAGS);
    uint32_t zero_pages = mfd_get32(buf + MFD_PACKET_ZERO_PAGES);
    bool pages = mfd_get32(buf + MFD_PACKET_NORMAL_PAGES) || zero_pages;
    uint32_t methods = flags & mfd_rev_info(MFD_REV_9_2)->methods;

    if (!learned->page_known) {
        find_slots(learned, buf, len);
    }
    if (!learned->generation_known && (flags & MFD_FLAG_SYNC)) {
        learned->generation_known = true;
        learned->old = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC) != 0;
    }
    if (!learned->old && pages && (methods & (MFD_FLAG_QPL | MFD_FLAG_UADK))) {
        evidence(learned, MFD_REV_9_1);
    }
    if (!learned->old && pages && (methods & MFD_FLAG_QATZIP)) {
        evidence(learned, MFD_REV_9_2);
    }
    if (pages && learned->config.method == MFD_METHOD_UNKNOWN && (methods & (methods - 1)) == 0) {
        learned->config.method = methods;
    }
    if (!learned->old && zero_pages && !learned->zero_known) {
        learned->zero_known = true;
        learned->config.zero = MFD_ZERO_PACKET;
    }
    settle(learned);
}

bool mfd_learn_prefix(struct mfd_learned *learned, const uint8_t *buf)
{
    bool first = !learned->rev_given && !learned->old &&
                 mfd_get32(buf + MFD_PACKET_FLAGS) == MFD_FLAG_DEVICE_STATE;

    if (first) {
        evidence(learned, MFD_REV_10_0);
    }
    return mfd_prefix_is_device(buf, learned->config.rev);
}

/* The command's number decides which revision its table is of. */
static void learn_command(struct mfd_learned *learned, const uint8_t *buf, size_t len)
{
    if (len >= 3 && buf[0] == MFD_SECTION_COMMAND &&
        mfd_get16(buf + 1) == MFD_CMD_SWITCHOVER_START) {
        evidence(learned, MFD_REV_10_0);
    }
}

static void learn_config(struct mfd_learned *learned, const uint8_t *buf, size_t len)
{
    size_t size = len >= 5 && buf[0] == MFD_SECTION_CONFIG ? mfd_get32(buf + 1) : 0;

    if (size && len - 5 >= size) {
        size = size < MFD_LEARN_MACHINE ? size : MFD_LEARN_MACHINE - 1;
        memcpy(learned->machine, buf + 5, size);
        learned->machine[size] = '\0';
    }
}

/* A page size that is not the machine's usual one stands in a subsection of the configuration. */
static void learn_subsection(struct mfd_learned *learned, const uint8_t *buf, size_t len)
{
    static const char name[] = "configuration/target-page-bits";
    size_t at = 2 + sizeof(name) - 1 + 4;

    if (len >= at + 4 && buf[0] == MFD_SECTION_SUBSECTION && buf[1] == sizeof(name) - 1 &&
        memcmp(buf + 2, name, sizeof(name) - 1) == 0) {
        uint32_t bits = mfd_get32(buf + at);

        mfd_learn_page_size(learned, bits < 32 ? 1u << bits : 0);
    }
}

/* What the first zero page, marker and end of a section say. */
static void learn_ram_record(struct mfd_learned *learned, uint64_t word)
{
    uint64_t flags = word & (learned->config.page_size - 1);

    if (word == MFD_RAM_MULTIFD_FLUSH) {
        evidence(learned, MFD_REV_8_1);
        if (!learned->sync_known) {
            learned->sync_known = true;
            learned->config.sync = MFD_SYNC_MARKER;
        }
    } else if (flags == MFD_RAM_EOS) {
        if (!learned->sync_known) {
            learned->sync_known = true;
            learned->config.sync = MFD_SYNC_SECTION;
        }
    } else if ((flags & ~(uint64_t)MFD_RAM_CONTINUE) == MFD_RAM_ZERO && !learned->zero_known) {
        learned->zero_known = true;
        learned->config.zero = MFD_ZERO_MAIN;
    }
}

void mfd_learn_main(struct mfd_learned *learned, enum mfd_main_place place, const uint8_t *buf,
                    size_t len)
{
    if (place == MFD_AT_CONFIG) {
        learn_config(learned, buf, len);
    }
    if (place == MFD_AT_SECTION || place == MFD_AT_SUBSECTION) {
        learn_command(learned, buf, len);
    }
    if (place == MFD_AT_SUBSECTION) {
        learn_subsection(learned, buf, len);
    }
    if (place == MFD_AT_RAM && len >= 8) {
        learn_ram_record(learned, mfd_get64(buf));
    }
}
