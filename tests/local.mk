# Unit tests mirror src/ and tui/: one Criterion program for each layer.

# backend, algorithms, stats
TEST_BACKEND_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support -I$(top_srcdir)/tests/unit/algorithms \
	-DTEST_ALGORITHMS='"$(abs_top_builddir)/src/algorithms/.libs"' \
	-DTEST_PLUGINS='"$(abs_top_builddir)/tests/support/plugins/.libs"'
TEST_BACKEND_SUPPORT = tests/support/backend_fixture.c tests/support/backend_fixture.h
if HAVE_CRITERION
check_PROGRAMS += tests/unit/stats/test_stats tests/unit/algorithms/test_algorithms
TESTS += tests/unit/stats/test_stats tests/unit/algorithms/test_algorithms
tests_unit_stats_test_stats_SOURCES = tests/unit/stats/test_counters.c
tests_unit_stats_test_stats_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_stats_test_stats_LDADD = src/liblbd.la $(CRITERION_LIBS)
tests_unit_algorithms_test_algorithms_SOURCES = $(TEST_BACKEND_SUPPORT) \
	tests/unit/algorithms/picks.c \
	tests/unit/algorithms/picks.h \
	tests/unit/algorithms/test_all.c \
	tests/unit/algorithms/test_first.c \
	tests/unit/algorithms/test_least_conn.c \
	tests/unit/algorithms/test_p2c.c \
	tests/unit/algorithms/test_random.c \
	tests/unit/algorithms/test_round_robin.c \
	tests/unit/algorithms/test_smooth_wrr.c
tests_unit_algorithms_test_algorithms_CPPFLAGS = $(TEST_BACKEND_CPPFLAGS)
tests_unit_algorithms_test_algorithms_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_algorithms_test_algorithms_LDADD = src/liblbd.la $(CRITERION_LIBS)
endif
