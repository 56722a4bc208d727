"""Starting a process must cost less than the work it takes over."""

import os

import pytest
from joblib import Parallel, delayed, parallel_config

from flows.processes import processes, release


@pytest.mark.parametrize(("parts", "expected"), [(0, 1), (7, 1), (15, 1), (16, 2), (1000, 3)])
def test_a_process_for_every_eight_parts_up_to_what_there_is(
    parts: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert processes(parts, worth=8) == expected


def test_workers_that_wait_are_ended_and_the_next_work_starts_its_own() -> None:
    options = {"n_jobs": 2, "inner_max_num_threads": 1}
    with parallel_config("loky", **options):
        first = set(Parallel()(delayed(os.getpid)() for _ in range(8)))
        release()
        second = set(Parallel()(delayed(os.getpid)() for _ in range(8)))
    release()
    assert not first & second
