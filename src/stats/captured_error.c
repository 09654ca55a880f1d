#include "stats/captured_error.h"

#include <stdlib.h>

enum { CAPTURED_ERROR_LINE = 70 };

void error_slot_init(struct error_slot *slot)
{
	*slot = (struct error_slot){.last = NULL};
	pthread_mutex_init(&slot->lock, NULL);
}

void error_slot_end(struct error_slot *slot)
{
	free(slot->last);
	pthread_mutex_destroy(&slot->lock);
}

/* Cuts a window of CAPTURED_ERROR_BYTES out of input, with the position in it, and half before and half behind it where
 * there is as much. */
static struct str captured_error_window(struct captured_error *e, struct str input)
{
	size_t at = e->position > e->start ? (size_t)(e->position - e->start) : 0;
	size_t skip = at > CAPTURED_ERROR_BYTES / 2 ? at - CAPTURED_ERROR_BYTES / 2 : 0;
	if (input.n <= CAPTURED_ERROR_BYTES)
		skip = 0;
	else if (skip > input.n - CAPTURED_ERROR_BYTES)
		skip = input.n - CAPTURED_ERROR_BYTES;
	size_t n = input.n - skip < CAPTURED_ERROR_BYTES ? input.n - skip : CAPTURED_ERROR_BYTES;
	e->start += skip;
	return str_make(input.p + skip, n);
}

void error_slot_put(struct error_slot *slot, const struct captured_error *facts, struct str input)
{
	uint64_t number = atomic_fetch_add_explicit(&slot->count, 1, memory_order_relaxed);
	if (pthread_mutex_trylock(&slot->lock) != 0)
		return;
	if (!slot->last)
		slot->last = malloc(sizeof *slot->last);
	struct captured_error *e = slot->last;
	if (e) {
		memcpy(e, facts, offsetof(struct captured_error, bytes));
		e->number = number;
		e->received = input.n;
		struct str window = captured_error_window(e, input);
		e->length = (uint32_t)window.n;
		if (window.n)
			memcpy(e->bytes, window.p, window.n);
	}
	pthread_mutex_unlock(&slot->lock);
}

bool error_slot_get(struct error_slot *slot, struct captured_error *out)
{
	pthread_mutex_lock(&slot->lock);
	bool there = slot->last != NULL;
	if (there)
		*out = *slot->last;
	pthread_mutex_unlock(&slot->lock);
	return there;
}

static size_t captured_error_escape(unsigned char c, char out[4])
{
	static const char hex[] = "0123456789ABCDEF", named[] = "\tt\nn\rr\033e\\\\";
	for (size_t i = 0; i < sizeof named - 1; i += 2)
		if ((unsigned char)named[i] == c) {
			out[0] = '\\';
			out[1] = named[i + 1];
			return 2;
		}
	if (c >= ' ' && c < 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

void captured_error_dump(const struct captured_error *e, struct text *out)
{
	bool goes_on = false;
	for (uint32_t i = 0; i < e->length;) {
		text_format(out, "  %05llu%c ", (unsigned long long)(e->start + i), goes_on ? '+' : ' ');
		goes_on = true;
		for (size_t width = 0; i < e->length && goes_on;) {
			char escape[4];
			size_t n = captured_error_escape((unsigned char)e->bytes[i], escape);
			if (width + n > CAPTURED_ERROR_LINE)
				break;
			text_add(out, str_make(escape, n));
			width += n;
			goes_on = e->bytes[i++] != '\n';
		}
		text_add_char(out, '\n');
	}
}
