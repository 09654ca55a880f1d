/* The log by its public face: every sink, what happens when it takes nothing, the count of what was lost, the end. */
#include "base/log.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct log_case {
	struct log *log;
	struct log_ring *ring;
	struct log_sink *sink;
	char dir[64], path[96];
};

static void log_case_open(struct log_case *c, const char *target_format)
{
	char target[160], error[256] = "";
	strcpy(c->dir, "/tmp/lbd-log-XXXXXX");
	cr_assert_not_null(mkdtemp(c->dir));
	snprintf(c->path, sizeof c->path, "%s/out", c->dir);
	snprintf(target, sizeof target, "%s%s", target_format, c->path);
	c->log = log_create();
	cr_assert_not_null(c->log);
	c->ring = log_add_ring(c->log, 256 * 1024);
	cr_assert_not_null(c->ring);
	c->sink = log_open_sink(c->log, target, error, sizeof error);
	cr_assert_not_null(c->sink, "%s", error);
	log_set_process_sink(c->log, c->sink, LOG_LEVEL_INFO);
}

static void log_case_clean(struct log_case *c)
{
	char other[128];
	snprintf(other, sizeof other, "%s.1", c->path);
	unlink(c->path);
	unlink(other);
	rmdir(c->dir);
}

static char *log_read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "re");
	cr_assert_not_null(f);
	static char data[4 << 20];
	size_t n = fread(data, 1, sizeof data - 1, f);
	fclose(f);
	data[n] = '\0';
	if (size)
		*size = n;
	return data;
}

static bool log_matches(const char *text, const char *pattern)
{
	regex_t r;
	cr_assert_eq(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	int status = regexec(&r, text, 0, NULL, 0);
	regfree(&r);
	return status == 0;
}

static bool log_wait_for(const char *path, const char *pattern)
{
	for (int i = 0; i < 500; i++, usleep(10000))
		if (log_matches(log_read_file(path, NULL), pattern))
			return true;
	return false;
}

Test(log, writes_process_and_access_lines_to_a_file, .timeout = 10)
{
	struct log_case c;
	log_case_open(&c, "");
	char error[256];
	cr_assert_eq(log_open_sink(c.log, c.path, error, sizeof error), c.sink, "the same target is the same sink");
	cr_assert(log_start(c.log, NULL));
	log_write(c.ring, LOG_LEVEL_NOTICE, "server %s is %s", "s1", "up");
	log_write(c.ring, LOG_LEVEL_DEBUG, "not wanted");
	cr_assert(log_wants(c.ring, LOG_LEVEL_INFO));
	cr_assert_not(log_wants(c.ring, LOG_LEVEL_DEBUG));
	log_write(c.ring, LOG_LEVEL_ERROR, "two\nlines\x1b[2J and utf-8 \xc3\xa4");
	cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of("an access line")));
	log_kick(c.ring);
	log_stop(c.log);
	char *text = log_read_file(c.path, NULL);
	cr_assert(log_matches(text, "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z "
				    "notice lbd\\[[0-9]+\\]: "
				    "server s1 is up$"),
		"%s", text);
	cr_assert(log_matches(text, " error lbd\\[[0-9]+\\]: two lines \\[2J and utf-8 \xc3\xa4$"), "%s", text);
	cr_assert(log_matches(text, "^an access line$"));
	cr_assert_not(log_matches(text, "not wanted"));
	struct stat st;
	cr_assert_eq(stat(c.path, &st), 0);
	cr_assert_eq(st.st_mode & 0777 & ~0640u, 0u, "nobody else reads it");
	log_case_clean(&c);
}

/* What waits when the writer comes is written in the order of time, whichever thread's it is. */
Test(log, lines_of_several_rings_are_merged_by_time, .timeout = 10)
{
	struct log_case c;
	log_case_open(&c, "");
	struct log_ring *rings[3] = {c.ring, log_add_ring(c.log, 4096), log_add_ring(c.log, 4096)};
	cr_assert(rings[1] && rings[2]);
	for (unsigned i = 0; i < 90; i++) {
		char line[32];
		int n = snprintf(line, sizeof line, "line %02u", i);
		/* Runs of one ring, and lines of the same moment. */
		struct log_ring *ring = rings[i < 30 ? i % 3 : i / 7 % 3];
		cr_assert(log_put_at(ring, c.sink, LOG_LEVEL_INFO, 1000 + i, str_make(line, (size_t)n)));
	}
	cr_assert(log_start(c.log, NULL));
	log_stop(c.log);
	const char *at = log_read_file(c.path, NULL);
	for (unsigned i = 0; i < 90; i++) {
		char line[32];
		snprintf(line, sizeof line, "line %02u\n", i);
		cr_assert_eq(strncmp(at, line, 8), 0, "expected %s, found %.40s", line, at);
		at += 8;
	}
	cr_assert_eq(*at, '\0');
	log_case_clean(&c);
}

Test(log, a_kick_is_enough_to_be_written_soon, .timeout = 10)
{
	struct log_case c;
	log_case_open(&c, "");
	cr_assert(log_start(c.log, NULL));
	usleep(50000); /* asleep */
	for (int i = 0; i < 100; i++) {
		char line[32], pattern[40];
		snprintf(line, sizeof line, "line %d;", i);
		snprintf(pattern, sizeof pattern, "^line %d;$", i);
		cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of(line)));
		log_kick(c.ring);
		uint64_t before = clock_monotonic_us();
		while (!log_matches(log_read_file(c.path, NULL), pattern))
			cr_assert_lt(clock_monotonic_us() - before, 2000000u, "line %d did not come", i);
		usleep(i % 3 * 4000); /* meets it awake, lingering and asleep */
	}
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, every_line_is_whole_or_counted, .timeout = 30)
{
	struct log_case c;
	log_case_open(&c, "");
	cr_assert(log_start(c.log, NULL));
	enum { LINES = 200000 };
	char line[400];
	uint64_t refused = 0;
	for (int i = 0; i < LINES; i++) {
		size_t n = (size_t)snprintf(line, sizeof line, "%d:", i);
		size_t length = n + (size_t)(i * 37 % 300);
		memset(line + n, 'a' + i % 26, length - n);
		refused += !log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_make(line, length));
		if (i % 10 == 0)
			log_kick(c.ring);
		if (i % 20 == 0)
			usleep(1); /* lets most of them through */
	}
	uint64_t dropped = log_dropped(c.log);
	cr_assert_geq(dropped, refused);
	log_stop(c.log);
	uint64_t good = 0, reported = 0;
	int last = -1;
	FILE *f = fopen(c.path, "re");
	static char got[1000];
	while (fgets(got, sizeof got, f)) {
		unsigned long long count;
		char *at = strstr(got, "]: ");
		if (at && sscanf(at + 3, "%llu log lines", &count) == 1) {
			reported += count;
			continue;
		}
		char *colon;
		long number = strtol(got, &colon, 10);
		size_t rest = strlen(colon) - 2;
		cr_assert_eq(*colon, ':');
		cr_assert_gt(number, last);
		cr_assert_eq(rest, (size_t)(number * 37 % 300));
		cr_assert_eq(strspn(colon + 1, (const char[]){(char)('a' + number % 26), 0}), rest);
		last = (int)number;
		good++;
	}
	fclose(f);
	cr_assert_eq(good + reported, LINES, "%llu written, %llu reported, %llu refused", (unsigned long long)good,
		(unsigned long long)reported, (unsigned long long)refused);
	cr_assert_gt(good, 1000u);
	log_case_clean(&c);
}

Test(log, a_line_that_fits_no_ring_is_refused)
{
	struct log_case c;
	log_case_open(&c, "");
	static char big[300000];
	memset(big, 'b', sizeof big);
	cr_assert_not(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_make(big, sizeof big)));
	cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_make(big, 60000)));
	cr_assert_eq(log_dropped(c.log), 1u);
	cr_assert(log_start(c.log, NULL));
	cr_assert(log_wait_for(c.path, "^b{200}"));
	cr_assert(log_wait_for(c.path, "warning lbd.*: 1 log lines were dropped"));
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, logrotate_moves_the_file_and_nothing_is_lost, .timeout = 10)
{
	struct log_case c;
	log_case_open(&c, "");
	cr_assert(log_start(c.log, NULL));
	char rotated[128];
	snprintf(rotated, sizeof rotated, "%s.1", c.path);
	cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of("before")));
	log_kick(c.ring);
	cr_assert(log_wait_for(c.path, "^before$"));
	cr_assert_eq(rename(c.path, rotated), 0);
	log_reopen(c.log);
	for (int i = 0; i < 500 && access(c.path, F_OK) != 0; i++)
		usleep(10000);
	cr_assert_eq(access(c.path, F_OK), 0, "the file is made anew without a line to write");
	cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of("after")));
	log_stop(c.log);
	cr_assert_str_eq(log_read_file(rotated, NULL), "before\n");
	cr_assert_str_eq(log_read_file(c.path, NULL), "after\n");
	log_case_clean(&c);
}

Test(log, reopening_that_fails_keeps_the_old_file_and_says_so, .timeout = 10)
{
	struct log_case c;
	log_case_open(&c, "");
	cr_assert(log_start(c.log, NULL));
	char rotated[128];
	snprintf(rotated, sizeof rotated, "%s.1", c.path);
	cr_assert_eq(rename(c.path, rotated), 0);
	cr_assert_eq(mkdir(c.path, 0700), 0);
	log_reopen(c.log);
	cr_assert(log_wait_for(rotated, "error lbd.*cannot be opened anew: Is a directory"));
	log_stop(c.log);
	rmdir(c.path);
	log_case_clean(&c);
}

Test(log, a_pipe_that_nobody_reads_does_not_hold_up_the_others, .timeout = 20)
{
	struct log_case c;
	char error[256], fifo[128];
	log_case_open(&c, "");
	snprintf(fifo, sizeof fifo, "%s.1", c.path);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	struct log_sink *pipe_sink = log_open_sink(c.log, fifo, error, sizeof error);
	cr_assert_not_null(pipe_sink, "%s", error);
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert(log_start(c.log, NULL));
	static char line[1000];
	memset(line, 'p', sizeof line);
	enum { LINES = 3000 };
	for (int i = 0; i < LINES; i++) {
		(void)log_put(
			c.ring, pipe_sink, LOG_LEVEL_INFO, str_make(line, sizeof line)); /* refused is counted too */
		log_kick(c.ring);
		if (i % 30 == 29)
			usleep(3000);
	}
	usleep(100000);
	cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of("the other one")));
	log_kick(c.ring);
	cr_assert(log_wait_for(c.path, "^the other one$"));
	uint64_t dropped = log_dropped(c.log), lines = 0;
	cr_assert(dropped > 1000 && dropped < LINES, "%llu", (unsigned long long)dropped);
	cr_assert(log_wait_for(c.path, "log lines were dropped: log target \"[^\"]*out[.]1\": it takes no more; "));
	static char got[4 << 20];
	size_t n = 0;
	uint64_t quiet_since = clock_monotonic_us();
	while (clock_monotonic_us() - quiet_since < 300000) {
		ssize_t r = read(reader, got + n, sizeof got - n);
		if (r > 0) {
			n += (size_t)r;
			quiet_since = clock_monotonic_us();
		}
	}
	for (size_t i = 0; i < n; i++)
		if (got[i] == '\n') {
			cr_assert_eq(i % 1001, 1000u, "a torn line");
			lines++;
		}
	cr_assert_eq(lines + dropped, LINES);
	close(reader);
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, a_line_that_is_torn_when_its_pipe_is_opened_anew_is_counted, .timeout = 20)
{
	struct log_case c;
	char error[256], fifo[128];
	log_case_open(&c, "");
	snprintf(fifo, sizeof fifo, "%s.1", c.path);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	struct log_sink *pipe_sink = log_open_sink(c.log, fifo, error, sizeof error);
	cr_assert_not_null(pipe_sink, "%s", error);
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert(log_start(c.log, NULL));
	static char line[60000];
	memset(line, 'p', sizeof line);
	for (int i = 0; i < 2; i++)
		cr_assert(log_put(c.ring, pipe_sink, LOG_LEVEL_INFO, str_make(line, sizeof line)));
	log_kick(c.ring);
	usleep(200000);
	log_reopen(c.log);
	for (int i = 0; i < 200 && !log_dropped(c.log); i++)
		usleep(10000);
	cr_assert_eq(log_dropped(c.log), 1u);
	cr_assert(log_wait_for(c.path, ": 1 log lines were dropped: log target"));
	close(reader);
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, stopping_takes_two_seconds_at_most, .timeout = 10)
{
	struct log_case c;
	char error[256], fifo[128];
	log_case_open(&c, "");
	snprintf(fifo, sizeof fifo, "%s.1", c.path);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	struct log_sink *pipe_sink = log_open_sink(c.log, fifo, error, sizeof error); /* without any reader */
	cr_assert_not_null(pipe_sink, "%s", error);
	cr_assert(log_start(c.log, NULL));
	cr_assert(log_put(c.ring, pipe_sink, LOG_LEVEL_INFO, str_of("nobody takes this")));
	log_kick(c.ring);
	uint64_t before = clock_monotonic_us();
	log_stop(c.log);
	uint64_t took = clock_monotonic_us() - before;
	cr_assert(took > 1000000 && took < 2600000, "%llu us", (unsigned long long)took);
	log_case_clean(&c);
}

Test(log, a_reader_that_comes_later_or_again_gets_whole_lines, .timeout = 20)
{
	struct log_case c;
	char error[256], fifo[128], got[256];
	log_case_open(&c, "");
	snprintf(fifo, sizeof fifo, "%s.1", c.path);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	struct log_sink *pipe_sink = log_open_sink(c.log, fifo, error, sizeof error);
	cr_assert_not_null(pipe_sink);
	cr_assert(log_start(c.log, NULL));
	for (int round = 0; round < 3; round++) {
		char line[32];
		snprintf(line, sizeof line, "round %d", round);
		cr_assert(log_put(c.ring, pipe_sink, LOG_LEVEL_INFO, str_of(line)));
		log_kick(c.ring);
		usleep(20000);
		int reader = open(fifo, O_RDONLY | O_CLOEXEC);
		ssize_t n = read(reader, got, sizeof got - 1);
		cr_assert_gt(n, 0);
		got[n] = '\0';
		cr_assert_eq(strcmp(got + n - 8, line) == 0 || got[n - 1] == '\n', 1);
		cr_assert_not_null(strstr(got, line));
		close(reader);
	}
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, a_full_disk_costs_lines_and_not_the_daemon, .timeout = 20)
{
	struct log_case c;
	char error[256];
	log_case_open(&c, "");
	struct log_sink *full = log_open_sink(c.log, "/dev/full", error, sizeof error);
	cr_assert_not_null(full, "%s", error);
	cr_assert(log_start(c.log, NULL));
	static char line[1000];
	memset(line, 'f', sizeof line);
	for (int i = 0; i < 2000; i++) {
		(void)log_put(c.ring, full, LOG_LEVEL_INFO, str_make(line, sizeof line));
		log_kick(c.ring);
		if (i % 30 == 29)
			usleep(3000);
	}
	cr_assert(log_wait_for(c.path, "log lines were dropped"));
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, a_disk_that_is_full_for_a_while_keeps_lines_whole, .timeout = 20)
{
	struct log_case c;
	log_case_open(&c, "");
	signal(SIGXFSZ, SIG_IGN);
	struct rlimit old, small;
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){5050, old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	cr_assert(log_start(c.log, NULL));
	for (int i = 0; i < 1000; i++) {
		char line[16];
		snprintf(line, sizeof line, "%09d", i);
		cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of(line)));
	}
	log_kick(c.ring);
	usleep(200000);
	size_t n;
	log_read_file(c.path, &n);
	cr_assert_eq(n, 5050u);
	setrlimit(RLIMIT_FSIZE, &old);
	cr_assert(log_wait_for(c.path, "^000000999$"));
	log_stop(c.log);
	char *text = log_read_file(c.path, &n);
	cr_assert_eq(n, 10000u);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(atoi(text + i * 10), i);
	log_case_clean(&c);
}

static int log_bind_unix(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path, path);
	struct timeval wait = {3, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void log_expect_datagram(int fd, const char *pattern)
{
	char got[2048];
	ssize_t n = recv(fd, got, sizeof got - 1, 0);
	cr_assert_gt(n, 0, "%s", strerror(errno));
	got[n] = '\0';
	cr_assert(log_matches(got, pattern), "%s", got);
	cr_assert_null(strchr(got, '\n'));
}

Test(log, sends_to_syslog_and_finds_it_again_after_its_restart, .timeout = 20)
{
	struct log_case c;
	log_case_open(&c, "syslog:"); /* nobody is there yet */
	cr_assert(log_start(c.log, NULL));
	cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_INFO, str_of("early")));
	log_kick(c.ring);
	int fd = log_bind_unix(c.path);
	log_expect_datagram(fd,
		"^<134>(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 123][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] "
		"lbd\\[[0-9]+\\]: early$");
	log_write(c.ring, LOG_LEVEL_NOTICE, "hello");
	log_expect_datagram(fd, "^<133>.* lbd\\[[0-9]+\\]: hello$");
	close(fd);
	unlink(c.path);
	log_write(c.ring, LOG_LEVEL_ERROR, "while it was away");
	usleep(20000);
	fd = log_bind_unix(c.path);
	log_expect_datagram(fd, "^<131>.* lbd\\[[0-9]+\\]: while it was away$");
	cr_assert_eq(log_dropped(c.log), 0u);
	log_stop(c.log);
	close(fd);
	log_case_clean(&c);
}

Test(log, a_syslog_that_is_slow_gets_all_in_order, .timeout = 20)
{
	struct log_case c;
	log_case_open(&c, "syslog:");
	int fd = log_bind_unix(c.path);
	cr_assert(log_start(c.log, NULL));
	for (int i = 0; i < 500; i++) {
		char line[16];
		snprintf(line, sizeof line, "n%d", i);
		cr_assert(log_put(c.ring, c.sink, LOG_LEVEL_WARNING, str_of(line)));
	}
	log_kick(c.ring);
	usleep(50000);
	for (int i = 0; i < 500; i++) {
		char pattern[32];
		snprintf(pattern, sizeof pattern, "^<132>.* n%d$", i);
		log_expect_datagram(fd, pattern);
	}
	log_stop(c.log);
	close(fd);
	log_case_clean(&c);
}

Test(log, sends_to_udp, .timeout = 20)
{
	struct log_case c;
	char error[256], target[64];
	log_case_open(&c, "");
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof a;
	struct timeval wait = {3, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, length), 0);
	getsockname(fd, (struct sockaddr *)&a, &length);
	snprintf(target, sizeof target, "udp:127.0.0.1:%u", ntohs(a.sin_port));
	struct log_sink *udp = log_open_sink(c.log, target, error, sizeof error);
	cr_assert_not_null(udp, "%s", error);
	cr_assert(log_start(c.log, NULL));
	static char huge[65530];
	memset(huge, 'h', sizeof huge);
	cr_assert(log_put(c.ring, udp, LOG_LEVEL_INFO, str_of("first")));
	log_kick(c.ring);
	log_expect_datagram(fd, "^<134>.* lbd\\[[0-9]+\\]: first$");
	cr_assert(log_put(c.ring, udp, LOG_LEVEL_INFO, str_make(huge, sizeof huge)));
	cr_assert(log_put(c.ring, udp, LOG_LEVEL_INFO, str_of("second")));
	log_kick(c.ring);
	log_expect_datagram(fd, "^<134>.* lbd\\[[0-9]+\\]: second$");
	cr_assert(log_wait_for(c.path, ": 1 log lines were dropped"), "more than a datagram holds");
	log_stop(c.log);
	close(fd);
	log_case_clean(&c);
}

Test(log, a_target_may_come_with_a_reload, .timeout = 10)
{
	struct log_case c;
	char error[512] = "", other[128];
	log_case_open(&c, "");
	snprintf(other, sizeof other, "%s.1", c.path);
	cr_assert(log_start(c.log, NULL));
	log_write(c.ring, LOG_LEVEL_INFO, "before");
	struct log_sink *late = log_open_sink(c.log, other, error, sizeof error);
	cr_assert_not_null(late, "%s", error);
	log_set_process_sink(c.log, late, LOG_LEVEL_DEBUG);
	cr_assert(log_put(c.ring, late, LOG_LEVEL_INFO, str_of("to the new one")));
	log_kick(c.ring);
	cr_assert(log_wait_for(other, "^to the new one$"));
	log_write(c.ring, LOG_LEVEL_DEBUG, "process line");
	cr_assert(log_wait_for(other, " debug lbd.*process line$"));
	char target[32];
	struct log_sink *sink = late;
	int more = 0;
	for (; sink && more < 200; more++) {
		snprintf(target, sizeof target, "udp:127.0.0.1:%d", 1000 + more);
		sink = log_open_sink(c.log, target, error, sizeof error);
	}
	cr_assert_lt(more, 100);
	cr_assert_not_null(strstr(error, "64 targets already"), "%s", error);
	log_stop(c.log);
	log_case_clean(&c);
}

Test(log, says_what_is_wrong_with_a_target)
{
	static const char *const cases[][2] = {
		{"", "is not known"},
		{"stdour", "is not known: expected stderr, stdout, an absolute path, syslog:/PATH or udp:HOST:PORT"},
		{"log/file", "is not known"},
		{"/nonexistent/dir/file", "cannot be opened for writing: directory /nonexistent/dir: No such file"},
		{"/tmp", "cannot be opened for writing: Is a directory"},
		{"syslog:dev/log", "absolute path"},
		{"syslog:", "absolute path"},
		{"syslog:/"
		 "23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		 "012345678",
			"at most 107 bytes"},
		{"udp:localhost:514", "names are not looked up"},
		{"udp:127.0.0.1", "expected udp:"},
		{"udp:127.0.0.1:0", "expected udp:"},
		{"udp:127.0.0.1:65536", "expected udp:"},
		{"udp::514", "expected udp:"},
		{"udp:[::1:514", "expected udp:"},
	};
	struct log *log = log_create();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char error[512] = "";
		cr_assert_null(log_open_sink(log, cases[i][0], error, sizeof error), "%s", cases[i][0]);
		cr_assert_not_null(strstr(error, cases[i][1]), "%s: %s", cases[i][0], error);
		cr_assert_not_null(strstr(error, cases[i][0]), "the message names the target");
	}
	char error[256];
	cr_assert_not_null(log_open_sink(log, "udp:[::1]:514", error, sizeof error));
	cr_assert_not_null(log_open_sink(log, "stdout", error, sizeof error));
	log_stop(log);
}

static int log_capture_stderr(int *saved)
{
	int ends[2];
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	*saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return ends[0];
}

Test(log, writes_to_stderr_before_and_after_the_start, .timeout = 10)
{
	int saved, out = log_capture_stderr(&saved);
	struct log *log = log_create();
	struct log_ring *ring = log_add_ring(log, 1);
	char got[4096];
	log_write(ring, LOG_LEVEL_WARNING, "too early for the writer");
	ssize_t n = read(out, got, sizeof got - 1);
	got[n > 0 ? n : 0] = '\0';
	cr_assert(log_matches(got, "^20.*Z warning lbd\\[[0-9]+\\]: too early for the writer$"), "%s", got);
	log_write(NULL, LOG_LEVEL_ERROR, "without a ring");
	n = read(out, got, sizeof got - 1);
	got[n > 0 ? n : 0] = '\0';
	cr_assert(log_matches(got, "^20.*Z error lbd\\[[0-9]+\\]: without a ring$"), "%s", got);
	cr_assert(log_start(log, NULL));
	log_write(ring, LOG_LEVEL_INFO, "by the writer");
	n = read(out, got, sizeof got - 1);
	got[n > 0 ? n : 0] = '\0';
	cr_assert(log_matches(got, "^20.*Z info lbd\\[[0-9]+\\]: by the writer$"), "%s", got);
	cr_assert_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0, "the shell's descriptor is as it was");
	log_stop(log);
	dup2(saved, STDERR_FILENO);
}

Test(log, a_stderr_that_nobody_reads_blocks_nothing, .timeout = 10)
{
	int saved, out = log_capture_stderr(&saved);
	struct log *log = log_create();
	struct log_ring *ring = log_add_ring(log, 1 << 20);
	cr_assert(log_start(log, NULL));
	for (int i = 0; i < 20000; i++) {
		log_write(ring, LOG_LEVEL_INFO, "%0100d", i);
		if (i % 100 == 0)
			usleep(100);
	}
	uint64_t before = clock_monotonic_us();
	log_stop(log);
	cr_assert_lt(clock_monotonic_us() - before, 2600000u);
	dup2(saved, STDERR_FILENO);
	close(out);
}

Test(log, levels_have_words)
{
	static const char *const words[] = {"error", "warning", "notice", "info", "debug"};
	enum log_level level;
	for (unsigned i = 0; i < 5; i++) {
		cr_assert(log_level_parse(str_of(words[i]), &level));
		cr_assert_eq((unsigned)level, i);
		cr_assert_str_eq(log_level_word(level), words[i]);
	}
	cr_assert_not(log_level_parse(str_of("Error"), &level));
	cr_assert_not(log_level_parse(str_of(""), &level));
}
