#include "backend/server_state.h"

#include "backend/check_result.h"
#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

static void make_checked(struct backend_fixture *f, uint32_t servers)
{
	backend_fixture_init(f, servers, NULL);
	f->conf.check.type = CONFIG_CHECK_TCP;
	cr_assert(backend_fixture_start(f, "round_robin", 1), "%s", f->error);
}

static void probe(struct server *s, bool passed)
{
	struct check_result result = {.verdict = passed ? CHECK_PASSED : CHECK_FAILED,
		.status = passed ? CHECK_STATUS_L4OK : CHECK_STATUS_L4CON,
		.text = passed ? NULL : "Connection refused",
		.duration_us = 1999};
	check_result_apply(s, &result);
}

Test(server_state, down_and_up_are_said_and_counted)
{
	struct backend_fixture f;
	make_checked(&f, 2);
	struct server *s = f.backend->servers[0];
	probe(s, false);
	cr_expect(backend_fixture_said(&f,
			  "1 Server app/a0 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", "
			  "check duration: 1ms. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 "
			  "remaining in queue.\n"),
		"%.*s", (int)f.said.n, f.said.data);
	cr_expect(not(backend_fixture_said(&f, "no server available")));
	probe(f.backend->servers[1], false);
	cr_expect(backend_fixture_said(&f, "0 backend 'app' has no server available!\n"));
	cr_expect(f.backend->down && !backend_is_up(f.backend));
	cr_expect(eq(u64, counter_set_sum(&s->counters, COUNTER_DOWNS), (uint64_t)1));
	cr_expect(eq(u64, counter_set_sum(&s->counters, COUNTER_CHECK_FAILURES), (uint64_t)1));
	cr_expect(eq(u64, counter_set_sum(&f.backend->counters, COUNTER_DOWNS), (uint64_t)1));
	probe(s, false); /* failures while down are not counted */
	cr_expect(eq(u64, counter_set_sum(&s->counters, COUNTER_CHECK_FAILURES), (uint64_t)1));
	usleep(2000);
	probe(s, true);
	probe(s, true);
	cr_expect(backend_fixture_said(&f,
			  "2 Server app/a0 is UP, reason: Layer4 check passed, check duration: 1ms. 1 active and 0 "
			  "backup servers online. 0 sessions requeued, 0 total in queue.\n"),
		"%.*s", (int)f.said.n, f.said.data);
	cr_expect(s->downtime_us >= 2000 && s->down_since_us == 0);
	cr_expect(f.backend->downtime_us >= 2000 && !f.backend->down);
	backend_fixture_end(&f);
}

Test(server_state, operator_words)
{
	struct backend_fixture f;
	make_checked(&f, 3);
	struct server *s = f.backend->servers[0];
	server_set_admin(s, SERVER_DRAIN, "changed from CLI");
	cr_expect(backend_fixture_said(
		&f, "2 Server app/a0 enters drain state (changed from CLI). 2 active and 0 backup servers left."));
	cr_expect(s->drain_since_us > 0);
	server_set_admin(s, SERVER_READY, "changed from CLI");
	cr_expect(backend_fixture_said(&f, "2 Server app/a0 is UP (leaving forced drain).\n"));
	cr_expect(eq(u64, s->drain_since_us, (uint64_t)0));
	server_set_admin(s, SERVER_MAINT, "changed from CLI");
	cr_expect(backend_fixture_said(&f, "2 Server app/a0 is going DOWN for maintenance (changed from CLI)."));
	server_set_admin(s, SERVER_READY, "");
	cr_expect(backend_fixture_said(&f, "2 Server app/a0 is UP/READY (leaving forced maintenance).\n"));
	probe(s, false);
	server_set_admin(s, SERVER_MAINT, "");
	cr_expect(backend_fixture_said(&f, "2 Server app/a0 was DOWN and now enters maintenance.\n"));
	backend_fixture_end(&f);
}

/* Coming back from maintenance a server starts anew, whatever it was before. */
Test(server_state, maintenance_ends_in_a_fresh_start)
{
	struct backend_fixture f;
	char word[32];
	make_checked(&f, 2);
	struct server *s = f.backend->servers[0];
	probe(s, false);
	uint32_t generation = s->check.generation;
	server_set_admin(s, SERVER_MAINT, "");
	cr_expect(ne(u32, s->check.generation, generation));
	server_set_admin(s, SERVER_READY, "");
	server_status_text(s, word);
	cr_expect_str_eq(word, "UP 1/3");
	cr_expect_str_eq(s->check.status, "INI");
	cr_expect_str_eq(s->check.history, "");
	cr_expect(server_usable(s));
	backend_fixture_end(&f);
}

Test(server_state, weight_0_takes_a_backend_down)
{
	struct backend_fixture f;
	make_checked(&f, 1);
	server_set_weight(f.backend->servers[0], 0);
	cr_expect(f.backend->down);
	cr_expect(backend_fixture_said(&f, "backend 'app' has no server available!"));
	char word[32];
	server_status_text(f.backend->servers[0], word);
	cr_expect_str_eq(word, "UP 1/3");
	server_set_weight(f.backend->servers[0], 3);
	cr_expect(not(f.backend->down));
	backend_fixture_end(&f);
}

Test(server_state, a_change_to_the_same_says_nothing)
{
	struct backend_fixture f;
	make_checked(&f, 1);
	server_set_admin(f.backend->servers[0], SERVER_READY, "x");
	server_set_health(f.backend->servers[0], SERVER_UNKNOWN, "x");
	server_set_weight(f.backend->servers[0], 100);
	cr_expect(eq(sz, f.said.n, (size_t)0));
	cr_expect(not(f.backend->rebuild_waits));
	backend_fixture_end(&f);
}

/* The sums that are kept say what a count over all servers says, whatever happened. */
Test(server_state, figures_stay_true)
{
	struct backend_fixture f;
	struct random random = {5};
	backend_fixture_init(&f, 9, NULL);
	f.conf.servers[3].backup = f.conf.servers[7].backup = true;
	f.conf.servers[4].disabled = true;
	cr_assert(backend_fixture_start(&f, "round_robin", 1));
	for (int i = 0; i < 5000; i++) {
		struct server *s = f.backend->servers[random_next(&random) % 9];
		uint32_t active = 0, backups = 0;
		uint64_t weight = 0, backup_weight = 0;
		switch (random_next(&random) % 3) {
		case 0:
			server_set_weight(s, (uint32_t)(random_next(&random) % 3));
			break;
		case 1:
			server_set_admin(s, (enum server_admin)(random_next(&random) % 3), "test");
			break;
		default:
			server_set_health(s, (enum server_health)(random_next(&random) % 5), "test");
		}
		for (int k = 0; k < 9; k++) {
			const struct server *one = f.backend->servers[k];
			uint32_t effective = server_effective_weight(one);
			if (k != 3 && k != 7) {
				active += effective > 0;
				weight += effective;
			} else if (effective > 0) {
				backup_weight = backups++ ? backup_weight : effective;
			}
		}
		cr_assert(eq(u32, backend_usable(f.backend, false), active));
		cr_assert(eq(u32, backend_usable(f.backend, true), backups));
		cr_assert(eq(u64, backend_weight(f.backend), active ? weight : backup_weight));
		cr_assert(eq(int, backend_is_up(f.backend), active + backups > 0));
		cr_assert(eq(int, f.backend->down, active + backups == 0));
		text_clear(&f.said);
	}
	backend_fixture_end(&f);
}
