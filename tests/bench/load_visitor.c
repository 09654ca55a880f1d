/* One client of the load: a connection, the request that it sends, and the answer that it compares. */
#include "config.h"

#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCES = 100 };

static void visitor_watch(struct load *load, struct visitor *visitor, bool write)
{
	if (visitor->watches_write == write)
		return;
	struct epoll_event event = {.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = visitor};
	epoll_ctl(load->epoll, EPOLL_CTL_MOD, visitor->fd, &event);
	visitor->watches_write = write;
}

static void visitor_connect(struct load *load, struct visitor *visitor)
{
	int on = 1;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(load->port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* Many connections one after another need more ports than one address has. */
	struct sockaddr_in from = {.sin_family = AF_INET};
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(visitor - load->visitors) % SOURCES);
	visitor->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(visitor->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	setsockopt(visitor->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (visitor->fd < 0 || bind(visitor->fd, (struct sockaddr *)&from, sizeof from) != 0 ||
		connect(visitor->fd, (struct sockaddr *)&to, sizeof to) != 0)
		load_fail(load, "connect", strerror(errno));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = visitor};
	epoll_ctl(load->epoll, EPOLL_CTL_ADD, visitor->fd, &event);
	visitor->watches_write = false;
}

static void visitors_write_request(struct load *load)
{
	char *out = load->request;
	size_t room = sizeof load->request, at = 0;
	at += (size_t)snprintf(
		out, room, "%s %s HTTP/1.1\r\nHost: test.example\r\n", load->upload ? "POST" : "GET", load->target);
	for (int i = 0; i < load->header_count && at < room; i++)
		at += (size_t)snprintf(out + at, room - at, "%s\r\n", load->headers[i]);
	if (load->upload && at < room)
		at += (size_t)snprintf(out + at, room - at, "Content-Length: %zu\r\n", load->upload);
	if (at < room)
		at += (size_t)snprintf(
			out + at, room - at, "%s\r\n", load->connect_each ? "Connection: close\r\n" : "");
	if (at >= room)
		load_fail(load, "request", "too long");
	load->request_len = at;
}

void visitors_open(struct load *load)
{
	for (size_t i = 0; i < sizeof load->pattern; i++)
		load->pattern[i] = (char)(i % PATTERN);
	visitors_write_request(load);
	load->visitors = calloc((size_t)load->clients, sizeof *load->visitors);
	if (!load->visitors)
		load_fail(load, "memory", "clients");
	for (int i = 0; i < load->clients; i++) {
		struct visitor *visitor = &load->visitors[i];
		visitor->fd = -1;
		if (!load->connect_each)
			visitor_connect(load, visitor);
		load_rest(load, visitor);
	}
}

static void visitor_send(struct load *load, struct visitor *visitor)
{
	size_t whole = load->request_len + load->upload;
	while (visitor->sent < whole) {
		const char *from = load->request + visitor->sent;
		size_t n = load->request_len - visitor->sent;
		if (visitor->sent >= load->request_len) {
			size_t at = visitor->sent - load->request_len;
			from = load->pattern + at % PATTERN;
			n = whole - visitor->sent < SCRATCH ? whole - visitor->sent : SCRATCH;
		}
		int more = visitor->sent < load->request_len && load->upload ? MSG_MORE : 0;
		ssize_t sent = send(visitor->fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT | more);
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0)
			load_fail(load, "send", strerror(errno));
		visitor->sent += (size_t)sent;
	}
	visitor_watch(load, visitor, visitor->sent < whole);
}

void visitor_begin(struct load *load, struct visitor *visitor)
{
	if (load->connect_each)
		visitor_connect(load, visitor);
	visitor->sent = visitor->head_len = visitor->got = visitor->length = 0;
	visitor->in_body = visitor->ending = false;
	visitor_send(load, visitor);
}

/* Reads the head once it is complete; returns how many of the bytes that just came belong to it. */
static size_t visitor_take_head(struct load *load, struct visitor *visitor, const char *data, size_t n)
{
	size_t before = visitor->head_len, room = HEAD_MAX - 1 - before, take = n < room ? n : room;
	memcpy(visitor->head + before, data, take);
	visitor->head_len += take;
	visitor->head[visitor->head_len] = '\0';
	char *end = strstr(visitor->head, "\r\n\r\n");
	if (!end) {
		if (take == room)
			load_fail(load, "answer", "its head is too long");
		return take;
	}
	const char *length = strcasestr(visitor->head, "\r\nContent-Length:");
	if (strncmp(visitor->head, "HTTP/1.1 200 ", 13) != 0 || !length || length > end)
		load_fail(load, "answer", visitor->head);
	visitor->length = strtoul(length + 17, NULL, 10);
	visitor->in_body = true;
	size_t head = (size_t)(end + 4 - visitor->head) - before;
	visitor->head_len = 0;
	return head;
}

static void visitor_check(struct load *load, struct visitor *visitor, const char *data, size_t n)
{
	if (n > visitor->length - visitor->got)
		load_fail(load, "answer", "bytes behind its end");
	bool same =
		load->expect_bytes == visitor->length && memcmp(data, load->pattern + visitor->got % PATTERN, n) == 0;
	for (int i = 0; i < load->text_count && !same; i++)
		same = strlen(load->texts[i]) == visitor->length && memcmp(load->texts[i] + visitor->got, data, n) == 0;
	if (!same)
		load_fail(load, "answer", "a wrong body");
	visitor->got += n;
}

static void visitor_finish(struct load *load, struct visitor *visitor)
{
	if (visitor->sent < load->request_len + load->upload)
		load_fail(load, "answer", "before the request was sent");
	load->body_bytes += visitor->length + load->upload;
	if (load->connect_each) {
		close(visitor->fd);
		visitor->fd = -1;
	}
	visitor->in_body = false;
	load_on_answer(load, visitor);
}

static void visitor_read(struct load *load, struct visitor *visitor)
{
	ssize_t got = recv(visitor->fd, load->scratch, SCRATCH, MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got < 0)
		load_fail(load, "receive", strerror(errno));
	if (got == 0 && visitor->ending) {
		visitor_finish(load, visitor);
		return;
	}
	if (got == 0 || visitor->ending || visitor->sent == 0)
		load_fail(load, "connection", got == 0 ? "closed by the proxy" : "bytes that nobody asked for");
	size_t head = visitor->in_body ? 0 : visitor_take_head(load, visitor, load->scratch, (size_t)got);
	if (!visitor->in_body)
		return;
	visitor_check(load, visitor, load->scratch + head, (size_t)got - head);
	visitor->ending = visitor->got == visitor->length && load->connect_each;
	if (visitor->got == visitor->length && !visitor->ending)
		visitor_finish(load, visitor);
}

void visitor_on_event(struct load *load, struct visitor *visitor, unsigned events)
{
	if (events & EPOLLOUT)
		visitor_send(load, visitor);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		visitor_read(load, visitor);
}
