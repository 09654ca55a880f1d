# The tests. Every program of this tree links the libraries that lbd and lbtop are made of, never a second build of them.
TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests \
	-DTEST_ALGORITHMS='"$(abs_top_builddir)/src/algorithms/.libs"' \
	-DTEST_PLUGINS='"$(abs_top_builddir)/tests/support/plugins/.libs"' \
	-DTEST_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus"' \
	-DTEST_EXAMPLES='"$(abs_top_srcdir)/examples"' \
	-DTEST_INCLUDE='"$(abs_top_srcdir)/include"' \
	-DTEST_CC='"$(CC)"'
TEST_LDADD = tests/support/libtestsupport.la src/liblbd.la

# Criterion 2.4.1 loses some bytes of its own when it runs several tests at a time, which leak checkers report. With
# make -j, the programs run side by side instead.
AM_TESTS_ENVIRONMENT = CRITERION_JOBS=1; export CRITERION_JOBS;

LOG_COMPILER = $(SHELL) $(srcdir)/tests/support/bounded.sh

include tests/support/local.mk
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
include tests/lint/local.mk

# The console under tmux; each file is one behaviour.
dist_check_SCRIPTS += tests/tui/run
TESTS += tests/tui/run
EXTRA_DIST += tests/tui/lsan.supp $(srcdir)/tests/tui/*.py

# The black-box tests of the daemon; tests/run.sh runs them.
EXTRA_DIST += tests/run.sh tests/pytest.ini tests/conftest.py $(srcdir)/tests/integration/test_*.py
