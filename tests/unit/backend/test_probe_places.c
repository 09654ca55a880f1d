/* Who gets a place for a probe, without sockets and time. */
#include "backend/probe_places.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { GROUPS = 100 };

static struct probe_places places;
static struct probe_group group[GROUPS];

static void setup(void)
{
	probe_places_init(&places);
	for (int i = 0; i < GROUPS; i++)
		probe_group_init(&group[i]);
}

static unsigned take_all(struct probe_group *g, bool slow)
{
	unsigned n = 0;
	while (probe_places_take(&places, g, slow))
		n++;
	return n;
}

Test(probe_places, one_that_wants_all_leaves_a_third, .init = setup)
{
	cr_expect(eq(u32, take_all(&group[0], false), 43));
	cr_expect(eq(u32, take_all(&group[1], false), 14));
	cr_expect(probe_places_take(&places, &group[2], false));
}

/* However many backends have them, who is prompt finds places at once, in the same backends too. */
Test(probe_places, silent_ones_are_one_class, .init = setup)
{
	unsigned slow = 0;
	for (int round = 0; round < 10; round++)
		for (int i = 0; i < GROUPS; i++)
			slow += probe_places_take(&places, &group[i], true);
	cr_expect(eq(u32, slow, 43));
	cr_expect(eq(u32, take_all(&group[0], false), 14));
}

Test(probe_places, the_cap_always_holds, .init = setup)
{
	unsigned taken = 0;
	for (int round = 0; round < 10; round++)
		for (int i = 0; i < GROUPS; i++)
			taken += probe_places_take(&places, &group[i], false) +
				 probe_places_take(&places, &group[i], true);
	cr_expect(eq(u32, taken, (unsigned)PROBES_AT_ONCE));
	cr_expect(probe_places_next(&places) == NULL);
}

/* 0 waits with ten, then 1 with two, then slow ones: 0 1 0 1 0 0 ..., and the slow ones last. */
Test(probe_places, backends_take_turns, .init = setup)
{
	struct list of_0[10], of_1[2], slow[2];
	unsigned held = 0;
	for (int i = 2; i < GROUPS; i++)
		held += probe_places_take(&places, &group[i], false);
	cr_assert(eq(u32, held, (unsigned)PROBES_AT_ONCE));
	for (int i = 0; i < 2; i++)
		probe_places_wait(&places, &group[1], true, &slow[i]);
	for (int i = 0; i < 10; i++)
		probe_places_wait(&places, &group[0], false, &of_0[i]);
	for (int i = 0; i < 2; i++)
		probe_places_wait(&places, &group[1], false, &of_1[i]);
	cr_expect(probe_places_next(&places) == NULL);
	for (int i = 0; i < 20; i++)
		probe_places_give(&places, &group[2 + i], false);
	struct list *const wanted[] = {&of_0[0], &of_1[0], &of_0[1], &of_1[1], &of_0[2], &of_0[3], &of_0[4], &of_0[5],
		&of_0[6], &of_0[7], &of_0[8], &of_0[9], &slow[0], &slow[1]};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		cr_expect(probe_places_next(&places) == wanted[i], "%zu", i);
	cr_expect(probe_places_next(&places) == NULL);
}

/* A class at its limit is passed over, not waited for. */
Test(probe_places, who_holds_much_blocks_nobody, .init = setup)
{
	struct list hog, other;
	take_all(&group[0], false);
	probe_places_wait(&places, &group[0], false, &hog);
	probe_places_wait(&places, &group[1], false, &other);
	cr_expect(probe_places_next(&places) == &other);
	cr_expect(probe_places_next(&places) == NULL);
	probe_places_give(&places, &group[0], false);
	cr_expect(probe_places_next(&places) == &hog);
}
