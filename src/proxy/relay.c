#include "proxy/relay.h"

#include "base/invariant.h"

void flow_start(struct flow *f, struct channel *from, struct channel *to, struct http_framing framing, bool chunk_out)
{
	*f = (struct flow){.from = from, .to = to, .framing = framing.kind, .chunk_out = chunk_out};
	f->left = framing.kind == HTTP_BODY_LENGTH ? framing.length : 0;
	f->done = framing.kind == HTTP_BODY_NONE || (framing.kind == HTTP_BODY_LENGTH && !framing.length);
}

static bool flow_write(struct flow *f, struct str data)
{
	f->moved += data.n;
	if (!f->chunk_out)
		return channel_write(f->to, data.p, data.n);
	char head[HTTP_CHUNK_HEAD_ROOM];
	size_t n = http_chunk_head(head, data.n);
	return channel_write(f->to, head, n) && channel_write(f->to, data.p, data.n) && channel_write(f->to, "\r\n", 2);
}

static enum flow_result flow_finish(struct flow *f)
{
	f->done = true;
	if (f->chunk_out && !channel_write(f->to, "0\r\n\r\n", 5))
		return FLOW_BROKEN;
	return FLOW_DONE;
}

static enum flow_result flow_pump_plain(struct flow *f, struct str input)
{
	if (f->framing == HTTP_BODY_LENGTH && input.n > f->left)
		input.n = f->left;
	if (!flow_write(f, input))
		return FLOW_BROKEN;
	channel_take(f->from, input.n);
	if (f->framing != HTTP_BODY_LENGTH)
		return FLOW_MORE;
	f->left -= input.n;
	return f->left ? FLOW_MORE : flow_finish(f);
}

static enum flow_result flow_pump_chunked(struct flow *f, struct str input)
{
	size_t used = 0;
	while (used < input.n) {
		struct str segment;
		size_t n;
		enum http_chunked_result result =
			http_chunked_read(&f->chunked, input.p + used, input.n - used, &n, &segment, &f->error);
		used += n;
		if (result == HTTP_CHUNKED_BAD) {
			f->error_at = f->taken + used;
			return FLOW_BAD;
		}
		if (result == HTTP_CHUNKED_DATA && !flow_write(f, segment))
			return FLOW_BROKEN;
		if (result == HTTP_CHUNKED_END) {
			channel_take(f->from, used);
			return flow_finish(f);
		}
	}
	channel_take(f->from, used);
	f->taken += used;
	return FLOW_MORE;
}

enum flow_result flow_pump(struct flow *f)
{
	struct str input = channel_input(f->from);
	if (f->done)
		return FLOW_DONE;
	if (!input.n || f->paused)
		return FLOW_MORE;
	f->begun = true;
	enum flow_result result =
		f->framing == HTTP_BODY_CHUNKED ? flow_pump_chunked(f, input) : flow_pump_plain(f, input);
	if (result == FLOW_MORE && f->to->blocked) {
		f->paused = true;
		channel_pause(f->from);
	}
	return result;
}

enum flow_result flow_end(struct flow *f)
{
	if (f->done)
		return FLOW_DONE;
	return f->framing == HTTP_BODY_UNTIL_CLOSE ? flow_finish(f) : FLOW_BROKEN;
}

void flow_resume(struct flow *f)
{
	if (!f->paused)
		return;
	f->paused = false;
	channel_resume(f->from);
}
