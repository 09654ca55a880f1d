# What no compiler sees: the layers, globals, names of files, links, words, and documentation that is made from rows.
lint_checks = \
	tests/lint/files.sh \
	tests/lint/globals.sh \
	tests/lint/layers.py \
	tests/lint/options_documented.sh \
	tests/lint/promises.py \
	tests/lint/readme.py \
	tests/lint/shell.sh \
	tests/lint/socket_documented.sh \
	tests/lint/spelling.sh
dist_check_SCRIPTS += $(lint_checks)
TESTS += $(lint_checks)
# Needs the history, which a release archive has not.
EXTRA_DIST += tests/lint/subjects.sh
