"""A small market whose law is known: three assets, Student-t, correlated, with GJR volatility."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch

from features.instruments import Instrument
from features.market import MarketData
from models.base import Asset
from models.garch import Params
from models.scenarios.filtering import Filtered
from models.scenarios.marginals import fit_marginals
from models.scenarios.neural_rolled import with_law
from models.scenarios.preparation import Prepared, prepare
from models.scenarios.safety import Safeguarded

NAMES = ("STOCK", "FUND", "YIELD")
CORRELATION = np.array([[1.0, 0.7, -0.3], [0.7, 1.0, -0.2], [-0.3, -0.2, 1.0]])
PARAMS = Params(mu=2e-4, omega=2e-6, alpha=0.03, gamma=0.08, beta=0.9, nu=6.0, backcast=1e-4)


def residuals(generator: np.random.Generator, sessions: int) -> np.ndarray:
    """Student-t residuals of unit variance with a known correlation."""
    normal = generator.multivariate_normal(np.zeros(3), CORRELATION, sessions)
    return normal * np.sqrt(4.0 / generator.chisquare(6.0, sessions))[:, None]


def recursion(residual: np.ndarray, params: Params) -> tuple[np.ndarray, np.ndarray]:
    """Moves and variances of the model as it is written, a session at a time."""
    variance = [np.full(residual.shape[1], params.backcast)]
    moves = []
    for row in residual:
        shock = np.sqrt(variance[-1]) * row
        slope = params.alpha + params.gamma * (shock < 0)
        variance.append(params.omega + slope * shock**2 + params.beta * variance[-1])
        moves.append(params.mu + shock)
    return np.array(moves), np.array(variance)


@dataclass
class Sample:
    moves: np.ndarray
    filtered: Filtered


@pytest.fixture(scope="session")
def sample() -> Sample:
    """Fifteen hundred sessions with the parameters that made them."""
    residual = residuals(np.random.default_rng(11), 1500)
    moves, variance = recursion(residual, PARAMS)
    dates = pd.bdate_range("2010-01-04", periods=1500)
    filtered = Filtered(
        assets=tuple(
            Asset(name, "rate" if name == "YIELD" else "price", move, "USD", 100.0)
            for name, move in zip(NAMES, ("log", "log", "diff"), strict=True)
        ),
        dates=dates,
        residual=residual,
        known=np.ones(residual.shape, dtype=np.bool_),
        variance=variance,
        params=(PARAMS,) * 3,
        marginals=fit_marginals(residual),
        as_of=dates[-1],
        snapshot="simulated",
    )
    return Sample(moves, filtered)


def market_of(moves: np.ndarray, *, first: str = "2010-01-04") -> MarketData:
    """A market directory's content with those moves, all on New York's weekdays."""
    dates = pd.bdate_range(first, periods=len(moves) + 1)
    levels = np.vstack([np.zeros(3), np.cumsum(moves, axis=0)])
    close = pd.DataFrame(
        np.column_stack([100.0 * np.exp(levels[:, :2]), 3.0 + levels[:, 2]]), dates, list(NAMES)
    )
    published = pd.DataFrame(
        {
            "date": pd.DatetimeIndex([]),
            "series": pd.Series(dtype=object),
            "value": pd.Series(dtype=float),
            "available_at": pd.DatetimeIndex([], tz="UTC"),
            "vintage": pd.Series(dtype=object),
        }
    )
    instruments = {
        "STOCK": Instrument("STOCK", "stock", "USD", "price", "log"),
        "FUND": Instrument("FUND", "government bond", "USD", "price", "log"),
        "YIELD": Instrument("YIELD", "rate", "USD", "rate", "diff"),
    }
    return MarketData(
        instruments=instruments,
        close=close,
        imputed=pd.DataFrame(False, dates, list(NAMES)),
        bars={},
        sessions=dict.fromkeys(NAMES, dates),
        macro=published,
        news=published,
        portfolios={},
        snapshot="simulated",
        as_of=dates[-1],
    )


@pytest.fixture(scope="session")
def toy_market(sample: Sample) -> MarketData:
    """The sample as a market."""
    return market_of(sample.moves)


@dataclass(frozen=True)
class NormalLaw:
    """A law without weights: standard normal whatever is known, wider where it is told to be."""

    width: float = 1.0
    name: str = "flow"

    def draw(self, condition: torch.Tensor, *, generator: torch.Generator) -> torch.Tensor:
        """Normal draws."""
        return self.width * torch.randn((len(condition), 3), generator=generator)

    def to_bytes(self) -> bytes:
        """Nothing to keep."""
        return b""


@pytest.fixture(scope="session")
def prepared(sample: Sample) -> Prepared:
    """The sample with moving correlation."""
    macro = np.zeros((len(sample.moves) + 1, 3))
    return prepare(sample.filtered, blocks=("equity", "government", ""), macro=macro, kind="dcc")


@pytest.fixture(scope="session")
def neural(prepared: Prepared) -> Safeguarded:
    """A neural generator whose law is normal."""
    return with_law(prepared, NormalLaw(), seed=0)
