# Unit tests mirror src/ and tui/: one Criterion program for each layer.

# backend, algorithms, stats
TEST_BACKEND_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/support -I$(top_srcdir)/tests/unit/algorithms \
	-DTEST_ALGORITHMS='"$(abs_top_builddir)/src/algorithms/.libs"' \
	-DTEST_CC='"$(CC)"' -DTEST_INCLUDE='"$(abs_top_srcdir)/include"' -DTEST_EXAMPLES='"$(abs_top_srcdir)/examples"' \
	-DTEST_PLUGINS='"$(abs_top_builddir)/tests/support/plugins/.libs"'
TEST_BACKEND_SUPPORT = tests/support/backend_fixture.c tests/support/backend_fixture.h

# Plugins that are wrong in one way each. -rpath makes libtool build a real shared object of what is never installed.
TEST_PLUGIN_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += \
	tests/support/plugins/all_in.la \
	tests/support/plugins/garbage.la \
	tests/support/plugins/newer_minor.la \
	tests/support/plugins/no_pick.la \
	tests/support/plugins/no_symbol.la \
	tests/support/plugins/other_name.la \
	tests/support/plugins/refuses.la \
	tests/support/plugins/short_struct.la \
	tests/support/plugins/tiny_symbol.la \
	tests/support/plugins/unresolved.la \
	tests/support/plugins/wrong_abi.la
noinst_HEADERS += tests/support/plugins/plugin_base.h
EXTRA_DIST += examples/algorithm/spill.c doc/algorithms.md
tests_support_plugins_all_in_la_SOURCES = tests/support/plugins/all_in.c
tests_support_plugins_all_in_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_garbage_la_SOURCES = tests/support/plugins/garbage.c
tests_support_plugins_garbage_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_newer_minor_la_SOURCES = tests/support/plugins/newer_minor.c
tests_support_plugins_newer_minor_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_no_pick_la_SOURCES = tests/support/plugins/no_pick.c
tests_support_plugins_no_pick_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_no_symbol_la_SOURCES = tests/support/plugins/no_symbol.c
tests_support_plugins_no_symbol_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_other_name_la_SOURCES = tests/support/plugins/other_name.c
tests_support_plugins_other_name_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_refuses_la_SOURCES = tests/support/plugins/refuses.c
tests_support_plugins_refuses_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_short_struct_la_SOURCES = tests/support/plugins/short_struct.c
tests_support_plugins_short_struct_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_tiny_symbol_la_SOURCES = tests/support/plugins/tiny_symbol.c
tests_support_plugins_tiny_symbol_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_unresolved_la_SOURCES = tests/support/plugins/unresolved.c
tests_support_plugins_unresolved_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_wrong_abi_la_SOURCES = tests/support/plugins/wrong_abi.c
tests_support_plugins_wrong_abi_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
check_PROGRAMS += tests/unit/backend/tsan_eligible tests/bench/pick
TESTS += tests/unit/backend/tsan_eligible
tests_unit_backend_tsan_eligible_SOURCES = $(TEST_BACKEND_SUPPORT) tests/unit/backend/tsan_eligible.c
tests_unit_backend_tsan_eligible_CPPFLAGS = $(TEST_BACKEND_CPPFLAGS)
tests_unit_backend_tsan_eligible_LDADD = src/liblbd.la
tests_bench_pick_SOURCES = $(TEST_BACKEND_SUPPORT) tests/bench/pick.c
tests_bench_pick_CPPFLAGS = $(TEST_BACKEND_CPPFLAGS)
tests_bench_pick_LDADD = src/liblbd.la

if HAVE_CRITERION
backend_test_list = tests/unit/stats/test_stats tests/unit/algorithms/test_algorithms \
	tests/unit/backend/test_backend tests/unit/rules/test_rules
check_PROGRAMS += $(backend_test_list)
TESTS += $(backend_test_list)
tests_unit_rules_test_rules_SOURCES = tests/unit/rules/test_pattern.c
tests_unit_rules_test_rules_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_rules_test_rules_LDADD = src/liblbd.la $(CRITERION_LIBS)
tests_unit_backend_test_backend_SOURCES = $(TEST_BACKEND_SUPPORT) \
	tests/unit/backend/test_algorithm_loader.c \
	tests/unit/backend/test_eligible.c \
	tests/unit/backend/test_pick.c \
	tests/unit/backend/test_probe.c \
	tests/unit/backend/test_probe_reply.c \
	tests/unit/backend/test_server.c \
	tests/unit/backend/test_server_state.c
tests_unit_backend_test_backend_CPPFLAGS = $(TEST_BACKEND_CPPFLAGS)
tests_unit_backend_test_backend_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
tests_unit_backend_test_backend_LDADD = src/liblbd.la $(CRITERION_LIBS)
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
