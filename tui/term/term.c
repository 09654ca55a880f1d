/*
 * Set-up and give-back. newterm() is used and never initscr(), which exits by itself; the terminal description is
 * checked before anything is written. Ctrl-C and Ctrl-\ reach us as keys, Ctrl-Z keeps its meaning, and XON/XOFF is
 * off: a console that a stray Ctrl-S freezes is of no use.
 */
#include "term/term.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "term/blit.h"
#include "term/crash.h"

static const char term_paste_on[] = "\033[?2004h", term_paste_off[] = "\033[?2004l";

struct console {
	SCREEN *screen;
	struct termios saved;
	struct blit blit;
	bool paste; /* the terminal is of a kind that knows bracketed paste */
};

static void term_write(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* A capability string, or NULL; terminfo says (char *) -1 for "not a string". */
static const char *term_capability(const char *name)
{
	char copy[16];
	snprintf(copy, sizeof copy, "%s", name);
	const char *value = tigetstr(copy);
	return value == (const char *)-1 || !value || !*value ? NULL : value;
}

static bool term_check(char *error, size_t cap)
{
	int found = 0;
	const char *name = getenv("TERM");

	if (!name || !*name) {
		snprintf(error, cap, "TERM is not set; use --once for plain text");
		return false;
	}
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK) {
		snprintf(error, cap, "terminal type '%.40s' is unknown; set TERM, or use --once for plain text", name);
		return false;
	}
	if (!term_capability("cup") || !term_capability("clear")) {
		snprintf(error, cap, "terminal type '%.40s' cannot move the cursor; use --once for plain text", name);
		return false;
	}
	return true;
}

/* Everything that undoes our modes, without the padding marks ($<5>) that tputs would handle. */
static size_t term_undo_string(char *out, size_t cap, bool paste)
{
	static const char *const names[] = {"sgr0", "rmkx", "cnorm", "rmcup"};
	size_t len = 0;

	if (paste)
		len = (size_t)snprintf(out, cap, "%s", term_paste_off);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *s = term_capability(names[i]);
		for (; s && *s && len + 2 < cap; s++) {
			if (s[0] == '$' && s[1] == '<' && strchr(s, '>')) {
				s = strchr(s, '>');
				continue;
			}
			out[len++] = *s;
		}
	}
	out[len++] = '\r';
	return len;
}

static void term_set_modes(struct console *term)
{
	struct termios modes;

	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	curs_set(0);
	if (tcgetattr(STDIN_FILENO, &modes) == 0) {
		modes.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
		modes.c_cc[VINTR] = _POSIX_VDISABLE;
		modes.c_cc[VQUIT] = _POSIX_VDISABLE;
		tcsetattr(STDIN_FILENO, TCSANOW, &modes);
		def_prog_mode();
	}
	if (term->paste)
		term_write(term_paste_on, sizeof term_paste_on - 1);
}

struct console *term_open(enum term_colour colour, char *error, size_t cap)
{
	char undo[256];

	if (!term_check(error, cap))
		return NULL;
	struct console *term = calloc(1, sizeof *term);
	if (!term || tcgetattr(STDIN_FILENO, &term->saved) < 0) {
		snprintf(error, cap, "standard input is not a terminal; use --once for plain text");
		free(term);
		return NULL;
	}
	/* A terminal without an alternate screen is an old one, that may print what it does not know. */
	term->paste = term_capability("smcup") != NULL;
	crash_arm(STDOUT_FILENO, &term->saved, undo, term_undo_string(undo, sizeof undo, term->paste));
	term->screen = newterm(NULL, stdout, stdin);
	if (!term->screen) {
		snprintf(error, cap, "the terminal cannot be set up; use --once for plain text");
		free(term);
		return NULL;
	}
	set_term(term->screen);
	term_set_modes(term);
	blit_init(&term->blit, colour);
	return term;
}

void term_leave(struct console *term)
{
	if (term->paste)
		term_write(term_paste_off, sizeof term_paste_off - 1);
	curs_set(1);
	endwin();
	crash_disarm();
	tcsetattr(STDIN_FILENO, TCSADRAIN, &term->saved);
}

void term_enter(struct console *term)
{
	crash_rearm();
	reset_prog_mode();
	if (term->paste)
		term_write(term_paste_on, sizeof term_paste_on - 1);
	curs_set(0);
	clearok(curscr, TRUE);
	blit_forget(&term->blit);
}

void term_close(struct console *term)
{
	term_leave(term);
	blit_free(&term->blit);
	delscreen(term->screen);
	free(term);
}

void term_resize(struct console *term, int *width, int *height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		int across = size.ws_col < GRID_SIDE_MAX ? size.ws_col : GRID_SIDE_MAX;
		int down = size.ws_row < GRID_SIDE_MAX ? size.ws_row : GRID_SIDE_MAX;
		if (across != COLS || down != LINES)
			resizeterm(down, across);
	}
	*width = COLS;
	*height = LINES;
	blit_forget(&term->blit);
}

bool term_is_lost(void)
{
	struct pollfd in = {.fd = STDIN_FILENO};

	return poll(&in, 1, 0) == 1 && (in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

bool term_is_writable(const struct console *term)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT);
}

void term_paint(struct console *term, const struct grid *grid, bool full)
{
	blit_paint(&term->blit, grid, full);
}

void term_flush_input(struct console *term)
{
	tcflush(STDIN_FILENO, TCIFLUSH);
}
