/* Memory that ends together: alignment, growth, limits. */
#include "base/arena.h"

#include <criterion/criterion.h>

Test(arena, gives_aligned_memory_that_does_not_overlap)
{
	struct arena a;
	arena_init(&a, NULL, 0);
	char *blocks[200];
	for (size_t i = 0; i < 200; i++) {
		blocks[i] = arena_alloc(&a, i * 7 + 1);
		cr_assert_eq((uintptr_t)blocks[i] % 16, 0u);
		memset(blocks[i], (int)i, i * 7 + 1);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t k = 0; k < i * 7 + 1; k++)
			cr_assert_eq((unsigned char)blocks[i][k], (unsigned char)i);
	arena_reset(&a);
	cr_assert_null(a.chunks);
}

Test(arena, uses_the_callers_memory_first_and_again_after_reset)
{
	_Alignas(16) char memory[256];
	struct arena a;
	arena_init(&a, memory, sizeof memory);
	cr_assert_eq((char *)arena_alloc(&a, 200), memory);
	char *outside = arena_alloc(&a, 200);
	cr_assert(outside < memory || outside >= memory + sizeof memory);
	arena_reset(&a);
	cr_assert_eq((char *)arena_alloc(&a, 256), memory);
	arena_reset(&a);
}

Test(arena, aligns_inside_memory_that_is_not)
{
	_Alignas(16) char memory[64];
	struct arena a;
	arena_init(&a, memory + 1, sizeof memory - 1);
	cr_assert_eq((char *)arena_alloc(&a, 48), memory + 16);
	arena_reset(&a);
}

Test(arena, refuses_what_cannot_be)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 5, SIZE_MAX - 17, SIZE_MAX - 20, SIZE_MAX - 33, SIZE_MAX / 2};
	struct arena a;
	arena_init(&a, NULL, 0);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		cr_assert_null(arena_alloc(&a, sizes[i]), "size %zu", sizes[i]);
	cr_assert_null(arena_zero(&a, SIZE_MAX / 8, 16));
	cr_assert_not_null(arena_alloc(&a, 10));
	arena_reset(&a);
}

Test(arena, clears_copies_and_formats)
{
	struct arena a;
	arena_init(&a, NULL, 0);
	memset(arena_alloc(&a, 1000), 0xff, 1000);
	arena_reset(&a);
	const char *zeros = arena_zero(&a, 100, 10);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(zeros[i], 0);
	cr_assert_str_eq(arena_copy(&a, str_make("abcdef", 3)), "abc");
	cr_assert_str_eq(arena_copy(&a, str_make(NULL, 0)), "");
	cr_assert_str_eq(arena_format(&a, "%d-%s", 42, "x"), "42-x");
	char *wide = arena_format(&a, "%10000d", 7);
	cr_assert_eq(strlen(wide), 10000u);
	arena_reset(&a);
}
