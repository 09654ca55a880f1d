# Documentation. The two references are made from the rows of the source and committed; lint says when they are stale.
dist_doc_DATA += \
	doc/access_log.md \
	doc/algorithms.md \
	doc/architecture.md \
	doc/configuration.md \
	doc/conformance.md \
	doc/memory.md \
	doc/performance.md \
	doc/socket.md
EXTRA_DIST += \
	$(srcdir)/doc/decisions/*.md \
	doc/configuration.awk \
	doc/configuration.intro.md \
	doc/socket.awk \
	doc/socket.intro.md

SOCKET_DOC_ROWS = $(srcdir)/src/admin/commands.def $(srcdir)/src/stats/columns.def $(srcdir)/src/stats/info.def
.PHONY: doc-socket
doc-socket:
	( cat $(srcdir)/doc/socket.intro.md && $(AWK) -f $(srcdir)/doc/socket.awk $(SOCKET_DOC_ROWS) ) > $(srcdir)/doc/socket.md

# doc/conformance.md: what HAProxy and nginx do otherwise, measured. Says which differences the page does not explain.
.PHONY: differential
differential: all
	LBD_BUILD=$(abs_top_builddir) $(PYTHON3) $(srcdir)/tests/support/differential.py
