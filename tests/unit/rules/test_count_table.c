#include "rules/count_table.h"

#include <criterion/criterion.h>

static uint64_t hash_of(uint32_t key, uint64_t set)
{
	return (uint64_t)key << 32 | set;
}

static bool take(struct count_table *t, uint32_t key, uint32_t most, count_word **held)
{
	return count_table_take(t, hash_of(key, 0), most, held);
}

Test(count_table, no_more_than_the_limit)
{
	struct count_table *t = count_table_create(64);
	count_word *held[3], *more;
	for (int i = 0; i < 3; i++)
		cr_assert(take(t, 1, 3, &held[i]) && held[i]);
	cr_assert(!take(t, 1, 3, &more));
	cr_assert(take(t, 2, 3, &more) && more != held[0], "another key has its own");
	count_table_give(held[1]);
	cr_assert(take(t, 1, 3, &held[1]));
	cr_assert(!take(t, 1, 3, &more));
	cr_assert(take(t, 1, 4, &more), "a limit that was raised counts at once");
	count_table_destroy(t);
}

Test(count_table, a_word_is_used_again)
{
	struct count_table *t = count_table_create(64);
	count_word *held;
	for (uint32_t key = 0; key < 10000; key++) {
		cr_assert(take(t, key, 1, &held) && held);
		count_table_give(held);
	}
	cr_assert_eq(count_table_uncounted(t), 0);
	count_table_destroy(t);
}

Test(count_table, who_finds_no_word_is_let_through)
{
	struct count_table *t = count_table_create(64);
	count_word *held[8], *more;
	for (uint32_t key = 0; key < 8; key++)
		cr_assert(take(t, key, 1, &held[key]));
	cr_assert(take(t, 8, 1, &more) && !more);
	count_table_give(more);
	cr_assert_eq(count_table_uncounted(t), 1);
	cr_assert(!take(t, 7, 1, &more), "those who have one are still counted");
	cr_assert(count_table_take(t, hash_of(8, 1), 1, &more) && more, "other sets have room");
	count_table_give(held[3]);
	cr_assert(take(t, 8, 1, &more) && more);
	count_table_destroy(t);
}

Test(count_table, two_words_of_a_key_are_one_count)
{
	struct count_table *t = count_table_create(64);
	count_word *other, *first, *second, *more;
	cr_assert(take(t, 9, 2, &other));
	cr_assert(take(t, 1, 2, &first) && first != other);
	count_table_give(other);
	cr_assert(take(t, 1, 2, &second), "an empty word in front is not taken while it has one");
	cr_assert_eq(first, second);
	cr_assert(!take(t, 1, 2, &more));
	count_table_destroy(t);
}

Test(count_table, destroying_nothing)
{
	count_table_destroy(NULL);
	count_table_give(NULL);
}
