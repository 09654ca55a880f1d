# lbtop, the console. It shares no code with the daemon: the stats socket is the border, and nothing here includes src/.
# Arrows point down only: app > view, term > model > wire > text. Of the view, term knows the grid; only term includes
# <curses.h>. Everything but main.c goes into one convenience library, for the tests' sake.
TUI_CPPFLAGS = -I$(top_srcdir)/tui -D_GNU_SOURCE

noinst_LTLIBRARIES += tui/liblbtop.la
tui_liblbtop_la_CPPFLAGS = $(TUI_CPPFLAGS)
tui_liblbtop_la_CFLAGS = $(AM_CFLAGS) $(CURSES_CFLAGS)
tui_liblbtop_la_LIBADD = $(CURSES_LIBS) -lm
tui_liblbtop_la_SOURCES =

# text: pure characters and figures
tui_liblbtop_la_SOURCES += \
	tui/text/utf8.c tui/text/utf8.h \
	tui/text/fmt.c tui/text/fmt.h \
	tui/text/glyph.c tui/text/glyph.h \
	tui/text/key.h

# wire: the socket, its replies, its commands
tui_liblbtop_la_SOURCES += \
	tui/wire/csv.c tui/wire/csv.h \
	tui/wire/frame.c tui/wire/frame.h \
	tui/wire/cmd.c tui/wire/cmd.h \
	tui/wire/snapshot.c tui/wire/snapshot.h \
	tui/wire/conn.c tui/wire/conn.h \
	tui/wire/link.c tui/wire/link.h \
	tui/wire/fields.def tui/wire/info.def

# model: the fleet over time, operator actions
tui_liblbtop_la_SOURCES += \
	tui/model/state.c tui/model/state.h \
	tui/model/ring.c tui/model/ring.h \
	tui/model/rate.c tui/model/rate.h \
	tui/model/event.c tui/model/event.h \
	tui/model/fleet.c tui/model/fleet.h \
	tui/model/tally.c tui/model/tally.h \
	tui/model/diff.c tui/model/diff.h \
	tui/model/action.c tui/model/action.h \
	tui/model/recorded.c tui/model/recorded.h \
	tui/model/states.def tui/model/breakers.def tui/model/rates.def tui/model/verbs.def

# view: a frame from the model, in memory
tui_liblbtop_la_SOURCES += \
	tui/view/grid.c tui/view/grid.h \
	tui/view/ui.c tui/view/ui.h \
	tui/view/layout.c tui/view/layout.h \
	tui/view/view.c tui/view/view.h \
	tui/view/view_head.c \
	tui/view/view_table.c \
	tui/view/view_detail.c \
	tui/view/view_log.c \
	tui/view/view_prompt.c \
	tui/view/view_help.c \
	tui/view/keys.def tui/view/columns.def tui/view/roles.def

# term: the terminal
tui_liblbtop_la_SOURCES += \
	tui/term/keys.c tui/term/keys.h \
	tui/term/crash.c tui/term/crash.h \
	tui/term/blit.c tui/term/blit.h \
	tui/term/term.c tui/term/term.h

# app: the loop, and lbtop without a screen
tui_liblbtop_la_SOURCES += \
	tui/app/args.c tui/app/args.h \
	tui/app/print.c \
	tui/app/batch.c tui/app/batch.h \
	tui/app/input.c \
	tui/app/watch.c tui/app/watch.h \
	tui/app/options.def

bin_PROGRAMS += lbtop
lbtop_SOURCES = tui/app/main.c
lbtop_CPPFLAGS = $(TUI_CPPFLAGS)
lbtop_LDADD = tui/liblbtop.la

# doc
dist_man_MANS += doc/lbtop.1
