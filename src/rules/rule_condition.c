/* The conditions of a rule, each with what it looks at. */
#include "rules/rule.h"

struct condition_subject {
	const struct rule_request *request;
	struct pattern_scratch *scratch;
	uint32_t *budget;
};

static enum rule_truth condition_match(
	const struct rule_condition *c, const struct condition_subject *s, struct str subject)
{
	switch (pattern_match_within(c->pattern, s->scratch, subject, s->budget)) {
	case PATTERN_NO_MATCH:
		return RULE_FALSE;
	case PATTERN_MATCH:
		return RULE_TRUE;
	case PATTERN_TOO_COSTLY:
	case PATTERN_MORE:
		break;
	}
	return RULE_UNKNOWN;
}

/* One of many: how many, says who sent them. */
static enum rule_truth condition_match_one(
	const struct rule_condition *c, const struct condition_subject *s, struct str subject)
{
	return rule_charge(s->budget, RULE_STEPS_A_MATCH) ? condition_match(c, s, subject) : RULE_UNKNOWN;
}

static enum rule_truth condition_test_method(const struct rule_condition *c, const struct condition_subject *s)
{
	for (uint32_t i = 0; i < c->methods.count; i++)
		if (str_equal(str_of(c->methods.at[i]), s->request->method))
			return RULE_TRUE;
	return RULE_FALSE;
}

static enum rule_truth condition_test_address(
	const struct rule_condition *c, bool there, const struct in6_addr *address)
{
	return there && config_networks_contain(&c->sources, address) ? RULE_TRUE : RULE_FALSE;
}

struct str rule_host_name(struct str host)
{
	size_t n = host.n;
	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	n = n > 0 && host.p[n - 1] == ':' ? n - 1 : host.n;
	if (n > 0 && host.p[n - 1] == '.')
		n--;
	return str_make(host.p, n);
}

const struct http_field *rule_next_field(
	const struct http_fields *fields, uint32_t *index, struct str name, uint32_t *budget)
{
	size_t steps = 0;
	const struct http_field *found = NULL;
	uint32_t from = *index;
	while (fields && *index < fields->count && !found && steps < *budget) {
		const struct http_field *field = &fields->at[(*index)++];
		if (field->name.n != name.n || field->drop == HTTP_FIELD_GONE)
			continue;
		steps += 1 + name.n / RULE_BYTES_A_STEP;
		if (str_equal_nocase(field->name, name))
			found = field;
	}
	return rule_charge(budget, steps + (*index - from) / RULE_FIELDS_A_STEP) ? found : NULL;
}

/* Any field of this name may match. */
static enum rule_truth condition_test_header(const struct rule_condition *c, const struct condition_subject *s)
{
	const struct http_fields *fields = s->request->fields;
	enum rule_truth truth = RULE_FALSE;
	/* Host stands apart from the other fields once it was read, and may come from the target. */
	if (str_equal_nocase(c->name, str_of("Host")))
		return s->request->host.n ? condition_match(c, s, s->request->host) : RULE_FALSE;
	const struct http_field *field;
	for (uint32_t i = 0; (field = rule_next_field(fields, &i, c->name, s->budget)) != NULL;) {
		enum rule_truth one = condition_match_one(c, s, field->value);
		if (one == RULE_TRUE)
			return one;
		if (one == RULE_UNKNOWN)
			truth = one;
	}
	/* There may be more of them. */
	return *s->budget ? truth : RULE_UNKNOWN;
}

bool rule_next_cookie(struct str *list, struct str *name, struct str *value, uint32_t *budget)
{
	enum { STEPS_A_PAIR = 2 };
	if (!list->n)
		return false;
	const char *end = memchr(list->p, ';', list->n);
	size_t n = end ? (size_t)(end - list->p) : list->n;
	if (!rule_charge(budget, STEPS_A_PAIR + n / RULE_BYTES_A_STEP))
		return false;
	struct str pair = str_trim(str_make(list->p, n));
	*list = end ? str_make(end + 1, list->n - n - 1) : str_make(list->p + n, 0);
	const char *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
	size_t length = equals ? (size_t)(equals - pair.p) : pair.n;
	*name = str_trim(str_make(pair.p, length));
	*value = equals ? str_trim(str_make(equals + 1, pair.n - length - 1)) : str_make(pair.p, 0);
	return true;
}

static enum rule_truth condition_test_cookie(const struct rule_condition *c, const struct condition_subject *s)
{
	const struct http_fields *fields = s->request->fields;
	enum rule_truth truth = RULE_FALSE;
	for (uint32_t i = 0; fields && i < fields->count; i++) {
		struct str list = fields->at[i].value, name, value;
		if (fields->at[i].id != HTTP_FIELD_COOKIE || fields->at[i].drop == HTTP_FIELD_GONE)
			continue;
		while (rule_next_cookie(&list, &name, &value, s->budget)) {
			if (!str_equal(name, c->name))
				continue;
			enum rule_truth one = condition_match_one(c, s, value);
			if (one == RULE_TRUE)
				return one;
			if (one == RULE_UNKNOWN)
				truth = one;
		}
		/* There may be more of them. */
		if (!*s->budget)
			truth = RULE_UNKNOWN;
	}
	return truth;
}

static enum rule_truth condition_test(const struct rule_condition *c, const struct condition_subject *s)
{
	switch (c->kind) {
	case RULE_CONDITION_METHOD:
		return condition_test_method(c, s);
	case RULE_CONDITION_SRC:
		return condition_test_address(c, s->request->has_src, &s->request->src);
	case RULE_CONDITION_PEER:
		return condition_test_address(c, s->request->has_peer, &s->request->peer);
	case RULE_CONDITION_HOST:
		return condition_match(c, s, rule_host_name(s->request->host));
	case RULE_CONDITION_QUERY:
		return condition_match(c, s, s->request->query);
	case RULE_CONDITION_HEADER:
		return condition_test_header(c, s);
	case RULE_CONDITION_COOKIE:
		return condition_test_cookie(c, s);
	case RULE_CONDITION_RAW_PATH:
		return condition_match(c, s, s->request->raw_path);
	case RULE_CONDITION_PATH:
		break;
	}
	return condition_match(c, s, s->request->path);
}

enum rule_truth rule_test(
	const struct rule *rule, const struct rule_request *request, struct pattern_scratch *scratch, uint32_t *budget)
{
	const struct condition_subject subject = {request, scratch, budget};
	enum rule_truth all = RULE_TRUE;
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct rule_condition *c = &rule->conditions[i];
		enum rule_truth one = condition_test(c, &subject);
		if (one == RULE_UNKNOWN)
			all = one;
		else if ((one == RULE_TRUE) == c->negated)
			return RULE_FALSE;
	}
	return all;
}
