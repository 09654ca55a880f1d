/* The configuration of `lbd -b ADDRESS SERVER...`: written as a file and read like one, so that it obeys the same
 * rules. */
#include "config.h"

#include "config/load.h"
#include "config/schema.h"

/* SERVER is [http://]HOST:PORT[/][*WEIGHT]. */
struct quick_server {
	struct str address, weight;
};

static bool quick_parse_server(const char *text, struct quick_server *out, struct text *messages)
{
	struct str s = str_of(text), scheme = str_of("http://");
	if (str_starts_with(s, str_of("https://"))) {
		text_format(messages,
			"command line: error: server \"%s\": TLS to servers is not supported; use http://\n", text);
		return false;
	}
	if (str_starts_with(s, scheme))
		s = str_make(s.p + scheme.n, s.n - scheme.n);
	const char *star = s.n ? memrchr(s.p, '*', s.n) : NULL;
	out->weight = str_of("1");
	if (star) {
		uint64_t weight;
		out->weight = str_make(star + 1, s.n - (size_t)(star - s.p) - 1);
		s.n = (size_t)(star - s.p);
		if (!str_to_u64(out->weight, 256, &weight) || (out->weight.n > 1 && out->weight.p[0] == '0')) {
			text_format(messages,
				"command line: error: server \"%s\": the weight behind * must be 0 to 256\n", text);
			return false;
		}
	}
	if (s.n > 0 && s.p[s.n - 1] == '/' && !str_starts_with(s, str_of("unix:")))
		s.n--;
	out->address = s;
	return true;
}

static void quick_add_text(struct text *out, const char *key, struct str value)
{
	struct text copy = {0};
	text_add(&copy, value);
	text_add_char(&copy, '\0');
	text_format(out, "%s = ", key);
	config_write_quoted(out, copy.failed ? "" : copy.data);
	text_add_c(out, "; ");
	out->failed |= copy.failed;
	text_free(&copy);
}

static bool quick_write(struct text *out, const char *bind, const char *algorithm, const char *socket,
	const char *const *servers, uint32_t server_count, struct text *messages)
{
	bool ok = true;
	if (socket) {
		text_add_c(out, "global: { stats_sockets = ( { ");
		quick_add_text(out, "path", str_of(socket));
		text_add_c(out, "} ); };\n");
	}
	text_add_c(out, "frontends: { web: { bind = [ ");
	config_write_quoted(out, bind);
	text_add_c(out, " ]; default_backend = \"app\"; }; };\nbackends: { app: { ");
	if (algorithm)
		quick_add_text(out, "algorithm", str_of(algorithm));
	text_add_c(out, "servers: {\n");
	for (uint32_t i = 0; i < server_count; i++) {
		struct quick_server server;
		if (!quick_parse_server(servers[i], &server, messages)) {
			ok = false;
			continue;
		}
		text_format(out, "s%u: { ", i + 1);
		quick_add_text(out, "address", server.address);
		text_format(out, "weight = %.*s; };\n", (int)server.weight.n, server.weight.p);
	}
	text_add_c(out, "}; }; };\n");
	return ok;
}

struct config *config_from_arguments(const char *bind, const char *algorithm, const char *socket,
	const char *const *servers, uint32_t server_count, struct text *messages)
{
	struct text file = {0};
	bool ok = quick_write(&file, bind, algorithm, socket, servers, server_count, messages);
	struct config *config = NULL;
	if (file.failed)
		text_add_c(messages, "command line: error: out of memory\n");
	else
		config = config_load_report("command line", text_str(&file), false, messages);
	text_free(&file);
	if (!ok) {
		config_free(config);
		return NULL;
	}
	return config;
}
