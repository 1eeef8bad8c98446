// SPDX-License-Identifier: GPL-2.0-or-later
#include "sniff.h"

#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SNAPLEN 262144
#define KERNEL_ROOM (64 << 20)
#define ETHERNET_HEADER 14u
/* UDP to this port marks the end of what is to be taken in. */
#define MARK_PORT 9u
#define MARK_SIZE 8u
#define MARK_GUARD_MS 10000

struct mfd_sniffer {
    pcap_t *pcap;
    struct mfd_sniffed *frames;
    size_t count;
    uint64_t mark;
    bool marked; /* the mark was heard */
    bool full;   /* no memory for a frame */
};

__attribute__((format(printf, 2, 3))) static bool fail(char *error, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(error, MFD_SNIFF_ERROR_SIZE, format, list);
    va_end(list);
    return false;
}

/* ---- the network ---- */

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t len = strlen(text);
    bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;

    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* In a namespace of users, where this user is root; files are still this user's. */
static bool unshare_as_user(void)
{
    char user[64];
    char group[64];

    snprintf(user, sizeof(user), "0 %u 1", getuid());
    snprintf(group, sizeof(group), "0 %u 1", getgid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_text("/proc/self/uid_map", user) &&
           write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", group);
}

static bool bring_up_loopback(void)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = false;

    memcpy(request.ifr_name, "lo", 3);
    good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

bool mfd_private_network(unsigned low, unsigned high, char error[MFD_SNIFF_ERROR_SIZE])
{
    char range[64];

    if (unshare(CLONE_NEWNET) != 0 && !unshare_as_user()) {
        return fail(error, "cannot make a network of its own: %s", strerror(errno));
    }
    snprintf(range, sizeof(range), "%u %u", low, high);
    if (!bring_up_loopback() || !write_text("/proc/sys/net/ipv4/ip_local_port_range", range)) {
        return fail(error, "cannot set up loopback: %s", strerror(errno));
    }
    return true;
}

/* ---- the sniffer ---- */

struct mfd_sniffer *mfd_sniffer_start(char error[MFD_SNIFF_ERROR_SIZE])
{
    struct mfd_sniffer *sniffer = calloc(1, sizeof(*sniffer));
    char why[PCAP_ERRBUF_SIZE] = "out of memory";
    int status = 0;

    if (!sniffer || !(sniffer->pcap = pcap_create("lo", why))) {
        fail(error, "%s", why);
        free(sniffer);
        return NULL;
    }
    pcap_set_snaplen(sniffer->pcap, SNAPLEN);
    pcap_set_buffer_size(sniffer->pcap, KERNEL_ROOM);
    pcap_set_immediate_mode(sniffer->pcap, 1);
    pcap_set_tstamp_precision(sniffer->pcap, PCAP_TSTAMP_PRECISION_NANO);
    status = pcap_activate(sniffer->pcap);
    if (status < 0 || pcap_setnonblock(sniffer->pcap, 1, why) < 0) {
        fail(error, "lo: %s", status < 0 ? pcap_statustostr(status) : why);
        mfd_sniffer_free(sniffer);
        return NULL;
    }
    return sniffer;
}

void mfd_sniffer_free(struct mfd_sniffer *sniffer)
{
    for (size_t i = 0; i < sniffer->count; i++) {
        free(sniffer->frames[i].bytes);
    }
    free(sniffer->frames);
    pcap_close(sniffer->pcap);
    free(sniffer);
}

/* Whether the frame is the datagram that marks the end. */
static bool is_mark(const struct mfd_sniffer *sniffer, const uint8_t *frame, size_t len)
{
    return len == ETHERNET_HEADER + 20 + 8 + MARK_SIZE && frame[ETHERNET_HEADER + 9] == 17 &&
           mfd_get16(frame + ETHERNET_HEADER + 22) == MARK_PORT &&
           memcmp(frame + ETHERNET_HEADER + 28, &sniffer->mark, MARK_SIZE) == 0;
}

static void take(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    struct mfd_sniffer *sniffer = (struct mfd_sniffer *)context;
    struct mfd_sniffed *grown = NULL;
    uint8_t *copy = NULL;

    if (is_mark(sniffer, bytes, header->caplen)) {
        sniffer->marked = true;
        return;
    }
    /* nothing but TCP is of interest; what is not is the answer to a mark */
    if (header->caplen > ETHERNET_HEADER + 9 && bytes[ETHERNET_HEADER] >> 4 == 4 &&
        bytes[ETHERNET_HEADER + 9] != IPPROTO_TCP) {
        return;
    }
    grown = realloc(sniffer->frames, (sniffer->count + 1) * sizeof(*grown));
    copy = malloc(header->caplen);
    sniffer->frames = grown ? grown : sniffer->frames;
    if (!grown || !copy) {
        free(copy);
        sniffer->full = true;
        return;
    }
    memcpy(copy, bytes, header->caplen);
    grown[sniffer->count++] = (struct mfd_sniffed){
        .time_ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec,
        .bytes = copy,
        .len = header->caplen,
    };
}

static bool send_mark(struct mfd_sniffer *sniffer)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(MARK_PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = false;

    sniffer->mark++;
    sniffer->marked = false;
    good = fd >= 0 && sendto(fd, &sniffer->mark, MARK_SIZE, 0, (const struct sockaddr *)&to,
                             sizeof(to)) == MARK_SIZE;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

bool mfd_sniffer_collect(struct mfd_sniffer *sniffer, char error[MFD_SNIFF_ERROR_SIZE])
{
    struct pcap_stat stats = {0};

    if (!send_mark(sniffer)) {
        return fail(error, "cannot send over loopback: %s", strerror(errno));
    }
    while (!sniffer->marked) {
        struct pollfd wait = {.fd = pcap_get_selectable_fd(sniffer->pcap), .events = POLLIN};

        if (pcap_dispatch(sniffer->pcap, -1, take, (u_char *)sniffer) < 0) {
            return fail(error, "lo: %s", pcap_geterr(sniffer->pcap));
        }
        if (!sniffer->marked && poll(&wait, 1, MARK_GUARD_MS) <= 0) {
            return fail(error, "the mark behind the last frame was not heard");
        }
    }
    if (sniffer->full || pcap_stats(sniffer->pcap, &stats) != 0 || stats.ps_drop > 0) {
        return fail(error, "%u frames were lost", stats.ps_drop);
    }
    return true;
}

const struct mfd_sniffed *mfd_sniffer_frames(const struct mfd_sniffer *sniffer, size_t *count)
{
    *count = sniffer->count;
    return sniffer->frames;
}
