# Unit tests: one Criterion program for each layer, unit_<layer> and unit_tui_<layer>, of the files that mirror that layer.
unit_tests = \
	tests/unit/unit_base \
	tests/unit/unit_net \
	tests/unit/unit_http \
	tests/unit/unit_rules \
	tests/unit/unit_config \
	tests/unit/unit_stats \
	tests/unit/unit_backend \
	tests/unit/unit_algorithms \
	tests/unit/unit_proxy \
	tests/unit/unit_admin \
	tests/unit/unit_app \
	tests/unit/unit_tui_text \
	tests/unit/unit_tui_wire \
	tests/unit/unit_tui_model \
	tests/unit/unit_tui_view \
	tests/unit/unit_tui_term
if HAVE_CRITERION
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
UNIT_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
UNIT_LDADD = $(TEST_LDADD) $(CRITERION_LIBS)
UNIT_TUI_CPPFLAGS = $(TUI_CPPFLAGS) -DGOLDEN='"$(abs_top_srcdir)/tests/unit/tui/golden"'
UNIT_TUI_LDADD = tui/liblbtop.la $(CRITERION_LIBS)
EXTRA_DIST += tests/unit/tui/golden

tests_unit_unit_base_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_base_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_base_LDADD = $(UNIT_LDADD)
tests_unit_unit_base_SOURCES = \
	tests/unit/base/test_arena.c \
	tests/unit/base/test_buffer.c \
	tests/unit/base/test_clock.c \
	tests/unit/base/test_list.c \
	tests/unit/base/test_log.c \
	tests/unit/base/test_log_ring.c \
	tests/unit/base/test_mailbox.c \
	tests/unit/base/test_places.c \
	tests/unit/base/test_pool.c \
	tests/unit/base/test_quiesce.c \
	tests/unit/base/test_random.c \
	tests/unit/base/test_siphash.c \
	tests/unit/base/test_str.c \
	tests/unit/base/test_text.c

tests_unit_unit_net_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_net_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_net_LDADD = $(UNIT_LDADD)
tests_unit_unit_net_SOURCES = \
	tests/unit/net/net_support.c \
	tests/unit/net/net_support.h \
	tests/unit/net/test_address.c \
	tests/unit/net/test_channel.c \
	tests/unit/net/test_channel_splice.c \
	tests/unit/net/test_listen_table.c \
	tests/unit/net/test_listener.c \
	tests/unit/net/test_loop.c \
	tests/unit/net/test_proxy_header.c \
	tests/unit/net/test_socket.c \
	tests/unit/net/test_splice_pipe.c \
	tests/unit/net/test_timeouts.c \
	tests/unit/net/test_timer.c

tests_unit_unit_http_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_http_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_http_LDADD = $(UNIT_LDADD)
tests_unit_unit_http_SOURCES = \
	tests/unit/http/chunked_cases.def \
	tests/unit/http/head_cases.c \
	tests/unit/http/head_cases.h \
	tests/unit/http/request_cases.def \
	tests/unit/http/response_cases.def \
	tests/unit/http/test_chunked.c \
	tests/unit/http/test_head_scan.c \
	tests/unit/http/test_message.c \
	tests/unit/http/test_path.c \
	tests/unit/http/test_request_head.c \
	tests/unit/http/test_response_head.c \
	tests/unit/http/test_trace_context.c \
	tests/unit/http/test_write.c

tests_unit_unit_rules_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_rules_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_rules_LDADD = $(UNIT_LDADD)
tests_unit_unit_rules_SOURCES = \
	tests/unit/rules/rules_fixture.c \
	tests/unit/rules/rules_fixture.h \
	tests/unit/rules/test_count_table.c \
	tests/unit/rules/test_pattern.c \
	tests/unit/rules/test_rate_table.c \
	tests/unit/rules/test_rule_compile.c \
	tests/unit/rules/test_rule_cost.c \
	tests/unit/rules/test_rule_key.c \
	tests/unit/rules/test_rule_reach.c \
	tests/unit/rules/test_rule_split.c \
	tests/unit/rules/test_ruleset.c

tests_unit_unit_config_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_config_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_config_LDADD = $(UNIT_LDADD)
tests_unit_unit_config_SOURCES = \
	tests/unit/config/config_fixture.c \
	tests/unit/config/config_fixture.h \
	tests/unit/config/test_address_syntax.c \
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

tests_unit_unit_stats_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_stats_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_stats_LDADD = $(UNIT_LDADD)
tests_unit_unit_stats_SOURCES = \
	tests/unit/stats/test_captured_error.c \
	tests/unit/stats/test_counter_row.c \
	tests/unit/stats/test_counters.c \
	tests/unit/stats/test_sampled.c \
	tests/unit/stats/test_stat_write.c

tests_unit_unit_backend_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_backend_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_backend_LDADD = $(UNIT_LDADD)
tests_unit_unit_backend_SOURCES = \
	tests/unit/backend/test_algorithm_loader.c \
	tests/unit/backend/test_eligible.c \
	tests/unit/backend/test_pick.c \
	tests/unit/backend/test_probe.c \
	tests/unit/backend/test_probe_places.c \
	tests/unit/backend/test_probe_reply.c \
	tests/unit/backend/test_probe_talk.c \
	tests/unit/backend/test_queue.c \
	tests/unit/backend/test_retry_budget.c \
	tests/unit/backend/test_server.c \
	tests/unit/backend/test_server_state.c

tests_unit_unit_algorithms_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_algorithms_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_algorithms_LDADD = $(UNIT_LDADD)
tests_unit_unit_algorithms_SOURCES = \
	tests/unit/algorithms/picks.c \
	tests/unit/algorithms/picks.h \
	tests/unit/algorithms/test_all.c \
	tests/unit/algorithms/test_first.c \
	tests/unit/algorithms/test_least_conn.c \
	tests/unit/algorithms/test_p2c.c \
	tests/unit/algorithms/test_random.c \
	tests/unit/algorithms/test_round_robin.c \
	tests/unit/algorithms/test_smooth_wrr.c

tests_unit_unit_proxy_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_proxy_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_proxy_LDADD = $(UNIT_LDADD)
tests_unit_unit_proxy_SOURCES = \
	tests/support/exchange_world.c \
	tests/support/exchange_world.h \
	tests/unit/proxy/test_access_log.c \
	tests/unit/proxy/test_client_chain.c \
	tests/unit/proxy/test_frontend_limits.c \
	tests/unit/proxy/test_reason.c \
	tests/unit/proxy/test_relay.c \
	tests/unit/proxy/test_relay_splice.c \
	tests/unit/proxy/test_session_share.c \
	tests/unit/proxy/test_session_turn.c \
	tests/unit/proxy/test_session_walk.c

tests_unit_unit_admin_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_admin_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_admin_LDADD = $(UNIT_LDADD)
tests_unit_unit_admin_SOURCES = \
	tests/unit/admin/test_admin_socket.c \
	tests/unit/admin/test_cli.c \
	tests/unit/admin/test_command_line.c \
	tests/unit/admin/test_commands.c \
	tests/unit/admin/test_show_info.c \
	tests/unit/admin/test_show_stat.c \
	tests/unit/admin/test_worker_job.c

tests_unit_unit_app_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_unit_app_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_app_LDADD = $(UNIT_LDADD)
tests_unit_unit_app_SOURCES = \
	tests/unit/app/test_arguments.c \
	tests/unit/app/test_build_addresses.c \
	tests/unit/app/test_cpus.c

tests_unit_unit_tui_text_CPPFLAGS = $(UNIT_TUI_CPPFLAGS)
tests_unit_unit_tui_text_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_tui_text_LDADD = $(UNIT_TUI_LDADD)
tests_unit_unit_tui_text_SOURCES = \
	tests/unit/tui/text/test_fmt.c \
	tests/unit/tui/text/test_utf8.c

tests_unit_unit_tui_wire_CPPFLAGS = $(UNIT_TUI_CPPFLAGS)
tests_unit_unit_tui_wire_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_tui_wire_LDADD = $(UNIT_TUI_LDADD)
tests_unit_unit_tui_wire_SOURCES = \
	tests/unit/tui/wire/test_cmd.c \
	tests/unit/tui/wire/test_csv.c \
	tests/unit/tui/wire/test_frame.c \
	tests/unit/tui/wire/test_link.c \
	tests/unit/tui/wire/test_snapshot.c

tests_unit_unit_tui_model_CPPFLAGS = $(UNIT_TUI_CPPFLAGS)
tests_unit_unit_tui_model_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_tui_model_LDADD = $(UNIT_TUI_LDADD)
tests_unit_unit_tui_model_SOURCES = \
	tests/unit/tui/model/test_action.c \
	tests/unit/tui/model/test_fleet.c \
	tests/unit/tui/model/test_rate.c \
	tests/unit/tui/model/test_state.c

tests_unit_unit_tui_view_CPPFLAGS = $(UNIT_TUI_CPPFLAGS)
tests_unit_unit_tui_view_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_tui_view_LDADD = $(UNIT_TUI_LDADD)
tests_unit_unit_tui_view_SOURCES = \
	tests/unit/tui/view/test_frames.c \
	tests/unit/tui/view/test_grid.c

tests_unit_unit_tui_term_CPPFLAGS = $(UNIT_TUI_CPPFLAGS)
tests_unit_unit_tui_term_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unit_tui_term_LDADD = $(UNIT_TUI_LDADD)
tests_unit_unit_tui_term_SOURCES = \
	tests/unit/tui/term/test_keys.c

# ThreadSanitizer cannot run under Criterion: plain programs, run by every build and meaningful in one with
# --enable-sanitizer=thread.
tsan_tests = \
	tests/unit/tsan_count_table \
	tests/unit/tsan_eligible \
	tests/unit/tsan_log \
	tests/unit/tsan_loop \
	tests/unit/tsan_places \
	tests/unit/tsan_queue \
	tests/unit/tsan_quiesce \
	tests/unit/tsan_rate_table
check_PROGRAMS += $(tsan_tests)
TESTS += $(tsan_tests)

tests_unit_tsan_count_table_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_count_table_LDADD = $(TEST_LDADD)
tests_unit_tsan_count_table_SOURCES = tests/unit/rules/tsan_count_table.c

tests_unit_tsan_eligible_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_eligible_LDADD = $(TEST_LDADD)
tests_unit_tsan_eligible_SOURCES = tests/unit/backend/tsan_eligible.c

tests_unit_tsan_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_log_LDADD = $(TEST_LDADD)
tests_unit_tsan_log_SOURCES = tests/unit/base/tsan_log.c

tests_unit_tsan_loop_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_loop_LDADD = $(TEST_LDADD)
tests_unit_tsan_loop_SOURCES = tests/unit/net/tsan_loop.c

tests_unit_tsan_places_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_places_LDADD = $(TEST_LDADD)
tests_unit_tsan_places_SOURCES = tests/unit/base/tsan_places.c

tests_unit_tsan_queue_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_queue_LDADD = $(TEST_LDADD)
tests_unit_tsan_queue_SOURCES = tests/unit/backend/tsan_queue.c

tests_unit_tsan_quiesce_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_quiesce_LDADD = $(TEST_LDADD)
tests_unit_tsan_quiesce_SOURCES = tests/unit/base/tsan_quiesce.c

tests_unit_tsan_rate_table_CPPFLAGS = $(TEST_CPPFLAGS)
tests_unit_tsan_rate_table_LDADD = $(TEST_LDADD)
tests_unit_tsan_rate_table_SOURCES = tests/unit/rules/tsan_rate_table.c
