/* Checks that need more than one option. They run when everything was read, also when single options were refused, so
 * that one run shows all that is wrong. */
#include "config.h"

#include "config/references.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/effect.h"
#include "config/schema.h"
#include "net/address.h"

struct references {
	const struct config *config;
	struct config_report *report;
	bool clean;                             /* no option was refused so far, so what is empty was not written */
	const struct config_backend **backends; /* sorted by name */
	uint32_t *comparisons;                  /* with names that are near; bounded */
};

enum { REFERENCES_COMPARISONS = 100000 };

static struct config_place references_place(const struct references *c, const char *file, unsigned line)
{
	for (uint32_t i = 0; file && i < c->report->file_count; i++)
		if (strcmp(c->report->files[i], file) == 0)
			return (struct config_place){i, line};
	return (struct config_place){0, line};
}

/* ---- backends that are named ---- */

static int references_compare_backends(const void *left, const void *right)
{
	const struct config_backend *const *a = left, *const *b = right;
	return strcmp((*a)->name, (*b)->name);
}

static const struct config_backend *references_find(const struct references *c, const char *name)
{
	const struct config_backend key = {.name = name}, *wanted = &key;
	const struct config_backend **found = c->config->backend_count
						      ? bsearch(&wanted, c->backends, c->config->backend_count,
								sizeof(*c->backends), references_compare_backends)
						      : NULL;
	return found ? *found : NULL;
}

static const char *references_find_nearest(const struct references *c, const char *name)
{
	struct config_nearest best = {0};
	for (uint32_t i = 0; i < c->config->backend_count && *c->comparisons < REFERENCES_COMPARISONS; i++) {
		config_nearest_try(&best, name, c->config->backends[i].name);
		++*c->comparisons;
	}
	return best.name;
}

/* All of them when they are few. */
static void references_list_backends(const struct references *c, struct text *out)
{
	enum { SHOWN = 9 };
	uint32_t count = c->config->backend_count;
	if (count == 0)
		text_add_c(out, "; no backend is defined");
	for (uint32_t i = 0; i < count && count <= SHOWN; i++)
		text_format(out, "%s%s", i == 0 ? "; defined: " : ", ", c->config->backends[i].name);
}

/* name: a field of the configuration, so that its line is known. */
static void references_check_backend(const struct references *c, const struct config_frontend *f,
	struct config_place otherwise, const char *option, const char *const *field)
{
	const char *name = *field;
	const struct config_backend *b = references_find(c, name);
	if (b && b->mode == f->mode)
		return;
	struct config_place at = config_report_place(c->report, field, otherwise);
	if (b) {
		config_report_error(c->report, at,
			"%s of frontend \"%s\" is \"%s\", which has mode %s; both must have the same mode", option,
			f->name, name, b->mode == CONFIG_MODE_TCP ? "tcp" : "http");
		return;
	}
	const char *nearest = references_find_nearest(c, name);
	struct text defined = {0};
	if (!nearest)
		references_list_backends(c, &defined);
	config_report_error(c->report, at, "%s of frontend \"%s\" is \"%.80s\"; there is no such backend%s%s%s%.*s",
		option, f->name, name, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "",
		(int)defined.n, defined.n ? defined.data : "");
	text_free(&defined);
}

/* ---- rules ---- */

static void references_check_split(
	const struct references *c, const struct config_frontend *f, const struct config_rule *r)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < r->split_count; i++) {
		const struct config_split *part = &r->split[i];
		sum += part->weight;
		if (part->backend)
			references_check_backend(
				c, f, references_place(c, part->file, part->line), "a split", &part->backend);
		for (uint32_t k = 0; part->backend && k < i; k++)
			if (r->split[k].backend && strcmp(r->split[k].backend, part->backend) == 0)
				config_report_error(c->report, references_place(c, part->file, part->line),
					"backend \"%.80s\" stands twice in this split; add the weights", part->backend);
	}
	if (c->clean && r->split_count && !sum)
		config_report_error(c->report, references_place(c, r->file, r->line),
			"all weights of this split are 0; needed: at least one above it");
	if (!r->split_count && r->split_key)
		config_report_error(c->report, references_place(c, r->file, r->line),
			"split_key is \"%.80s\", but this rule has no split", r->split_key);
}

static void references_check_rate_limit(const struct references *c, const struct config_rule *r)
{
	const struct config_rate_limit *limit = &r->rate_limit;
	if (limit->rate && r->deny)
		config_report_error(c->report, references_place(c, r->file, r->line),
			"this rule would deny what is within its rate_limit; what is above is refused with "
			"rate_limit.status, so leave deny out");
}

static void references_check_rule(
	const struct references *c, const struct config_frontend *f, const struct config_rule *r)
{
	unsigned terminal = (r->backend != NULL) + (r->split_count != 0) + (r->deny != 0) + (r->redirect_to != NULL) +
			    (r->return_status != 0);
	bool edits = r->set_header_name || r->add_header_name || r->del_header || r->rewrite_path || r->host_header ||
		     r->rate_limit.rate;
	if (terminal > 1)
		config_report_error(c->report, references_place(c, r->file, r->line),
			"a rule has one terminal action; this one has %u of backend, split, deny, redirect and return",
			terminal);
	else if (c->clean && terminal == 0 && !edits)
		config_report_error(c->report, references_place(c, r->file, r->line),
			"this rule does nothing; add backend, split, deny, redirect, return, rate_limit or an edit "
			"such as "
			"set_header");
	if (r->redirect_to && (r->redirect_status == 300 || (r->redirect_status >= 304 && r->redirect_status <= 306)))
		config_report_error(c->report,
			config_report_place(c->report, &r->redirect_status, references_place(c, r->file, r->line)),
			"redirect.status is %u; needed: 301, 302, 303, 307 or 308", r->redirect_status);
	if (r->backend)
		references_check_backend(c, f, references_place(c, r->file, r->line), "backend of a rule", &r->backend);
	references_check_split(c, f, r);
	references_check_rate_limit(c, r);
}

/* ---- options without effect ---- */

/* A frontend or backend whose options are looked at. */
struct references_object {
	enum config_group group;
	const void *object;
	const char *what, *name;
};

static void references_report_idle(const struct references *c, const struct references_object *in,
	const struct config_option *o, enum config_idle idle, struct config_place at)
{
	char path[64];
	const char *own = config_groups[in->group].path, *key = config_option_path(o, path);
	size_t prefix = strlen(own);
	if (strncmp(key, own, prefix) == 0)
		key += prefix + 1;
	switch (idle) {
	case CONFIG_IDLE_NO:
		return;
	case CONFIG_IDLE_MODE:
		config_report_error(c->report, at,
			"%s of %s \"%s\" has no effect in mode tcp; remove it or write it in defaults", key, in->what,
			in->name);
		return;
	case CONFIG_IDLE_NO_UNIX:
		config_report_error(c->report, at,
			"%s of %s \"%s\" has no effect: none of its addresses begins with unix:", key, in->what,
			in->name);
		return;
	case CONFIG_IDLE_IN_FRONTEND:
	case CONFIG_IDLE_IN_BACKEND:
		config_report_warning(c->report, at,
			"%s of %s \"%s\" has no effect here; write it in a %s or in defaults", key, in->what, in->name,
			idle == CONFIG_IDLE_IN_FRONTEND ? "backend" : "frontend");
		return;
	case CONFIG_IDLE_CHECK_NOT_HTTP:
		config_report_warning(c->report, at, "%s of %s \"%s\" has no effect; it is for check.type \"http\"",
			key, in->what, in->name);
		return;
	case CONFIG_IDLE_CHECK_NOT_TCP:
		config_report_error(c->report, at,
			"%s of %s \"%s\" is for check.type \"tcp\"; other types have their own", key, in->what,
			in->name);
		return;
	}
}

/* Only what is written in the object itself: `defaults` serves all of them. outer: why the group around has no effect.
 */
static void references_check_effects(const struct references *c, const struct references_object *in,
	enum config_group group, const char *base, enum config_idle outer)
{
	static const struct config_place nowhere = {0};
	for (uint32_t i = 0; i < config_option_count; i++) {
		const struct config_option *o = &config_options[i];
		if (o->group != group || o->type == CONFIG_TYPE_OF_NAMED || o->type == CONFIG_TYPE_OF_LIST)
			continue;
		enum config_idle idle = outer ? outer : config_effect_idle(o->effect, in->group, in->object);
		const char *field = base + o->offset;
		/* A group that is turned off may keep what it has for when it is turned on again. */
		if (o->type == CONFIG_TYPE_OF_OPTIONAL && config_switch_is_off(config_option_first(o->child), field))
			continue;
		if (config_option_is_group(o)) {
			references_check_effects(c, in, o->child, field, idle);
			continue;
		}
		struct config_place at = idle ? config_report_place(c->report, field, nowhere) : nowhere;
		if (at.line)
			references_report_idle(c, in, o, idle, at);
	}
}

static void references_check_frontend(const struct references *c, const struct config_frontend *f)
{
	struct config_place at = references_place(c, f->file, f->line);
	if (f->bind && f->bind_count == 0)
		config_report_error(c->report, at,
			"bind of frontend \"%s\" is empty; needed: one address or more, such as "
			"[ \"*:8080\" ]",
			f->name);
	if (*f->default_backend)
		references_check_backend(c, f, at, "default_backend", &f->default_backend);
	else if (f->rule_count == 0)
		config_report_warning(c->report, at,
			"frontend \"%s\" has neither default_backend nor rules; it answers 503", f->name);
	if (f->capture.request.count > CONFIG_CAPTURES_MAX || f->capture.response.count > CONFIG_CAPTURES_MAX)
		config_report_error(c->report, at, "capture of frontend \"%s\" has more than %d names in one list",
			f->name, CONFIG_CAPTURES_MAX);
	for (uint32_t i = 0; i < f->rule_count; i++)
		references_check_rule(c, f, &f->rules[i]);
	const struct references_object in = {CONFIG_GROUP_FRONTEND, f, "frontend", f->name};
	references_check_effects(c, &in, in.group, (const char *)f, CONFIG_IDLE_NO);
}

/* ---- backends ---- */

/* Two values of one backend, of which the first must not be above the second. */
struct references_order {
	uint64_t low, high;
	const void *fields[2];
	const char *names[2];
	bool used;
};

static void references_check_backend_values(const struct references *c, const struct config_backend *b)
{
	const struct config_passive *p = &b->passive;
	const struct config_breaker *k = &b->breaker;
	const struct references_order orders[] = {
		{p->degraded, p->failed, {&p->degraded, &p->failed}, {"passive.degraded", "passive.failed"},
			p->window && p->failed},
		{p->min_requests, p->window, {&p->min_requests, &p->window}, {"passive.min_requests", "passive.window"},
			p->window},
		{p->eject, p->max_eject, {&p->eject, &p->max_eject}, {"passive.eject", "passive.max_eject"}, p->window},
		{k->open, k->max_open, {&k->open, &k->max_open}, {"breaker.open", "breaker.max_open"}, k->enabled},
	};
	struct config_place at = references_place(c, b->file, b->line);
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (orders[i].used && orders[i].low > orders[i].high)
			config_report_error(c->report,
				config_report_place(c->report, orders[i].fields[0],
					config_report_place(c->report, orders[i].fields[1], at)),
				"%s of backend \"%s\" is above %s", orders[i].names[0], b->name, orders[i].names[1]);
	const struct references_object in = {CONFIG_GROUP_BACKEND, b, "backend", b->name};
	references_check_effects(c, &in, in.group, (const char *)b, CONFIG_IDLE_NO);
	uint32_t bound = b->algorithm.bounded_load;
	if (bound > 0 && bound <= 100)
		config_report_error(c->report,
			config_report_place(c->report, &b->algorithm.bounded_load,
				references_place(c, b->algorithm.file, b->algorithm.line)),
			"backend.algorithm.bounded_load is %u; needed: 101 or more, or 0 for off", bound);
	if (b->server_count == 0)
		config_report_warning(c->report, at, "backend \"%s\" has no servers; it answers 503", b->name);
}

/* ---- addresses that must differ ---- */

/* Names are compared when they are looked up, by who starts. */
struct references_address {
	char key[ADDRESS_KEY_MAX];
	const char *what, *text, *file;
	unsigned line;
	uint32_t order;
};

static int references_compare(const void *left, const void *right)
{
	const struct references_address *a = left, *b = right;
	int order = strcmp(a->key, b->key);
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static void references_add_bind(struct references_address *list, uint32_t *n, const struct config_address *bind)
{
	char why[256];
	struct address a;
	if (address_is_name(bind->text) || !address_parse(&a, bind->text, why, sizeof(why)) ||
		(a.as.any.sa_family != AF_UNIX && !address_port(&a)))
		return;
	list[*n] = (struct references_address){
		.what = "address", .text = bind->text, .file = bind->file, .line = bind->line, .order = *n};
	address_write_key(&a, list[(*n)++].key);
}

static void references_add_stats_socket(
	struct references_address *list, uint32_t *n, const struct config_stats_socket *s)
{
	struct address a = {.as.local.sun_family = AF_UNIX};
	if (!s->path)
		return;
	snprintf(a.as.local.sun_path, sizeof(a.as.local.sun_path), "%s", s->path);
	list[*n] = (struct references_address){
		.what = "stats socket", .text = s->path, .file = s->file, .line = s->line, .order = *n};
	address_write_key(&a, list[(*n)++].key);
}

static void references_check_addresses(const struct references *c)
{
	const struct config *config = c->config;
	uint32_t count = config->global.stats_socket_count, n = 0;
	for (uint32_t i = 0; i < config->frontend_count; i++)
		count += config->frontends[i].bind_count;
	struct references_address *list = calloc(count ? count : 1, sizeof(*list));
	if (!list) {
		c->report->failed = true;
		return;
	}
	for (uint32_t i = 0; i < config->frontend_count; i++)
		for (uint32_t k = 0; k < config->frontends[i].bind_count; k++)
			references_add_bind(list, &n, &config->frontends[i].bind[k]);
	for (uint32_t i = 0; i < config->global.stats_socket_count; i++)
		references_add_stats_socket(list, &n, &config->global.stats_sockets[i]);
	if (n > 1)
		qsort(list, n, sizeof(*list), references_compare);
	for (uint32_t i = 1; i < n; i++)
		if (strcmp(list[i - 1].key, list[i].key) == 0)
			config_report_error(c->report, references_place(c, list[i].file, list[i].line),
				"the %s \"%s\" is used twice; first at %s:%u", list[i].what, list[i].text,
				list[i - 1].file, list[i - 1].line);
	free(list);
}

void config_check_references(const struct config *config, struct config_report *report)
{
	uint32_t comparisons = 0;
	const struct references c = {config, report, !config_report_bad(report),
		calloc((size_t)config->backend_count + 1, sizeof(*c.backends)), &comparisons};
	if (!c.backends) {
		report->failed = true;
		return;
	}
	config_report_sort_marks(report);
	for (uint32_t i = 0; i < config->backend_count; i++)
		c.backends[i] = &config->backends[i];
	if (config->backend_count > 0)
		qsort(c.backends, config->backend_count, sizeof(*c.backends), references_compare_backends);
	if (config->frontend_count == 0 && c.clean)
		config_report_error(report, (struct config_place){0, 1},
			"no frontend is configured; needed: one or more, such as "
			"frontends: { web: { bind = [ \"*:8080\" ]; default_backend = \"app\"; }; };");
	for (uint32_t i = 0; i < config->frontend_count; i++)
		references_check_frontend(&c, &config->frontends[i]);
	for (uint32_t i = 0; i < config->backend_count; i++)
		references_check_backend_values(&c, &config->backends[i]);
	references_check_addresses(&c);
	free(c.backends);
}
