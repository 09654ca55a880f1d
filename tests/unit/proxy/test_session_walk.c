#include "proxy/session_walk.h"

#include <criterion/criterion.h>

enum { WALK_SESSIONS = 6 };

struct walk {
	struct worker worker;
	struct session sessions[WALK_SESSIONS];
};

static void walk_add(struct walk *walk, uint32_t i)
{
	walk->sessions[i].client.loop = &walk->worker.loop;
	walk->sessions[i].serial = ++walk->worker.session_serial;
	list_append(&walk->worker.open_sessions, &walk->sessions[i].link);
}

static void walk_remove(struct walk *walk, uint32_t i)
{
	session_cursors_skip(&walk->sessions[i]);
	list_remove(&walk->sessions[i].link);
}

/* One for each test, which is a process of its own. */
static struct walk *walk_make(uint32_t count)
{
	static struct walk memory;
	struct walk *walk = &memory;
	list_init(&walk->worker.open_sessions);
	list_init(&walk->worker.session_cursors);
	walk->worker.loop.owner = &walk->worker;
	walk->worker.index = 3;
	for (uint32_t i = 0; i < count; i++)
		walk_add(walk, i);
	return walk;
}

Test(session_walk, meets_each_session_once)
{
	struct walk *walk = walk_make(3);
	struct session_cursor cursor;
	session_cursor_open(&walk->worker, &cursor);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(session_cursor_next(&walk->worker, &cursor), &walk->sessions[i]);
	cr_assert_null(session_cursor_next(&walk->worker, &cursor));
	session_cursor_close(&cursor);
	cr_assert(list_empty(&walk->worker.session_cursors));
}

/* Also the one that the cursor stands on, and the last one. */
Test(session_walk, sessions_end_under_the_cursor)
{
	struct walk *walk = walk_make(5);
	struct session_cursor a, b;
	session_cursor_open(&walk->worker, &a);
	session_cursor_open(&walk->worker, &b);
	cr_assert_eq(session_cursor_next(&walk->worker, &a), &walk->sessions[0]);
	walk_remove(walk, 1);
	walk_remove(walk, 0);
	cr_assert_eq(session_cursor_next(&walk->worker, &a), &walk->sessions[2]);
	cr_assert_eq(session_cursor_next(&walk->worker, &b), &walk->sessions[2]);
	walk_remove(walk, 3);
	walk_remove(walk, 4);
	cr_assert_null(session_cursor_next(&walk->worker, &a));
	walk_remove(walk, 2);
	cr_assert_null(session_cursor_next(&walk->worker, &b));
	session_cursor_close(&a);
	session_cursor_close(&b);
	session_cursor_close(&b);
	cr_assert(list_empty(&walk->worker.session_cursors));
}

/* A walk ends, however fast new sessions come. */
Test(session_walk, later_sessions_are_not_met)
{
	struct walk *walk = walk_make(2);
	struct session_cursor cursor;
	session_cursor_open(&walk->worker, &cursor);
	walk_add(walk, 2);
	cr_assert_eq(session_cursor_next(&walk->worker, &cursor), &walk->sessions[0]);
	cr_assert_eq(session_cursor_next(&walk->worker, &cursor), &walk->sessions[1]);
	walk_remove(walk, 1);
	walk_add(walk, 3);
	cr_assert_null(session_cursor_next(&walk->worker, &cursor));
	session_cursor_close(&cursor);
}

Test(session_walk, nothing_to_meet)
{
	struct walk *walk = walk_make(0);
	struct session_cursor cursor;
	session_cursor_open(&walk->worker, &cursor);
	walk_add(walk, 0);
	cr_assert_null(session_cursor_next(&walk->worker, &cursor));
	session_cursor_close(&cursor);
}

Test(session_walk, ids_name_one_session_of_one_worker)
{
	struct walk *walk = walk_make(4);
	uint64_t id = session_id(&walk->sessions[2]);
	cr_assert_eq(session_id_worker(id), 3u);
	cr_assert_eq(session_find(&walk->worker, id), &walk->sessions[2]);
	walk_remove(walk, 2);
	cr_assert_null(session_find(&walk->worker, id));
}
