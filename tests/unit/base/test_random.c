#include "base/random.h"

#include <criterion/criterion.h>

/* The reference outputs of SplitMix64 for the seed 1234567. */
Test(random, is_splitmix64)
{
	static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
		4593380528125082431u, 16408922859458223821u};
	struct random random = {1234567};
	for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++)
		cr_assert_eq(random_next(&random), expected[i]);
}

Test(random, spreads_evenly)
{
	struct random random = {0};
	unsigned counts[16] = {0};
	for (int i = 0; i < 160000; i++)
		counts[random_next(&random) % 16]++;
	for (int i = 0; i < 16; i++)
		cr_assert(counts[i] > 9500 && counts[i] < 10500, "%u", counts[i]);
}
