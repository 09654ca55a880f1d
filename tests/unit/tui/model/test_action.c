#include "model/action.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "text/key.h"

static void action_fleet(struct fleet *fleet, const char *rows)
{
	static const char header[] = "# pxname,svname,type,status,uweight,bck,scur,brk_state,admin_state,\n";

	if (fleet->polls == 0)
		cr_assert(fleet_init(fleet, 1000));
	snapshot_reset(fleet->next);
	snapshot_feed_stat(fleet->next, header, sizeof header - 1);
	snapshot_feed_stat(fleet->next, rows, strlen(rows));
	snapshot_feed_stat(fleet->next, "\n", 1);
	fleet_apply(fleet, 1000 * (fleet->polls + 1), 0);
}

static const struct entity *action_server(const struct fleet *fleet, const char *name)
{
	return fleet_find(fleet, "app", name, ROW_SERVER);
}

static const struct {
	const char *rows; /* of app, beside its BACKEND row; the target is a */
	enum verb verb;
	const char *weight;
	enum action_stage stage;
	unsigned before, after;
	int capacity;
} action_cases[] = {
	{"app,a,2,UP,100,0,9,,,\napp,b,2,UP,100,0,9,,,\n", VERB_READY, NULL, ACTION_SEND, 1, 1, 100},
	{"app,a,2,UP,100,0,9,,,\napp,b,2,UP,100,0,9,,,\n", VERB_DRAIN, NULL, ACTION_ASK, 2, 1, 50},
	{"app,a,2,UP,100,0,9,,,\napp,b,2,UP,50,0,9,,,\n", VERB_DRAIN, NULL, ACTION_ASK_NAME, 2, 1, 33},
	{"app,a,2,UP,100,0,9,,,\napp,b,2,DOWN,100,0,9,,,\n", VERB_MAINT, NULL, ACTION_ASK_NAME, 1, 0, 0},
	{"app,a,2,UP,100,0,9,,,\napp,b,2,UP,100,0,9,open,,\n", VERB_MAINT, NULL, ACTION_ASK_NAME, 1, 0, 0},
	{"app,a,2,UP,100,0,9,,,\napp,b,2,UP,100,1,9,,,\n", VERB_DRAIN, NULL, ACTION_ASK, 2, 1,
		100}, /* a backup takes over */
	{"app,a,2,DOWN,100,0,9,,,\napp,b,2,UP,100,0,9,,,\n", VERB_DRAIN, NULL, ACTION_ASK, 1, 1, 100},
	{"app,a,2,UP,100,0,9,,,\n", VERB_WEIGHT, "50", ACTION_SEND, 1, 1, 100},
	{"app,a,2,UP,100,0,9,,,\n", VERB_WEIGHT, "0", ACTION_ASK_NAME, 1, 0, 0},
	{"app,a,2,UP,100,0,9,,,\n", VERB_WEIGHT, "0%", ACTION_ASK_NAME, 1, 0, 0},
	{"app,a,2,UP,1,0,9,,,\n", VERB_WEIGHT, "-1", ACTION_ASK_NAME, 1, 0, 0},
};

Test(action, risk)
{
	for (size_t i = 0; i < sizeof action_cases / sizeof *action_cases; i++) {
		struct fleet fleet = {0};
		struct action action = {0};
		char rows[512];
		snprintf(rows, sizeof rows, "%sapp,BACKEND,1,UP,,,,,,\n", action_cases[i].rows);
		action_fleet(&fleet, rows);
		cr_assert(action_stage(
			&action, &fleet, action_server(&fleet, "a"), action_cases[i].verb, action_cases[i].weight, 0));
		cr_expect_eq(action.stage, action_cases[i].stage, "case %zu: %d", i, (int)action.stage);
		cr_expect_eq(action.usable_before, action_cases[i].before, "case %zu: %u", i, action.usable_before);
		cr_expect_eq(action.usable_after, action_cases[i].after, "case %zu: %u", i, action.usable_after);
		cr_expect_eq(
			action.capacity_percent, action_cases[i].capacity, "case %zu: %d", i, action.capacity_percent);
		fleet_free(&fleet);
	}
}

Test(action, weights_are_checked_and_made_absolute)
{
	static const struct {
		const char *typed, *command;
	} cases[] = {{"50", "set server app/a weight 50"}, {"50%", "set server app/a weight 50%"},
		{"+5", "set server app/a weight 105"}, {"-10", "set server app/a weight 90"},
		{"+999", "set server app/a weight 256"}, {"=", "set server app/a weight 100%"}, {"257", NULL},
		{"abc", NULL}, {"+", NULL}, {"", NULL}, {"5;quit", NULL}, {"99999999", NULL}};
	struct fleet fleet = {0};

	action_fleet(&fleet, "app,a,2,UP,100,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct action action = {0};
		bool staged = action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_WEIGHT, cases[i].typed, 0);
		cr_expect_eq(staged, cases[i].command != NULL, "'%s'", cases[i].typed);
		if (cases[i].command)
			cr_expect_str_eq(action.command, cases[i].command);
		else
			cr_expect_neq(action.message[0], '\0');
	}
	fleet_free(&fleet);
}

Test(action, only_servers_with_safe_names)
{
	struct fleet fleet = {0};
	struct action action = {0};

	action_fleet(&fleet, "app,a;quit,2,UP,100,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	cr_expect_not(action_stage(&action, &fleet, NULL, VERB_DRAIN, NULL, 0));
	cr_expect_not(
		action_stage(&action, &fleet, fleet_find(&fleet, "app", "BACKEND", ROW_BACKEND), VERB_DRAIN, NULL, 0));
	cr_expect_not(action_stage(&action, &fleet, action_server(&fleet, "a;quit"), VERB_DRAIN, NULL, 0));
	fleet_free(&fleet);
}

Test(action, answers)
{
	static const struct {
		uint32_t keys[8];
		enum action_stage stage;
	} cases[] = {{{'y'}, ACTION_SEND}, {{'n'}, ACTION_NONE}, {{TK_ENTER}, ACTION_NONE}, {{TK_ESC}, ACTION_NONE},
		{{TK_CTRL_C}, ACTION_NONE}, {{'Y'}, ACTION_NONE}, {{TK_F0 + 10}, ACTION_NONE},
		{{'y' | TK_PASTED}, ACTION_NONE}};
	struct fleet fleet = {0};

	action_fleet(&fleet, "app,a,2,UP,1,0,9,,,\napp,b,2,UP,1,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct action action = {0};
		cr_assert(action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_DRAIN, NULL, 1000));
		cr_expect_not(action_answer(&action, 'y', 1000 + ACTION_DEAF_MS - 1), "typed before it could be read");
		cr_expect(action_asks(&action));
		cr_expect(action_answer(&action, cases[i].keys[0], 1000 + ACTION_DEAF_MS));
		cr_expect_eq(action.stage, cases[i].stage, "case %zu", i);
	}
	fleet_free(&fleet);
}

Test(action, the_name_must_be_typed)
{
	static const struct {
		uint32_t keys[8];
		enum action_stage stage;
	} cases[] = {{{'a', 'p', 'p', TK_ENTER}, ACTION_SEND},
		{{'a', 'p', 'x', TK_BACKSPACE, 'p', TK_ENTER}, ACTION_SEND}, {{'y', TK_ENTER}, ACTION_NONE},
		{{TK_ENTER}, ACTION_NONE}, {{'a', 'p', 'p', TK_ESC}, ACTION_NONE}, {{'a', 'p', 'p'}, ACTION_ASK_NAME}};
	struct fleet fleet = {0};

	action_fleet(&fleet, "app,a,2,UP,1,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct action action = {0};
		cr_assert(action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_DRAIN, NULL, 0));
		for (size_t k = 0; k < 8 && cases[i].keys[k]; k++)
			action_answer(&action, cases[i].keys[k], 1000);
		cr_expect_eq(action.stage, cases[i].stage, "case %zu", i);
	}
	fleet_free(&fleet);
}

Test(action, a_changed_target_is_asked_about_anew)
{
	struct fleet fleet = {0};
	struct action action = {0};

	action_fleet(&fleet, "app,a,2,UP,1,0,9,,,\napp,b,2,UP,1,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	cr_assert(action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_DRAIN, NULL, 0));
	cr_expect_not(action_recheck(&action, &fleet, 5000));
	action_fleet(&fleet, "app,a,2,UP,1,0,9,,,\napp,b,2,DOWN,1,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	cr_expect(action_recheck(&action, &fleet, 6000));
	cr_expect_eq(action.stage, ACTION_ASK_NAME);
	cr_expect_not(action_answer(&action, 'y', 6100), "deaf again");
	action_fleet(&fleet, "app,BACKEND,1,UP,,,,,,\n");
	cr_expect(action_recheck(&action, &fleet, 7000));
	cr_expect_eq(action.stage, ACTION_NONE);
	fleet_free(&fleet);
}

Test(action, verified_refused_or_not_seen)
{
	static const char up[] = "app,a,2,UP,1,0,9,,,\napp,b,2,UP,1,0,9,,,\napp,BACKEND,1,UP,,,,,,\n";
	struct fleet fleet = {0};
	struct action action = {0};

	action_fleet(&fleet, up);
	cr_assert(action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_DRAIN, NULL, 0));
	action_sent(&action, &fleet);
	cr_expect_str_eq(fleet.mine, "app/a");
	cr_expect_not(action_stage(&action, &fleet, action_server(&fleet, "b"), VERB_DRAIN, NULL, 0), "one at a time");
	cr_expect_not(action_replied(&action, &fleet, true, "", 0));
	for (int i = 0; i < ACTION_VERIFY_POLLS; i++) {
		cr_expect_eq(action.stage, ACTION_VERIFY);
		action_verify(&action, &fleet, 0);
	}
	cr_expect_eq(action.stage, ACTION_NONE);
	cr_expect(strstr(action.message, "not seen") != NULL);

	cr_assert(action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_MAINT, NULL, 0));
	action_sent(&action, &fleet);
	action_replied(&action, &fleet, true, "", 0);
	action_fleet(&fleet, "app,a,2,MAINT,1,0,9,,,\napp,BACKEND,1,UP,,,,,,\n");
	action_verify(&action, &fleet, 0);
	cr_expect_str_eq(action.message, "maint app/a: ok");
	cr_expect_str_eq(fleet.mine, "");

	cr_assert(action_stage(&action, &fleet, action_server(&fleet, "a"), VERB_READY, NULL, 0));
	action_sent(&action, &fleet);
	cr_expect(action_replied(&action, &fleet, true, "Permission denied", 0));
	cr_expect_eq(action.stage, ACTION_NONE);
	fleet_free(&fleet);
}
