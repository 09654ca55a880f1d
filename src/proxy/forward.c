#include "proxy/forward.h"

#include "http/write.h"
#include "proxy/identity.h"

/* Behind what says who the client is: Via and Max-Forwards. */
enum { FORWARD_ADDED = IDENTITY_FIELDS + 2 };

/* What is added to a head, in the arena of its exchange. */
struct forward_additions {
	struct http_field *at;
	size_t count;
};

static const struct config_frontend *forward_frontend(const struct exchange *x)
{
	return atomic_load_explicit(&x->frontend->conf, memory_order_acquire);
}

static struct str forward_host(const struct exchange *x, char out[ADDRESS_TEXT_MAX])
{
	const struct config_backend *conf = atomic_load_explicit(&x->backend->conf, memory_order_acquire);
	/* Its target is the host that is meant, and Host says the same (RFC 9110 9.3.6). */
	if (x->request.method == HTTP_METHOD_CONNECT)
		return x->request.host;
	if (x->changes.host.p)
		return x->changes.host;
	if (conf->host_header == CONFIG_HOST_NAME)
		return str_of(conf->host_name);
	/* HTTP/1.0 has no Host, HTTP/1.1 must have one. */
	if (conf->host_header == CONFIG_HOST_PRESERVE && x->request.host.n)
		return x->request.host;
	/* A path names no host. */
	const struct address *address = server_address(x->server);
	if (address->as.any.sa_family == AF_UNIX)
		return str_of("localhost");
	return str_make(out, address_format(address, out));
}

/* With '_' for '-' as well: what a rule removes must not stay by another spelling. */
static void forward_remove(struct http_request *request, struct forward_additions *add, struct str name)
{
	size_t kept = 0;
	for (uint32_t i = 0; i < request->fields.count; i++)
		if (str_equal_folded(request->fields.at[i].name, name))
			request->fields.at[i].drop = HTTP_FIELD_DROPPED;
	for (size_t i = 0; i < add->count; i++)
		if (!str_equal_folded(add->at[i].name, name))
			add->at[kept++] = add->at[i];
	add->count = kept;
}

/* The edits of the rules, in their order, behind what a proxy adds by itself. */
static void forward_edit(struct exchange *x, struct forward_additions *add)
{
	for (const struct rule_edit *edit = x->changes.edits; edit; edit = edit->next) {
		if (edit->kind != RULE_EDIT_ADD)
			forward_remove(&x->request, add, edit->name);
		if (edit->kind != RULE_EDIT_DEL)
			add->at[add->count++] = (struct http_field){.name = edit->name, .value = edit->value};
	}
}

/* The path that a rule wants, with the query as it came. False: memory is out. */
static bool forward_target(struct exchange *x, struct str *target)
{
	struct str path = x->changes.path, query = x->request.query;
	*target = path;
	if (!path.n || !query.p)
		return true;
	char joint = memchr(path.p, '?', path.n) ? '&' : '?';
	char *whole = arena_format(&x->arena, "%.*s%c%.*s", (int)path.n, path.p, joint, (int)query.n, query.p);
	if (!whole)
		return false;
	*target = str_of(whole);
	return true;
}

static struct http_field forward_field(const char *name, const char *value)
{
	return (struct http_field){.name = str_of(name), .value = str_of(value)};
}

/* RFC 9110 7.6.3: the version that was received, and who received it. False: memory is out. Rarely wanted. */
static LBD_COLD bool forward_make_via(
	struct exchange *x, unsigned minor, const char *name, struct http_field *add, size_t *count)
{
	char *value = arena_format(&x->arena, "1.%u %s", minor, name);
	if (value)
		add[(*count)++] = forward_field("Via", value);
	return value != NULL;
}

static inline bool forward_add_via(struct exchange *x, unsigned minor, struct http_field *add, size_t *count)
{
	const char *name = forward_frontend(x)->via;
	return !*name || forward_make_via(x, minor, name, add, count);
}

static bool forward_add_max_forwards(struct exchange *x, struct forward_additions *add)
{
	if (x->request.forwards_left <= 0)
		return true;
	char *value = arena_format(&x->arena, "%lld", (long long)x->request.forwards_left - 1);
	if (value)
		add->at[add->count++] = forward_field("Max-Forwards", value);
	return value != NULL;
}

static size_t forward_count_edits(const struct exchange *x)
{
	size_t n = 0;
	for (const struct rule_edit *edit = x->changes.edits; edit; edit = edit->next)
		n++;
	return n;
}

bool forward_request_head(struct exchange *x)
{
	char host[ADDRESS_TEXT_MAX];
	struct identity_texts texts;
	struct http_field own[FORWARD_ADDED];
	struct forward_additions add = {.at = own};
	size_t edits = forward_count_edits(x);
	if (edits)
		add.at = arena_alloc(&x->arena, (FORWARD_ADDED + edits) * sizeof *add.at);
	if (!add.at)
		return false;
	int count = identity_fields(x, &texts, add.at);
	if (count < 0)
		return false;
	add.count = (size_t)count;
	if (!forward_add_via(x, x->request.minor, add.at, &add.count) || !forward_add_max_forwards(x, &add))
		return false;
	forward_edit(x, &add);
	struct http_out out = {.host = forward_host(x, host),
		.add = add.at,
		.add_count = add.count,
		.framing = x->request.framing,
		.te_trailers = x->request.te_trailers && x->request.minor,
		.upgrade_to = x->request.upgrade_to};
	if (!forward_target(x, &out.target))
		return false;
	char *at = channel_reserve(&x->upstream->channel, http_request_head_bound(&x->request, &out));
	if (!at)
		return false;
	channel_commit(&x->upstream->channel, (size_t)(http_write_request_head(at, &x->request, &out) - at));
	return true;
}

bool forward_response_head(
	struct exchange *x, const struct http_response *response, struct http_framing framing, struct str upgrade_to)
{
	bool connected = x->request.method == HTTP_METHOD_CONNECT && response->status < 300;
	bool final = response->status >= 200 && !connected;
	struct http_field via[1];
	struct http_out out = {.framing = framing,
		.add = via,
		.upgrade_to = upgrade_to,
		.close = final && x->close_client,
		.keep_alive = final && !x->close_client && x->request.minor == 0};
	if (!forward_add_via(x, response->minor, via, &out.add_count))
		return false;
	struct channel *client = &x->session->client;
	char *at = channel_reserve(client, http_response_head_bound(response, &out));
	if (!at)
		return false;
	size_t n = (size_t)(http_write_response_head(at, response, &out) - at);
	channel_commit(client, n);
	x->head_bytes_out += (uint32_t)n;
	return true;
}
