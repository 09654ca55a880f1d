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
	time_t before = time(NULL);
	uint64_t now = clock_wall_us();
	time_t after = time(NULL);
	cr_assert((time_t)(now / 1000000) >= before - 1 && (time_t)(now / 1000000) <= after);
}
