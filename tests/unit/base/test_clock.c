#include "base/clock.h"

#include <criterion/criterion.h>
#include <time.h>
#include <unistd.h>

Test(clock, monotonic_goes_on_and_never_back)
{
	uint64_t start = clock_monotonic_us(), last = start;
	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_monotonic_us();
		cr_assert_geq(now, last);
		last = now;
	}
	usleep(20000);
	uint64_t passed = clock_monotonic_us() - last;
	cr_assert(passed >= 20000 && passed < 5000000, "%llu", (unsigned long long)passed);
}

Test(clock, wall_is_the_time_of_day)
{
	struct timespec before, after;
	clock_gettime(CLOCK_REALTIME, &before);
	uint64_t now = clock_wall_us();
	clock_gettime(CLOCK_REALTIME, &after);
	cr_assert_geq(now, (uint64_t)before.tv_sec * 1000000 + (uint64_t)before.tv_nsec / 1000);
	cr_assert_leq(now, (uint64_t)after.tv_sec * 1000000 + (uint64_t)after.tv_nsec / 1000);
}
