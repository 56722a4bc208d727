"""A file is opened inside its directory, whole, or not at all."""

import os
from pathlib import Path

import pytest

from features.findings import UnreadableError
from features.sources import files
from features.sources.files import nearest, open_inside


def refused(root: Path, name: str):
    with pytest.raises(UnreadableError) as caught:
        open_inside(root, root / name)
    assert caught.value.finding.table == name
    return caught.value.finding.rule


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "market" / "portfolios").mkdir(parents=True)
    return tmp_path / "market"


def test_the_bytes_that_are_hashed_are_those_that_are_parsed(root):
    (root / "portfolios" / "a.csv").write_bytes(b"abc")
    file = open_inside(root, root / "portfolios" / "a.csv")
    assert (file.name, file.data) == ("portfolios/a.csv", b"abc")
    # The SHA-256 test vector of FIPS 180-2.
    assert file.sha256() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_links_may_not_lead_outside(root, tmp_path):
    (tmp_path / "outside.csv").write_bytes(b"abc")
    (root / "away.csv").symlink_to(tmp_path / "outside.csv")
    (root / "inside.csv").write_bytes(b"abc")
    (root / "home.csv").symlink_to(root / "inside.csv")
    (root / "dangling.csv").symlink_to(root / "gone.csv")
    assert refused(root, "away.csv") == "outside_directory"
    assert refused(root, "dangling.csv") == "not_a_file"
    assert open_inside(root, root / "home.csv").data == b"abc"


def test_a_linked_folder_of_books_may_not_lead_outside(root, tmp_path):
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "a.csv").write_bytes(b"abc")
    (root / "portfolios").rmdir()
    (root / "portfolios").symlink_to(tmp_path / "books")
    assert refused(root, "portfolios/a.csv") == "outside_directory"


def test_a_pipe_or_a_folder_is_no_file(root):
    os.mkfifo(root / "prices.csv")
    (root / "macro.csv").mkdir()
    assert refused(root, "prices.csv") == "not_a_file"
    assert refused(root, "macro.csv") == "not_a_file"


def test_an_empty_file_is_no_answer(root):
    (root / "prices.csv").touch()
    assert refused(root, "prices.csv") == "no_data"


def test_a_huge_file_is_not_opened(root, monkeypatch):
    monkeypatch.setattr(files, "MAX_BYTES", 2)
    (root / "prices.csv").write_bytes(b"abc")
    assert refused(root, "prices.csv") == "over_limit"


@pytest.mark.parametrize(
    ("name", "among", "words"),
    [
        ("close", ["Close"], " (nearest is 'Close')"),
        ("close", ["open", "clsoe", "date"], " (nearest is 'clsoe')"),
        ("close", ["date;instrument;close"], ""),
        ("weight", [], ""),
    ],
)
def test_the_nearest_name_is_offered_only_where_it_is_near(name, among, words):
    assert nearest(name, among) == words
