/* The socket itself: a real Unix socket and a real loop; the test is the client, and lets the loop turn in between. */
#include "admin/admin.h"
#include "base/clock.h"
#include "support/admin_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_PATIENCE_US = 5000000 };

static struct fixture *fixture;
static struct config_stats_socket conf;
static struct admin *admin;
static char directory[64], path[96], error[256];

static void socket_set_up(void)
{
	snprintf(directory, sizeof directory, "/tmp/lbd-admin-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/s", directory);
	fixture = fixture_create(true, 3);
	conf = (struct config_stats_socket){
		.path = path, .mode = 0600, .level = CONFIG_LEVEL_ADMIN, .max_clients = 4, .timeout = 10000000};
}

static void socket_tear_down(void)
{
	admin_close(admin);
	ev_run(fixture->loop.ev, EVRUN_NOWAIT);
	fixture_destroy(fixture);
	rmdir(directory);
}

TestSuite(admin_socket, .init = socket_set_up, .fini = socket_tear_down, .timeout = 60);

static void socket_turn(void)
{
	ev_run(fixture->loop.ev, EVRUN_NOWAIT);
	fixture->loop.now_us = clock_monotonic_us();
}

static int socket_client(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	socket_turn();
	return fd;
}

static void socket_say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until the text ends so, or the server closed (then "end" is added), or patience is over. */
static const char *socket_hear(int fd, const char *ending)
{
	static char got[1 << 20];
	size_t n = 0, ending_n = strlen(ending);
	uint64_t until = clock_monotonic_us() + SOCKET_PATIENCE_US;
	while (clock_monotonic_us() < until && n + 1 < sizeof got) {
		ssize_t r = recv(fd, got + n, sizeof got - n - 8, 0);
		if (r > 0)
			n += (size_t)r;
		got[n] = '\0';
		if (r == 0) {
			strcat(got, "[end]");
			return got;
		}
		if (r < 0 && errno != EAGAIN) {
			strcat(got, "[reset]");
			return got;
		}
		if (ending_n && n >= ending_n && !strcmp(got + n - ending_n, ending))
			return got;
		socket_turn();
	}
	strcat(got, "[timeout]");
	return got;
}

static void socket_open(void)
{
	admin = admin_open(&fixture->host, &conf, error, sizeof error);
	cr_assert_not_null(admin, "%s", error);
}

Test(admin_socket, one_shot_is_closed_by_the_server)
{
	socket_open();
	int fd = socket_client();
	socket_say(fd, "show version\n");
	cr_expect_str_eq(socket_hear(fd, ""), "2.6.0-lbd0.1.0\n\n[end]");
	close(fd);
	fd = socket_client();
	socket_say(fd, "show cli lev");
	socket_turn();
	socket_say(fd, "el\r\n");
	shutdown(fd, SHUT_WR);
	cr_expect_str_eq(socket_hear(fd, ""), "admin\n\n[end]");
	close(fd);
}

Test(admin_socket, unread_input_does_not_reset_the_answer)
{
	char line[8192];
	socket_open();
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\0';
	int fd = socket_client();
	socket_say(fd, "show version\n");
	socket_say(fd, line);
	socket_say(fd, line);
	socket_say(fd, line);
	cr_expect_str_eq(socket_hear(fd, ""), "2.6.0-lbd0.1.0\n\n[end]");
	close(fd);
}

Test(admin_socket, prompt_keeps_it_open)
{
	socket_open();
	int fd = socket_client();
	socket_say(fd, "prompt\n");
	cr_expect_str_eq(socket_hear(fd, "> "), "\n> ");
	socket_say(fd, "set timeout cli 60\n");
	cr_expect_str_eq(socket_hear(fd, "> "), "\n> ");
	socket_say(fd, "show cli sockets\n");
	const char *got = socket_hear(fd, "> ");
	char expected[256];
	snprintf(expected, sizeof expected, "# socket lvl processes\nunix@%s admin all\n\n> ", path);
	cr_expect_str_eq(got, expected);
	socket_say(fd, "quit\n");
	cr_expect_str_eq(socket_hear(fd, ""), "[end]");
	close(fd);
}

Test(admin_socket, a_line_that_is_too_long_ends_it)
{
	static char line[20000];
	socket_open();
	memset(line, 'x', sizeof line - 1);
	int fd = socket_client();
	socket_say(fd, line);
	const char *got = socket_hear(fd, "");
	cr_expect(!strcmp(got, "[end]") || !strcmp(got, "[reset]"), "%s", got);
	close(fd);
}

Test(admin_socket, idle_clients_are_closed)
{
	conf.timeout = 50000;
	socket_open();
	int fd = socket_client();
	uint64_t start = clock_monotonic_us();
	cr_expect_str_eq(socket_hear(fd, ""), "[end]");
	cr_expect_geq(clock_monotonic_us() - start, 40000u);
	close(fd);
}

Test(admin_socket, clients_above_the_limit_are_closed)
{
	socket_open();
	int fds[4];
	for (int i = 0; i < 4; i++)
		fds[i] = socket_client();
	int fd = socket_client();
	cr_expect_str_eq(socket_hear(fd, ""), "[end]");
	close(fd);
	/* Who left in the same turn makes room, whatever the order of the events. */
	for (int i = 0; i < 4; i++) {
		close(fds[i]);
		fds[i] = socket_client();
	}
	socket_say(fds[0], "show version\n");
	cr_expect_str_eq(socket_hear(fds[0], ""), "2.6.0-lbd0.1.0\n\n[end]");
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

Test(admin_socket, a_client_that_never_reads_costs_one_buffer)
{
	fixture_destroy(fixture);
	fixture = fixture_create(true, 10000);
	socket_open();
	int fd = socket_client(), other = socket_client();
	socket_say(fd, "show stat\n");
	for (int i = 0; i < 200; i++)
		socket_turn();
	socket_say(other, "show version\n");
	cr_expect_str_eq(socket_hear(other, ""), "2.6.0-lbd0.1.0\n\n[end]", "others are served");
	close(other);
	/* It vanishes in the middle: its memory goes, the socket stays. */
	close(fd);
	for (int i = 0; i < 20; i++)
		socket_turn();
	fd = socket_client();
	socket_say(fd, "show backend\n");
	cr_expect_str_eq(socket_hear(fd, ""), "# name\napp\ndb\n\n[end]");
	close(fd);
}

Test(admin_socket, a_slow_reader_gets_everything)
{
	static char all[8 << 20];
	size_t n = 0;
	uint64_t until = clock_monotonic_us() + 30000000;
	fixture_destroy(fixture);
	fixture = fixture_create(true, 10000);
	socket_open();
	int fd = socket_client();
	socket_say(fd, "prompt;show stat\n");
	while (clock_monotonic_us() < until && n + 5000 < sizeof all) {
		ssize_t r = recv(fd, all + n, 5000, 0);
		if (r > 0)
			n += (size_t)r;
		if (n > 8 && !memcmp(all + n - 4, "\n\n> ", 4))
			break;
		socket_turn();
	}
	all[n] = '\0';
	cr_expect_eq(strncmp(all, "\n> # pxname,", 12), 0);
	cr_expect_not_null(strstr(all, "\napp,s9999,"));
	cr_expect_not_null(strstr(all, "\ndb,BACKEND,"));
	cr_expect_str_eq(all + n - 4, "\n\n> ");
	unsigned lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += all[i] == '\n';
	cr_expect_eq(lines, 1u + 1 + 1 + 10000 + 1 + 2 + 1);
	socket_say(fd, "quit\n");
	cr_expect_str_eq(socket_hear(fd, ""), "[end]");
	close(fd);
}

Test(admin_socket, file_has_its_mode_whatever_the_umask)
{
	static const mode_t masks[] = {0, 022, 0177, 0777};
	static const unsigned modes[] = {0600, 0660, 0666};
	struct stat st;
	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++)
		for (size_t j = 0; j < sizeof modes / sizeof modes[0]; j++) {
			mode_t before = umask(masks[i]);
			conf.mode = modes[j];
			socket_open();
			cr_expect_eq(umask(before), masks[i], "the mask is as it was");
			cr_assert_eq(lstat(path, &st), 0);
			cr_expect_eq(st.st_mode & 07777, modes[j], "umask %03o: %03o, not %03o", (unsigned)masks[i],
				(unsigned)st.st_mode & 07777, modes[j]);
			admin_close(admin);
			admin = NULL;
			cr_expect_neq(lstat(path, &st), 0, "removed");
		}
}

Test(admin_socket, stale_file_is_replaced_a_live_one_is_not)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	int stale = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	cr_assert_eq(bind(stale, (struct sockaddr *)&a, sizeof a), 0);
	close(stale);
	socket_open();
	struct admin *second = admin_open(&fixture->host, &conf, error, sizeof error);
	cr_expect_null(second);
	cr_expect_not_null(strstr(error, path));
	cr_expect_not_null(strstr(error, "another process answers on it"), "%s", error);
	int fd = socket_client();
	socket_say(fd, "show version\n");
	cr_expect_str_eq(socket_hear(fd, ""), "2.6.0-lbd0.1.0\n\n[end]", "the first one still answers");
	close(fd);
	/* Somebody else's file in our place stays. */
	unlink(path);
	int theirs = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(theirs, (struct sockaddr *)&a, sizeof a), 0);
	admin_close(admin);
	admin = NULL;
	cr_expect_eq(lstat(path, &st), 0);
	close(theirs);
	unlink(path);
}

Test(admin_socket, what_is_no_socket_is_not_touched)
{
	struct stat st;
	FILE *f = fopen(path, "w");
	cr_assert_not_null(f);
	fclose(f);
	cr_expect_null(admin_open(&fixture->host, &conf, error, sizeof error));
	cr_expect_eq(lstat(path, &st), 0);
	cr_expect(S_ISREG(st.st_mode));
	unlink(path);
}

Test(admin_socket, path_that_does_not_fit)
{
	char long_path[200];
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[0] = '/';
	long_path[sizeof long_path - 1] = '\0';
	conf.path = long_path;
	cr_expect_null(admin_open(&fixture->host, &conf, error, sizeof error));
	cr_expect_not_null(strstr(error, "too long"));
}

Test(admin_socket, close_ends_clients)
{
	socket_open();
	int fd = socket_client();
	socket_say(fd, "prompt\n");
	cr_expect_str_eq(socket_hear(fd, "> "), "\n> ");
	admin_close(admin);
	admin = NULL;
	cr_expect_null(fixture->host.sockets);
	cr_expect_str_eq(socket_hear(fd, ""), "[end]");
	close(fd);
}
