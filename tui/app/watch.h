/*
 * The console: one thread, one ppoll over the keyboard, the signals and the link. State of the program lives in
 * `struct watch`; watch.c owns the loop, input.c what keys do.
 */
#ifndef TUI_APP_WATCH_H
#define TUI_APP_WATCH_H

#include "app/args.h"
#include "model/fleet.h"
#include "term/keys.h"
#include "view/view.h"
#include "wire/link.h"

struct watch {
	const struct args *args;
	struct link link;
	struct fleet fleet;
	struct ui ui;
	struct action action;
	struct grid grid;
	struct keys keys;
	struct console *term;
	int signals; /* a signalfd */
	int width, height;
	bool dirty, full; /* the frame must be drawn; every cell of it */
	bool quit, denied;
	int exit_code;
	int64_t message_at, escape_at;
	int64_t tick_at; /* the next second of the clock or of an age on the screen */
};

/* Runs the console; returns the exit code. */
int watch_run(const struct args *args, bool utf8);

/* A key, for whatever is open. Returns false when the rest of what was typed must be dropped: a question opened. */
bool input_key(struct watch *watch, uint32_t key, int64_t now);

void watch_say(struct watch *watch, int64_t now, const char *text);

#endif
