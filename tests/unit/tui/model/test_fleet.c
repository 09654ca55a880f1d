#include "model/fleet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void fleet_poll(struct fleet *fleet, int64_t now, bool complete, const char *rows)
{
	static const char header[] = "# pxname,svname,type,status,weight,uweight,bck,brk_state,admin_state,req_tot,\n";

	snapshot_reset(fleet->next);
	fleet->next->info.pid = 1;
	snapshot_feed_stat(fleet->next, header, sizeof header - 1);
	snapshot_feed_stat(fleet->next, rows, strlen(rows));
	if (complete)
		snapshot_feed_stat(fleet->next, "\n", 1);
	snapshot_finish(fleet->next);
	fleet_apply(fleet, now, 0);
}

static const char three[] = "web,FRONTEND,0,OPEN,,,,,,1,\napp,a,2,UP,100,100,0,closed,ready,1,\n"
			    "app,b,2,UP,50,50,0,closed,ready,1,\napp,BACKEND,1,UP,150,150,,,,1,\n";

static bool fleet_has_event(const struct fleet *fleet, const char *object, const char *text)
{
	for (size_t i = 0; events_get(&fleet->events, i); i++)
		if (strcmp(events_get(&fleet->events, i)->object, object) == 0 &&
			strstr(events_get(&fleet->events, i)->text, text))
			return true;
	return false;
}

Test(fleet, groups_come_with_their_servers_and_frontends_last)
{
	static const char *const keys[] = {"app/BACKEND", "app/a", "app/b", "web/FRONTEND"};
	struct fleet fleet;

	cr_assert(fleet_init(&fleet, 1000));
	fleet_poll(&fleet, 1000, true, three);
	cr_assert_eq(fleet.row_count, 4);
	for (size_t i = 0; i < 4; i++)
		cr_expect_str_eq(fleet.rows[i]->key, keys[i]);
	cr_expect_eq(fleet.rows[0]->servers, 2);
	cr_expect_eq(fleet.rows[0]->usable, 2);
	fleet.rows[0]->folded = true;
	fleet_order(&fleet);
	cr_expect_eq(fleet.row_count, 2);
	cr_expect_eq(fleet.events.count, 0, "the first poll is no news");
	fleet_free(&fleet);
}

Test(fleet, changes_become_events)
{
	struct fleet fleet;

	cr_assert(fleet_init(&fleet, 1000));
	fleet_poll(&fleet, 1000, true, three);
	strcpy(fleet.mine, "app/b");
	fleet_poll(&fleet, 2000, true,
		"app,a,2,DOWN,100,100,0,open,ready,1,\napp,b,2,DRAIN,50,40,0,closed,drain,1,\napp,BACKEND,1,UP,1,1,,,,"
		"1,\n"
		"app,n,2,MAINT,1,1,0,closed,maint,1,\n");
	cr_expect(fleet_has_event(&fleet, "app/a", "UP -> DOWN"));
	cr_expect(fleet_has_event(&fleet, "app/a", "breaker CLOSED -> OPEN"));
	cr_expect(fleet_has_event(&fleet, "app/b", "UP -> DRAIN  by you"));
	cr_expect(fleet_has_event(&fleet, "app/b", "weight 50 -> 40"));
	cr_expect(fleet_has_event(&fleet, "app/n", "appeared"));
	cr_expect(fleet_has_event(&fleet, "web/FRONTEND", "gone"));
	cr_expect_eq(fleet_find(&fleet, "app", "BACKEND", ROW_BACKEND)->usable, 0);
	cr_expect(entity_is_trouble(&fleet, fleet_find(&fleet, "app", "a", ROW_SERVER)));
	cr_expect_not(entity_is_trouble(&fleet, fleet_find(&fleet, "app", "b", ROW_SERVER)));
	cr_expect_eq(fleet.totals.by_state[STATE_DOWN], 1);
	cr_expect_eq(fleet.totals.breakers_open, 1);
	fleet_free(&fleet);
}

Test(fleet, a_cut_answer_makes_nobody_vanish)
{
	struct fleet fleet;

	cr_assert(fleet_init(&fleet, 1000));
	fleet_poll(&fleet, 1000, true, three);
	fleet_poll(&fleet, 2000, false, "app,a,2,UP,100,100,0,closed,ready,5,\n");
	fleet_poll(&fleet, 3000, false, "app,a,2,UP,100,100,0,closed,ready,9,\n");
	cr_expect_eq(fleet.row_count, 4);
	cr_expect_lt(fleet_find(&fleet, "app", "b", ROW_SERVER)->gone_at, 0);
	cr_expect_eq(entity_num(fleet_find(&fleet, "app", "b", ROW_SERVER), FN_weight), 50, "its numbers are kept");
	fleet_free(&fleet);
}

Test(fleet, the_gone_are_shown_for_a_while_and_may_come_back)
{
	struct fleet fleet;

	cr_assert(fleet_init(&fleet, 1000));
	fleet_poll(&fleet, 1000, true, three);
	fleet_poll(&fleet, 2000, true, "app,BACKEND,1,UP,1,1,,,,1,\n");
	cr_expect_eq(fleet.row_count, 4);
	cr_expect_eq(fleet.totals.servers, 0);
	fleet_poll(&fleet, 3000, true, three);
	cr_expect_eq(fleet.totals.servers, 2);
	fleet_poll(&fleet, 4000, true, "app,BACKEND,1,UP,1,1,,,,1,\n");
	fleet_poll(&fleet, 4000 + FLEET_GONE_MS + 1, true, "app,BACKEND,1,UP,1,1,,,,1,\n");
	cr_expect_eq(fleet.row_count, 1);
	cr_expect_null(fleet_find(&fleet, "app", "a", ROW_SERVER));
	fleet_free(&fleet);
}

Test(fleet, a_restart_is_an_event_and_no_spike)
{
	struct fleet fleet;

	cr_assert(fleet_init(&fleet, 1000));
	fleet_poll(&fleet, 1000, true, three);
	snapshot_reset(fleet.next);
	fleet.now->info.pid = 99;
	fleet_poll(&fleet, 2000, true, "app,a,2,UP,100,100,0,closed,ready,100000,\n");
	cr_expect(fleet_has_event(&fleet, "daemon", "restarted: pid 99 -> 1"));
	cr_expect(isnan(fleet_find(&fleet, "app", "a", ROW_SERVER)->rates.per_second[RATE_requests]));
	fleet_free(&fleet);
}

Test(fleet, ten_thousand_servers_are_found)
{
	struct fleet fleet;
	static char rows[1 << 20];
	size_t len = 0;

	cr_assert(fleet_init(&fleet, 1000));
	for (int i = 0; i < 10000; i++)
		len += (size_t)snprintf(rows + len, sizeof rows - len, "app,s%d,2,UP,1,1,0,,,%d,\n", i, i);
	for (int poll = 1; poll < 4; poll++)
		fleet_poll(&fleet, poll * 1000, true, rows);
	cr_expect_eq(fleet.count, 10000);
	for (int i = 0; i < 10000; i++) {
		char name[16];
		snprintf(name, sizeof name, "s%d", i);
		cr_assert_not_null(fleet_find(&fleet, "app", name, ROW_SERVER));
	}
	fleet_free(&fleet);
}
