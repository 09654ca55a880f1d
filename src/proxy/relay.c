#include "proxy/relay.h"

#include "base/invariant.h"
#include "http/write.h"

/* Pieces of chunked data that leave together; and the average size of a chunk, with its framing, from which on chunks are
 * received by the hundred kilobytes. */
enum { FLOW_PIECES = 64, FLOW_PIECE_LARGE = 1024 };

void flow_start(struct flow *f, struct channel *from, struct channel *to, struct http_framing framing, bool chunk_out)
{
	*f = (struct flow){.from = from, .to = to, .framing = framing.kind, .chunk_out = chunk_out};
	f->left = framing.kind == HTTP_BODY_LENGTH ? framing.length : 0;
	f->done = http_framing_is_empty(&framing);
	f->complete = f->done;
	f->bulk = framing.kind == HTTP_BODY_LENGTH;
}

/* A body that is too long, or for which there is no memory, is moved without a copy. */
static void flow_keep(struct flow_copy *copy, struct str data)
{
	if (!copy->whole)
		return;
	char *room = NULL;
	if (buffer_used(&copy->data) + data.n <= copy->most)
		room = buffer_reserve(&copy->data, data.n);
	if (!room) {
		copy->whole = false;
		buffer_free(&copy->data);
		return;
	}
	memcpy(room, data.p, data.n);
	buffer_commit(&copy->data, data.n);
}

/* bytes of data in so many pieces, which leave as one chunk where chunks are wanted. */
static bool flow_send(struct flow *f, const struct str *pieces, size_t count, size_t bytes)
{
	if (!f->to)
		return true;
	char head[HTTP_CHUNK_HEAD_ROOM];
	if (f->chunk_out && !channel_write(f->to, head, http_chunk_head(head, bytes)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!channel_write(f->to, pieces[i].p, pieces[i].n))
			return false;
	return !f->chunk_out || channel_write(f->to, "\r\n", 2);
}

static bool flow_write(struct flow *f, const struct str *pieces, size_t count, size_t bytes)
{
	f->moved += bytes;
	for (size_t i = 0; f->copy && i < count; i++)
		flow_keep(f->copy, pieces[i]);
	return flow_send(f, pieces, count, bytes);
}

/* Their number of bytes has a limit; see http/chunked.h. */
static bool flow_keep_trailers(struct flow *f, struct str lines)
{
	if (!f->chunk_out || !f->passes_trailer)
		return true;
	char *room = buffer_reserve(&f->trailers, lines.n);
	if (!room)
		return false;
	memcpy(room, lines.p, lines.n);
	buffer_commit(&f->trailers, lines.n);
	return true;
}

/* Each line is written anew, and grows by a blank at the most; the shortest has 4 bytes. */
static bool flow_send_trailers(struct flow *f)
{
	struct str lines = str_make(buffer_bytes(&f->trailers), buffer_used(&f->trailers));
	struct http_field field;
	char *start = channel_reserve(f->to, lines.n + lines.n / 4 + 5), *at = start;
	if (!start)
		return false;
	at = mempcpy(at, "0\r\n", 3);
	while (http_next_trailer(&lines, &field))
		if (f->passes_trailer(f, field.name))
			at = http_write_field(at, &field);
	at = mempcpy(at, "\r\n", 2);
	channel_commit(f->to, (size_t)(at - start));
	return true;
}

/* What ends a chunked body. */
static bool flow_send_end(struct flow *f)
{
	return buffer_used(&f->trailers) ? flow_send_trailers(f) : channel_write(f->to, "0\r\n\r\n", 5);
}

/* Trailers are sent once more with a copy only. */
static void flow_drop_trailers(struct flow *f)
{
	if (f->complete && (!f->copy || !f->copy->whole))
		buffer_free(&f->trailers);
}

static enum flow_result flow_finish(struct flow *f)
{
	f->done = f->complete = true;
	bool sent = !f->chunk_out || !f->to || flow_send_end(f);
	flow_drop_trailers(f);
	return sent ? FLOW_DONE : FLOW_BROKEN;
}

/* What comes in pieces smaller than this is copied at no more cost than two calls of splice. */
static void flow_note_piece(struct flow *f, uint64_t n)
{
	f->bulk = n >= f->from->loop->pipes.worth / 4;
}

static enum flow_result flow_pump_plain(struct flow *f, struct str input)
{
	if (f->framing == HTTP_BODY_LENGTH && input.n > f->left)
		input.n = f->left;
	/* What came with the head says nothing of what follows. */
	if (f->moved)
		flow_note_piece(f, input.n);
	/* What the receiver did not take is taken all the same: another one may get it from the copy. */
	bool sent = flow_write(f, &input, 1, input.n);
	channel_take(f->from, input.n);
	if (f->framing == HTTP_BODY_LENGTH)
		f->left -= input.n;
	enum flow_result result = f->framing == HTTP_BODY_LENGTH && !f->left ? flow_finish(f) : FLOW_MORE;
	return sent ? result : FLOW_BROKEN;
}

/* Small chunks are joined: framing of its own for each of them would cost more than they do. */
struct flow_pieces {
	struct str at[FLOW_PIECES];
	size_t count, bytes;
	size_t all; /* pieces so far, also those that have left */
};

static bool flow_write_pieces(struct flow *f, struct flow_pieces *pieces)
{
	bool sent = !pieces->count || flow_write(f, pieces->at, pieces->count, pieces->bytes);
	pieces->all += pieces->count;
	pieces->count = pieces->bytes = 0;
	return sent;
}

static enum flow_result flow_add_piece(struct flow *f, struct flow_pieces *pieces, struct str piece)
{
	if (f->most && f->moved + pieces->bytes + piece.n > f->most)
		return FLOW_LARGE;
	pieces->at[pieces->count++] = piece;
	pieces->bytes += piece.n;
	return pieces->count < FLOW_PIECES || flow_write_pieces(f, pieces) ? FLOW_MORE : FLOW_BROKEN;
}

static enum flow_result flow_pump_chunked(struct flow *f, struct str input)
{
	size_t used = 0;
	uint64_t before = f->moved;
	struct flow_pieces pieces;
	pieces.count = pieces.bytes = pieces.all = 0;
	enum flow_result result = FLOW_MORE;
	while (used < input.n && result == FLOW_MORE) {
		struct str segment;
		size_t n;
		enum http_chunked_result found =
			http_chunked_read(&f->chunked, input.p + used, input.n - used, &n, &segment, &f->error);
		used += n;
		if (found == HTTP_CHUNKED_DATA)
			result = flow_add_piece(f, &pieces, segment);
		else if (found == HTTP_CHUNKED_TRAILERS)
			result = flow_keep_trailers(f, segment) ? FLOW_MORE : FLOW_BROKEN;
		else if (found != HTTP_CHUNKED_MORE)
			result = found == HTTP_CHUNKED_BAD ? FLOW_BAD : FLOW_DONE;
	}
	if (!flow_write_pieces(f, &pieces) && result <= FLOW_DONE)
		result = FLOW_BROKEN;
	f->error_at = f->taken + used;
	if (result == FLOW_BAD || result == FLOW_LARGE)
		return result;
	f->bulk = pieces.all && f->moved - before >= pieces.all * FLOW_PIECE_LARGE && f->moved - before >= used / 2;
	channel_take(f->from, used);
	f->taken += used;
	return result == FLOW_DONE ? flow_finish(f) : result;
}

static void flow_pause_if_blocked(struct flow *f)
{
	if (!f->to || !f->to->blocked)
		return;
	f->paused = f->held = true;
	channel_pause(f->from);
}

/* Nothing was received. The last bytes may have been spliced, and are counted as moved where their receiver failed. */
static enum flow_result flow_pump_nothing(struct flow *f)
{
	if (f->framing != HTTP_BODY_LENGTH || f->left)
		return FLOW_MORE;
	enum flow_result result = flow_finish(f);
	return f->to && f->to->error ? FLOW_BROKEN : result;
}

static uint64_t flow_room(const struct flow *f)
{
	return f->to ? UINT64_MAX : f->copy->most - buffer_used(&f->copy->data);
}

bool flow_is_full(const struct flow *f)
{
	return !flow_room(f);
}

size_t flow_may_receive(const struct flow *f, size_t ahead)
{
	size_t most = loop_room(f->from->loop);
	/* Small chunks are work, and a body of them may end at any moment. */
	bool open = f->framing == HTTP_BODY_UNTIL_CLOSE || (f->framing == HTTP_BODY_CHUNKED && f->bulk);
	uint64_t left = f->framing == HTTP_BODY_CHUNKED ? f->chunked.left : f->left, room = flow_room(f);
	uint64_t wanted = open || left > room ? room : left;
	return wanted < most - ahead ? (size_t)wanted + ahead : most;
}

enum flow_result flow_pump(struct flow *f)
{
	struct str input = channel_input(f->from);
	if (input.n > flow_room(f))
		input.n = flow_room(f);
	if (f->done)
		return FLOW_DONE;
	if (!input.n)
		return flow_pump_nothing(f);
	if (f->paused)
		return FLOW_MORE;
	f->begun = true;
	enum flow_result result =
		f->framing == HTTP_BODY_CHUNKED ? flow_pump_chunked(f, input) : flow_pump_plain(f, input);
	if (result == FLOW_MORE)
		flow_pause_if_blocked(f);
	return result;
}

/* Chunks have to be looked at, and a copy has to be taken; a body whose length is known was compared with the limit
 * before it began. */
static bool flow_may_splice(const struct flow *f)
{
	if (f->done || f->paused || f->chunk_out || f->copy || !f->bulk)
		return false;
	uint32_t worth = f->from->loop->pipes.worth;
	if (f->framing == HTTP_BODY_LENGTH)
		return f->left >= worth;
	/* What has no length shows that it is large by what has come. */
	return f->framing == HTTP_BODY_UNTIL_CLOSE && !f->most && f->moved >= worth;
}

bool flow_splice(struct flow *f, ssize_t *got)
{
	if (!flow_may_splice(f))
		return false;
	bool endless = f->framing == HTTP_BODY_UNTIL_CLOSE;
	*got = channel_splice(f->from, f->to, endless ? UINT64_MAX : f->left);
	if (*got <= 0)
		return *got != CHANNEL_UNABLE;
	f->begun = true;
	flow_note_piece(f, (uint64_t)*got);
	f->moved += (uint64_t)*got;
	if (!endless)
		f->left -= (uint64_t)*got;
	if (endless || f->left)
		flow_pause_if_blocked(f);
	return true;
}

void flow_resume(struct flow *f)
{
	if (!f->paused)
		return;
	f->paused = false;
	channel_resume(f->from);
}

static void flow_turn_to(struct flow *f, struct channel *to)
{
	f->to = to;
	f->done = f->complete;
	flow_resume(f);
}

bool flow_move_to(struct flow *f, struct channel *to, const struct buffer *rest)
{
	flow_turn_to(f, to);
	return !buffer_used(rest) || channel_write(to, buffer_bytes(rest), buffer_used(rest));
}

bool flow_repeat(struct flow *f, struct channel *to)
{
	LBD_INVARIANT(f->copy && f->copy->whole);
	const struct buffer *data = &f->copy->data;
	flow_turn_to(f, to);
	struct str all = str_make(buffer_used(data) ? buffer_bytes(data) : NULL, buffer_used(data));
	if (all.n && !flow_send(f, &all, 1, all.n))
		return false;
	return !f->complete || !f->chunk_out || flow_send_end(f);
}

void flow_drop_copy(struct flow *f)
{
	if (!f->copy)
		return;
	buffer_free(&f->copy->data);
	f->copy->whole = false;
	f->copy = NULL;
	flow_drop_trailers(f);
}

enum flow_result flow_end(struct flow *f)
{
	if (f->done)
		return FLOW_DONE;
	return f->framing == HTTP_BODY_UNTIL_CLOSE ? flow_finish(f) : FLOW_BROKEN;
}
