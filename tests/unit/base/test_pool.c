#include "base/pool.h"

#include "base/attributes.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

static const struct pool_case {
	size_t size, align;
} pool_cases[] = {{1, 16}, {8, 16}, {24, 16}, {64, 64}, {100, 16}, {192, 64}, {5000, 16}};

Test(pool, gives_objects_that_are_aligned_and_apart)
{
	for (size_t c = 0; c < sizeof pool_cases / sizeof *pool_cases; c++) {
		struct pool p;
		unsigned char *objects[100];
		pool_init(&p, pool_cases[c].size, 7);
		for (int i = 0; i < 100; i++) {
			objects[i] = pool_get(&p);
			cr_assert_not_null(objects[i]);
			cr_assert_eq((uintptr_t)objects[i] % pool_cases[c].align, 0u, "size %zu", pool_cases[c].size);
			memset(objects[i], i, pool_cases[c].size);
		}
		cr_assert_eq(p.used, 100u);
		for (int i = 0; i < 100; i++) {
			for (size_t k = 0; k < pool_cases[c].size; k++)
				cr_assert_eq(objects[i][k], i);
			pool_put(&p, objects[i]);
		}
		cr_assert_eq(p.used, 0u);
		pool_end(&p);
	}
}

Test(pool, gives_back_what_was_put_before_it_grows)
{
	struct pool p;
	pool_init(&p, 64, 4);
	for (int round = 0; round < 1000; round++) {
		void *a = pool_get(&p), *b = pool_get(&p);
		pool_put(&p, a);
		pool_put(&p, b);
	}
	cr_assert_leq(p.held, 4u);
	pool_end(&p);
}

Test(pool, a_trim_gives_back_what_nobody_uses)
{
	enum { OBJECTS = 1000, PER_SLAB = 10 };
	struct pool p;
	unsigned *objects[OBJECTS];
	pool_init(&p, 48, PER_SLAB);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < OBJECTS; i++) {
			objects[i] = pool_get(&p);
			cr_assert_not_null(objects[i]);
			*objects[i] = i;
		}
		size_t held = p.held;
		/* One of every fifty stays, and of the last hundred all. */
		for (unsigned i = 0; i < OBJECTS - 100; i++)
			if (i % 50)
				pool_put(&p, objects[i]);
		pool_trim(&p);
		cr_assert_eq(p.used, 100u + (OBJECTS - 100) / 50);
		/* In sanitizer builds none is held. */
		cr_assert(!held || p.held <= 300, "%zu of %zu are held", p.held, held);
		for (unsigned i = 0; i < OBJECTS; i++)
			if (i >= OBJECTS - 100 || i % 50 == 0)
				cr_assert_eq(*objects[i], i);
		/* What is left is used before it grows again. */
		void *more[50];
		size_t before = p.held;
		for (int i = 0; i < 50; i++) {
			more[i] = pool_get(&p);
			cr_assert_not_null(more[i]);
		}
		cr_assert_eq(p.held, before);
		for (int i = 0; i < 50; i++)
			pool_put(&p, more[i]);
		for (unsigned i = 0; i < OBJECTS; i++)
			if (i >= OBJECTS - 100 || i % 50 == 0)
				pool_put(&p, objects[i]);
		pool_trim(&p);
		cr_assert_eq(p.held, 0u);
	}
	pool_end(&p);
}
