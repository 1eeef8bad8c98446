// SPDX-License-Identifier: GPL-2.0-or-later
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define GUARD_MS 30000

/* What is sent at one end arrives at the other, and the descriptor blocks. */
static void assert_reaches(int listen_fd, const char *address)
{
    char byte = 0;
    int fd = -1;
    int peer = -1;

    assert_int_equal(mfd_net_connect(address, GUARD_MS, &fd), 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    peer = accept(listen_fd, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(read(peer, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(fd);
    close(peer);
}

static void a_tcp_port_that_the_system_chose_is_told(void **state)
{
    char real[MFD_ADDRESS_MAX];
    int fd = -1;

    (void)state;
    assert_int_equal(mfd_net_listen("tcp:127.0.0.1:0", 4, &fd, real), 0);
    assert_int_equal(strncmp(real, "tcp:127.0.0.1:", 14), 0);
    assert_true(atoi(real + 14) > 0);
    assert_reaches(fd, real);
    close(fd);
    assert_int_equal(mfd_net_connect(real, GUARD_MS, &fd), ECONNREFUSED);
}

/* What the system says to IPv6 on loopback: 0, or why a machine that has none refuses it. */
static int v6_error(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        error = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    return error;
}

static void a_v6_address_stands_in_brackets(void **state)
{
    char real[MFD_ADDRESS_MAX];
    int fd = -1;
    int error = v6_error();

    (void)state;
    assert_int_equal(mfd_net_listen("tcp:[::1]:0", 4, &fd, real), error);
    if (!error) {
        assert_int_equal(strncmp(real, "tcp:[::1]:", 10), 0);
        assert_reaches(fd, real);
        close(fd);
    }
}

static void a_stale_socket_file_is_replaced_and_a_live_one_is_not(void **state)
{
    char dir[] = P_tmpdir "/net_test.XXXXXX";
    char address[64];
    char real[MFD_ADDRESS_MAX];
    int fd = -1;
    int other = -1;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof(address), "unix:%s/socket", dir);
    assert_int_equal(mfd_net_listen(address, 4, &fd, real), 0);
    assert_string_equal(real, address);
    assert_int_equal(mfd_net_listen(address, 4, &other, real), EADDRINUSE);
    close(accept(fd, NULL, NULL)); /* the probe of the second one */
    assert_reaches(fd, address);
    close(fd);
    assert_int_equal(mfd_net_listen(address, 4, &fd, real), 0);
    assert_reaches(fd, address);
    close(fd);
    mfd_net_unlink(address);
    assert_int_equal(rmdir(dir), 0);
}

static void a_full_backlog_is_waited_for_up_to_the_deadline(void **state)
{
    char dir[] = P_tmpdir "/net_test.XXXXXX";
    char address[64];
    char real[MFD_ADDRESS_MAX];
    int listen_fd = -1;
    int fds[3] = {-1, -1, -1};

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof(address), "unix:%s/socket", dir);
    assert_int_equal(mfd_net_listen(address, 0, &listen_fd, real), 0);
    assert_int_equal(mfd_net_connect(address, GUARD_MS, &fds[0]), 0);
    assert_int_equal(mfd_net_connect(address, 10, &fds[1]), ETIMEDOUT);
    close(accept(listen_fd, NULL, NULL));
    assert_int_equal(mfd_net_connect(address, GUARD_MS, &fds[2]), 0);
    close(fds[0]);
    close(fds[2]);
    close(listen_fd);
    mfd_net_unlink(address);
    rmdir(dir);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const texts[] = {"",         "tcp:",    "tcp:localhost", "tcp:localhost:",
                                        "unix:",    "udp:x:1", "tcp:a:b:1",     "127.0.0.1:80",
                                        "tcp:[::1]"};
    char path[200] = "unix:/";
    char real[MFD_ADDRESS_MAX];
    int fd = -1;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(mfd_net_listen(texts[i], 1, &fd, real), EINVAL);
        assert_int_equal(mfd_net_connect(texts[i], GUARD_MS, &fd), EINVAL);
    }
    memset(path + 6, 'x', sizeof(path) - 7);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(mfd_net_connect(path, GUARD_MS, &fd), EINVAL);
}

static void the_host_of_an_address_is_told(void **state)
{
    char host[16];

    (void)state;
    assert_true(mfd_net_host("tcp:example.org:80", host, sizeof(host)));
    assert_string_equal(host, "example.org");
    assert_true(mfd_net_host("tcp:[::1]:80", host, sizeof(host)));
    assert_string_equal(host, "::1");
    assert_false(mfd_net_host("tcp::80", host, sizeof(host)));
    assert_false(mfd_net_host("unix:/some/path", host, sizeof(host)));
    assert_false(mfd_net_host("tcp:a-name-too-long.example.org:80", host, sizeof(host)));
    assert_false(mfd_net_host("example.org", host, sizeof(host)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tcp_port_that_the_system_chose_is_told),
        cmocka_unit_test(a_v6_address_stands_in_brackets),
        cmocka_unit_test(a_stale_socket_file_is_replaced_and_a_live_one_is_not),
        cmocka_unit_test(a_full_backlog_is_waited_for_up_to_the_deadline),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(the_host_of_an_address_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
