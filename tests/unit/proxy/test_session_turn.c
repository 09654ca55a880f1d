/* A client's share of a turn, while it takes its answers just then or does not. Turn by turn, by hand. */
#include "support/exchange_world.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURN_REQUESTS = 120, TURN_TURNS = 400 };

static const char turn_request[] = "GET /return HTTP/1.1\r\nHost: a\r\n\r\n";

struct turn_client {
	const struct session *session; /* the other end */
	int fd;
	unsigned answers, met;
};

static void turn_connect(struct turn_client *c, struct exchange_world *world)
{
	int room = 1 << 20;
	*c = (struct turn_client){.fd = exchange_world_connect(world, 1)};
	cr_assert_eq(setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
	c->session = (struct session *)((char *)exchange_world_worker(world)->open_sessions.next -
					offsetof(struct session, link));
}

static void turn_ask(const struct turn_client *c, unsigned requests)
{
	while (requests--)
		cr_assert_eq(write(c->fd, turn_request, sizeof turn_request - 1), (ssize_t)sizeof turn_request - 1);
}

/* Answers have a body of four bytes, "here". */
static void turn_read(struct turn_client *c)
{
	static char data[65536];
	ssize_t n = read(c->fd, data, sizeof data);
	for (const char *at = data; n > 0 && (at = memmem(at, (size_t)(data + n - at), "\r\n\r\nhere", 8)); at++)
		c->answers++;
}

/* It makes room when its socket is full behind a share that was used up, and before the loop hears of anything. */
static void turn_read_just_then(void *context)
{
	struct turn_client *c = context;
	if (!c->session->waits_turn || !c->session->client.blocked)
		return;
	turn_read(c);
	c->met++;
}

static void turn_go(struct turn_client *c, struct exchange_world *world, unsigned answers)
{
	for (int i = 0; i < TURN_TURNS && c->answers < answers; i++) {
		exchange_world_turn(world);
		if (i > TURN_TURNS / 2)
			turn_read(c);
	}
}

Test(session_turn, who_reads_while_it_waits_for_its_turn_is_not_forgotten)
{
	struct exchange_world *world = exchange_world_create();
	unsigned met = 0;
	for (unsigned requests = 1; requests <= TURN_REQUESTS; requests++) {
		struct turn_client c;
		turn_connect(&c, world);
		exchange_world_before_sleep(world, turn_read_just_then, &c);
		turn_ask(&c, requests);
		turn_go(&c, world, requests);
		cr_expect_eq(c.answers, requests);
		/* And it is heard afterwards. */
		turn_ask(&c, 1);
		turn_go(&c, world, requests + 1);
		cr_expect_eq(c.answers, requests + 1, "%u of %u answers", c.answers, requests + 1);
		exchange_world_before_sleep(world, NULL, NULL);
		met += c.met;
		close(c.fd);
		exchange_world_settle(world);
	}
	cr_assert_gt(met, 0);
}
