#include "base/siphash.h"

#include <criterion/criterion.h>

/* From the paper (appendix A) and its reference implementation: inputs 00, 00 01, ... under the key 00 01 .. 0f. */
Test(siphash, is_siphash_2_4)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} cases[] = {{0, 0x726fdb47dd0e0e31u}, {1, 0x74f839c593dc67fdu}, {2, 0x0d6c8009d9a94f5au},
		{7, 0xab0200f58b01d137u}, {8, 0x93f5f5799a932462u}, {15, 0xa129ca6149be45e5u}};
	const struct siphash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
	char input[16];
	for (unsigned i = 0; i < sizeof input; i++)
		input[i] = (char)i;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(siphash(&key, str_make(input, cases[i].n)), cases[i].hash, "%zu bytes", cases[i].n);
}

Test(siphash, keys_differ_and_nothing_has_a_hash)
{
	struct siphash_key a, b;
	cr_assert(siphash_make_key(&a) && siphash_make_key(&b));
	cr_expect(a.k0 != b.k0 && a.k1 != b.k1);
	cr_expect_neq(siphash(&a, str_make(NULL, 0)), siphash(&b, str_make(NULL, 0)));
}
