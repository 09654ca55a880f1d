#include "backend/eligible.h"

#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static const struct lbd_set *set_of(const struct backend_fixture *f)
{
	return &atomic_load(&f->backend->eligible)->set;
}

Test(eligible, who_is_in_it)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "p2c", 6, (uint32_t[]){1, 256, 0, 10, 20, 30});
	server_set_admin(f.backend->servers[3], SERVER_DRAIN, "");
	server_set_admin(f.backend->servers[4], SERVER_MAINT, "");
	server_set_health(f.backend->servers[5], SERVER_UNHEALTHY, "test");
	cr_expect(f.backend->rebuild_waits);
	cr_expect(eq(u32, set_of(&f)->count, 5u));
	backend_rebuild(f.backend);
	const struct lbd_set *set = set_of(&f);
	cr_assert(eq(u32, set->count, 2u));
	cr_expect(eq(u32, set->weight[0], 100u));
	cr_expect(eq(u32, set->weight[1], 25600u));
	cr_expect(eq(u32, set->share[0], 100u));
	cr_expect(eq(u64, set->weight_sum, (uint64_t)25700));
	cr_expect(set->live[1] == &f.backend->servers[1]->live && set->cell[1] == &f.backend->servers[1]->cell);
	cr_expect_str_eq(set->name[1], "a1");
	/* As configured, whoever is up; weight 0 is in no figure. */
	cr_expect(eq(u32, set->nominal_count, 5u));
	cr_expect(eq(u32, set->nominal_weight_min, 100u));
	cr_expect(eq(u64, set->nominal_weight_sum, (uint64_t)31700));
	backend_fixture_end(&f);
}

Test(eligible, the_first_usable_backup_only_when_no_other_is_usable)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 4, NULL);
	f.conf.servers[1].backup = f.conf.servers[2].backup = true;
	cr_assert(backend_fixture_start(&f, "round_robin", 1));
	uint64_t in_use[4] = {0};
	for (int i = 0; i < 40; i++)
		in_use[backend_fixture_pick(&f, false)]++;
	cr_expect(in_use[0] == 20 && in_use[3] == 20);
	cr_expect(eq(u32, backend_usable(f.backend, false), 2u));
	cr_expect(eq(u32, backend_usable(f.backend, true), 2u));
	cr_expect(eq(u64, backend_weight(f.backend), (uint64_t)200));
	server_set_admin(f.backend->servers[0], SERVER_DRAIN, "");
	server_set_health(f.backend->servers[3], SERVER_UNHEALTHY, "test");
	cr_expect(backend_fixture_said(&f, "Running on backup."));
	backend_rebuild(f.backend);
	for (int i = 0; i < 10; i++)
		cr_expect(eq(int, backend_fixture_pick(&f, false), 1));
	cr_expect(eq(u64, backend_weight(f.backend), (uint64_t)100));
	server_set_admin(f.backend->servers[1], SERVER_MAINT, "");
	backend_rebuild(f.backend);
	cr_expect(eq(int, backend_fixture_pick(&f, false), 2));
	cr_expect(backend_is_up(f.backend));
	backend_fixture_end(&f);
}

/* An algorithm that cannot prepare leaves the old set in use, without those that dropped out. */
Test(eligible, when_the_algorithm_cannot_prepare)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 3, NULL);
	f.conf.servers[2].disabled = true;
	cr_assert(backend_fixture_start(&f, "refuses", 1), "%s", f.error);
	server_set_admin(f.backend->servers[2], SERVER_READY, "");
	backend_rebuild(f.backend);
	cr_expect(
		backend_fixture_said(&f,
			"backend 'app': algorithm 'refuses' cannot prepare for 3 servers: 3 are too many; the servers "
			"as of before stay in use"),
		"%.*s", (int)f.said.n, f.said.data);
	cr_expect(eq(u32, set_of(&f)->count, 2u));
	server_set_admin(f.backend->servers[0], SERVER_MAINT, "");
	cr_expect(eq(int, backend_fixture_pick(&f, false), 1));
	backend_rebuild(f.backend); /* two again: that works */
	cr_expect(eq(u32, set_of(&f)->count, 2u));
	cr_expect(not(f.backend->rebuild_waits));
	backend_fixture_end(&f);
	backend_fixture_init(&f, 3, NULL);
	cr_expect(not(backend_fixture_start(&f, "refuses", 1)));
	cr_expect(strstr(f.error, "3 are too many") != NULL, "%s", f.error);
	backend_fixture_end(&f);
}

/* Old sets outlive the backend until the reclaimer lets them go, and take the algorithm's instance with them. */
Test(eligible, retired_sets_wait_for_the_readers)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "smooth_wrr", 3, NULL);
	quiesce_enter(&f.readers[0]);
	for (int i = 0; i < 10; i++) {
		server_set_weight(f.backend->servers[0], 10 + (uint32_t)i);
		backend_rebuild(f.backend);
	}
	cr_expect(reclaimer_poll(&f.reclaimer));
	cr_expect(eq(u64, f.reclaimer.freed, (uint64_t)0));
	quiesce_leave(&f.readers[0]);
	quiesce_enter(&f.readers[0]);
	reclaimer_poll(&f.reclaimer);
	cr_expect(eq(u64, f.reclaimer.freed, (uint64_t)1));
	backend_fixture_end(&f);
}
