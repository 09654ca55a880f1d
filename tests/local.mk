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
