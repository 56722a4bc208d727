"""The bundled market is built once, always the same, and like any user's directory."""

from pathlib import Path

import pandas as pd
import pytest

from features.sources import bundled
from features.sources.bundled import BOOKS, bundled_market
from features.sources.directory import read_market


@pytest.fixture(scope="module")
def closes() -> pd.DataFrame:
    return bundled.packaged_closes()


@pytest.fixture(autouse=True)
def _short(closes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last closes of each series are enough to see a build."""
    last = closes.groupby("instrument").tail(20)
    monkeypatch.setattr(bundled, "packaged_closes", last.copy)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_two_builds_have_identical_bytes(tmp_path):
    one, two = bundled_market(tmp_path / "one"), bundled_market(tmp_path / "two")
    assert one == tmp_path / "one" / "markets" / "bundled"
    assert contents(one) == contents(two)
    assert [path.name for path in one.parent.iterdir()] == ["bundled"]  # nothing left beside


def test_it_reads_like_any_directory_without_a_finding(tmp_path, monkeypatch, closes):
    monkeypatch.setattr(bundled, "packaged_closes", closes.copy)
    raw = read_market(bundled_market(tmp_path), today=pd.to_datetime("2026-12-31"))
    assert raw.findings == ()
    assert set(raw.portfolios) == set(BOOKS)
    named = set(raw.tables["instruments"]["instrument"])
    assert all(set(book["instrument"]) <= named for book in raw.portfolios.values())
    for name, book in raw.portfolios.items():
        assert dict(zip(book["instrument"], book["weight"], strict=True)) == BOOKS[name]


def test_what_is_current_is_not_built_again(tmp_path):
    market = bundled_market(tmp_path)
    built = (market / "prices.csv").stat().st_mtime_ns
    assert bundled_market(tmp_path) == market
    assert (market / "prices.csv").stat().st_mtime_ns == built


@pytest.mark.parametrize("damage", ["edited", "added", "lost", "no stamp", "newer builder"])
def test_what_is_damaged_or_out_of_date_is_built_anew(tmp_path, monkeypatch, damage):
    market = bundled_market(tmp_path)
    intact = contents(market)
    if damage == "edited":
        (market / "prices.csv").write_bytes(intact["prices.csv"].replace(b"1", b"2", 1))
    elif damage == "added":
        (market / "macro.csv").write_bytes(b"x")
    elif damage == "lost":
        (market / "instruments.csv").unlink()
    elif damage == "no stamp":
        (market / "built.json").write_text("{")
    else:
        monkeypatch.setattr(bundled, "BUILDER", bundled.BUILDER + 1)
    rebuilt = contents(bundled_market(tmp_path))
    if damage == "newer builder":
        assert rebuilt.pop("built.json") != intact.pop("built.json")
    assert rebuilt == intact


def test_a_failed_build_leaves_the_old_one(tmp_path, monkeypatch):
    market = bundled_market(tmp_path)
    intact = contents(market)
    monkeypatch.setattr(bundled, "BUILDER", bundled.BUILDER + 1)
    monkeypatch.setattr(bundled, "packaged_instruments", lambda closes: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bundled_market(tmp_path)
    assert contents(market) == intact
    assert [path.name for path in market.parent.iterdir()] == ["bundled"]
