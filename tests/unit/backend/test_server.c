#include "backend/server_state.h"

#include "backend/check_result.h"
#include "support/backend_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(server, status_words)
{
	static const struct {
		bool checked;
		enum server_admin admin;
		enum server_health health;
		unsigned counter; /* rise 2, fall 3: 0..4 */
		const char *word;
	} cases[] = {
		{false, SERVER_READY, SERVER_HEALTHY, 0, "no check"},
		{false, SERVER_DRAIN, SERVER_HEALTHY, 0, "DRAIN"},
		{false, SERVER_MAINT, SERVER_HEALTHY, 0, "MAINT"},
		{false, SERVER_READY, SERVER_UNHEALTHY, 0, "DOWN"},
		{true, SERVER_READY, SERVER_UNKNOWN, 2, "UP 1/3"},
		{true, SERVER_READY, SERVER_HEALTHY, 4, "UP"},
		{true, SERVER_READY, SERVER_HEALTHY, 3, "UP 2/3"},
		{true, SERVER_READY, SERVER_HEALTHY, 2, "UP 1/3"},
		{true, SERVER_READY, SERVER_UNHEALTHY, 0, "DOWN"},
		{true, SERVER_READY, SERVER_UNHEALTHY, 1, "DOWN 1/2"},
		{true, SERVER_READY, SERVER_DEGRADED, 4, "UP"},
		{true, SERVER_READY, SERVER_WARMING, 4, "UP"},
		{true, SERVER_DRAIN, SERVER_HEALTHY, 4, "DRAIN"},
		{true, SERVER_DRAIN, SERVER_HEALTHY, 3, "DRAIN 2/3"},
		{true, SERVER_DRAIN, SERVER_UNHEALTHY, 0, "DOWN"},
		{true, SERVER_MAINT, SERVER_UNHEALTHY, 1, "MAINT"},
	};
	struct backend_fixture f;
	backend_fixture_make(&f, "p2c", 1, NULL);
	struct server *s = f.backend->servers[0];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char word[32];
		s->checked = cases[i].checked;
		s->admin = cases[i].admin;
		s->health = cases[i].health;
		s->check.counter = cases[i].counter;
		server_status_text(s, word);
		cr_expect_str_eq(word, cases[i].word, "case %zu", i);
	}
	backend_fixture_end(&f);
}

Test(server, effective_weight)
{
	static const struct {
		uint32_t weight;
		enum server_admin admin;
		enum server_health health;
		uint32_t effective;
	} cases[] = {
		{100, SERVER_READY, SERVER_HEALTHY, 100},
		{100, SERVER_READY, SERVER_UNKNOWN, 100},
		{100, SERVER_READY, SERVER_DEGRADED, 50},
		{1, SERVER_READY, SERVER_DEGRADED, 1},
		{256, SERVER_READY, SERVER_HEALTHY, 256},
		{0, SERVER_READY, SERVER_HEALTHY, 0},
		{100, SERVER_READY, SERVER_UNHEALTHY, 0},
		{100, SERVER_DRAIN, SERVER_HEALTHY, 0},
		{100, SERVER_MAINT, SERVER_HEALTHY, 0},
	};
	struct backend_fixture f;
	backend_fixture_make(&f, "p2c", 1, NULL);
	struct server *s = f.backend->servers[0];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		s->weight = cases[i].weight;
		s->admin = cases[i].admin;
		s->health = cases[i].health;
		cr_expect(eq(u32, server_effective_weight(s), cases[i].effective), "case %zu", i);
	}
	backend_fixture_end(&f);
}

/* The identity must be the same on every machine and in every version, or keys move. */
Test(server, identity_is_fixed)
{
	struct backend_fixture f;
	backend_fixture_make(&f, "p2c", 2, NULL);
	cr_expect(eq(u64, f.backend->servers[0]->identity, UINT64_C(12556021423424284153)));
	cr_expect(ne(u64, f.backend->servers[1]->identity, f.backend->servers[0]->identity));
	backend_fixture_end(&f);
}

/* HAProxy's measured sequence: rise 3, fall 2. o: passed, x: failed. */
Test(server, health_counter)
{
	static const struct {
		unsigned rise, fall;
		const char *results, *words;
	} cases[] = {
		{3, 2, "oxxooo", "UP,UP 1/2,DOWN,DOWN 1/3,DOWN 2/3,UP,"},
		{2, 3, "x", "DOWN,"},
		{2, 3, "o", "UP,"},
		{2, 3, "oxxoxxx", "UP,UP 2/3,UP 1/3,UP,UP 2/3,UP 1/3,DOWN,"},
		{2, 3, "xoxoo", "DOWN,DOWN 1/2,DOWN,DOWN 1/2,UP,"},
		{1, 1, "oxox", "UP,DOWN,UP,DOWN,"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct backend_fixture f;
		char words[128] = "";
		backend_fixture_init(&f, 1, NULL);
		f.conf.check =
			(struct config_check){.type = CONFIG_CHECK_TCP, .rise = cases[i].rise, .fall = cases[i].fall};
		cr_assert(backend_fixture_start(&f, "p2c", 1));
		struct server *s = f.backend->servers[0];
		cr_expect_str_eq(s->check.status, "INI");
		for (const char *r = cases[i].results; *r; r++) {
			struct check_result result = {.verdict = *r == 'o' ? CHECK_PASSED : CHECK_FAILED,
				.status = *r == 'o' ? CHECK_STATUS_L4OK : CHECK_STATUS_L4CON};
			char word[32];
			check_result_apply(s, &result);
			server_status_text(s, word);
			strcat(words, word);
			strcat(words, ",");
		}
		cr_expect_str_eq(words, cases[i].words, "case %zu", i);
		cr_expect_str_eq(s->check.history, cases[i].results, "case %zu", i);
		backend_fixture_end(&f);
	}
}

Test(server, neutral_results_count_nothing)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 1, NULL);
	f.conf.check.type = CONFIG_CHECK_TCP;
	cr_assert(backend_fixture_start(&f, "p2c", 1));
	struct server *s = f.backend->servers[0];
	struct check_result result = {
		.verdict = CHECK_NEUTRAL, .status = CHECK_STATUS_SOCKERR, .text = "no port\n\"x\""};
	for (int i = 0; i < 10; i++)
		check_result_apply(s, &result);
	cr_expect(eq(int, (int)s->health, (int)SERVER_UNKNOWN));
	cr_expect_str_eq(s->check.status, "SOCKERR");
	cr_expect_str_eq(s->check.text, "no port??x?");
	cr_expect_str_eq(s->check.history, "");
	backend_fixture_end(&f);
}

Test(server, history_keeps_the_last_16)
{
	struct backend_fixture f;
	backend_fixture_init(&f, 1, NULL);
	f.conf.check.type = CONFIG_CHECK_TCP;
	cr_assert(backend_fixture_start(&f, "p2c", 1));
	struct server *s = f.backend->servers[0];
	for (int i = 0; i < 40; i++) {
		struct check_result result = {
			.verdict = i % 4 == 3 ? CHECK_FAILED : CHECK_PASSED, .status = CHECK_STATUS_L4OK};
		check_result_apply(s, &result);
	}
	cr_expect_str_eq(s->check.history, "oooxoooxoooxooox");
	backend_fixture_end(&f);
}
