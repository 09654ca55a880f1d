/* Building commands and reading their answers. */
#include "wire/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cmd_name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";
	size_t len = strlen(name);

	return len > 0 && len < CMD_NAME_MAX && strspn(name, allowed) == len;
}

bool cmd_weight_ok(const char *weight)
{
	size_t digits = strspn(weight, "0123456789");

	if (digits == 0 || digits > 4)
		return false;
	long value = strtol(weight, NULL, 10);
	if (strcmp(weight + digits, "%") == 0)
		return value <= 1000;
	return weight[digits] == '\0' && value <= 256;
}

static bool cmd_format(char out[CMD_MAX], const char *backend, const char *server, const char *what, const char *value)
{
	if (!cmd_name_ok(backend) || !cmd_name_ok(server))
		return false;
	int n = snprintf(out, CMD_MAX, "set server %s/%s %s %s", backend, server, what, value);
	return n > 0 && n < CMD_MAX;
}

bool cmd_format_state(char out[CMD_MAX], const char *backend, const char *server, const char *state)
{
	return cmd_format(out, backend, server, "state", state);
}

bool cmd_format_weight(char out[CMD_MAX], const char *backend, const char *server, const char *weight)
{
	return cmd_weight_ok(weight) && cmd_format(out, backend, server, "weight", weight);
}

enum cmd_reply cmd_classify(const char *text)
{
	text += strspn(text, " \r\n");
	if (*text == '\0')
		return CMD_OK;
	return strncmp(text, "Permission denied", 17) == 0 ? CMD_DENIED : CMD_REFUSED;
}
