import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from fakelb import FakeLb  # noqa: E402
from screen import Screen  # noqa: E402


@pytest.fixture
def lb(tmp_path):
    fake = FakeLb(str(tmp_path / "s"))
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def screen(tmp_path):
    pane = Screen(tmp_path)
    yield pane
    pane.stop()
