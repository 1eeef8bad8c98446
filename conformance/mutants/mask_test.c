// SPDX-License-Identifier: GPL-2.0-or-later
#include "mask.h"

#include "check.h"
#include "hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Checks a hello with a wrong magic, a wrong version and reserved bytes that are not zero. */
static struct mfd_findings check_wrong_hello(struct mfd_finding *list, size_t room)
{
    const struct mfd_check_context context = {.rev = MFD_REV_11_1, .page_size = 4096, .method = 0};
    static const uint8_t uuid[MFD_UUID_SIZE];
    struct mfd_findings findings = {list, room, 0};
    uint8_t hello[MFD_HELLO_SIZE];

    mfd_hello_pack(hello, uuid, 0);
    hello[0] = 0;
    hello[7] = 9;
    hello[30] = 1;
    mfd_check_hello(&context, hello, sizeof(hello), &findings);
    return findings;
}

static void assert_rules(const char *mask, size_t count, const enum mfd_rule *rules)
{
    struct mfd_finding list[8];
    struct mfd_findings findings;

    assert_true(mfd_mask_set(mask, NULL));
    findings = check_wrong_hello(list, 8);
    assert_int_equal(findings.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].rule, rules[i]);
    }
}

static void without_a_mask_all_is_found(void **state)
{
    const enum mfd_rule all[] = {MFD_INIT_002, MFD_INIT_003, MFD_INIT_006};

    (void)state;
    assert_rules(NULL, 3, all);
    assert_rules("", 3, all);
    assert_rules("MF-HDR-021", 3, all);
}

static void the_rules_of_the_mask_are_forgotten_and_no_others(void **state)
{
    const enum mfd_rule left[] = {MFD_INIT_003, MFD_INIT_006};

    (void)state;
    assert_rules("MF-INIT-002", 2, left);
    assert_rules("MF-INIT-003,MF-INIT-002", 1, left + 1);
    assert_rules("MF-INIT-006,MF-INIT-002", 1, left);
}

static void what_is_forgotten_is_not_refused(void **state)
{
    struct mfd_finding list[8];
    struct mfd_findings findings;

    (void)state;
    assert_true(mfd_mask_set("MF-INIT-002", NULL));
    findings = check_wrong_hello(list, 8);
    assert_int_equal(mfd_findings_refused(&findings)->rule, MFD_INIT_003);
    assert_true(mfd_mask_set("MF-INIT-002,MF-INIT-003", NULL));
    findings = check_wrong_hello(list, 8);
    assert_null(mfd_findings_refused(&findings));
}

static void an_unknown_rule_is_no_mask_at_all(void **state)
{
    struct mfd_finding list[8];

    (void)state;
    assert_false(mfd_mask_set("MF-INIT-002,MF-INIT-999", NULL));
    assert_int_equal(check_wrong_hello(list, 8).count, 3);
    assert_false(mfd_mask_set("INIT-002", NULL));
    assert_false(mfd_mask_set("MF-INIT-002,,MF-INIT-003", NULL));
}

static void a_mask_leaves_a_file_once_it_has_forgotten_something(void **state)
{
    char path[] = P_tmpdir "/mfd-mask-XXXXXX";
    struct mfd_finding list[8];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    assert_true(mfd_mask_set("MF-HDR-021", path));
    check_wrong_hello(list, 8);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(mfd_mask_set("MF-INIT-002", path));
    check_wrong_hello(list, 8);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
}

/* Runs the masked program with a mask in its environment; its exit status. */
static int run_masked(const char *rules)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        setenv(MFD_MASK_RULES, rules, 1);
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) {
            _exit(126);
        }
        execl(MFD_MASKED_PROGRAM, "mfdkit", "--version", (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_masked_program_reads_its_mask_from_the_environment(void **state)
{
    (void)state;
    assert_int_equal(run_masked("MF-INIT-002"), 0);
    assert_int_equal(run_masked("nonsense"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_mask_all_is_found),
        cmocka_unit_test(the_rules_of_the_mask_are_forgotten_and_no_others),
        cmocka_unit_test(what_is_forgotten_is_not_refused),
        cmocka_unit_test(an_unknown_rule_is_no_mask_at_all),
        cmocka_unit_test(a_mask_leaves_a_file_once_it_has_forgotten_something),
        cmocka_unit_test(the_masked_program_reads_its_mask_from_the_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
