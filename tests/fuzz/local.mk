# Fuzz targets. make check replays their corpora through replay.c; --enable-fuzzing links libFuzzer instead, to search for
# more (.ci/run does). A target is a row here, its file, and tests/fuzz/corpus/<name>; <name>.dict is optional.
fuzz_targets = \
	tests/fuzz/fuzz_chunked \
	tests/fuzz/fuzz_client_chain \
	tests/fuzz/fuzz_command \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_csv \
	tests/fuzz/fuzz_exchange \
	tests/fuzz/fuzz_keys \
	tests/fuzz/fuzz_path \
	tests/fuzz/fuzz_proxy_header \
	tests/fuzz/fuzz_reply \
	tests/fuzz/fuzz_request_head \
	tests/fuzz/fuzz_response_head \
	tests/fuzz/fuzz_rules
check_PROGRAMS += $(fuzz_targets)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/config.dict
if FUZZING
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
FUZZ_MAIN =
else
FUZZ_LINK = $(AM_LDFLAGS)
FUZZ_MAIN = tests/fuzz/replay.c
TESTS += $(fuzz_targets)
endif

tests_fuzz_fuzz_chunked_SOURCES = tests/fuzz/fuzz_chunked.c $(FUZZ_MAIN)
tests_fuzz_fuzz_chunked_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/chunked"'
tests_fuzz_fuzz_chunked_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_chunked_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_client_chain_SOURCES = tests/fuzz/fuzz_client_chain.c $(FUZZ_MAIN)
tests_fuzz_fuzz_client_chain_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/client_chain"'
tests_fuzz_fuzz_client_chain_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_client_chain_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_command_SOURCES = tests/fuzz/fuzz_command.c $(FUZZ_MAIN)
tests_fuzz_fuzz_command_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/command"'
tests_fuzz_fuzz_command_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_command_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/config"'
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_config_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_csv_SOURCES = tests/fuzz/fuzz_csv.c $(FUZZ_MAIN)
tests_fuzz_fuzz_csv_CPPFLAGS = $(TUI_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/csv"'
tests_fuzz_fuzz_csv_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_csv_LDADD = tui/liblbtop.la

tests_fuzz_fuzz_exchange_SOURCES = tests/fuzz/fuzz_exchange.c $(FUZZ_MAIN)
tests_fuzz_fuzz_exchange_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/exchange"'
tests_fuzz_fuzz_exchange_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_exchange_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_keys_SOURCES = tests/fuzz/fuzz_keys.c $(FUZZ_MAIN)
tests_fuzz_fuzz_keys_CPPFLAGS = $(TUI_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/keys"'
tests_fuzz_fuzz_keys_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_keys_LDADD = tui/liblbtop.la

tests_fuzz_fuzz_path_SOURCES = tests/fuzz/fuzz_path.c $(FUZZ_MAIN)
tests_fuzz_fuzz_path_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/path"'
tests_fuzz_fuzz_path_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_path_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_proxy_header_SOURCES = tests/fuzz/fuzz_proxy_header.c $(FUZZ_MAIN)
tests_fuzz_fuzz_proxy_header_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/proxy_header"'
tests_fuzz_fuzz_proxy_header_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_proxy_header_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_reply_SOURCES = tests/fuzz/fuzz_reply.c $(FUZZ_MAIN)
tests_fuzz_fuzz_reply_CPPFLAGS = $(TUI_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/reply"'
tests_fuzz_fuzz_reply_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_reply_LDADD = tui/liblbtop.la

tests_fuzz_fuzz_request_head_SOURCES = tests/fuzz/fuzz_request_head.c $(FUZZ_MAIN)
tests_fuzz_fuzz_request_head_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/request_head"'
tests_fuzz_fuzz_request_head_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_request_head_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_response_head_SOURCES = tests/fuzz/fuzz_response_head.c $(FUZZ_MAIN)
tests_fuzz_fuzz_response_head_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/response_head"'
tests_fuzz_fuzz_response_head_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_response_head_LDADD = $(TEST_LDADD)

tests_fuzz_fuzz_rules_SOURCES = tests/fuzz/fuzz_rules.c $(FUZZ_MAIN)
tests_fuzz_fuzz_rules_CPPFLAGS = $(TEST_CPPFLAGS) -DFUZZ_CORPUS='"$(abs_top_srcdir)/tests/fuzz/corpus/rules"'
tests_fuzz_fuzz_rules_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_rules_LDADD = $(TEST_LDADD)
