"""The learned tail of a book of quantities: today's positions on past moves, none from later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.market import truncate
from flows.held_models import Best
from flows.panels import panel_of
from flows.risk import learned
from flows.risk.desk import gaps
from flows.risk.learned import history_of, learned_view
from models.baselines import forecast_series
from models.tail.served import load
from models.tail.walk_forward import base_levels
from tests.flows.risk import desk_book
from tests.flows.served_model import save_served

MARKET = desk_book.market()
RECORDED = {"status": "no session", "numbers": []}


def test_shares_alone_have_the_history_of_their_price():
    history, scale = history_of(desk_book.book(desk_book.STOCK), MARKET, "desk")
    returns = MARKET.close["ACME"].pct_change().dropna().to_numpy()
    np.testing.assert_allclose(history.returns * scale, 10_000.0 * returns, atol=1e-8)
    assert history.returns.std() == pytest.approx(0.01)
    assert history.clean.all()
    assert history.dates[-1] == MARKET.as_of


def test_the_last_session_of_a_book_is_that_of_the_day_although_yields_come_later():
    history, _ = history_of(desk_book.book(), MARKET, "desk")
    assert history.dates[-1] == MARKET.as_of
    assert (history.origins.tz_convert(None) - history.dates).max().days < 2


def test_nothing_later_enters_a_row():
    book, earlier = desk_book.book(), desk_book.DATES[-40]
    whole, scale = history_of(book, MARKET, "desk")
    # The positions, and the levels that they are valued at, are today's in both.
    cut = truncate(MARKET, earlier)
    past, other = history_of(book, cut, "desk")
    rows = whole.dates <= earlier
    np.testing.assert_array_equal(past.dates, whole.dates[rows])
    np.testing.assert_allclose(past.returns * other, whole.returns[rows] * scale, rtol=1e-9)
    np.testing.assert_array_equal(past.origins, whole.origins[rows])


def test_without_a_champion_the_fallback_speaks_and_says_so(state_root: Path):
    book = desk_book.book(desk_book.STOCK)
    told = learned_view(
        book, MARKET, state_root, portfolio="desk", alphas=(0.975, 0.99), recorded=RECORDED
    )
    assert "1,304 sessions" in told["status"]
    assert "no version was promoted" in told["status"]
    assert told["model"] == "gjr_fhs"
    returns = MARKET.close["ACME"].pct_change().dropna().to_numpy()
    same = forecast_series(returns, models=("gjr_fhs",), alphas=(0.975, 0.99))["gjr_fhs"]
    said = {(one["alpha"], one["measure"]): one["model"] for one in told["numbers"]}
    assert said[0.975, "es"] == pytest.approx(10_000.0 * same.es[-1, 0], rel=1e-4)
    assert said[0.99, "var"] == pytest.approx(10_000.0 * same.var[-1, 1], rel=1e-4)
    rows = [{"horizon": 1, "alpha": 0.975, "var": 100.0, "es": 2.0 * said[0.975, "es"]}]
    es = next(one for one in gaps(rows, told) if one["measure"] == "es")
    assert (es["state"], es["counts"]) == ("HOLD", 2.0 * said[0.975, "es"])


def test_a_short_history_is_told_with_its_length(state_root: Path):
    short = truncate(MARKET, desk_book.DATES[500])
    told = learned_view(
        desk_book.book(), short, state_root, portfolio="desk", alphas=(0.975,), recorded=RECORDED
    )
    assert "and 1,000 are needed" in told["status"]
    assert told["numbers"] == []


def test_the_version_in_office_speaks_from_its_own_panel(
    state_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    book = desk_book.book()
    history, scale = learned.history_of(book, MARKET, "desk")
    panel = panel_of(MARKET, [history])
    save_served(tmp_path / "served", own=panel.own, shared=panel.shared)
    served = load(tmp_path / "served")
    monkeypatch.setattr(learned, "_in_office", lambda root: Best({"number": 1}, served))
    state_root.mkdir()
    told = learned_view(
        book, MARKET, state_root, portfolio="desk", alphas=(0.975,), recorded=RECORDED
    )
    base = forecast_series(
        history.returns, models=("gjr_fhs", "gjr_evt"), alphas=base_levels((0.975,))
    )
    said = served.forecast(
        history, panel, fhs=base["gjr_fhs"], evt=base["gjr_evt"], alphas=(0.975,)
    )
    (var, es) = told["numbers"]
    assert told["model"] == "linear"
    assert var["model"] == pytest.approx(said.var[-1, 0] * scale)
    assert es["model"] == pytest.approx(said.es[-1, 0] * scale)
    assert es["fallback"] != es["model"]
    assert "no version" not in told["status"]
