/*
 * Where one reply of the stats socket ends. In prompt mode an answer is its body, an empty line and the two bytes
 * "> "; some answers lack the empty line. `show info` has an empty line of its own and a text field may hold anything,
 * so the last reply of a connection is taken up to the end of the stream instead (FRAME_TO_EOF) and its own parser
 * decides. Pure, one thread.
 */
#ifndef TUI_WIRE_FRAME_H
#define TUI_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum frame_mode { FRAME_PROMPT, FRAME_TO_EOF };

typedef void frame_sink_fn(void *arg, const char *bytes, size_t len);

struct frame {
	enum frame_mode mode;
	bool line_start, seen_line, held;
};

/* Begins a reply. */
void frame_begin(struct frame *frame, enum frame_mode mode);

/*
 * Feeds bytes of the reply; its body goes to sink, with the line ends as they came and without the prompt. Returns the
 * bytes taken; *end is set when the reply ended there (the rest belongs to the next one).
 */
size_t frame_feed(struct frame *frame, const char *bytes, size_t len, frame_sink_fn *sink, void *arg, bool *end);

#endif
