"""Starting a process must cost less than the work it takes over."""

import os

import pytest

from flows.processes import processes


@pytest.mark.parametrize(("parts", "expected"), [(0, 1), (7, 1), (15, 1), (16, 2), (1000, 3)])
def test_a_process_for_every_eight_parts_up_to_what_there_is(
    parts: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert processes(parts, worth=8) == expected
