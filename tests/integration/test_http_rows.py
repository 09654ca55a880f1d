"""HTTP/1.1 as a safe proxy has to do it: every row of tests/support/http_rows.py, through the daemon, in several cuts."""
import pytest
from http_rows import ROWS, all_cases, complaints
from wire import Recorder

CASES = {case.id: case for case in all_cases()}


@pytest.fixture(scope="module")
def proxy(shared_box):
    """One daemon for the whole table, on one thread: what a case leaves behind, the next one would meet."""
    recorder = Recorder()
    shared_box.closers.append(recorder)
    lbd = shared_box.lbd(shared_box.config({"s": recorder}, top={"global": {"threads": 1}}))
    return lbd, recorder


@pytest.mark.parametrize("name", CASES)
def test_row(proxy, name):
    lbd, recorder = proxy
    case = CASES[name]
    for cut in case.cuts():
        conversation, requests = case.run(("127.0.0.1", lbd.port), recorder, cut)
        found = complaints(case, conversation, requests, recorder.junk)
        assert not found, f"{cut}: {found}\nsent {case.send[:300]!r}\nthe client saw {conversation}\nthe server {requests}"
    assert lbd.running
