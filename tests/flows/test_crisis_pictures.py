from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from flows.crisis_pictures import crisis_picture

FIRST, LAST = pd.Timestamp("2020-02-20"), pd.Timestamp("2020-03-04")


@pytest.fixture
def forecasts() -> pd.DataFrame:
    """Ten sessions of one book: VaR 2% or 1%, and losses of 3% on two days, 1.5% on one."""
    targets = pd.bdate_range(FIRST, LAST)
    pnl = [0.0, -0.03, 0.0, -0.015, 0.01, -0.03, 0.0, 0.0, 0.0, 0.0]
    return pd.concat(
        pd.DataFrame(
            {
                "origin": targets - pd.offsets.BDay(1),
                "target": targets,
                "portfolio": "book",
                "model": model,
                "alpha": 0.99,
                "horizon": 1,
                "var": var,
                "es": 1.2 * var,
                "pnl": pnl,
            }
        )
        for model, var in (("combined", 0.02), ("hs_250", 0.01))
    )


def drawn(forecasts: pd.DataFrame) -> str:
    address = crisis_picture(
        forecasts,
        first=FIRST,
        last=LAST,
        portfolio="book",
        alpha=0.99,
        legacy=("hs_250", "HS-250"),
        model=("combined", "Combined"),
    )
    kind, _, encoded = address.partition(",")
    assert kind == "data:image/svg+xml;base64"
    return base64.b64decode(encoded).decode()


def test_every_exceedance_and_nothing_else_is_marked(forecasts: pd.DataFrame):
    drawing = ET.fromstring(drawn(forecasts))
    marks = {
        name: len(drawing.findall(f".//*[@id='beyond-{name}']//{{*}}use"))
        for name in ("combined", "hs_250")
    }
    assert marks == {"combined": 2, "hs_250": 3}


def test_the_same_forecasts_give_the_same_picture(forecasts: pd.DataFrame):
    assert drawn(forecasts) == drawn(forecasts)


def test_an_unknown_pnl_is_drawn_as_no_day(forecasts: pd.DataFrame):
    upcoming = forecasts.iloc[[-1]].assign(target=LAST + pd.offsets.BDay(1), pnl=float("nan"))
    assert drawn(pd.concat([forecasts, upcoming])) == drawn(forecasts)
