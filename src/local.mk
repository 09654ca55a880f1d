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

# config

# stats

# backend

# proxy

# admin

# app

sbin_PROGRAMS += lbd
lbd_SOURCES = src/main.c
lbd_LDADD = src/liblbd.la
# Plugins resolve nothing from the daemon: they include <lbd/algorithm.h> and libc only.

# algorithms: one file each, each a plugin
algorithmsdir = $(pkglibdir)/algorithms
algorithms_LTLIBRARIES =

lbdincludedir = $(includedir)/lbd
lbdinclude_HEADERS = include/lbd/algorithm.h
