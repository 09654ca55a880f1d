# The daemon. Everything but main.c is one convenience library, so that unit tests, fuzz targets and benchmarks link
# the code that the daemon runs. Layers stand in the order of the arrows, lowest first.
noinst_LTLIBRARIES += src/liblbd.la
src_liblbd_la_CFLAGS = $(AM_CFLAGS) $(CONFIG_CFLAGS) $(PCRE2_CFLAGS) $(XXHASH_CFLAGS)
src_liblbd_la_LIBADD = $(EV_LIBS) $(CONFIG_LIBS) $(PCRE2_LIBS) $(XXHASH_LIBS) -lm

src_liblbd_la_SOURCES =

# base: libc only

# net: sockets and libev

# http: pure

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
