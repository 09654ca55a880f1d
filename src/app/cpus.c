#include "app/cpus.h"

#include "base/attributes.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CPUS_MOST = 65536 };

static uint32_t cpus_of_affinity(void)
{
	/* The kernel refuses a set that is smaller than its own. */
	for (int room = CPU_SETSIZE; room <= CPUS_MOST; room *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)room);
		if (!set)
			break;
		size_t size = CPU_ALLOC_SIZE((size_t)room);
		int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
		CPU_FREE(set);
		if (count > 0)
			return (uint32_t)count;
	}
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (uint32_t)online : 1;
}

/* Up to two words of a file of one line; the number of them. */
static int cpus_read(const char *root, const char *group, const char *name, char first[32], char second[32])
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s%s/%s", root, group, name), words = 0;
	FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "re") : NULL;
	if (file) {
		words = fscanf(file, "%31s %31s", first, second);
		fclose(file);
	}
	return words;
}

/* How many processors a quota is worth; 0: no limit. */
static uint32_t cpus_worth(const char *quota, const char *period)
{
	long long each = strtoll(period, NULL, 10), all = strtoll(quota, NULL, 10);
	if (each <= 0 || all <= 0)
		return 0;
	long long worth = (all + each - 1) / each;
	return worth > CPUS_MOST ? CPUS_MOST : (uint32_t)worth;
}

static uint32_t cpus_of_group(const char *root, const char *group)
{
	char quota[32] = "", period[32] = "", unused[32];
	if (cpus_read(root, group, "cpu.max", quota, period) == 2)
		return cpus_worth(quota, period);
	if (cpus_read(root, group, "cpu.cfs_quota_us", quota, unused) < 1 ||
		cpus_read(root, group, "cpu.cfs_period_us", period, unused) < 1)
		return 0;
	return cpus_worth(quota, period);
}

/* The group and all above it. In a container the path may be that of the host: then only the root is there. */
static uint32_t cpus_of_groups(const char *root, char *group, uint32_t least)
{
	for (;;) {
		char *slash = strrchr(group, '/');
		uint32_t worth = cpus_of_group(root, group);
		if (worth && worth < least)
			least = worth;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* True for a hierarchy that limits processors: "0::/a" of version 2, "4:cpu,cpuacct:/a" of version 1. */
static bool cpus_is_ours(const char *controllers, size_t n)
{
	if (n == 0)
		return true;
	for (const char *end = controllers + n; controllers < end;) {
		size_t word = strcspn(controllers, ",:");
		if (word == 3 && memcmp(controllers, "cpu", 3) == 0)
			return true;
		controllers += word + 1;
	}
	return false;
}

uint32_t cpus_usable(const char *cgroup, const char *root)
{
	uint32_t least = cpus_of_affinity();
	char line[PATH_MAX], mounted[PATH_MAX];
	FILE *file = fopen(cgroup, "re");
	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group || !cpus_is_ours(controllers + 1, (size_t)(group - controllers - 1)))
			continue;
		const char *below = controllers + 1 == group ? "" : "/cpu";
		if ((size_t)snprintf(mounted, sizeof mounted, "%s%s", root, below) < sizeof mounted)
			least = cpus_of_groups(mounted, group + 1, least);
	}
	if (file)
		fclose(file);
	return least;
}
