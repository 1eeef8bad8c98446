// SPDX-License-Identifier: GPL-2.0-or-later
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* An address taken apart. */
struct place {
    bool is_unix;
    char host[256]; /* or the path; "" means any host */
    char port[32];
};

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool parse_tcp(const char *text, struct place *place)
{
    const char *colon = strrchr(text, ':');
    const char *host = text;
    size_t len = 0;

    if (!colon || colon[1] == '\0') {
        return false;
    }
    len = (size_t)(colon - text);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len)) {
        return false;
    }
    return copy(place->host, sizeof(place->host), host, len) &&
           copy(place->port, sizeof(place->port), colon + 1, strlen(colon + 1));
}

static bool parse(const char *address, struct place *place)
{
    *place = (struct place){false, "", ""};
    if (strncmp(address, "unix:", 5) == 0) {
        size_t len = strlen(address + 5);

        place->is_unix = true;
        return len > 0 && len < sizeof(((struct sockaddr_un *)NULL)->sun_path) &&
               copy(place->host, sizeof(place->host), address + 5, len);
    }
    return strncmp(address, "tcp:", 4) == 0 && parse_tcp(address + 4, place);
}

static struct sockaddr_un unix_address(const struct place *place)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};

    strcpy(sun.sun_path, place->host); /* parse() has bounded it */
    return sun;
}

static int fail(int fd, int error)
{
    if (fd >= 0) {
        close(fd);
    }
    return error;
}

/* A file left behind by a process that ended is in the way; one that is listened on is not ours. */
static void remove_stale(const struct sockaddr_un *sun)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 &&
        errno == ECONNREFUSED) {
        unlink(sun->sun_path);
    }
    fail(fd, 0);
}

static int listen_unix(const struct place *place, int backlog, int *fd)
{
    struct sockaddr_un sun = unix_address(place);

    remove_stale(&sun);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0 ||
        listen(*fd, backlog) < 0) {
        return fail(*fd, errno);
    }
    return 0;
}

static int resolve(const struct place *place, int flags, struct addrinfo **list)
{
    struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
    int error = getaddrinfo(place->host[0] ? place->host : NULL, place->port, &hints, list);

    if (error == EAI_SYSTEM) {
        return errno;
    }
    return error == EAI_MEMORY ? ENOMEM : error == EAI_SERVICE ? EINVAL : error ? EHOSTUNREACH : 0;
}

static int listen_at(const struct addrinfo *info, int backlog, int *fd)
{
    int one = 1;

    *fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
    if (*fd < 0) {
        return errno;
    }
    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(*fd, info->ai_addr, info->ai_addrlen) < 0 || listen(*fd, backlog) < 0) {
        return fail(*fd, errno);
    }
    return 0;
}

static int listen_tcp(const struct place *place, int backlog, int *fd)
{
    struct addrinfo *list = NULL;
    int error = resolve(place, AI_PASSIVE, &list);

    if (error) {
        return error;
    }
    error = EHOSTUNREACH;
    for (struct addrinfo *info = list; info && error; info = info->ai_next) {
        error = listen_at(info, backlog, fd);
    }
    freeaddrinfo(list);
    return error;
}

static int print_real(int fd, char *real)
{
    struct sockaddr_storage storage;
    struct sockaddr *sa = (struct sockaddr *)&storage;
    socklen_t len = sizeof(storage);
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (getsockname(fd, sa, &len) < 0) {
        return errno;
    }
    if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return EINVAL;
    }
    snprintf(real, MFD_ADDRESS_MAX,
             sa->sa_family == AF_INET6 ? "tcp:[%.64s]:%.16s" : "tcp:%.64s:%.16s", host, port);
    return 0;
}

int mfd_net_listen(const char *address, int backlog, int *fd, char *real)
{
    struct place place;
    int error = 0;

    if (!parse(address, &place)) {
        return EINVAL;
    }
    if (place.is_unix) {
        snprintf(real, MFD_ADDRESS_MAX, "unix:%s", place.host);
        return listen_unix(&place, backlog, fd);
    }
    error = listen_tcp(&place, backlog, fd);
    if (!error) {
        error = print_real(*fd, real);
        if (error) {
            close(*fd);
        }
    }
    return error;
}

/* The descriptor is non-blocking until the connection stands. */
static int finish_connect(int fd, int timeout_ms)
{
    struct pollfd pfd = {fd, POLLOUT, 0};
    int error = 0;
    socklen_t len = sizeof(error);
    int n = poll(&pfd, 1, timeout_ms);

    if (n <= 0) {
        return n == 0 ? ETIMEDOUT : errno;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

static int connect_at(const struct addrinfo *info, int timeout_ms, int *fd)
{
    int error = 0;

    *fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                 info->ai_protocol);
    if (*fd < 0) {
        return errno;
    }
    if (connect(*fd, info->ai_addr, info->ai_addrlen) < 0) {
        error = errno == EINPROGRESS ? finish_connect(*fd, timeout_ms) : errno;
    }
    if (!error && fcntl(*fd, F_SETFL, fcntl(*fd, F_GETFL) & ~O_NONBLOCK) < 0) {
        error = errno;
    }
    return error ? fail(*fd, error) : 0;
}

static int connect_tcp(const struct place *place, int timeout_ms, int *fd)
{
    struct addrinfo *list = NULL;
    int error = resolve(place, 0, &list);
    int one = 1;

    if (error) {
        return error;
    }
    error = EHOSTUNREACH;
    for (struct addrinfo *info = list; info && error; info = info->ai_next) {
        error = connect_at(info, timeout_ms, fd);
    }
    freeaddrinfo(list);
    if (!error) {
        /* a SYNC packet is small and others wait for it */
        setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    return error;
}

/* A full backlog makes connect() wait on UNIX sockets, and only where the socket blocks. */
static int connect_unix(const struct place *place, int timeout_ms, int *fd)
{
    struct sockaddr_un sun = unix_address(place);
    struct timeval limit = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
    struct timeval none = {0, 0};

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return errno;
    }
    if (timeout_ms >= 0) {
        setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    }
    while (connect(*fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
        if (errno != EINTR) {
            return fail(*fd, errno == EAGAIN ? ETIMEDOUT : errno);
        }
    }
    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
    return 0;
}

int mfd_net_connect(const char *address, int timeout_ms, int *fd)
{
    struct place place;

    if (!parse(address, &place)) {
        return EINVAL;
    }
    return place.is_unix ? connect_unix(&place, timeout_ms, fd)
                         : connect_tcp(&place, timeout_ms, fd);
}

void mfd_net_unlink(const char *address)
{
    struct place place;

    if (parse(address, &place) && place.is_unix) {
        unlink(place.host);
    }
}

bool mfd_net_host(const char *address, char *host, size_t size)
{
    struct place place;

    return parse(address, &place) && !place.is_unix && place.host[0] &&
           copy(host, size, place.host, strlen(place.host));
}
