# Benchmarks: built by make check, so that they keep compiling, and run by hand.
check_PROGRAMS += tests/bench/bench_log tests/bench/bench_pick
tests_bench_bench_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_bench_log_LDADD = $(TEST_LDADD)
tests_bench_bench_log_SOURCES = tests/bench/bench_log.c
tests_bench_bench_pick_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_bench_pick_LDADD = $(TEST_LDADD)
tests_bench_bench_pick_SOURCES = tests/bench/bench_pick.c
