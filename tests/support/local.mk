# What tests, quickstart and benchmarks share: the demo server, the black-box harness, lint and coverage.
noinst_PROGRAMS += tests/support/origin
tests_support_origin_SOURCES = tests/support/origin.c tests/support/origin.h tests/support/origin_conn.c \
	tests/support/origin_request.c tests/support/origin_request.h \
	tests/support/origin_knobs.c tests/support/origin_knobs.h tests/support/origin_knobs.def
tests_support_origin_LDADD = $(EV_LIBS)

dist_check_SCRIPTS += tests/lint/layers.sh tests/lint/globals.sh tests/lint/names.sh tests/lint/readme.sh \
	tests/lint/shell.sh tests/lint/spelling.sh
TESTS += $(dist_check_SCRIPTS)
EXTRA_DIST += $(srcdir)/tests/lint/subjects.sh $(srcdir)/tests/run.sh $(srcdir)/tests/pytest.ini $(srcdir)/tests/conftest.py \
	$(srcdir)/tests/support/packages $(srcdir)/tests/support/*.py $(srcdir)/tests/support/*.sh \
	$(srcdir)/tests/integration $(srcdir)/examples
