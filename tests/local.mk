# Unit tests mirror src/ and tui/: one Criterion program for each layer.

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
