/* show errors: the last malformed request of each frontend and the last malformed response of each backend, in
 * HAProxy's layout; what it says of its own buffers' insides is the error's word and sentence here. */
#include "admin/lookup.h"
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

enum { SHOW_ERRORS_TIME = 64 };

static const char *show_errors_time(uint64_t wall_us, char out[SHOW_ERRORS_TIME])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char day[40] = "";
	if (localtime_r(&seconds, &tm))
		strftime(day, sizeof day, "%d/%b/%Y:%H:%M:%S", &tm);
	snprintf(out, SHOW_ERRORS_TIME, "%s.%03u", day, (unsigned)(wall_us / 1000 % 1000));
	return out;
}

static void show_errors_party(struct text *out, const char *kind, const char *name, uint32_t id)
{
	if (name[0])
		text_format(out, "%s %s (#%u), ", kind, name, (unsigned)id);
	else
		text_format(out, "%s <NONE> (#-1), ", kind);
}

static void show_errors_event(
	struct text *out, const char *kind, const char *name, uint32_t id, const struct captured_error *e)
{
	bool request = kind[0] == 'f';
	char time[SHOW_ERRORS_TIME], client[ADDRESS_TEXT_MAX] = "unix:1";
	if (e->client.length)
		address_format(&e->client, client);
	text_format(out, " \n[%s] %s %s (#%u): invalid %s\n  ", show_errors_time(e->wall_us, time), kind, name,
		(unsigned)id, request ? "request" : "response");
	show_errors_party(out, request ? "backend" : "frontend", e->other, e->other_id);
	show_errors_party(out, "server", e->server, e->server_id);
	text_format(out, "event #%llu, src %s\n", (unsigned long long)e->number, client);
	text_format(out, "  buffer starts at %llu (including 0 out), %u free,\n", (unsigned long long)e->start,
		CAPTURED_ERROR_BYTES - (unsigned)e->length);
	text_format(out, "  len %u, wraps at %u, error at position %llu\n", (unsigned)e->length, CAPTURED_ERROR_BYTES,
		(unsigned long long)e->position);
	text_format(out, "  %s in the %s%s%s; %llu bytes were here :\n  \n", e->word, e->in_body ? "body" : "head",
		e->text ? ": " : "", e->text ? e->text : "", (unsigned long long)e->received);
	captured_error_dump(e, out);
}

static uint64_t show_errors_total(const struct proxies *p)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < p->frontend_count; i++)
		total += error_slot_count(&p->frontends[i]->malformed);
	for (uint32_t i = 0; i < p->backend_count; i++)
		total += error_slot_count(&p->backends[i]->malformed);
	return total;
}

/* Frontends first, then backends: index counts through both. False: there is none at it. */
static bool show_errors_proxy(const struct proxies *p, uint32_t index, const char **name, uint32_t *id)
{
	if (index >= p->frontend_count + p->backend_count)
		return false;
	bool front = index < p->frontend_count;
	*name = front ? p->frontends[index]->name : p->backends[index - p->frontend_count]->name;
	*id = front ? p->frontends[index]->id : p->backends[index - p->frontend_count]->id;
	return true;
}

static bool show_errors_is_asked_for(struct str word, const char *name, uint32_t id)
{
	uint64_t number;
	if (!word.n || str_equal(word, str_of("-1")) || str_equal(word, str_of(name)))
		return true;
	return str_to_u64(word, UINT32_MAX, &number) && number == id;
}

static bool show_errors_knows(const struct proxies *p, struct str word)
{
	const char *name;
	uint32_t id;
	for (uint32_t i = 0; show_errors_proxy(p, i, &name, &id); i++)
		if (show_errors_is_asked_for(word, name, id))
			return true;
	return !word.n;
}

enum command_result command_show_errors(struct command_call *call)
{
	const struct proxies *p = call->host->proxies;
	struct str word = command_word(call, 2);
	char time[SHOW_ERRORS_TIME];
	if (!call->at.stage++) {
		if (!show_errors_knows(p, word))
			return command_fail(call, "No such proxy.");
		text_format(call->out, "Total events captured on [%s] : %llu\n",
			show_errors_time(clock_wall_us(), time), (unsigned long long)show_errors_total(p));
	}
	const char *name;
	uint32_t id;
	for (; show_errors_proxy(p, call->at.proxy, &name, &id); call->at.proxy++) {
		bool front = call->at.proxy < p->frontend_count;
		struct captured_error e;
		if (command_is_full(call))
			return COMMAND_MORE;
		if (!show_errors_is_asked_for(word, name, id) ||
			command_word_is(call, 3, front ? "response" : "request"))
			continue;
		struct error_slot *slot = front ? &p->frontends[call->at.proxy]->malformed
						: &p->backends[call->at.proxy - p->frontend_count]->malformed;
		if (error_slot_get(slot, &e))
			show_errors_event(call->out, front ? "frontend" : "backend", name, id, &e);
	}
	return COMMAND_DONE;
}
