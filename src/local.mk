# The daemon. Everything but main.c is one convenience library, so that unit tests, fuzz targets and benchmarks link
# the code that the daemon runs. Layers stand in the order of the arrows, lowest first.
noinst_LTLIBRARIES += src/liblbd.la
src_liblbd_la_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS) $(PCRE2_CFLAGS) $(XXHASH_CFLAGS)
src_liblbd_la_LIBADD = $(EV_LIBS) $(CONFIG_LIBS) $(PCRE2_LIBS) $(XXHASH_LIBS) -lm

src_liblbd_la_SOURCES =

# base: libc only
src_liblbd_la_SOURCES += \
	src/base/arena.c \
	src/base/arena.h \
	src/base/attributes.h \
	src/base/buffer.c \
	src/base/buffer.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/invariant.c \
	src/base/invariant.h \
	src/base/list.h \
	src/base/log.h \
	src/base/mailbox.h \
	src/base/pool.c \
	src/base/pool.h \
	src/base/quiesce.c \
	src/base/quiesce.h \
	src/base/random.h \
	src/base/str.c \
	src/base/str.h \
	src/base/text.c \
	src/base/text.h

# net: sockets and libev
src_liblbd_la_SOURCES += \
	src/net/address.c \
	src/net/address.h \
	src/net/channel.c \
	src/net/channel.h \
	src/net/listener.c \
	src/net/listener.h \
	src/net/loop.c \
	src/net/loop.h \
	src/net/socket.c \
	src/net/socket.h \
	src/net/timeouts.c \
	src/net/timeouts.h \
	src/net/timer.c \
	src/net/timer.h

# http: pure
src_liblbd_la_SOURCES += \
	src/http/authority.c \
	src/http/bytes.c \
	src/http/bytes.h \
	src/http/chunked.c \
	src/http/chunked.h \
	src/http/connection_options.c \
	src/http/fields.def \
	src/http/framing.c \
	src/http/head.h \
	src/http/head_fields.c \
	src/http/head_parts.h \
	src/http/head_scan.c \
	src/http/http_error.def \
	src/http/message.c \
	src/http/message.h \
	src/http/methods.def \
	src/http/request_head.c \
	src/http/response_head.c \
	src/http/status.def \
	src/http/write.c \
	src/http/write.h

# rules

# config: the only user of libconfig
src_liblbd_la_SOURCES += \
	src/config/address.c \
	src/config/address.h \
	src/config/config.h \
	src/config/dump.c \
	src/config/lex.c \
	src/config/lex.h \
	src/config/load.c \
	src/config/load.h \
	src/config/names.c \
	src/config/names.h \
	src/config/nearest.c \
	src/config/options.c \
	src/config/options.def \
	src/config/options.h \
	src/config/quick.c \
	src/config/references.c \
	src/config/references.h \
	src/config/report.c \
	src/config/report.h \
	src/config/scan.c \
	src/config/scan.h \
	src/config/schema.c \
	src/config/schema.h \
	src/config/source.c \
	src/config/source.h \
	src/config/value.c \
	src/config/value.h \
	src/config/value_list.c

# stats
src_liblbd_la_SOURCES += \
	src/stats/counters.c \
	src/stats/counters.def \
	src/stats/counters.h

# backend

# proxy

# admin

# app
src_liblbd_la_SOURCES += \
	src/app/arguments.c \
	src/app/arguments.def \
	src/app/arguments.h

sbin_PROGRAMS += lbd
lbd_SOURCES = src/main.c
lbd_LDADD = src/liblbd.la
dist_man_MANS += doc/lbd.8 doc/lbd.conf.5
# Plugins resolve nothing from the daemon: they include <lbd/algorithm.h> and libc only.

# algorithms: one file each, each a plugin
algorithmsdir = $(pkglibdir)/algorithms
algorithms_LTLIBRARIES = \
	src/algorithms/first.la \
	src/algorithms/least_conn.la \
	src/algorithms/p2c.la \
	src/algorithms/random.la \
	src/algorithms/round_robin.la \
	src/algorithms/smooth_wrr.la
algorithms_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared
src_algorithms_first_la_SOURCES = src/algorithms/first.c
src_algorithms_first_la_LDFLAGS = $(algorithms_ldflags)
src_algorithms_least_conn_la_SOURCES = src/algorithms/least_conn.c
src_algorithms_least_conn_la_LDFLAGS = $(algorithms_ldflags)
src_algorithms_p2c_la_SOURCES = src/algorithms/p2c.c
src_algorithms_p2c_la_LDFLAGS = $(algorithms_ldflags)
src_algorithms_random_la_SOURCES = src/algorithms/random.c
src_algorithms_random_la_LDFLAGS = $(algorithms_ldflags)
src_algorithms_round_robin_la_SOURCES = src/algorithms/round_robin.c
src_algorithms_round_robin_la_LDFLAGS = $(algorithms_ldflags)
src_algorithms_smooth_wrr_la_SOURCES = src/algorithms/smooth_wrr.c
src_algorithms_smooth_wrr_la_LDFLAGS = $(algorithms_ldflags)

lbdincludedir = $(includedir)/lbd
lbdinclude_HEADERS = include/lbd/algorithm.h include/lbd/weighted.h
