/* Bodies that are moved, kept, cut off, and moved again to another receiver. The channels have no sockets: what they
 * would receive is put into them, and what they would send is looked at. */
#include "proxy/relay.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

enum { NO_SOCKET = 1 << 20 };

struct relay_case {
	struct loop loop;
	struct channel from, to, other;
	struct flow flow;
	struct flow_copy copy;
};

static void relay_open(struct relay_case *t, struct http_framing framing, uint64_t most)
{
	*t = (struct relay_case){.copy = {.most = most, .whole = true}};
	list_init(&t->loop.unflushed);
	list_init(&t->loop.failed);
	struct channel *all[] = {&t->from, &t->to, &t->other};
	for (size_t i = 0; i < 3; i++) {
		all[i]->loop = &t->loop;
		all[i]->io.fd = NO_SOCKET;
		list_init(&all[i]->link);
	}
	t->from.io.fd = -1; /* reading is neither stopped nor begun */
	flow_start(&t->flow, &t->from, &t->to, framing, framing.kind == HTTP_BODY_CHUNKED);
	t->flow.copy = &t->copy;
}

static void relay_end(struct relay_case *t)
{
	flow_drop_copy(&t->flow);
	buffer_free(&t->from.in);
	buffer_free(&t->to.out);
	buffer_free(&t->other.out);
}

static enum flow_result relay_receive(struct relay_case *t, const char *text)
{
	size_t n = strlen(text);
	char *room = buffer_reserve(&t->from.in, n);
	memcpy(room, text, n);
	buffer_commit(&t->from.in, n);
	return flow_pump(&t->flow);
}

static void relay_expect(const struct channel *c, const char *text)
{
	struct str out = str_make(c->out.data ? buffer_bytes(&c->out) : "", buffer_used(&c->out));
	cr_expect(str_equal(out, str_of(text)), "'%.*s', expected '%s'", (int)out.n, out.p, text);
}

static struct http_framing relay_length(uint64_t length)
{
	return (struct http_framing){.kind = HTTP_BODY_LENGTH, .length = length};
}

static const struct http_framing relay_chunked = {.kind = HTTP_BODY_CHUNKED};

Test(relay, a_body_is_sent_again)
{
	static const struct {
		const char *first, *second, *again, *follows;
	} cases[] = {
		{"5\r\nhello\r\n", "3\r\nyou\r\n0\r\n\r\n", "5\r\nhello\r\n", "3\r\nyou\r\n0\r\n\r\n"},
		{"5\r\nhel", "lo\r\n0\r\n\r\n", "3\r\nhel\r\n", "2\r\nlo\r\n0\r\n\r\n"},
		{"5", "\r\nhello\r\n0\r\n\r\n", "", "5\r\nhello\r\n0\r\n\r\n"},
		{"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "", "3\r\nabc\r\n0\r\n\r\n", ""},
		{"0\r\n\r\n", "", "0\r\n\r\n", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct relay_case t;
		relay_open(&t, relay_chunked, 100);
		cr_expect(relay_receive(&t, cases[i].first) == (*cases[i].second ? FLOW_MORE : FLOW_DONE), "%zu", i);
		cr_expect(flow_repeat(&t.flow, &t.other));
		relay_expect(&t.other, cases[i].again);
		buffer_free(&t.other.out);
		if (*cases[i].second)
			cr_expect(relay_receive(&t, cases[i].second) == FLOW_DONE, "%zu", i);
		relay_expect(&t.other, cases[i].follows);
		relay_end(&t);
	}
}

static bool relay_pass(const struct flow *f, struct str name)
{
	return true;
}

Test(relay, trailers_are_kept_as_long_as_they_may_be_sent_again)
{
	struct relay_case t;
	relay_open(&t, relay_chunked, 100);
	t.flow.passes_trailer = relay_pass;
	cr_expect(relay_receive(&t, "5\r\nhello\r\n0\r\nX-A: 1\r\n") == FLOW_MORE);
	cr_expect(relay_receive(&t, "X-B: 2\r\n\r\n") == FLOW_DONE);
	cr_expect(flow_repeat(&t.flow, &t.other));
	relay_expect(&t.other, "5\r\nhello\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n");
	cr_expect(t.flow.trailers.data != NULL);
	flow_drop_copy(&t.flow);
	cr_expect(t.flow.trailers.data == NULL, "they would be kept as long as the answer takes");
	relay_end(&t);

	/* A body that is longer than its copy may be, and trailers that are not whole when the copy goes. */
	relay_open(&t, relay_chunked, 4);
	t.flow.passes_trailer = relay_pass;
	cr_expect(relay_receive(&t, "5\r\nhello\r\n0\r\nX-A: 1\r\n") == FLOW_MORE);
	flow_drop_copy(&t.flow);
	cr_expect(t.flow.trailers.data != NULL);
	cr_expect(relay_receive(&t, "\r\n") == FLOW_DONE);
	relay_expect(&t.to, "5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n");
	cr_expect(t.flow.trailers.data == NULL);
	relay_end(&t);
}

Test(relay, a_body_with_a_length_is_sent_again)
{
	struct relay_case t;
	relay_open(&t, relay_length(8), 8);
	cr_expect(relay_receive(&t, "hello") == FLOW_MORE);
	cr_expect(flow_repeat(&t.flow, &t.other));
	relay_expect(&t.other, "hello");
	cr_expect(relay_receive(&t, "you, and more") == FLOW_DONE);
	relay_expect(&t.other, "helloyou");
	relay_expect(&t.to, "hello");
	cr_expect(t.flow.complete && t.copy.whole && t.flow.moved == 8);
	relay_end(&t);
}

Test(relay, only_so_much_is_kept)
{
	struct relay_case t;
	relay_open(&t, relay_chunked, 8);
	cr_expect(relay_receive(&t, "8\r\n12345678\r\n") == FLOW_MORE);
	cr_expect(t.copy.whole && buffer_used(&t.copy.data) == 8);
	cr_expect(relay_receive(&t, "1\r\n9\r\n") == FLOW_MORE);
	cr_expect(t.copy.data.data == NULL && !t.copy.whole, "its memory is given back");
	cr_expect(relay_receive(&t, "1\r\n0\r\n0\r\n\r\n") == FLOW_DONE);
	cr_expect(t.copy.data.data == NULL && !t.copy.whole);
	relay_end(&t);
}

/* What the receiver did not take is not lost for the next one, wherever in the chunks it failed. */
/* Pumped as long as there is room and something to take. */
static enum flow_result relay_fill(struct relay_case *t)
{
	enum flow_result result = FLOW_MORE;
	while (result == FLOW_MORE && !flow_is_full(&t->flow) && channel_input(&t->from).n)
		result = flow_pump(&t->flow);
	return result;
}

Test(relay, without_a_receiver_no_more_is_taken_than_fits)
{
	static const struct {
		const char *in, *again, *follows;
		uint64_t length; /* 0: chunked */
		bool full;
	} cases[] = {
		{"12345678", "12345678", "", 8, true},
		{"12345678rest", "12345678", "rest", 12, true},
		{"1234", "1234", "", 4, false},
		{"8;x=y\r\n12345678\r\n0\r\n\r\n", "8\r\n12345678\r\n", "0\r\n\r\n", 0, true},
		{"3\r\n123\r\n3;a=bcdefghijkl\r\n456\r\n0\r\n\r\n", "6\r\n123456\r\n0\r\n\r\n", "", 0, false},
		{"a\r\n1234567890\r\n0\r\n\r\n", "8\r\n12345678\r\n", "2\r\n90\r\n0\r\n\r\n", 0, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct relay_case t;
		relay_open(&t, cases[i].length ? relay_length(cases[i].length) : relay_chunked, 8);
		t.flow.to = NULL;
		cr_expect(relay_receive(&t, cases[i].in) != FLOW_BROKEN, "%zu", i);
		cr_expect(relay_fill(&t) != FLOW_BROKEN, "%zu", i);
		cr_expect(eq(int, flow_is_full(&t.flow), cases[i].full), "%zu", i);
		cr_expect(flow_repeat(&t.flow, &t.other));
		relay_expect(&t.other, cases[i].again);
		buffer_free(&t.other.out);
		t.flow.copy->most = 100;
		cr_expect(flow_pump(&t.flow) == FLOW_DONE, "%zu", i);
		relay_expect(&t.other, cases[i].follows);
		relay_end(&t);
	}
}

Test(relay, the_receiver_fails_in_the_middle)
{
	static const char body[] = "5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n";
	for (size_t cut = 1; cut < sizeof body - 1; cut++) {
		struct relay_case t;
		relay_open(&t, relay_chunked, 100);
		t.to.error = EPIPE;
		char first[sizeof body];
		memcpy(first, body, cut);
		first[cut] = 0;
		enum flow_result result = relay_receive(&t, first);
		cr_expect(result == FLOW_BROKEN || result == FLOW_MORE, "cut at %zu", cut);
		cr_expect(flow_repeat(&t.flow, &t.other));
		result = relay_receive(&t, body + cut);
		while (result == FLOW_MORE && buffer_used(&t.from.in))
			result = flow_pump(&t.flow);
		cr_expect(result == FLOW_DONE && t.flow.complete, "cut at %zu", cut);
		cr_expect(eq(u64, t.flow.moved, 8));
		struct http_chunked chunked = {0};
		char *at = buffer_bytes(&t.other.out), text[16];
		size_t left = buffer_used(&t.other.out), n = 0, used;
		struct str segment;
		enum http_error error;
		enum http_chunked_result read;
		while ((read = http_chunked_read(&chunked, at, left, &used, &segment, &error)) == HTTP_CHUNKED_DATA) {
			memcpy(text + n, segment.p, segment.n);
			n += segment.n;
			at += used;
			left -= used;
		}
		cr_expect(read == HTTP_CHUNKED_END && n == 8 && !memcmp(text, "helloyou", 8), "cut at %zu", cut);
		relay_end(&t);
	}
}

Test(relay, nothing_left_goes_to_another_one)
{
	struct relay_case t;
	relay_open(&t, relay_chunked, 0);
	t.flow.copy = NULL;
	cr_expect(relay_receive(&t, "5\r\nhello\r\n") == FLOW_MORE);
	cr_expect(flow_move_to(&t.flow, &t.other, &t.to.out));
	cr_expect(relay_receive(&t, "0\r\n\r\n") == FLOW_DONE);
	relay_expect(&t.other, "5\r\nhello\r\n0\r\n\r\n");
	relay_end(&t);
}

Test(relay, a_body_above_the_limit)
{
	static const struct {
		const char *body;
		enum flow_result result;
	} cases[] = {
		{"8\r\n12345678\r\n0\r\n\r\n", FLOW_DONE},
		{"4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n", FLOW_DONE},
		{"9\r\n123456789\r\n0\r\n\r\n", FLOW_LARGE},
		{"4\r\n1234\r\n5\r\n56789\r\n0\r\n\r\n", FLOW_LARGE},
		{"9\r\n12345678", FLOW_MORE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct relay_case t;
		relay_open(&t, relay_chunked, 100);
		t.flow.most = 8;
		cr_expect(relay_receive(&t, cases[i].body) == cases[i].result, "case %zu", i);
		cr_expect(t.flow.moved <= 8, "case %zu", i);
		relay_end(&t);
	}
}
