# What tests, quickstart and benchmarks share: the demo server, the black-box harness, lint and coverage.
noinst_PROGRAMS += tests/support/origin
tests_support_origin_SOURCES = tests/support/origin.c tests/support/origin.h tests/support/origin_conn.c \
	tests/support/origin_conn.h tests/support/origin_answer.c \
	tests/support/origin_request.c tests/support/origin_request.h \
	tests/support/origin_knobs.c tests/support/origin_knobs.h tests/support/origin_knobs.def
tests_support_origin_LDADD = $(EV_LIBS)

lint_checks = tests/lint/layers.py tests/lint/globals.sh tests/lint/files.sh tests/lint/readme.py tests/lint/shell.sh \
	tests/lint/spelling.sh
dist_check_SCRIPTS += $(lint_checks)
TESTS += $(lint_checks)
EXTRA_DIST += tests/lint/subjects.sh tests/run.sh tests/pytest.ini tests/conftest.py \
	$(srcdir)/examples/*.conf examples/quickstart.sh examples/algorithm/canary.c examples/algorithm/Makefile \
	tests/support/packages tests/support/lsan.supp tests/support/setup.sh tests/support/coverage.sh tests/support/coverage_layers.py \
	tests/support/lbdtest.py $(srcdir)/tests/support/test_*.py $(srcdir)/tests/integration/test_*.py

# Lines that the unit tests and the black-box tests execute, by layer; under 80 percent in one of them is a failure.
.PHONY: coverage
coverage: all
if COVERAGE
	@top=$(abs_top_srcdir) PYTHON3=$(PYTHON3) MAKE="$(MAKE)" $(SHELL) $(srcdir)/tests/support/coverage.sh
else
	@echo "this build does not count lines; configure it with --enable-coverage" >&2; exit 1
endif
