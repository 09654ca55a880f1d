# Unit tests mirror src/ and tui/: one Criterion program for each layer.
# Observers that unit tests and fuzz targets share.
noinst_LTLIBRARIES += tests/libtestsupport.la
tests_libtestsupport_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
tests_libtestsupport_la_SOURCES = \
	tests/support/http_fuzz.c \
	tests/support/http_fuzz.h \
	tests/support/http_reading.c \
	tests/support/http_reading.h

if HAVE_CRITERION
# http
check_PROGRAMS += unit_http
TESTS += unit_http
unit_http_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
unit_http_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_http_LDADD = tests/libtestsupport.la src/liblbd.la $(CRITERION_LIBS)
unit_http_SOURCES = \
	tests/unit/http/chunked_cases.def \
	tests/unit/http/head_cases.c \
	tests/unit/http/head_cases.h \
	tests/unit/http/request_cases.def \
	tests/unit/http/response_cases.def \
	tests/unit/http/test_chunked.c \
	tests/unit/http/test_head_scan.c \
	tests/unit/http/test_message.c \
	tests/unit/http/test_request_head.c \
	tests/unit/http/test_response_head.c \
	tests/unit/http/test_write.c
endif

# Each fuzz target is replayed over its corpus by `make check`, and explores with --enable-fuzzing.
fuzz_http = fuzz_request_head fuzz_response_head fuzz_chunked
fuzz_request_head_SOURCES = tests/fuzz/fuzz_request_head.c
fuzz_request_head_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
fuzz_request_head_LDADD = tests/libtestsupport.la src/liblbd.la
fuzz_response_head_SOURCES = tests/fuzz/fuzz_response_head.c
fuzz_response_head_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
fuzz_response_head_LDADD = tests/libtestsupport.la src/liblbd.la
fuzz_chunked_SOURCES = tests/fuzz/fuzz_chunked.c
fuzz_chunked_LDADD = src/liblbd.la
if FUZZING
noinst_PROGRAMS += $(fuzz_http)
fuzz_request_head_LDFLAGS = -fsanitize=fuzzer
fuzz_response_head_LDFLAGS = -fsanitize=fuzzer
fuzz_chunked_LDFLAGS = -fsanitize=fuzzer
else
check_PROGRAMS += $(fuzz_http)
fuzz_request_head_SOURCES += tests/fuzz/replay.c
fuzz_response_head_SOURCES += tests/fuzz/replay.c
fuzz_chunked_SOURCES += tests/fuzz/replay.c
endif
TESTS += tests/fuzz/replay_http.sh
dist_check_SCRIPTS += tests/fuzz/replay_http.sh
EXTRA_DIST += tests/fuzz/corpus
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
check_PROGRAMS += tsan_log tsan_loop tsan_quiesce
TESTS += tsan_log tsan_loop tsan_quiesce
tsan_log_SOURCES = tests/unit/base/tsan_log.c
tsan_log_LDADD = src/liblbd.la
tsan_loop_SOURCES = tests/unit/net/tsan_loop.c
tsan_loop_LDADD = src/liblbd.la
tsan_quiesce_SOURCES = tests/unit/base/tsan_quiesce.c
tsan_quiesce_LDADD = src/liblbd.la

if HAVE_CRITERION
check_PROGRAMS += unit_proxy
TESTS += unit_proxy
endif
unit_proxy_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_proxy_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_proxy_SOURCES = \
	tests/unit/proxy/test_access_log.c \
	tests/unit/proxy/test_reason.c

check_PROGRAMS += bench_log
bench_log_SOURCES = tests/bench/bench_log.c
bench_log_LDADD = src/liblbd.la

if HAVE_CRITERION
check_PROGRAMS += unit_net
TESTS += unit_net
endif
unit_net_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_net_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_net_SOURCES = \
	tests/unit/net/net_support.c \
	tests/unit/net/net_support.h \
	tests/unit/net/test_address.c \
	tests/unit/net/test_channel.c \
	tests/unit/net/test_listener.c \
	tests/unit/net/test_loop.c \
	tests/unit/net/test_socket.c \
	tests/unit/net/test_timeouts.c \
	tests/unit/net/test_timer.c
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
tests_unit_stats_test_stats_SOURCES = tests/unit/stats/test_counters.c \
	tests/unit/stats/test_sampled.c tests/unit/stats/test_stat_write.c
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


# config, and the command line
if HAVE_CRITERION
check_PROGRAMS += unit_config unit_arguments
TESTS += unit_config unit_arguments
endif
unit_config_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_config_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/config \
	-DTEST_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/config"'
unit_config_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_config_SOURCES = \
	tests/unit/config/config_fixture.c \
	tests/unit/config/config_fixture.h \
	tests/unit/config/test_address.c \
	tests/unit/config/test_dump.c \
	tests/unit/config/test_lex.c \
	tests/unit/config/test_load.c \
	tests/unit/config/test_nearest.c \
	tests/unit/config/test_options.c \
	tests/unit/config/test_quick.c \
	tests/unit/config/test_references.c \
	tests/unit/config/test_report.c \
	tests/unit/config/test_scan.c \
	tests/unit/config/test_schema.c \
	tests/unit/config/test_source.c \
	tests/unit/config/test_value.c \
	tests/unit/config/test_value_list.c
unit_arguments_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_arguments_LDADD = src/liblbd.la $(CRITERION_LIBS)
unit_arguments_SOURCES = tests/unit/app/test_arguments.c

check_PROGRAMS += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c
tests_fuzz_fuzz_config_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/config"'
tests_fuzz_fuzz_config_LDADD = src/liblbd.la
if FUZZING
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
tests_fuzz_fuzz_config_SOURCES += tests/fuzz/replay.c
TESTS += tests/fuzz/fuzz_config
endif
EXTRA_DIST += $(srcdir)/tests/fuzz/corpus/config/*.conf tests/fuzz/config.dict

# Feeds many configurations to the library; tests/integration/test_config_mutations.py drives it.
noinst_PROGRAMS += tests/support/config_check
tests_support_config_check_SOURCES = tests/support/config_check.c
tests_support_config_check_LDADD = src/liblbd.la

# What was written from the rows is what the rows say.
dist_check_SCRIPTS += tests/lint/options_documented.sh
TESTS += tests/lint/options_documented.sh
EXTRA_DIST += doc/configuration.intro.md doc/configuration.awk doc/configuration.md
