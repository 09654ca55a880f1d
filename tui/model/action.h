/*
 * One operator action from the key to its confirmation by the daemon: staged, asked about as far as its risk demands,
 * sent, and verified in the next polls. This is the only writer of commands.
 *
 * Risk: an action that adds capacity is not asked about; one that takes a server away is answered with y; the last
 * usable server of a backend, or more than half of its capacity, wants the backend's name typed. One thread.
 */
#ifndef TUI_MODEL_ACTION_H
#define TUI_MODEL_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/fleet.h"
#include "wire/cmd.h"

enum verb {
#define VERB(id, word, state, removes, sessions) VERB_##id,
#include "model/verbs.def"
#undef VERB
	VERB_COUNT
};

enum action_stage { ACTION_NONE, ACTION_ASK, ACTION_ASK_NAME, ACTION_SEND, ACTION_SENT, ACTION_VERIFY };

enum { ACTION_DEAF_MS = 150, ACTION_VERIFY_POLLS = 3, ACTION_WEIGHT_MAX = 8 };

struct action {
	enum action_stage stage;
	enum verb verb;
	char backend[CMD_NAME_MAX], server[CMD_NAME_MAX], key[EVENT_OBJECT_MAX];
	char weight[ACTION_WEIGHT_MAX];
	char command[CMD_MAX];
	char typed[CMD_NAME_MAX];
	unsigned usable_before, usable_after, servers;
	int capacity_percent; /* left of the backend's capacity */
	int64_t sessions;
	enum state state_asked;
	int64_t asked_at; /* the question does not listen for ACTION_DEAF_MS from here */
	unsigned polls;   /* seen since it was accepted */
	char message[EVENT_TEXT_MAX];
};

const char *verb_word(enum verb verb);
/* The verb with that word, or VERB_COUNT. */
enum verb verb_find(const char *word);
const char *verb_sessions(enum verb verb);

/*
 * Stages verb on a server. False, with action->message, when it cannot be done. Else the stage is ACTION_SEND, or a
 * question. weight is used by VERB_WEIGHT only: "N", "N%", "+N", "-N" or "=" (the initial weight).
 */
bool action_stage(struct action *action, const struct fleet *fleet, const struct entity *server, enum verb verb,
	const char *weight, int64_t now);

/* A key for the question. Returns false when it does not listen yet. Ends in ACTION_SEND or ACTION_NONE when answered.
 */
bool action_answer(struct action *action, uint32_t key, int64_t now);
/* A new snapshot while the question stands: true when the target changed, and the question begins anew. */
bool action_recheck(struct action *action, const struct fleet *fleet, int64_t now);

/* The command went out. */
void action_sent(struct action *action, struct fleet *fleet);
/* The answer (ok: there was one); adds events. Returns true when it was "permission denied". */
bool action_replied(struct action *action, struct fleet *fleet, bool ok, const char *reply, int64_t wall);
/* A new snapshot while the action waits for its effect; adds events. */
void action_verify(struct action *action, struct fleet *fleet, int64_t wall);
void action_cancel(struct action *action, const char *message);

static inline bool action_asks(const struct action *action)
{
	return action->stage == ACTION_ASK || action->stage == ACTION_ASK_NAME;
}

#endif
