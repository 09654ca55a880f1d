/* A byte queue: what goes in comes out in order, whatever the steps; memory is there only while it holds something. */
#include "base/buffer.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <string.h>

static void buffer_put(struct buffer *b, const char *data, size_t n)
{
	char *room = buffer_reserve(b, n);
	cr_assert_not_null(room);
	memcpy(room, data, n);
	buffer_commit(b, n);
}

Test(buffer, keeps_order_through_random_steps)
{
	struct buffer b = {0};
	struct random random = {42};
	uint64_t put = 0, taken = 0;
	for (int step = 0; step < 20000; step++) {
		char data[700];
		size_t n = random_next(&random) % sizeof data;
		for (size_t i = 0; i < n; i++)
			data[i] = (char)((put + i) * 31);
		buffer_put(&b, data, n);
		put += n;
		size_t take = random_next(&random) % (buffer_used(&b) + 1);
		for (size_t i = 0; i < take; i++)
			cr_assert_eq(buffer_bytes(&b)[i], (char)((taken + i) * 31));
		buffer_consume(&b, take);
		taken += take;
		cr_assert_eq(buffer_used(&b), put - taken);
	}
	buffer_free(&b);
}

Test(buffer, frees_its_memory_when_it_is_empty)
{
	struct buffer b = {0};
	buffer_put(&b, "hello", 5);
	buffer_consume(&b, 2);
	cr_assert_not_null(b.data);
	buffer_consume(&b, 3);
	cr_assert_null(b.data);
	cr_assert_eq(buffer_used(&b), 0u);
	buffer_consume(&b, 0);
	buffer_free(&b);
}

Test(buffer, refuses_more_than_a_gibibyte)
{
	struct buffer b = {0};
	cr_assert_null(buffer_reserve(&b, ((size_t)1 << 30) + 1));
	cr_assert_null(buffer_reserve(&b, SIZE_MAX));
	buffer_put(&b, "x", 1);
	cr_assert_null(buffer_reserve(&b, (size_t)1 << 30));
	cr_assert_eq(buffer_used(&b), 1u);
	buffer_free(&b);
}

/* A slow reader takes a little and a little comes after it: this must not move all that waits each time. */
Test(buffer, a_full_queue_that_is_moved_on_in_small_steps_moves_little)
{
	struct buffer b = {0};
	static char block[4096];
	uint64_t moved = 0, put = 0;
	for (int i = 0; i < 1023; i++)
		buffer_put(&b, block, sizeof block);
	buffer_put(&b, block, sizeof block - 100);
	for (int i = 0; i < 200000; i++) {
		buffer_consume(&b, 100);
		uint32_t start = b.start;
		size_t used = buffer_used(&b);
		buffer_put(&b, block, 100);
		moved += b.start != start ? used : 0;
		put += 100;
	}
	cr_assert_leq(
		moved, 2 * put, "%llu bytes were moved for %llu", (unsigned long long)moved, (unsigned long long)put);
	cr_assert_leq(b.capacity, 8u << 20);
	buffer_free(&b);
}
