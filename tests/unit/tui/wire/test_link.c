#include "wire/link.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A daemon in the test's own thread: between two steps of the link the test accepts, reads and answers. */
struct daemon {
	char directory[64], path[96];
	int listener;
	struct snapshot snap;
	struct link link;
};

static const char answer[] = "\n> admin\n\n> Pid: 7\n\n> # pxname,svname,status,\napp,a,UP,\n\n> ";

static void daemon_listen(struct daemon *d, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, d->path, strlen(d->path) + 1);
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(d->listener, (struct sockaddr *)&address, sizeof address), 0);
	cr_assert_eq(listen(d->listener, backlog), 0);
}

static void daemon_open(struct daemon *d, bool listening)
{
	memset(d, 0, sizeof *d);
	strcpy(d->directory, "/tmp/lbtop-XXXXXX");
	cr_assert(mkdtemp(d->directory) != NULL);
	snprintf(d->path, sizeof d->path, "%s/s", d->directory);
	d->listener = -1;
	if (listening)
		daemon_listen(d, 8);
	cr_assert(snapshot_init(&d->snap));
	cr_assert(link_init(&d->link, d->path, 1000, &d->snap, 1000));
}

static void daemon_close(struct daemon *d)
{
	link_close(&d->link);
	snapshot_free(&d->snap);
	if (d->listener >= 0)
		close(d->listener);
	unlink(d->path);
	rmdir(d->directory);
}

/* Takes the connection, checks what was asked, answers. */
static void daemon_answer(struct daemon *d, const char *asked, const char *text)
{
	char line[512];
	int fd = accept(d->listener, NULL, NULL);
	ssize_t n = read(fd, line, sizeof line - 1);

	cr_assert_gt(n, 0);
	line[n] = '\0';
	cr_expect_str_eq(line, asked);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static const char poll_commands[] = "prompt\nshow cli level\nshow info\nshow stat\nquit\n";

Test(link, a_poll)
{
	struct daemon d;

	daemon_open(&d, true);
	cr_expect_eq(link_step(&d.link, 1000), 0);
	daemon_answer(&d, poll_commands, answer);
	cr_expect_eq(link_step(&d.link, 1005), LINK_SNAPSHOT);
	cr_expect_str_eq(d.snap.level, "admin");
	cr_expect_eq(d.snap.info.pid, 7);
	cr_expect_eq(d.snap.count, 1);
	cr_expect_eq(d.link.poll.fd, -1, "no connection stays open");
	cr_expect_eq(link_deadline(&d.link), 2000);
	cr_expect_eq(link_step(&d.link, 1999), 0);
	/* From the second poll on, the socket rests so that one wake-up takes the whole answer. */
	cr_expect_eq(link_step(&d.link, 2000), 0);
	daemon_answer(&d, poll_commands, answer);
	cr_expect_eq(link_poll_events(&d.link, 2001), 0);
	cr_expect_eq(link_step(&d.link, 2001), 0);
	cr_expect_eq(link_step(&d.link, link_deadline(&d.link)), LINK_SNAPSHOT);
	daemon_close(&d);
}

Test(link, reasons_and_back_off)
{
	struct daemon d;
	int64_t now = 1000, last = 0;

	daemon_open(&d, false);
	for (int i = 0; i < 12; i++) {
		cr_expect_eq(link_step(&d.link, now), LINK_FAILED);
		cr_expect_str_eq(d.link.reason, "no such socket");
		int64_t wait = link_deadline(&d.link) - now;
		cr_expect_geq(wait, 150);
		cr_expect_leq(wait, LINK_BACKOFF_MAX_MS);
		if (i < 4)
			cr_expect_gt(wait, last);
		last = wait;
		now += wait;
	}
	daemon_listen(&d, 8);
	close(d.listener);
	d.listener = -1;
	cr_expect_eq(link_step(&d.link, now), LINK_FAILED);
	cr_expect_str_eq(d.link.reason, "connection refused");
	link_poll_now(&d.link, now);
	cr_expect_eq(link_deadline(&d.link), now);
	daemon_close(&d);
}

Test(link, a_full_backlog_is_said_and_does_not_block)
{
	struct daemon d;
	int fds[8], used = 0;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	daemon_open(&d, false);
	daemon_listen(&d, 0);
	memcpy(address.sun_path, d.path, strlen(d.path) + 1);
	for (; used < 8; used++) {
		fds[used] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fds[used], (struct sockaddr *)&address, sizeof address) < 0)
			break;
	}
	cr_assert_lt(used, 8);
	cr_expect_eq(link_step(&d.link, 1000), LINK_FAILED);
	cr_expect_str_eq(d.link.reason, "backlog full");
	for (int i = 0; i <= used; i++)
		close(fds[i]);
	daemon_close(&d);
}

Test(link, silence_has_a_deadline)
{
	struct daemon d;

	daemon_open(&d, true);
	cr_expect_eq(link_step(&d.link, 1000), 0);
	cr_expect_eq(link_deadline(&d.link), 1000 + CONN_DEADLINE_MS);
	cr_expect_eq(link_step(&d.link, 2900), 0);
	cr_expect_eq(link_step(&d.link, 3000), LINK_FAILED);
	cr_expect_str_eq(d.link.reason, "no answer");
	cr_expect(d.link.was_connected);
	daemon_close(&d);
}

Test(link, a_cut_answer_still_counts_for_what_it_has)
{
	struct daemon d;

	daemon_open(&d, true);
	link_step(&d.link, 1000);
	daemon_answer(&d, poll_commands, "\n> admin\n\n> Pid: 7\n\n> # pxname,svname,status,\napp,a,UP,\napp,b,U");
	cr_expect_eq(link_step(&d.link, 1001), LINK_SNAPSHOT);
	cr_expect_eq(d.snap.count, 1);
	cr_expect_eq(d.snap.incomplete, 1);
	link_poll_now(&d.link, 1002);
	link_step(&d.link, 1002);
	daemon_answer(&d, poll_commands, "\n> admin\n\n> Pid");
	cr_expect_eq(link_step(&d.link, 1003), LINK_FAILED);
	cr_expect_str_eq(d.link.reason, "closed early");
	daemon_close(&d);
}

Test(link, a_command_beside_a_stalled_poll)
{
	static const struct {
		const char *answer, *reply;
	} cases[] = {{"\n> \n> ", ""}, {"\n> No such server.\n\n> ", "No such server."},
		{"\n> Trailing garbage\n> ", "Trailing garbage"}, {"\n> a\033[2Jb\n\n", "a?[2Jb"}};
	struct daemon d;

	daemon_open(&d, true);
	link_step(&d.link, 1000);
	int stalled = accept(d.listener, NULL, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_assert(link_send(&d.link, "set server app/a state drain", 1001));
		cr_expect_not(link_send(&d.link, "another", 1001), "one at a time");
		daemon_answer(&d, "prompt\nset server app/a state drain\nquit\n", cases[i].answer);
		cr_expect_eq(link_step(&d.link, 1002), LINK_REPLY);
		cr_expect(d.link.reply_ok);
		cr_expect_str_eq(d.link.reply, cases[i].reply, "case %zu: '%s'", i, d.link.reply);
	}
	close(stalled);
	daemon_close(&d);
}

Test(link, a_path_too_long_is_refused)
{
	char path[300];
	struct snapshot snap;
	struct link link;

	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	cr_assert(snapshot_init(&snap));
	cr_expect_not(link_init(&link, path, 1000, &snap, 0));
	snapshot_free(&snap);
}
