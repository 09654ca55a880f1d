# Benchmarks: built by make check, so that they keep compiling, and run by hand.
check_PROGRAMS += tests/bench/bench_log tests/bench/bench_pick
tests_bench_bench_log_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_bench_log_LDADD = $(TEST_LDADD)
tests_bench_bench_log_SOURCES = tests/bench/bench_log.c
tests_bench_bench_pick_CPPFLAGS = $(TEST_CPPFLAGS)
tests_bench_bench_pick_LDADD = $(TEST_LDADD)
tests_bench_bench_pick_SOURCES = tests/bench/bench_pick.c

# make bench compares the daemon with others; see doc/performance.md.
check_PROGRAMS += tests/bench/attack tests/bench/load tests/bench/relay
tests_bench_attack_SOURCES = tests/bench/attack.c
tests_bench_load_SOURCES = tests/bench/load.c tests/bench/load.h tests/bench/load_visitor.c
tests_bench_relay_LDADD = $(EV_LIBS)
tests_bench_relay_SOURCES = tests/bench/relay.c
EXTRA_DIST += tests/bench/access_log.py tests/bench/anatomy.py tests/bench/attacks.py tests/bench/bench.py \
	tests/bench/beside.py tests/bench/contestants.py \
	tests/bench/goals.py tests/bench/machine.py tests/bench/parts.py tests/bench/report.py

# make bench-beside asks what attacks cost the clients beside them, and nothing else.
BENCH_NEEDS = all tests/bench/attack$(EXEEXT) tests/bench/load$(EXEEXT) tests/bench/relay$(EXEEXT) \
	tests/support/origin$(EXEEXT) tests/support/dripper$(EXEEXT)
RUN_BENCH = LBD_BUILD=$(abs_top_builddir) $(PYTHON3) $(srcdir)/tests/bench/bench.py
.PHONY: bench bench-beside
bench: $(BENCH_NEEDS)
	$(RUN_BENCH) $(BENCH_ARGS)
bench-beside: $(BENCH_NEEDS)
	$(RUN_BENCH) --only beside $(BENCH_ARGS)
