"""No row without a test: each has a case in the tables, or a test that is marked with it."""
import pathlib
import re

from http_rows import ROWS, all_cases

HERE = pathlib.Path(__file__).parent


def test_every_row_has_a_test():
    marked = {row for path in HERE.glob("test_*.py") for row in re.findall(r'^@row\("(\w+)"\)', path.read_text(), re.M)}
    assert marked <= set(ROWS), f"unknown rows: {sorted(marked - set(ROWS))}"
    missing = set(ROWS) - marked - {case.row for case in all_cases()}
    assert not missing, f"rows without a test: {sorted(missing)}"
