// SPDX-License-Identifier: GPL-2.0-or-later
#include "packet.h"

#include <string.h>

void mfd_packet_pack(uint8_t *buf, uint32_t page_size, const struct mfd_packet *packet,
                     const uint64_t *offsets)
{
    uint32_t listed = packet->normal_pages + packet->zero_pages;
    uint8_t *slot = buf + MFD_PACKET_FIXED;

    mfd_put32(buf + MFD_PACKET_MAGIC, packet->magic);
    mfd_put32(buf + MFD_PACKET_VERSION, packet->version);
    mfd_put32(buf + MFD_PACKET_FLAGS, packet->flags);
    mfd_put32(buf + MFD_PACKET_PAGES_ALLOC, packet->pages_alloc);
    mfd_put32(buf + MFD_PACKET_NORMAL_PAGES, packet->normal_pages);
    mfd_put32(buf + MFD_PACKET_NEXT_SIZE, packet->next_packet_size);
    mfd_put64(buf + MFD_PACKET_NUM, packet->packet_num);
    mfd_put32(buf + MFD_PACKET_ZERO_PAGES, packet->zero_pages);
    memset(buf + MFD_PACKET_RESERVED, 0, MFD_PACKET_RAMBLOCK - MFD_PACKET_RESERVED);
    memcpy(buf + MFD_PACKET_RAMBLOCK, packet->ramblock, MFD_IDSTR_SIZE);
    for (uint32_t i = 0; i < listed; i++) {
        mfd_put64(slot + (size_t)8 * i, offsets[i]);
    }
    memset(slot + (size_t)8 * listed, 0, (size_t)8 * (mfd_slots(page_size) - listed));
}

struct mfd_packet mfd_packet_unpack(const uint8_t *buf, enum mfd_rev rev)
{
    struct mfd_packet packet = {
        .magic = mfd_get32(buf + MFD_PACKET_MAGIC),
        .version = mfd_get32(buf + MFD_PACKET_VERSION),
        .flags = mfd_get32(buf + MFD_PACKET_FLAGS),
        .pages_alloc = mfd_get32(buf + MFD_PACKET_PAGES_ALLOC),
        .normal_pages = mfd_get32(buf + MFD_PACKET_NORMAL_PAGES),
        .next_packet_size = mfd_get32(buf + MFD_PACKET_NEXT_SIZE),
        .packet_num = mfd_get64(buf + MFD_PACKET_NUM),
        .zero_pages = rev >= MFD_REV_9_0 ? mfd_get32(buf + MFD_PACKET_ZERO_PAGES) : 0,
    };

    memcpy(packet.ramblock, buf + MFD_PACKET_RAMBLOCK, MFD_IDSTR_SIZE);
    return packet;
}

uint64_t mfd_packet_payload(const struct mfd_packet *packet, uint32_t method, uint32_t page_size)
{
    if (packet->normal_pages == 0) {
        return 0;
    }
    return method ? packet->next_packet_size : (uint64_t)packet->normal_pages * page_size;
}

void mfd_device_pack(uint8_t *buf, const struct mfd_device *device)
{
    mfd_put32(buf + MFD_PACKET_MAGIC, device->magic);
    mfd_put32(buf + MFD_PACKET_VERSION, device->version);
    mfd_put32(buf + MFD_PACKET_FLAGS, device->flags);
    memcpy(buf + MFD_DEVICE_IDSTR, device->idstr, MFD_IDSTR_SIZE);
    mfd_put32(buf + MFD_DEVICE_INSTANCE, device->instance_id);
    mfd_put32(buf + MFD_DEVICE_NEXT_SIZE, device->next_packet_size);
}

struct mfd_device mfd_device_unpack(const uint8_t *buf)
{
    struct mfd_device device = {
        .magic = mfd_get32(buf + MFD_PACKET_MAGIC),
        .version = mfd_get32(buf + MFD_PACKET_VERSION),
        .flags = mfd_get32(buf + MFD_PACKET_FLAGS),
        .instance_id = mfd_get32(buf + MFD_DEVICE_INSTANCE),
        .next_packet_size = mfd_get32(buf + MFD_DEVICE_NEXT_SIZE),
    };

    memcpy(device.idstr, buf + MFD_DEVICE_IDSTR, MFD_IDSTR_SIZE);
    return device;
}

bool mfd_prefix_is_device(const uint8_t *buf, enum mfd_rev rev)
{
    return mfd_rev_info(rev)->device && (mfd_get32(buf + MFD_PACKET_FLAGS) & MFD_FLAG_DEVICE_STATE);
}
