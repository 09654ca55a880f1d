/* The stages in the order in which they happen: stage, answer, sent, replied, verify. */
#include "model/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/key.h"
#include "text/utf8.h"

struct verb_row {
	const char *word, *state;
	bool removes;
	const char *sessions;
};

static const struct verb_row verb_rows[VERB_COUNT] = {
#define VERB(id, name, sent, takes, left) {.word = (name), .state = (sent), .removes = (takes), .sessions = (left)},
#include "model/verbs.def"
#undef VERB
};

const char *verb_word(enum verb verb)
{
	return verb_rows[verb].word;
}

const char *verb_sessions(enum verb verb)
{
	return verb_rows[verb].sessions;
}

enum verb verb_find(const char *word)
{
	int i = 0;

	while (i < VERB_COUNT && strcmp(verb_rows[i].word, word) != 0)
		i++;
	return (enum verb)i;
}

void action_cancel(struct action *action, const char *message)
{
	action->stage = ACTION_NONE;
	snprintf(action->message, sizeof action->message, "%s", message);
}

/* What the usable servers of a group can carry: backups count only when no other is left, and then the first one. */
static int64_t action_capacity(const struct entity *group, const struct entity *without, unsigned *usable)
{
	int64_t active = 0, backup = 0;

	*usable = 0;
	for (const struct entity *server = group->first; server; server = server->next) {
		if (server == without || !entity_is_usable(server))
			continue;
		(*usable)++;
		if (entity_num(server, FN_bck) == 1)
			backup = backup ? backup : entity_weight(server);
		else
			active += entity_weight(server);
	}
	return active ? active : backup;
}

static void action_assess(struct action *action, const struct entity *server)
{
	const struct entity *group = server->group;
	bool removes = verb_rows[action->verb].removes ||
		       (action->verb == VERB_WEIGHT && strtol(action->weight, NULL, 10) == 0);

	action->state_asked = server->state;
	action->sessions = entity_num(server, FN_scur) == ROW_ABSENT ? 0 : entity_num(server, FN_scur);
	action->usable_before = action->usable_after = entity_is_usable(server);
	action->servers = 1;
	action->capacity_percent = 100;
	if (!removes) {
		action->stage = ACTION_SEND;
		return;
	}
	int64_t before = 1, after = 0;
	if (group) {
		action->servers = group->servers;
		before = action_capacity(group, NULL, &action->usable_before);
		after = action_capacity(group, server, &action->usable_after);
	}
	action->capacity_percent = before > 0 ? (int)(after * 100 / before) : 100;
	bool grave = entity_is_usable(server) && (action->usable_after == 0 || action->capacity_percent < 50);
	action->stage = grave ? ACTION_ASK_NAME : ACTION_ASK;
}

/* Turns what was typed into what is sent; relative weights start from the weight that is shown. */
static bool action_set_weight(struct action *action, const struct entity *server, const char *weight)
{
	size_t cap = sizeof action->weight;
	char *end;

	if (strcmp(weight, "=") == 0) {
		snprintf(action->weight, cap, "100%%");
	} else if ((*weight == '+' || *weight == '-') && strspn(weight + 1, "0123456789") == strlen(weight + 1) &&
		   weight[1] && strlen(weight) < 6) {
		int64_t value = entity_weight(server) + strtol(weight, &end, 10);
		snprintf(action->weight, cap, "%d", value < 0 ? 0 : value > 256 ? 256 : (int)value);
	} else {
		snprintf(action->weight, cap, "%s", strlen(weight) < cap ? weight : "");
	}
	return cmd_weight_ok(action->weight);
}

bool action_stage(struct action *action, const struct fleet *fleet, const struct entity *server, enum verb verb,
	const char *weight, int64_t now)
{
	const char *state = verb_rows[verb].state;

	if (action->stage == ACTION_SENT || action->stage == ACTION_SEND) {
		snprintf(action->message, sizeof action->message, "%s %s: no answer yet", verb_word(action->verb),
			action->key);
		return false;
	}
	action->stage = ACTION_NONE;
	if (!server || server->type != ROW_SERVER || server->gone_at >= 0) {
		action_cancel(action, "select a server first");
		return false;
	}
	if (!cmd_name_ok(server->proxy) || !cmd_name_ok(server->name)) {
		action_cancel(action, "this name cannot be used in a command (allowed: letters, digits, _ . : -)");
		return false;
	}
	action->verb = verb;
	snprintf(action->backend, sizeof action->backend, "%s", server->proxy);
	snprintf(action->server, sizeof action->server, "%s", server->name);
	snprintf(action->key, sizeof action->key, "%s", server->key);
	if (verb == VERB_WEIGHT && !action_set_weight(action, server, weight)) {
		action_cancel(action, "a weight is 0 to 256, N% of the initial one, +N, -N or =");
		return false;
	}
	bool built = state ? cmd_format_state(action->command, server->proxy, server->name, state)
			   : cmd_format_weight(action->command, server->proxy, server->name, action->weight);
	if (!built) {
		action_cancel(action, "the command is too long");
		return false;
	}
	action->typed[0] = '\0';
	action->message[0] = '\0';
	action->asked_at = now;
	action->polls = 0;
	action_assess(action, server);
	return true;
}

static void action_type_name(struct action *action, uint32_t key)
{
	size_t len = strlen(action->typed);

	if (key == TK_ENTER || key == '\n') {
		if (strcmp(action->typed, action->backend) == 0)
			action->stage = ACTION_SEND;
		else
			action_cancel(action, "not sent: the name did not match");
	} else if ((key == TK_BACKSPACE || key == '\b') && len > 0) {
		action->typed[len - 1] = '\0';
	} else if (key > ' ' && key < TK_BACKSPACE && len + 1 < sizeof action->typed) {
		action->typed[len] = (char)key;
		action->typed[len + 1] = '\0';
	}
}

bool action_answer(struct action *action, uint32_t key, int64_t now)
{
	if (now - action->asked_at < ACTION_DEAF_MS)
		return false;
	if (key == TK_ESC || key == TK_CTRL_C)
		action_cancel(action, "not sent");
	else if (action->stage == ACTION_ASK_NAME)
		action_type_name(action, key);
	else if (key == 'y')
		action->stage = ACTION_SEND;
	else
		action_cancel(action, "not sent");
	return true;
}

static struct entity *action_target(const struct action *action, const struct fleet *fleet)
{
	return fleet_find(fleet, action->backend, action->server, ROW_SERVER);
}

bool action_recheck(struct action *action, const struct fleet *fleet, int64_t now)
{
	struct action fresh = *action;
	const struct entity *server = action_target(action, fleet);

	if (!action_asks(action))
		return false;
	if (!server || server->gone_at >= 0) {
		action_cancel(action, "not sent: the server is gone");
		return true;
	}
	action_assess(&fresh, server);
	bool changed = fresh.stage != action->stage || fresh.state_asked != action->state_asked ||
		       fresh.usable_before != action->usable_before || fresh.usable_after != action->usable_after;
	*action = fresh;
	if (changed) {
		action->asked_at = now;
		action->typed[0] = '\0';
	}
	return changed;
}

void action_sent(struct action *action, struct fleet *fleet)
{
	action->stage = ACTION_SENT;
	snprintf(fleet->mine, sizeof fleet->mine, "%s", action->key);
	snprintf(action->message, sizeof action->message, "%s %s: sent", verb_word(action->verb), action->key);
}

bool action_replied(struct action *action, struct fleet *fleet, bool ok, const char *reply, int64_t wall)
{
	enum cmd_reply kind = ok ? cmd_classify(reply) : CMD_REFUSED;

	if (kind == CMD_OK) {
		action->stage = ACTION_VERIFY;
		action->polls = 0;
		snprintf(action->message, sizeof action->message, "%s %s: accepted", verb_word(action->verb),
			action->key);
		return false;
	}
	action->stage = ACTION_NONE;
	fleet->mine[0] = '\0';
	snprintf(action->message, sizeof action->message, "%s %.60s: %s%.80s", verb_word(action->verb), action->key,
		ok ? "refused: " : "not sent: ", reply);
	events_add(&fleet->events, wall, true, action->key, "%s %s%.100s", verb_word(action->verb),
		ok ? "refused: " : "failed: ", reply);
	return kind == CMD_DENIED;
}

/* Does the new snapshot show the effect? The status word of a draining server that is down stays DOWN. */
static bool action_is_seen(const struct action *action, const struct fleet *fleet, const struct entity *server)
{
	const char *admin = entity_text(fleet, server, FT_admin_state);

	switch (action->verb) {
	case VERB_READY:
		return *admin ? strcmp(admin, "ready") == 0
			      : server->state != STATE_DRAIN && server->state != STATE_MAINT;
	case VERB_DRAIN:
		return *admin ? strcmp(admin, "drain") == 0
			      : server->state == STATE_DRAIN || server->state == STATE_DOWN;
	case VERB_MAINT:
		return *admin ? strcmp(admin, "maint") == 0 : server->state == STATE_MAINT;
	case VERB_WEIGHT:
		return strchr(action->weight, '%') || entity_weight(server) == strtol(action->weight, NULL, 10);
	case VERB_COUNT:
		break;
	}
	return false;
}

void action_verify(struct action *action, struct fleet *fleet, int64_t wall)
{
	const struct entity *server = action_target(action, fleet);
	const char *arg = action->verb == VERB_WEIGHT ? action->weight : "";

	if (action->stage != ACTION_VERIFY)
		return;
	action->polls++;
	if (server && action_is_seen(action, fleet, server)) {
		snprintf(action->message, sizeof action->message, "%s %s: ok", verb_word(action->verb), action->key);
		events_add(&fleet->events, wall, false, action->key, "%s%s%s by you: ok", verb_word(action->verb),
			*arg ? " " : "", arg);
	} else if (action->polls >= ACTION_VERIFY_POLLS) {
		snprintf(action->message, sizeof action->message, "%s %s: accepted, but not seen in %d polls",
			verb_word(action->verb), action->key, ACTION_VERIFY_POLLS);
		events_add(&fleet->events, wall, true, action->key, "%s accepted, but not seen in %d polls",
			verb_word(action->verb), ACTION_VERIFY_POLLS);
	} else {
		return;
	}
	action->stage = ACTION_NONE;
	fleet->mine[0] = '\0';
}
