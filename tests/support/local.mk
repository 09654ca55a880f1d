# What tests, quickstart and benchmarks share: fixtures and observers, plugins that are wrong, the demo server, the harness
# of the black-box tests, coverage.
noinst_LTLIBRARIES += tests/support/libtestsupport.la
tests_support_libtestsupport_la_CPPFLAGS = $(TEST_CPPFLAGS)
tests_support_libtestsupport_la_SOURCES = \
	tests/support/admin_fixture.c \
	tests/support/admin_fixture.h \
	tests/support/backend_fixture.c \
	tests/support/backend_fixture.h \
	tests/support/exchange_world.c \
	tests/support/exchange_world.h \
	tests/support/http_fuzz.c \
	tests/support/http_fuzz.h \
	tests/support/http_reading.c \
	tests/support/http_reading.h \
	tests/support/http_stream.c \
	tests/support/http_stream.h

# Plugins that are wrong in one way each. -rpath makes libtool build a real shared object of what is never installed.
TEST_PLUGIN_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
noinst_HEADERS += tests/support/plugins/plugin_base.h
check_LTLIBRARIES += \
	tests/support/plugins/all_in.la \
	tests/support/plugins/asks_kernel.la \
	tests/support/plugins/flicker.la \
	tests/support/plugins/garbage.la \
	tests/support/plugins/newer_minor.la \
	tests/support/plugins/no_pick.la \
	tests/support/plugins/no_symbol.la \
	tests/support/plugins/other_name.la \
	tests/support/plugins/refuses.la \
	tests/support/plugins/short_struct.la \
	tests/support/plugins/tiny_symbol.la \
	tests/support/plugins/unresolved.la \
	tests/support/plugins/wrong_abi.la
tests_support_plugins_asks_kernel_la_SOURCES = tests/support/plugins/asks_kernel.c
tests_support_plugins_asks_kernel_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_all_in_la_SOURCES = tests/support/plugins/all_in.c
tests_support_plugins_all_in_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_flicker_la_SOURCES = tests/support/plugins/flicker.c
tests_support_plugins_flicker_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_garbage_la_SOURCES = tests/support/plugins/garbage.c
tests_support_plugins_garbage_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_newer_minor_la_SOURCES = tests/support/plugins/newer_minor.c
tests_support_plugins_newer_minor_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_no_pick_la_SOURCES = tests/support/plugins/no_pick.c
tests_support_plugins_no_pick_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_no_symbol_la_SOURCES = tests/support/plugins/no_symbol.c
tests_support_plugins_no_symbol_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_other_name_la_SOURCES = tests/support/plugins/other_name.c
tests_support_plugins_other_name_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_refuses_la_SOURCES = tests/support/plugins/refuses.c
tests_support_plugins_refuses_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_short_struct_la_SOURCES = tests/support/plugins/short_struct.c
tests_support_plugins_short_struct_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_tiny_symbol_la_SOURCES = tests/support/plugins/tiny_symbol.c
tests_support_plugins_tiny_symbol_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_unresolved_la_SOURCES = tests/support/plugins/unresolved.c
tests_support_plugins_unresolved_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
tests_support_plugins_wrong_abi_la_SOURCES = tests/support/plugins/wrong_abi.c
tests_support_plugins_wrong_abi_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

# Loaded into any program, so without a sanitizer.
check_LTLIBRARIES += tests/support/no_port.la
tests_support_no_port_la_SOURCES = tests/support/no_port.c
tests_support_no_port_la_CFLAGS = $(BASE_CFLAGS) $(WARN_CFLAGS)
tests_support_no_port_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)
check_LTLIBRARIES += tests/support/no_exec_memory.la
tests_support_no_exec_memory_la_SOURCES = tests/support/no_exec_memory.c
tests_support_no_exec_memory_la_CFLAGS = $(BASE_CFLAGS) $(WARN_CFLAGS)
tests_support_no_exec_memory_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

check_LTLIBRARIES += tests/support/other_kernel.la
tests_support_other_kernel_la_SOURCES = tests/support/other_kernel.c
tests_support_other_kernel_la_CFLAGS = $(BASE_CFLAGS) $(WARN_CFLAGS)
tests_support_other_kernel_la_LDFLAGS = $(TEST_PLUGIN_LDFLAGS)

# A server that does what its path says.
noinst_PROGRAMS += tests/support/origin
tests_support_origin_LDADD = $(EV_LIBS)
tests_support_origin_SOURCES = \
	tests/support/origin.c \
	tests/support/origin.h \
	tests/support/origin_answer.c \
	tests/support/origin_conn.c \
	tests/support/origin_conn.h \
	tests/support/origin_knobs.c \
	tests/support/origin_knobs.def \
	tests/support/origin_knobs.h \
	tests/support/origin_request.c \
	tests/support/origin_request.h

# Holds thousands of connections open, and sends them a byte now and then.
noinst_PROGRAMS += tests/support/dripper
tests_support_dripper_SOURCES = tests/support/dripper.c

# Feeds many configurations to the library; tests/integration/test_config_mutations.py drives it.
noinst_PROGRAMS += tests/support/config_check
tests_support_config_check_SOURCES = tests/support/config_check.c
tests_support_config_check_LDADD = src/liblbd.la

EXTRA_DIST += \
	tests/support/coverage.sh \
	tests/support/lsan.supp \
	tests/support/packages \
	tests/support/bounded.sh \
	tests/support/setup.sh \
	$(srcdir)/tests/support/*.py

# Lines that the unit tests and the black-box tests execute, by layer; under 80 percent in one of them is a failure.
.PHONY: coverage
coverage: all
if COVERAGE
	@top=$(abs_top_srcdir) PYTHON3=$(PYTHON3) MAKE="$(MAKE)" $(SHELL) $(srcdir)/tests/support/coverage.sh
else
	@echo "this build does not count lines; configure it with --enable-coverage" >&2; exit 1
endif
