#include "proxy/frontend_limits.h"

#include "base/text.h"

#include <stdlib.h>

struct frontend_limit {
	struct frontend_limit *next;
	struct text identity;
	struct rate_table *table;
	bool used; /* by a rule of the configuration at hand */
};

/* ---- which limit it is: everything that the rule tests and that the table was made for ---- */

static void limit_add_text(struct text *out, const char *key, const char *value)
{
	if (value)
		text_format(out, "%s=%zu:%s ", key, strlen(value), value);
}

static void limit_add_lists(
	struct text *out, const char *key, const struct config_strings *methods, const struct config_networks *networks)
{
	for (uint32_t i = 0; i < methods->count; i++)
		limit_add_text(out, key, methods->at[i]);
	for (uint32_t i = 0; i < networks->count; i++) {
		text_format(out, "%s=", key);
		for (size_t k = 0; k < sizeof networks->at[i].address.s6_addr; k++)
			text_format(out, "%02x", networks->at[i].address.s6_addr[k]);
		text_format(out, "/%u ", networks->at[i].prefix);
	}
}

static void limit_write_identity(const struct config_rule *r, struct text *out)
{
	const struct {
		const char *key, *value;
	} texts[] = {{"path", r->path}, {"raw_path", r->raw_path}, {"host", r->host}, {"query", r->query}, {"header", r->header_name},
		{"match", r->header_match}, {"cookie", r->cookie_name}, {"match", r->cookie_match},
		{"not_path", r->not_path}, {"not_raw_path", r->not_raw_path}, {"not_host", r->not_host}, {"not_query", r->not_query},
		{"not_header", r->not_header_name}, {"match", r->not_header_match}, {"not_cookie", r->not_cookie_name},
		{"match", r->not_cookie_match}, {"key", r->rate_limit.key}};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		limit_add_text(out, texts[i].key, texts[i].value);
	limit_add_lists(out, "+", &r->method, &r->src);
	limit_add_lists(out, "-", &r->not_method, &r->not_src);
	text_format(out, "%u %llu %u %u %u %u", r->rate_limit.rate, (unsigned long long)r->rate_limit.per,
		r->rate_limit.burst, r->rate_limit.v4_prefix, r->rate_limit.v6_prefix, r->rate_limit.keys);
}

/* ---- the tables ---- */

static struct rate_table *limit_make_table(const struct config_rate_limit *conf, uint64_t now_us)
{
	struct siphash_key seed;
	const struct rate_table_limit limit = {.rate = conf->rate,
		.burst = conf->burst ? conf->burst : conf->rate,
		.per_us = conf->per,
		.keys = *conf->key ? conf->keys : 1};
	return siphash_make_key(&seed) ? rate_table_create(&limit, &seed, now_us) : NULL;
}

/* Takes over identity. NULL: memory is out. */
static struct rate_table *limit_find_table(
	struct frontend_limit **limits, struct text *identity, const struct config_rate_limit *conf, uint64_t now_us)
{
	struct frontend_limit *l = *limits;
	while (l && (l->used || !str_equal(text_str(&l->identity), text_str(identity))))
		l = l->next;
	if (l) {
		text_free(identity);
	} else {
		l = calloc(1, sizeof *l);
		struct rate_table *table = l && !identity->failed ? limit_make_table(conf, now_us) : NULL;
		if (!table) {
			free(l);
			text_free(identity);
			return NULL;
		}
		*l = (struct frontend_limit){*limits, *identity, table, false};
		*limits = l;
	}
	/* The second of two rules that are alike has a table of its own. */
	l->used = true;
	return l->table;
}

bool frontend_limits_find(struct frontend_limit **limits, const struct config_frontend *conf, uint64_t now_us,
	struct rate_table ***by_rule)
{
	struct rate_table **tables = calloc(conf->rule_count + 1, sizeof(struct rate_table *));
	bool good = tables != NULL;
	for (struct frontend_limit *l = *limits; l; l = l->next)
		l->used = false;
	for (uint32_t i = 0; good && i < conf->rule_count; i++) {
		struct text identity = {0};
		if (!conf->rules[i].rate_limit.rate)
			continue;
		limit_write_identity(&conf->rules[i], &identity);
		tables[i] = limit_find_table(limits, &identity, &conf->rules[i].rate_limit, now_us);
		good = tables[i] != NULL;
	}
	*by_rule = good ? tables : NULL;
	if (!good)
		free(tables);
	return good;
}

void frontend_limits_destroy(struct frontend_limit *limits)
{
	for (struct frontend_limit *next; limits; limits = next) {
		next = limits->next;
		rate_table_destroy(limits->table);
		text_free(&limits->identity);
		free(limits);
	}
}
