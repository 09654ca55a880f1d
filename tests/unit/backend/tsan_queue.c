/* The queue under threads: workers that pick, wait, leave and give back while control drains servers, takes them down,
 * and changes maxconn under them. A plain program, because ThreadSanitizer cannot run under Criterion. Exit 0: no
 * server ever had more than its maxconn, every slot came back, and nobody waited for ever: a wakeup that is lost is a
 * run that does not end in time. */
#include "base/clock.h"
#include "net/loop.h"
#include "support/backend_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 4, SERVERS_MAX = 3, REQUESTS = 24, EACH = 30000, AT_MOST_S = 90 };

struct run_case {
	const char *what;
	uint32_t servers, maxconn, queue_max;
	bool states; /* control drains servers and takes them down */
	bool limits; /* control moves maxconn between 1 and maxconn */
	bool leaves; /* requests lose patience; that would hide a wakeup that was lost */
};

struct world;

struct request {
	struct waiter waiter;
	bool waits, left;
	struct server *server; /* it holds a slot of this one */
};

struct worker {
	struct world *world;
	struct loop loop;
	uint32_t id;
	struct random random;
	struct request request[REQUESTS];
	uint64_t done, waited, granted, refused, full, left, late;
	pthread_t thread;
};

struct world {
	struct backend_fixture f;
	const struct run_case *c;
	struct worker worker[WORKERS];
	_Atomic uint32_t held[SERVERS_MAX];
	_Atomic uint64_t over;
	_Atomic uint32_t running;
};

static void request_take(struct worker *w, struct request *r, struct server *s)
{
	uint32_t now = atomic_fetch_add(&w->world->held[s->index], 1) + 1;
	if (now > w->world->c->maxconn)
		atomic_fetch_add(&w->world->over, 1);
	r->server = s;
}

static void request_end(struct worker *w, struct request *r)
{
	struct server *s = r->server;
	r->server = NULL;
	atomic_fetch_sub(&w->world->held[s->index], 1);
	server_release(s, w->id);
	w->done++;
}

static void request_on_mail(struct mail *mail, void *receiver)
{
	struct worker *w = receiver;
	struct request *r = (struct request *)(void *)((char *)mail - offsetof(struct request, waiter.mail));
	struct server *s = r->waiter.server;
	r->waits = false;
	if (!s) {
		w->refused++;
		w->done += !r->left;
	} else if (r->left) {
		w->late++;
		server_release(s, w->id);
	} else {
		w->granted++;
		request_take(w, r, s);
	}
	r->left = false;
}

static void request_begin(struct worker *w, struct request *r)
{
	struct backend *b = w->world->f.backend;
	struct pick_request pick = {.random = random_next(&w->random), .worker = w->id};
	if (random_next(&w->random) % 8 == 0) {
		pick.tried[0] = b->servers[random_next(&w->random) % b->server_count];
		pick.tried_count = 1;
	}
	struct server *s = queue_length(&b->queue) ? NULL : backend_pick(b, &pick);
	if (s) {
		request_take(w, r, s);
		return;
	}
	r->waiter = (struct waiter){.mail = {.deliver = request_on_mail}, .loop = &w->loop, .owner = r, .pick = pick};
	enum queue_result result = queue_enter(b, &r->waiter);
	r->waits = result == QUEUE_WAITS;
	w->waited += r->waits;
	w->full += result == QUEUE_FULL;
	if (result == QUEUE_GRANTED)
		request_take(w, r, r->waiter.server);
	else if (!r->waits)
		w->done++;
}

static void request_leave(struct worker *w, struct request *r)
{
	if (r->left)
		return;
	w->left++;
	w->done++;
	if (queue_leave(w->world->f.backend, &r->waiter))
		r->waits = false;
	else
		r->left = true;
}

/* True while something is under way. */
static bool worker_turn(struct worker *w)
{
	bool busy = false;
	for (struct mail *mail = mailbox_take(&w->loop.mailbox), *next; mail; mail = next) {
		next = mail->next;
		mail->deliver(mail, w);
	}
	for (uint32_t i = 0; i < REQUESTS; i++) {
		struct request *r = &w->request[i];
		uint64_t dice = random_next(&w->random);
		if (r->server && dice % 2)
			request_end(w, r);
		else if (r->waits && w->world->c->leaves && dice % 97 == 0)
			request_leave(w, r);
		else if (!r->server && !r->waits && w->done < EACH && dice % 4 == 0)
			request_begin(w, r);
		busy |= r->server || r->waits;
	}
	return busy;
}

static void *worker_run(void *argument)
{
	struct worker *w = argument;
	struct quiesce_reader *reader = &w->world->f.readers[w->id];
	for (bool busy = true; busy || w->done < EACH;) {
		quiesce_enter(reader);
		busy = worker_turn(w);
		quiesce_leave(reader);
		sched_yield();
	}
	atomic_fetch_sub(&w->world->running, 1);
	return NULL;
}

static void change_something(struct world *world, struct random *random)
{
	struct backend *b = world->f.backend;
	struct server *s = b->servers[random_next(random) % b->server_count];
	uint64_t dice = random_next(random);
	if (world->c->limits)
		server_set_maxconn(s, 1 + (uint32_t)(dice >> 8) % world->c->maxconn);
	if (!world->c->states)
		return;
	if (dice % 3 == 0)
		server_set_admin(s, s->admin == SERVER_READY ? SERVER_DRAIN : SERVER_READY, "test");
	else if (dice % 3 == 1)
		server_set_health(s, s->health == SERVER_HEALTHY ? SERVER_UNHEALTHY : SERVER_HEALTHY, "test");
	else
		server_set_weight(s, s->weight ? 0 : 100);
	backend_rebuild(b);
}

static int run(const struct run_case *c)
{
	static struct world world;
	struct random random = {1};
	uint64_t done = 0, waited = 0, granted = 0, refused = 0, full = 0, left = 0, late = 0;
	memset(&world, 0, sizeof world);
	world.c = c;
	atomic_store(&world.running, WORKERS);
	backend_fixture_init(&world.f, c->servers, NULL);
	world.f.conf.queue_max = c->queue_max;
	for (uint32_t i = 0; i < c->servers; i++)
		world.f.conf.servers[i].maxconn = c->maxconn;
	if (!backend_fixture_start(&world.f, "round_robin", WORKERS))
		abort();
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct worker *w = &world.worker[i];
		w->world = &world;
		w->id = i;
		w->random.state = i;
		if (!loop_init(&w->loop, w, NULL, 64) || pthread_create(&w->thread, NULL, worker_run, w) != 0)
			abort();
	}
	uint64_t end = clock_monotonic_us() + AT_MOST_S * UINT64_C(1000000);
	while (atomic_load(&world.running) && clock_monotonic_us() < end) {
		change_something(&world, &random);
		reclaimer_poll(&world.f.reclaimer);
		text_clear(&world.f.said);
		usleep(100);
	}
	if (atomic_load(&world.running)) {
		printf("%s: %u wait for ever, %u in flight\n", c->what, queue_length(&world.f.backend->queue),
			backend_in_flight(world.f.backend));
		return 1;
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct worker *w = &world.worker[i];
		pthread_join(w->thread, NULL);
		loop_end(&w->loop);
		done += w->done;
		waited += w->waited;
		granted += w->granted;
		refused += w->refused;
		full += w->full;
		left += w->left;
		late += w->late;
	}
	uint32_t over = (uint32_t)atomic_load(&world.over), kept = backend_in_flight(world.f.backend);
	uint32_t waiting = queue_length(&world.f.backend->queue);
	printf("%-34s done %llu waited %llu granted %llu turned away %llu full %llu left %llu (late %llu) over %u kept "
	       "%u waiting %u\n",
		c->what, (unsigned long long)done, (unsigned long long)waited, (unsigned long long)granted,
		(unsigned long long)refused, (unsigned long long)full, (unsigned long long)left,
		(unsigned long long)late, over, kept, waiting);
	bool good = !over && !kept && !waiting && granted > 1000 && (left > 0) == c->leaves &&
		    (refused > 0 || !c->states) && (full > 0 || c->queue_max >= WORKERS * REQUESTS);
	backend_fixture_end(&world.f);
	return good ? 0 : 1;
}

/* ---- the duel ---- */

enum { ROUNDS = 60000, PATIENCE = 200 };

struct duel {
	struct backend_fixture f;
	struct loop loop[2];
	struct waiter waiter[2];
	_Atomic uint32_t arrived, round;
	uint64_t lost, waited;
};

struct duellist {
	struct duel *duel;
	uint32_t id;
};

static void duel_meet(struct duel *d)
{
	uint32_t round = atomic_load(&d->round);
	if (atomic_fetch_add(&d->arrived, 1) == 1) {
		atomic_store(&d->arrived, 0);
		atomic_fetch_add(&d->round, 1);
		return;
	}
	for (int spins = 0; atomic_load(&d->round) == round; spins++)
		if (spins > PATIENCE)
			sched_yield();
}

static void duel_hesitate(struct random *random)
{
	for (uint64_t n = random_next(random) % 64; n > 0; n--)
		atomic_signal_fence(memory_order_seq_cst);
}

/* The one whose number the round has gives back the slot, the other one comes for it. */
static void *duel_run(void *argument)
{
	struct duellist *me = argument;
	struct duel *d = me->duel;
	struct backend *b = d->f.backend;
	struct waiter *w = &d->waiter[me->id];
	struct random random = {me->id};
	for (uint32_t round = 0; round < ROUNDS; round++) {
		bool gives = round % 2 == me->id;
		enum queue_result result = QUEUE_GRANTED;
		duel_meet(d);
		duel_hesitate(&random);
		quiesce_enter(&d->f.readers[me->id]);
		if (gives) {
			server_release(b->servers[0], me->id);
		} else {
			*w = (struct waiter){.loop = &d->loop[me->id], .pick = {.worker = me->id}};
			result = queue_enter(b, w);
		}
		quiesce_leave(&d->f.readers[me->id]);
		duel_meet(d);
		if (gives || result != QUEUE_WAITS)
			continue;
		d->waited++;
		if (!mailbox_take(&d->loop[me->id].mailbox)) {
			d->lost++;
			queue_serve(b, me->id);
			(void)mailbox_take(&d->loop[me->id].mailbox);
		}
	}
	return NULL;
}

static int duel(void)
{
	static struct duel d;
	struct duellist me[2];
	pthread_t thread[2];
	backend_fixture_init(&d.f, 1, NULL);
	d.f.conf.queue_max = 10;
	d.f.conf.servers[0].maxconn = 1;
	if (!backend_fixture_start(&d.f, "round_robin", 2) || backend_fixture_pick(&d.f, true) != 0)
		abort();
	for (uint32_t i = 0; i < 2; i++) {
		me[i] = (struct duellist){&d, i};
		if (!loop_init(&d.loop[i], NULL, NULL, 64) || pthread_create(&thread[i], NULL, duel_run, &me[i]) != 0)
			abort();
	}
	for (uint32_t i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		loop_end(&d.loop[i]);
	}
	uint32_t kept = backend_in_flight(d.f.backend);
	printf("duel: waited %llu of %d, lost %llu, kept %u\n", (unsigned long long)d.waited, (int)ROUNDS,
		(unsigned long long)d.lost, kept);
	backend_fixture_end(&d.f);
	return d.lost || kept != 1 || !d.waited;
}

int main(void)
{
	static const struct run_case cases[] = {
		{"one slot for all", 1, 1, 1000, false, false, false},
		{"three servers of one slot", 3, 1, 1000, false, false, false},
		{"impatient clients", 3, 1, 1000, false, false, true},
		{"a short queue", 3, 2, 5, false, false, true},
		{"servers come and go", 3, 2, 1000, true, false, false},
		{"limits move", 2, 3, 1000, false, true, false},
		{"everything at once", 3, 3, 10, true, true, true},
	};
	int bad = duel();
	for (size_t i = 0; i < sizeof cases / sizeof *cases && !bad; i++)
		bad = run(&cases[i]);
	return bad;
}
