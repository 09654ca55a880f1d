#include "stats/sampled.h"

#include <criterion/criterion.h>

static struct counter_set sampled_set;

static void sampled_set_up(void)
{
	cr_assert(counter_set_init(&sampled_set, 2));
}

static void sampled_tear_down(void)
{
	counter_set_end(&sampled_set);
}

TestSuite(sampled, .init = sampled_set_up, .fini = sampled_tear_down);

static void sampled_exchanges(uint32_t n, uint64_t each_us)
{
	struct counters *c = counter_set_block(&sampled_set, 0);
	counter_add(c, COUNTER_TIMED, n);
	counter_add(c, COUNTER_TOTAL_US, n * each_us);
}

Test(sampled, rates)
{
	static const struct {
		uint64_t after_us, sessions;
		uint32_t rate, max;
	} steps[] = {{1000000, 50, 50, 50}, {2000000, 50, 25, 50}, {500000, 50, 100, 100}, {1000000, 0, 0, 100},
		{500, 1000, 0, 100}, /* too short: waits for the next one */
		{999500, 0, 1000, 1000}};
	struct sampled s = {0};
	uint64_t now = 5000000;
	counter_add(counter_set_block(&sampled_set, 1), COUNTER_SESSIONS, 1000000);
	sampled_update(&s, &sampled_set, 0, now);
	cr_expect_eq(s.sessions.per_second, 0u, "what was there before is no rate");
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		counter_add(counter_set_block(&sampled_set, 1), COUNTER_SESSIONS, steps[i].sessions);
		sampled_update(&s, &sampled_set, 0, now += steps[i].after_us);
		cr_expect_eq(s.sessions.per_second, steps[i].rate, "step %zu: %u", i, (unsigned)s.sessions.per_second);
		cr_expect_eq(s.sessions.max, steps[i].max, "step %zu: %u", i, (unsigned)s.sessions.max);
	}
}

Test(sampled, averages)
{
	struct sampled s = {0};
	uint64_t now = 1000000;
	sampled_exchanges(1, 3000);
	sampled_update(&s, &sampled_set, 0, now);
	cr_expect_eq(s.average_us[3], 3000u);
	sampled_exchanges(3, 1000);
	sampled_update(&s, &sampled_set, 0, now += 1000000);
	cr_expect_eq(s.average_us[3], 1500u, "the plain mean while there are few: %u", (unsigned)s.average_us[3]);
	sampled_update(&s, &sampled_set, 0, now += 1000000);
	cr_expect_eq(s.average_us[3], 1500u, "nothing new");
	sampled_exchanges(2000, 500);
	sampled_update(&s, &sampled_set, 0, now += 1000000);
	cr_expect_eq(s.average_us[3], 500u, "the window is full of the new ones");
	sampled_exchanges(512, 1500);
	sampled_update(&s, &sampled_set, 0, now += 1000000);
	cr_expect_eq(s.average_us[3], 1000u, "half of the window");
	cr_expect_eq(s.average_us[0], 0u);
}

Test(sampled, current_and_its_maximum)
{
	struct sampled s = {0};
	sampled_update(&s, &sampled_set, 9, 1000000);
	sampled_update(&s, &sampled_set, 4, 2000000);
	cr_expect_eq(s.current_max, 9u);
	sampled_clear_max(&s);
	cr_expect_eq(s.current_max, 0u);
}

Test(sampled, averages_that_were_forgotten)
{
	struct sampled s = {0};
	sampled_exchanges(2000, 500);
	sampled_update(&s, &sampled_set, 0, 1000000);
	sampled_clear(&s, &sampled_set);
	cr_expect_eq(s.average_us[3], 0u);
	sampled_exchanges(1, 9000);
	sampled_update(&s, &sampled_set, 0, 2000000);
	cr_expect_eq(s.average_us[3], 9000u, "what was there before has no weight: %u", (unsigned)s.average_us[3]);
}
