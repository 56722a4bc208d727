"""The smallest market directory that can be read, and a way to spoil it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from features.findings import Finding, UnreadableError
from features.sources.directory import RawMarket, read_market

TODAY = "2024-06-28"
FILES = {
    "instruments.csv": "instrument,asset_class,currency,kind,move\n"
    "AAA,stock,USD,price,log\n"
    "BBB,stock,USD,price,log\n",
    "prices.csv": "date,instrument,close\n"
    "2024-01-02,AAA,10\n"
    "2024-01-02,BBB,20\n"
    "2024-01-03,AAA,11\n"
    "2024-01-03,BBB,19\n",
}

Spoil = Callable[[dict[str, str | bytes | None]], Path]
Read = Callable[[dict[str, str | bytes | None]], RawMarket]
Refuse = Callable[[dict[str, str | bytes | None]], Finding]


@pytest.fixture
def spoil(tmp_path: Path) -> Spoil:
    """Write the smallest market with some files changed, added or (None) left out."""

    def write(changes: dict[str, str | bytes | None]) -> Path:
        for name, content in {**FILES, **changes}.items():
            path = tmp_path / "market" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "market"

    return write


@pytest.fixture
def read(spoil: Spoil) -> Read:
    """Read the smallest market with changes, on a fixed day."""

    def spoil_and_read(changes: dict[str, str | bytes | None]) -> RawMarket:
        return read_market(spoil(changes), today=pd.to_datetime(TODAY))

    return spoil_and_read


@pytest.fixture
def refuse(read: Read) -> Refuse:
    """The finding with which a changed market cannot be read at all."""

    def finding_of(changes: dict[str, str | bytes | None]) -> Finding:
        with pytest.raises(UnreadableError) as caught:
            read(changes)
        assert str(caught.value) == str(caught.value.finding)
        return caught.value.finding

    return finding_of
