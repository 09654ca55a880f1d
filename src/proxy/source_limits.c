#include "proxy/source_limits.h"

#include "proxy/exchange.h"
#include "rules/rule_key.h"

/* As many at once as in a whole period, so that a page with all its parts passes. */
static bool source_make_rate(struct rate_table **table, uint32_t rate, const struct config_source_limits *conf,
	const struct siphash_key *seed, uint64_t now_us)
{
	const struct rate_table_limit limit = {.rate = rate, .burst = rate, .per_us = conf->per, .keys = conf->keys};
	if (rate)
		*table = rate_table_create(&limit, seed, now_us);
	return !rate || *table;
}

bool source_limits_init(struct source_limits *l, const struct config_source_limits *conf, uint64_t now_us)
{
	*l = (struct source_limits){0};
	if (conf->connections)
		l->open = count_table_create(conf->keys);
	return siphash_make_key(&l->seed) && (!conf->connections || l->open) &&
	       source_make_rate(&l->rate, conf->connection_rate, conf, &l->seed, now_us) &&
	       source_make_rate(&l->requests, conf->requests, conf, &l->seed, now_us) &&
	       source_make_rate(&l->bad, conf->bad_requests, conf, &l->seed, now_us);
}

void source_limits_end(struct source_limits *l)
{
	count_table_destroy(l->open);
	rate_table_destroy(l->rate);
	rate_table_destroy(l->requests);
	rate_table_destroy(l->bad);
}

static const struct config_frontend *source_conf(const struct frontend *f)
{
	return atomic_load_explicit(&f->conf, memory_order_acquire);
}

/* False: it is exempt, or has no address that could be told from others. */
static bool source_hash(const struct frontend *f, const struct address *from, uint64_t *hash)
{
	const struct config_frontend *conf = source_conf(f);
	const struct config_source_limits *limits = &conf->limits.source;
	const struct rule_key key = {
		.kind = RULE_KEY_SRC, .v4_bits = limits->v4_prefix, .v6_bits = limits->v6_prefix};
	struct rule_request request = {0};
	uint32_t budget = UINT32_MAX; /* an address costs next to nothing */
	request.has_src = address_to_in6(from, &request.src);
	if (!request.has_src || config_networks_contain(&conf->trusted_proxies, &request.src))
		return false;
	return rule_key_hash(&key, &request, &f->source.seed, &budget, hash);
}

static enum reason source_judge(struct frontend *f, uint64_t hash, uint64_t now_us, count_word **held)
{
	struct source_limits *l = &f->source;
	if (l->bad && rate_table_peek(l->bad, hash, now_us))
		return REASON_SOURCE_BAD;
	if (l->rate && rate_table_take(l->rate, hash, now_us))
		return REASON_SOURCE_RATE;
	if (l->open && !count_table_take(l->open, hash, source_conf(f)->limits.source.connections, held))
		return REASON_SOURCE_OPEN;
	return REASON_NONE;
}

enum reason source_connects(
	struct frontend *f, uint32_t worker, const struct address *peer, uint64_t now_us, count_word **held)
{
	const struct source_limits *l = &f->source;
	uint64_t hash;
	*held = NULL;
	if ((!l->open && !l->rate && !l->bad) || !source_hash(f, peer, &hash))
		return REASON_NONE;
	enum reason reason = source_judge(f, hash, now_us, held);
	if (reason == REASON_NONE)
		return reason;
	*held = NULL;
	counter_row_add(&f->ends, worker, reason);
	counter_add(counter_set_block(&f->counters, worker), COUNTER_DENIED_CONNECTIONS, 1);
	return reason;
}

enum reason source_requests(const struct exchange *x, uint64_t *wait_us)
{
	const struct source_limits *l = &x->frontend->source;
	struct address client;
	uint64_t hash;
	*wait_us = 0;
	if (!l->requests && !l->bad)
		return REASON_NONE;
	session_client(x->session, &client);
	if (!source_hash(x->frontend, &client, &hash))
		return REASON_NONE;
	/* Its connections are those of a proxy, and cannot be closed for it. */
	if (l->bad && x->client.family)
		*wait_us = rate_table_peek(l->bad, hash, x->worker->loop.now_us);
	if (*wait_us)
		return REASON_SOURCE_BAD;
	if (l->requests)
		*wait_us = rate_table_take(l->requests, hash, x->worker->loop.now_us);
	return *wait_us ? REASON_SOURCE_REQUESTS : REASON_NONE;
}

static bool source_is_bad(const struct exchange *x)
{
	bool late = x->reason == REASON_CLIENT_TIMEOUT && x->status == 408;
	return late || (reason_kind(x->reason) == REASON_KIND_REQUEST && x->reason != REASON_PROXY_HEADER);
}

void source_note_end(const struct exchange *x)
{
	struct rate_table *bad = x->frontend->source.bad;
	struct address client;
	uint64_t hash;
	if (!bad || !source_is_bad(x))
		return;
	session_client(x->session, &client);
	/* Above the limit nothing more is remembered: it ends when there were no new ones for a while. */
	if (source_hash(x->frontend, &client, &hash))
		(void)!rate_table_take(bad, hash, x->worker->loop.now_us);
}
