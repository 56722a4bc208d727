"""A person's number is held against the model's by what happened."""

from __future__ import annotations

import numpy as np
import pytest

from flows.override_verdicts import verdict_figures


def verdict(pnl: list[float], *, var: float, es: float) -> dict[str, object]:
    figures = verdict_figures(
        alpha=0.99,
        pnl=np.array(pnl),
        override=(0.04, 0.05),
        var=np.full(len(pnl), var),
        es=np.full(len(pnl), es),
    )
    return {name: figures[name] for name in figures}


def test_a_raised_number_is_right_when_the_loss_comes() -> None:
    figures = verdict([-0.035, 0.001], var=0.02, es=0.025)
    assert figures["right"] is True
    assert (figures["exceedances_override"], figures["exceedances_model"]) == (0, 1)


def test_a_raised_number_is_wrong_when_it_does_not() -> None:
    # Without an exceedance FZ0 is v/e + log(e) - 1: 0.8 + log 5 - 1 and 0.8 + log 2.5 - 1.
    figures = verdict([0.001], var=0.02, es=0.025)
    assert figures["right"] is False
    assert figures["fz0_override"] == pytest.approx(0.8 + np.log(5.0) - 1)
    assert figures["fz0_model"] == pytest.approx(0.8 + np.log(2.5) - 1)


def test_the_same_number_was_not_right() -> None:
    assert verdict([-0.1], var=0.04, es=0.05)["right"] is False


def test_an_unknown_pnl_does_not_count() -> None:
    assert verdict([np.nan, -0.035], var=0.02, es=0.025)["n"] == 1
    nothing = verdict([np.nan], var=0.02, es=0.025)
    assert nothing["right"] is False
    assert str(nothing["status"]).startswith("not_computable")
