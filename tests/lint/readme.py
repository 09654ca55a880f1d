#!/usr/bin/env python3
"""README.md's table of Debian packages says what tests/support/packages says, and its links lead somewhere."""
import os
import pathlib
import re
import sys

TOP = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
readme = (TOP / "README.md").read_text()
rows = {tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in readme.splitlines() if re.match(r"\| (build|run|test|ci|bench) \|", line)}
wanted = {tuple(line.split("\t")) for line in (TOP / "tests/support/packages").read_text().splitlines()
          if line and not line.startswith("#")}
problems = [f"README.md lacks the row: | {' | '.join(row)} |" for row in sorted(wanted - rows)]
problems += [f"README.md has a row that tests/support/packages lacks: {row}" for row in sorted(rows - wanted)]
for target in re.findall(r"\]\(([^)#:]+)\)", readme):
    if not (TOP / target).exists():
        problems.append(f"README.md links to {target}, which does not exist")
print("\n".join(problems) or f"{len(wanted)} packages, all links lead somewhere")
sys.exit(bool(problems))
