/* The reply framer. At most one byte, a '>' that began a line, is ever held back. */
#include "wire/frame.h"

void frame_begin(struct frame *frame, enum frame_mode mode)
{
	*frame = (struct frame){.mode = mode, .line_start = true};
}

/* True when c, after a held '>', completes the prompt. */
static bool frame_resolve_held(struct frame *frame, char c, frame_sink_fn *sink, void *arg)
{
	frame->held = false;
	if (c == ' ')
		return true;
	sink(arg, ">", 1);
	frame->line_start = false;
	return false;
}

size_t frame_feed(struct frame *frame, const char *bytes, size_t len, frame_sink_fn *sink, void *arg, bool *end)
{
	size_t body = 0, i;

	*end = false;
	if (frame->mode == FRAME_TO_EOF) {
		if (len > 0)
			sink(arg, bytes, len);
		return len;
	}
	for (i = 0; i < len; i++) {
		if (frame->held) {
			if (frame_resolve_held(frame, bytes[i], sink, arg)) {
				*end = true;
				return i + 1;
			}
			body = i;
		}
		if (bytes[i] == '>' && frame->line_start && frame->seen_line) {
			if (i > body)
				sink(arg, bytes + body, i - body);
			body = i + 1;
			frame->held = true;
			continue;
		}
		frame->line_start = bytes[i] == '\n';
		frame->seen_line |= frame->line_start;
	}
	if (!frame->held && i > body)
		sink(arg, bytes + body, i - body);
	return len;
}
