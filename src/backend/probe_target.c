#include "backend/probe_target.h"

#include "base/text.h"

#include <stdio.h>

static const struct config_check *probe_target_conf(const struct probe_target *t)
{
	return &atomic_load_explicit(&t->backend->conf, memory_order_relaxed)->check;
}

/* What goes into the request head as it stands must not be able to end a line. */
static bool probe_target_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text == 0x7f)
			return false;
	return true;
}

bool probe_target_check(const struct config_backend *b, char *error, size_t error_size)
{
	const struct config_check *conf = &b->check;
	const char *rule = "it must not hold blanks or control characters", *key = NULL, *value = NULL;
	char why[256];
	if (conf->type != CONFIG_CHECK_HTTP) {
		struct probe_script script;
		bool good = probe_script_init(&script, conf, why, sizeof why);
		if (good)
			probe_script_end(&script);
		else
			snprintf(error, error_size, "check.expect of backend '%s': %s", b->name, why);
		return good;
	}
	if (!probe_target_clean(conf->method)) {
		key = "method", value = conf->method;
	} else if (!probe_target_clean(conf->host)) {
		key = "host", value = conf->host;
	} else if (!probe_target_clean(conf->path)) {
		key = "path", value = conf->path;
	} else if (conf->path[0] != '/' && strcmp(conf->path, "*") != 0) {
		key = "path", value = conf->path, rule = "needed: a path that begins with /, such as \"/health\"";
	}
	if (key) {
		snprintf(error, error_size, "check.%s of backend '%s' is \"%s\"; %s", key, b->name, value, rule);
		return false;
	}
	struct pattern *body = conf->expect_body[0] ? pattern_compile(conf->expect_body, why, sizeof why) : NULL;
	if (conf->expect_body[0] && !body)
		snprintf(error, error_size, "check.expect_body of backend '%s': %s", b->name, why);
	bool good = body || !conf->expect_body[0];
	pattern_free(body);
	return good;
}

bool probe_target_init(struct probe_target *t, struct backend *b, char *error, size_t error_size)
{
	char why[256];
	*t = (struct probe_target){.backend = b};
	probe_group_init(&t->places);
	const struct config_check *conf = probe_target_conf(t);
	if (conf->type != CONFIG_CHECK_HTTP)
		return probe_script_init(&t->script, conf, error, error_size);
	t->method = strcmp(conf->method, "HEAD") == 0 ? HTTP_METHOD_HEAD : HTTP_METHOD_GET;
	if (!probe_target_check(atomic_load_explicit(&b->conf, memory_order_relaxed), error, error_size))
		return false;
	if (!conf->expect_body[0])
		return true;
	t->body = pattern_compile(conf->expect_body, why, sizeof why);
	if (!t->body)
		snprintf(error, error_size, "backend '%s': check.expect_body: %s", b->name, why);
	return t->body != NULL;
}

void probe_target_end(struct probe_target *t)
{
	pattern_free(t->body);
	t->body = NULL;
	probe_script_end(&t->script);
}

void probe_target_request(const struct probe_target *t, const struct server *s, struct text *text)
{
	const struct config_check *conf = probe_target_conf(t);
	char address[ADDRESS_TEXT_MAX];
	address_format(server_address(s), address);
	bool local = server_address(s)->as.any.sa_family == AF_UNIX;
	text_format(text,
		"%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lbd-check\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		conf->method, conf->path,
		conf->host[0] ? conf->host
		: local       ? "localhost"
			      : address);
}

static bool probe_target_expects(const struct config_check *conf, unsigned status)
{
	for (uint32_t i = 0; i < conf->expect_status.count; i++)
		if (status >= conf->expect_status.at[i].low && status <= conf->expect_status.at[i].high)
			return true;
	return false;
}

static enum pattern_result probe_target_look(
	const struct probe_target *t, struct pattern_scratch *scratch, struct probe_reply *reply, bool whole)
{
	struct str body = str_make(reply->body, reply->body_n);
	if (!t->body)
		return PATTERN_MATCH;
	if (whole)
		return pattern_match(t->body, scratch, body);
	if (reply->body_looked == reply->body_n || ++reply->looks > PROBE_TALK_LOOKS)
		return PATTERN_MORE;
	reply->body_looked = reply->body_n;
	return pattern_match_beginning(t->body, scratch, body);
}

bool probe_target_judge(const struct probe_target *t, struct pattern_scratch *scratch, struct probe_reply *reply,
	bool whole, struct check_result *result)
{
	result->code = reply->response.status;
	result->verdict = CHECK_FAILED;
	if (!probe_target_expects(probe_target_conf(t), result->code)) {
		result->status = CHECK_STATUS_L7STS;
		result->text = http_status_phrase(result->code);
		return true;
	}
	enum pattern_result found = probe_target_look(t, scratch, reply, whole);
	if (found == PATTERN_MATCH) {
		result->verdict = CHECK_PASSED;
		result->status = CHECK_STATUS_L7OK;
		return true;
	}
	result->status = CHECK_STATUS_L7RSP;
	result->text = found == PATTERN_TOO_COSTLY         ? "expect_body is too costly for this body"
		       : reply->body_n == sizeof reply->body ? "the first 16 KiB of the body do not match expect_body"
							     : "the body does not match expect_body";
	return found != PATTERN_MORE;
}
