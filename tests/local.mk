# Unit tests mirror src/ and tui/: one Criterion program for each layer.
if HAVE_CRITERION
check_PROGRAMS += unit_base
TESTS += unit_base
endif
unit_base_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_base_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_base_SOURCES = \
	tests/unit/base/test_arena.c \
	tests/unit/base/test_buffer.c \
	tests/unit/base/test_clock.c \
	tests/unit/base/test_list.c \
	tests/unit/base/test_log.c \
	tests/unit/base/test_log_ring.c \
	tests/unit/base/test_mailbox.c \
	tests/unit/base/test_pool.c \
	tests/unit/base/test_quiesce.c \
	tests/unit/base/test_random.c \
	tests/unit/base/test_str.c \
	tests/unit/base/test_text.c

# ThreadSanitizer cannot run under Criterion: plain programs, run by every build and meaningful in one with
# --enable-sanitizer=thread.
check_PROGRAMS += tsan_log tsan_quiesce
TESTS += tsan_log tsan_quiesce
tsan_log_SOURCES = tests/unit/base/tsan_log.c
tsan_log_LDADD = src/liblbd.la
tsan_quiesce_SOURCES = tests/unit/base/tsan_quiesce.c
tsan_quiesce_LDADD = src/liblbd.la

# stats
if HAVE_CRITERION
check_PROGRAMS += unit_stats
TESTS += unit_stats
endif
unit_stats_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_stats_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_stats_SOURCES = \
	tests/unit/stats/test_sampled.c \
	tests/unit/stats/test_stat_write.c

# admin
if HAVE_CRITERION
check_PROGRAMS += unit_admin
TESTS += unit_admin
endif
unit_admin_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
unit_admin_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_admin_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_admin_SOURCES = \
	tests/support/admin_fixture.c \
	tests/support/admin_fixture.h \
	tests/unit/admin/test_admin_socket.c \
	tests/unit/admin/test_cli.c \
	tests/unit/admin/test_command_line.c \
	tests/unit/admin/test_commands.c \
	tests/unit/admin/test_show_info.c \
	tests/unit/admin/test_show_stat.c

# Any bytes on the stats socket.
check_PROGRAMS += tests/fuzz/fuzz_command
tests_fuzz_fuzz_command_SOURCES = tests/fuzz/fuzz_command.c tests/support/admin_fixture.c
tests_fuzz_fuzz_command_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	-DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/command"'
tests_fuzz_fuzz_command_LDADD = src/liblbd.la
if FUZZING
tests_fuzz_fuzz_command_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_command_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_command
endif
EXTRA_DIST += tests/fuzz/corpus/command

# What was written from the rows is what the rows say.
dist_check_SCRIPTS += tests/lint/socket_documented.sh
TESTS += tests/lint/socket_documented.sh
EXTRA_DIST += doc/socket.intro.md doc/socket.awk
dist_doc_DATA += doc/socket.md
SOCKET_DOC_ROWS = $(srcdir)/src/admin/commands.def $(srcdir)/src/stats/columns.def $(srcdir)/src/stats/info.def
.PHONY: doc-socket
doc-socket:
	( cat $(srcdir)/doc/socket.intro.md && $(AWK) -f $(srcdir)/doc/socket.awk $(SOCKET_DOC_ROWS) ) > $(srcdir)/doc/socket.md
