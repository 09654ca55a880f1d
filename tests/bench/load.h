/* The benchmark's clients: load.c decides when a request is sent, load_visitor.c sends it and reads the answer. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENTS_MAX = 8192, LOAD_TEXTS = 4, LOAD_HEADERS = 40, HEAD_MAX = 4096, PATTERN = 251, SCRATCH = 256 << 10 };

struct load {
	int clients, epoll;
	uint64_t rate, duration;   /* requests a second, 0: as fast as answers come; us */
	uint64_t warm, start, end; /* us; of the monotonic clock */
	const char *target;
	const char *headers[LOAD_HEADERS], *texts[LOAD_TEXTS]; /* texts: what an answer may be */
	int header_count, text_count;
	size_t expect_bytes, upload; /* length of the generated bodies down and up */
	bool connect_each;
	uint16_t port;

	char request[HEAD_MAX];
	size_t request_len, begun, done, latency_room;
	uint64_t body_bytes; /* of both directions */
	uint32_t *latencies; /* us */
	struct visitor *visitors, *idle[CLIENTS_MAX];
	int idle_first, idle_count; /* a ring */
	char scratch[SCRATCH], pattern[SCRATCH + PATTERN];
};

struct visitor {
	int fd;
	uint64_t due;
	size_t sent, head_len, got, length; /* of the request; of the answer's head, and its body */
	bool in_body, ending, watches_write;
	char head[HEAD_MAX];
};

/* Any fault of the proxy ends the whole comparison: figures of a proxy that answers wrongly mean nothing. */
void load_fail(const struct load *load, const char *what, const char *detail) __attribute__((noreturn));
void load_on_answer(struct load *load, struct visitor *visitor);
void load_rest(struct load *load, struct visitor *visitor);

void visitors_open(struct load *load);
void visitor_begin(struct load *load, struct visitor *visitor);
void visitor_on_event(struct load *load, struct visitor *visitor, unsigned events);

#endif
