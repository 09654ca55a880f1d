#include "app/cpus.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/lbd-cpus-XXXXXX";

static void cpus_write(const char *name, const char *content)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s%s", root, name);
	for (char *slash = path + sizeof root; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(content, file);
	fclose(file);
}

static void cpus_set_up(void)
{
	cr_assert_not_null(mkdtemp(root));
}

static void cpus_tear_down(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(cpus, .init = cpus_set_up, .fini = cpus_tear_down);

static uint32_t cpus_ask(void)
{
	char cgroup[PATH_MAX];
	snprintf(cgroup, sizeof cgroup, "%s/cgroup", root);
	return cpus_usable(cgroup, root);
}

/* As many as the machine has at the most: all quotas here are of one, or are above that. */
static uint32_t cpus_of_this_process(void)
{
	cpu_set_t set;
	cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
	return (uint32_t)CPU_COUNT(&set);
}

Test(cpus, without_control_groups_it_is_the_affinity)
{
	cr_expect_eq(cpus_ask(), cpus_of_this_process());
}

Test(cpus, follows_the_affinity)
{
	cpu_set_t all, one;
	cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
	cr_expect_eq(cpus_ask(), 1u);
}

struct cpus_case {
	const char *cgroup, *files[2], *contents[2];
	bool limited; /* to one */
};

Test(cpus, a_quota_is_rounded_up_and_the_least_of_all_groups_counts)
{
	static const struct cpus_case cases[] = {
		{"0::/a/b\n", {"/a/b/cpu.max"}, {"100000 100000\n"}, true},
		{"0::/a/b\n", {"/a/b/cpu.max"}, {"50000 100000\n"}, true},
		{"0::/a/b\n", {"/a/b/cpu.max"}, {"max 100000\n"}, false},
		{"0::/a/b\n", {"/a/b/cpu.max"}, {"6553600000 100000\n"}, false},
		{"0::/a/b\n", {"/a/b/cpu.max", "/a/cpu.max"}, {"max 100000\n", "70000 100000\n"}, true},
		{"0::/\n", {"/cpu.max"}, {"100000 100000\n"}, true},
		{"0::/../elsewhere\n", {"/cpu.max"}, {"100000 100000\n"}, true},
		{"4:cpu,cpuacct:/a\n2:memory:/b\n", {"/cpu/a/cpu.cfs_quota_us", "/cpu/a/cpu.cfs_period_us"},
			{"100000\n", "100000\n"}, true},
		{"4:cpu,cpuacct:/a\n", {"/cpu/a/cpu.cfs_quota_us", "/cpu/a/cpu.cfs_period_us"}, {"-1\n", "100000\n"},
			false},
		{"4:cpuset:/a\n", {"/cpu/a/cpu.cfs_quota_us", "/cpu/a/cpu.cfs_period_us"}, {"100000\n", "100000\n"},
			false},
		{"0::/a\n", {"/a/cpu.max"}, {"nonsense\n"}, false},
		{"0::/a\n", {"/a/cpu.max"}, {"100000 0\n"}, false},
		{"nonsense\n", {"/cpu.max"}, {"100000 100000\n"}, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cpus_write("/cgroup", cases[i].cgroup);
		for (int k = 0; k < 2 && cases[i].files[k]; k++)
			cpus_write(cases[i].files[k], cases[i].contents[k]);
		cr_expect_eq(cpus_ask(), cases[i].limited ? 1u : cpus_of_this_process(), "case %zu", i);
		cpus_tear_down();
		mkdir(root, 0700);
	}
}
