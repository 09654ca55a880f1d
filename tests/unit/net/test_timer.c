#include "net/timer.h"

#include "base/clock.h"
#include "net_support.h"

#include <criterion/criterion.h>

struct timer_case {
	struct timer timer;
	int fired, stop_after;
};

static void timer_count(struct timer *timer)
{
	struct timer_case *c = (struct timer_case *)(void *)timer;
	if (++c->fired == c->stop_after)
		loop_stop(timer->loop);
}

Test(timer, fires_once_repeats_restarts_and_stops, .timeout = 10)
{
	struct loop loop;
	struct timer_case once = {.stop_after = -1}, often = {.stop_after = 5}, never = {.stop_after = 1};
	struct timer_case later = {.stop_after = -1};
	net_loop_open(&loop, NULL);
	timer_init(&once.timer, &loop, timer_count);
	timer_init(&often.timer, &loop, timer_count);
	timer_init(&never.timer, &loop, timer_count);
	timer_init(&later.timer, &loop, timer_count);
	timer_start(&once.timer, 1000, 0);
	timer_start(&often.timer, 2000, 10000);
	timer_start(&never.timer, 3000, 0);
	timer_stop(&never.timer);
	timer_start(&later.timer, 1000, 0);
	timer_start(&later.timer, 4000000, 0);
	uint64_t start = clock_monotonic_us();
	net_loop_run(&loop);
	uint64_t took = clock_monotonic_us() - start;
	cr_assert(took >= 41000 && took < 500000, "%llu", (unsigned long long)took);
	cr_assert_eq(once.fired, 1);
	cr_assert_eq(often.fired, 5);
	cr_assert_eq(never.fired, 0);
	cr_assert_eq(later.fired, 0);
	timer_stop(&often.timer);
	timer_stop(&later.timer);
	timer_stop(&later.timer);
	loop_end(&loop);
}
