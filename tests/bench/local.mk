# Benchmarks: built by make check, so that they keep compiling, and run by hand.
check_PROGRAMS += tests/bench/bench_log tests/bench/bench_pick
tests_bench_bench_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_bench_log_LDADD = $(TEST_LDADD)
tests_bench_bench_log_SOURCES = tests/bench/bench_log.c
tests_bench_bench_pick_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_bench_pick_LDADD = $(TEST_LDADD)
tests_bench_bench_pick_SOURCES = tests/bench/bench_pick.c

# make bench compares the daemon with others; see doc/performance.md.
check_PROGRAMS += tests/bench/load tests/bench/relay
tests_bench_load_SOURCES = tests/bench/load.c tests/bench/load.h tests/bench/load_visitor.c
tests_bench_relay_LDADD = $(EV_LIBS)
tests_bench_relay_SOURCES = tests/bench/relay.c
EXTRA_DIST += tests/bench/access_log.py tests/bench/anatomy.py tests/bench/bench.py tests/bench/contestants.py \
	tests/bench/goals.py tests/bench/machine.py tests/bench/parts.py tests/bench/report.py

.PHONY: bench
bench: all tests/bench/load$(EXEEXT) tests/bench/relay$(EXEEXT) tests/support/origin$(EXEEXT) tests/support/dripper$(EXEEXT)
	LBD_BUILD=$(abs_top_builddir) $(PYTHON3) $(srcdir)/tests/bench/bench.py $(BENCH_ARGS)
