/* What one client can have done in one turn of the loop, counted in answers. */
#include "support/exchange_world.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUESTS = 100, TURNS = 400, WITH_RULES = 1, ROOM = 8 << 20 };

struct share_case {
	struct exchange_world *world;
	int client;
};

static void share_begin(struct share_case *t, const char *target)
{
	static char all[REQUESTS * 128];
	size_t n = 0;
	int room = ROOM;
	t->world = exchange_world_create();
	t->client = exchange_world_connect(t->world, WITH_RULES);
	/* The client takes whatever comes, so that nothing but its share is in its way. */
	struct worker *w = exchange_world_worker(t->world);
	struct session *s = (struct session *)((char *)w->open_sessions.next - offsetof(struct session, link));
	setsockopt(s->client.io.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	for (int i = 0; i < REQUESTS; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
	setsockopt(t->client, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	cr_assert(eq(sz, (size_t)send(t->client, all, n, 0), n));
}

static unsigned share_answers(const struct share_case *t)
{
	static char got[ROOM];
	unsigned answers = 0;
	ssize_t n = recv(t->client, got, sizeof got - 1, MSG_DONTWAIT);
	got[n > 0 ? n : 0] = '\0';
	for (const char *at = got; (at = strstr(at, "HTTP/1.1 ")); at++)
		answers++;
	return answers;
}

/* The most answers that came of one turn; all have come in the end. Those of the turn in which the requests came and of
 * the one behind it are sent together, and not looked at. */
static unsigned share_most(const char *target)
{
	struct share_case t;
	unsigned most = 0, all = 0;
	share_begin(&t, target);
	for (int turn = 0; turn < TURNS && all < REQUESTS; turn++) {
		exchange_world_turn(t.world);
		unsigned now = share_answers(&t);
		if (all > 0 && now > most)
			most = now;
		all += now;
	}
	cr_expect(eq(uint, all, REQUESTS));
	close(t.client);
	exchange_world_settle(t.world);
	return most;
}

Test(session_share, small_answers_are_counted)
{
	cr_expect(eq(uint, share_most("/deny"), 16));
}

Test(session_share, large_answers_count_by_their_size)
{
	/* 12 KiB each: 64 KiB are passed with the sixth. */
	cr_expect(le(uint, share_most("/large"), 7));
}

Test(session_share, answers_count_by_what_the_rules_cost)
{
	cr_expect(le(uint, share_most("/costly/aaaaaaaaaaaaaab"), 1));
}
