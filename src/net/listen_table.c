#include "config.h"

#include "net/listen_table.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LISTEN_TABLE_STATE = 0x0a, LISTEN_TABLE_PIECE = 16 * 1024 };

bool listen_table_open(struct listen_table *t)
{
	*t = (struct listen_table){.fds = {open("/proc/self/net/tcp", O_RDONLY | O_CLOEXEC), -1}};
	/* A kernel without IPv6 has no second one. */
	if (t->fds[0] >= 0)
		t->fds[1] = open("/proc/self/net/tcp6", O_RDONLY | O_CLOEXEC);
	return t->fds[0] >= 0;
}

void listen_table_close(struct listen_table *t)
{
	for (int i = 0; i < 2; i++)
		if (t->fds[i] >= 0)
			close(t->fds[i]);
	free(t->rows);
	*t = (struct listen_table){.fds = {-1, -1}};
}

static bool listen_table_add(struct listen_table *t, const struct listen_row *row)
{
	if (t->count == t->capacity) {
		uint32_t capacity = t->capacity ? t->capacity * 2 : 64;
		struct listen_row *rows = realloc(t->rows, capacity * sizeof *rows);
		if (!rows)
			return false;
		t->rows = rows;
		t->capacity = capacity;
	}
	t->rows[t->count++] = *row;
	return true;
}

/* "  0: 0100007F:1F90 00000000:0000 0A ... INODE ...": addresses are words of memory, printed as numbers. False: the
 * line is that of no listening socket, which stand first. */
static bool listen_table_parse(char *line, bool v6, struct listen_row *row)
{
	unsigned port, state;
	unsigned long long inode;
	char address[33];
	*row = (struct listen_row){0};
	if (sscanf(line, " %*u: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %llu", address, &port, &state, &inode) != 4 ||
		state != LISTEN_TABLE_STATE || strlen(address) != (v6 ? 32 : 8))
		return false;
	uint32_t words[4] = {0};
	for (int i = 0; i < (v6 ? 4 : 1); i++) {
		char word[9] = {0};
		memcpy(word, address + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	row->inode = inode;
	row->address.as.any.sa_family = v6 ? AF_INET6 : AF_INET;
	row->address.length = v6 ? sizeof row->address.as.v6 : sizeof row->address.as.v4;
	if (v6)
		memcpy(&row->address.as.v6.sin6_addr, words, sizeof words);
	else
		row->address.as.v4.sin_addr.s_addr = words[0];
	address_set_port(&row->address, (uint16_t)port);
	return true;
}

static bool listen_table_read_one(struct listen_table *t, int fd, bool v6)
{
	struct text text = {0};
	ssize_t n = 0;
	bool goes_on = lseek(fd, 0, SEEK_SET) == 0;
	for (size_t at = 0, number = 0; goes_on;) {
		char *end = text.n > at ? memchr(text.data + at, '\n', text.n - at) : NULL;
		if (!end) {
			char *room = text_reserve(&text, LISTEN_TABLE_PIECE);
			n = room ? read(fd, room, LISTEN_TABLE_PIECE) : -1;
			text.n += n > 0 ? (size_t)n : 0;
			goes_on = n > 0;
			continue;
		}
		struct listen_row row;
		*end = '\0';
		/* The first line is a heading. */
		if (number++ && listen_table_parse(text.data + at, v6, &row))
			n = (goes_on = listen_table_add(t, &row)) ? n : -1;
		else if (number > 1)
			break;
		at = (size_t)(end - text.data) + 1;
	}
	if (text.failed)
		errno = ENOMEM;
	text_free(&text);
	return n >= 0;
}

bool listen_table_read(struct listen_table *t)
{
	t->count = 0;
	return listen_table_read_one(t, t->fds[0], false) &&
	       (t->fds[1] < 0 || listen_table_read_one(t, t->fds[1], true));
}

static bool listen_table_is_any(const struct address *a)
{
	return a->as.any.sa_family == AF_INET ? a->as.v4.sin_addr.s_addr == htonl(INADDR_ANY)
					      : IN6_IS_ADDR_UNSPECIFIED(&a->as.v6.sin6_addr);
}

static bool listen_table_same_host(const struct address *a, const struct address *b)
{
	return a->as.any.sa_family == AF_INET ? a->as.v4.sin_addr.s_addr == b->as.v4.sin_addr.s_addr
					      : IN6_ARE_ADDR_EQUAL(&a->as.v6.sin6_addr, &b->as.v6.sin6_addr);
}

static int listen_table_compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

uint64_t listen_table_find(const struct listen_table *t, const struct address *a, const uint64_t *ours, size_t count)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct listen_row *row = &t->rows[i];
		if (row->address.as.any.sa_family == a->as.any.sa_family &&
			address_port(&row->address) == address_port(a) &&
			(listen_table_is_any(a) || listen_table_is_any(&row->address) ||
				listen_table_same_host(a, &row->address)) &&
			!(count && bsearch(&row->inode, ours, count, sizeof *ours, listen_table_compare)))
			return row->inode;
	}
	return 0;
}

static bool listen_table_has(const char *pid, const char *link)
{
	char path[sizeof "/proc//fd/" + 512], target[64];
	snprintf(path, sizeof path, "/proc/%.200s/fd", pid);
	DIR *dir = opendir(path);
	bool found = false;
	for (const struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		snprintf(path, sizeof path, "/proc/%.200s/fd/%.200s", pid, entry->d_name);
		ssize_t n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, link) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void listen_table_name(const char *pid, char *out, size_t size)
{
	char path[sizeof "/proc//comm" + 256];
	snprintf(path, sizeof path, "/proc/%.200s/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

void listen_table_describe_owner(uint64_t inode, char *out, size_t size)
{
	char link[64], name[32];
	out[0] = '\0';
	snprintf(link, sizeof link, "socket:[%llu]", (unsigned long long)inode);
	DIR *dir = opendir("/proc");
	for (const struct dirent *entry; dir && !out[0] && (entry = readdir(dir));) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !listen_table_has(entry->d_name, link))
			continue;
		listen_table_name(entry->d_name, name, sizeof name);
		snprintf(out, size, " (process %.20s, %s)", entry->d_name, name);
	}
	if (dir)
		closedir(dir);
}
