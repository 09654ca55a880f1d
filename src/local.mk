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
	src/base/log.c \
	src/base/log.h \
	src/base/log_line.c \
	src/base/log_line.h \
	src/base/log_ring.c \
	src/base/log_ring.h \
	src/base/log_sink.c \
	src/base/log_sink.h \
	src/base/mailbox.h \
	src/base/places.c \
	src/base/places.h \
	src/base/pool.c \
	src/base/pool.h \
	src/base/quiesce.c \
	src/base/quiesce.h \
	src/base/random.h \
	src/base/safe_path.c \
	src/base/safe_path.h \
	src/base/siphash.c \
	src/base/siphash.h \
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
	src/net/listen_table.c \
	src/net/listen_table.h \
	src/net/listener.c \
	src/net/listener.h \
	src/net/loop.c \
	src/net/loop.h \
	src/net/name_lookup.c \
	src/net/name_lookup.h \
	src/net/name_table.c \
	src/net/name_table.h \
	src/net/proxy_header.c \
	src/net/proxy_header.h \
	src/net/socket.c \
	src/net/socket_file.c \
	src/net/socket_file.h \
	src/net/socket.h \
	src/net/splice_pipe.c \
	src/net/splice_pipe.h \
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
	src/http/path.c \
	src/http/path.h \
	src/http/request_head.c \
	src/http/response_head.c \
	src/http/status.def \
	src/http/trace_context.c \
	src/http/trace_context.h \
	src/http/trailers.c \
	src/http/write.c \
	src/http/write.h

# rules
src_liblbd_la_SOURCES += \
	src/rules/count_table.c \
	src/rules/count_table.h \
	src/rules/pattern.c \
	src/rules/pattern.h \
	src/rules/rate_table.c \
	src/rules/rate_table.h \
	src/rules/rule.h \
	src/rules/rule_compile.c \
	src/rules/rule_condition.c \
	src/rules/rule_key.c \
	src/rules/rule_key.h \
	src/rules/rule_reach.c \
	src/rules/rule_template.c \
	src/rules/ruleset.c \
	src/rules/ruleset.h

# config: the only user of libconfig
src_liblbd_la_SOURCES += \
	src/config/address_syntax.c \
	src/config/address_syntax.h \
	src/config/config.h \
	src/config/dump.c \
	src/config/effect.c \
	src/config/effect.h \
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
	src/stats/captured_error.c \
	src/stats/captured_error.h \
	src/stats/column.c \
	src/stats/column.h \
	src/stats/columns.def \
	src/stats/field.c \
	src/stats/field.h \
	src/stats/info.c \
	src/stats/info.def \
	src/stats/info.h \
	src/stats/sampled.c \
	src/stats/sampled.h \
	src/stats/stat_row.c \
	src/stats/stat_row.h \
	src/stats/stat_write.c \
	src/stats/stat_write.h
src_liblbd_la_SOURCES += \
	src/stats/counter_row.c \
	src/stats/counter_row.h \
	src/stats/counters.c \
	src/stats/counters.def \
	src/stats/counters.h

# backend
src_liblbd_la_SOURCES += \
	src/backend/algorithm_loader.c \
	src/backend/algorithm_loader.h \
	src/backend/backend.c \
	src/backend/backend.h \
	src/backend/check_result.c \
	src/backend/check_result.h \
	src/backend/check_status.def \
	src/backend/eligible.c \
	src/backend/eligible.h \
	src/backend/hash_key.c \
	src/backend/hash_key.h \
	src/backend/name_watch.c \
	src/backend/name_watch.h \
	src/backend/pick.c \
	src/backend/pick.h \
	src/backend/plugin_file.c \
	src/backend/plugin_file.h \
	src/backend/probe.c \
	src/backend/probe.h \
	src/backend/probe_places.c \
	src/backend/probe_places.h \
	src/backend/probe_reply.c \
	src/backend/probe_reply.h \
	src/backend/probe_steps.def \
	src/backend/probe_talk.c \
	src/backend/probe_talk.h \
	src/backend/probe_target.c \
	src/backend/probe_target.h \
	src/backend/queue.c \
	src/backend/queue.h \
	src/backend/retry_budget.c \
	src/backend/retry_budget.h \
	src/backend/server.c \
	src/backend/server.h \
	src/backend/server_state.c \
	src/backend/server_state.h

# proxy
src_liblbd_la_SOURCES += \
	src/proxy/access_capture.c \
	src/proxy/access_capture.h \
	src/proxy/access_line.c \
	src/proxy/access_line.h \
	src/proxy/access_log.c \
	src/proxy/access_log.h \
	src/proxy/access_log_json.c \
	src/proxy/account.c \
	src/proxy/account.h \
	src/proxy/admission.c \
	src/proxy/admission.h \
	src/proxy/exchange.c \
	src/proxy/exchange_attempt.c \
	src/proxy/exchange_buffer.c \
	src/proxy/exchange_messages.c \
	src/proxy/exchange_parts.h \
	src/proxy/exchange_queue.c \
	src/proxy/exchange_response.c \
	src/proxy/exchange_retry.c \
	src/proxy/exchange_timeout.c \
	src/proxy/exchange.h \
	src/proxy/exchange_steps.def \
	src/proxy/forward.c \
	src/proxy/forward.h \
	src/proxy/frontend.c \
	src/proxy/frontend.h \
	src/proxy/frontend_limits.c \
	src/proxy/frontend_limits.h \
	src/proxy/frontend_rules.c \
	src/proxy/frontend_rules.h \
	src/proxy/client_chain.c \
	src/proxy/client_chain.h \
	src/proxy/identity.c \
	src/proxy/identity.h \
	src/proxy/idle_sessions.c \
	src/proxy/idle_sessions.h \
	src/proxy/intercept.c \
	src/proxy/intercept.h \
	src/proxy/malformed.c \
	src/proxy/malformed.h \
	src/proxy/reason.c \
	src/proxy/reason.h \
	src/proxy/reasons.def \
	src/proxy/relay.c \
	src/proxy/relay.h \
	src/proxy/relief.c \
	src/proxy/relief.h \
	src/proxy/reply.c \
	src/proxy/reply.h \
	src/proxy/route.c \
	src/proxy/route.h \
	src/proxy/session.c \
	src/proxy/session.h \
	src/proxy/session_parts.h \
	src/proxy/session_peer.c \
	src/proxy/session_report.c \
	src/proxy/session_report.h \
	src/proxy/session_walk.c \
	src/proxy/session_walk.h \
	src/proxy/source_limits.c \
	src/proxy/source_limits.h \
	src/proxy/upstream.c \
	src/proxy/upstream.h \
	src/proxy/upstream_idle.c \
	src/proxy/upstream_idle.h \
	src/proxy/worker.c \
	src/proxy/worker.h

# admin
src_liblbd_la_SOURCES += \
	src/admin/admin.h \
	src/admin/admin_socket.c \
	src/admin/clear_counters.c \
	src/admin/cli.c \
	src/admin/cli.h \
	src/admin/command.c \
	src/admin/command.h \
	src/admin/command_line.c \
	src/admin/command_line.h \
	src/admin/commands.def \
	src/admin/enable_server.c \
	src/admin/lookup.c \
	src/admin/lookup.h \
	src/admin/server_maxconn.c \
	src/admin/session_level.c \
	src/admin/set_maxconn.c \
	src/admin/set_server.c \
	src/admin/show_errors.c \
	src/admin/show_info.c \
	src/admin/show_misc.c \
	src/admin/show_reasons.c \
	src/admin/show_rules.c \
	src/admin/show_servers.c \
	src/admin/show_sess.c \
	src/admin/show_stat.c \
	src/admin/shutdown_process.c \
	src/admin/shutdown_sessions.c \
	src/admin/stat_rows.c \
	src/admin/stat_rows.h \
	src/admin/weight.c \
	src/admin/weight.h \
	src/admin/worker_job.c \
	src/admin/worker_job.h

# app
src_liblbd_la_SOURCES += \
	src/app/arguments.c \
	src/app/arguments.def \
	src/app/arguments.h \
	src/app/app.c \
	src/app/app.h \
	src/app/binds.c \
	src/app/binds.h \
	src/app/build.c \
	src/app/build.h \
	src/app/build_addresses.c \
	src/app/build_addresses.h \
	src/app/confine.c \
	src/app/confine.h \
	src/app/confine_paths.c \
	src/app/cpus.c \
	src/app/cpus.h \
	src/app/detach.c \
	src/app/detach.h \
	src/app/limits.c \
	src/app/limits.h \
	src/app/memory.c \
	src/app/memory.h \
	src/app/lists.c \
	src/app/lists.h \
	src/app/notify.c \
	src/app/notify.h \
	src/app/owner.c \
	src/app/owner.h \
	src/app/pidfile.c \
	src/app/pidfile.h \
	src/app/sandbox.c \
	src/app/sandbox.h \
	src/app/system_calls.def \
	src/app/takeover.c \
	src/app/takeover.h \
	src/app/worker_thread.c \
	src/app/worker_thread.h

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
