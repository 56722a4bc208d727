"""The heads' maps made one: by fixed or learned shares, and calibrated last where asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int, Shaped

from features.panel import Panel
from models.tail.candidate import Candidate
from models.tail.combine import Weights, combined, joined_by
from models.tail.conformal import Calibration, Record, factors, pooled, session_of
from models.tail.inputs import Rows
from models.tail.learned_shares import Learning, Told, learned_shares
from models.tail.mapped import pareto_of
from models.tail.regime_conformal import RegimeCalibration, regime_factors
from models.tail.score_walk import ScoreWalk, walked
from models.tail.transport import KNOTS, TailMap, identity, knot_shares, knot_shortfall

Maps = dict[str, dict[str, TailMap]]
"""By series and model."""
CALIBRATED = KNOTS.index(0.975)
"""Position of the level whose past decides on shares and factors of all of them."""
FactorSettings = Calibration | RegimeCalibration | ScoreWalk


def joined_maps(
    judged: Sequence[Candidate],
    rows: Mapping[str, Rows],
    maps: Maps,
    weights: Weights,
    learning: Learning | None = None,
) -> Maps:
    """The heads' maps, and with them the combined one.

    Parameters
    ----------
    judged : sequence of Candidate
    rows : mapping of series to Rows
    maps : mapping of series to mapping of head to TailMap
    weights : Weights
        Shares that are fixed, or that learning starts from.
    learning : Learning, optional
        How shares are learned from past scores of all of these series; not at all by default.
    """
    pareto = {c.history.name: pareto_of(c.evt, c.fhs.sigma, rows[c.history.name]) for c in judged}
    if learning is None:
        made = {name: combined(maps[name], pareto[name], weights) for name in pareto}
    else:
        made = _by_learned(judged, rows, maps, pareto, weights, learning)
    return {name: {**maps[name], "combined": made[name]} for name in pareto}


def calibrate(
    judged: Sequence[Candidate],
    rows: Mapping[str, Rows],
    maps: Maps,
    calibration: FactorSettings,
    panel: Panel,
) -> None:
    """Multiply the combined maps by factors from what became of them before.

    The factors are those of their asset classes, of these by regime, or each series' own walk.
    """
    if isinstance(calibration, ScoreWalk):
        for c in judged:
            mine = maps[c.history.name]
            mine["combined"] = walked(
                mine["combined"], rows[c.history.name], calibration, horizon=c.fhs.horizon
            )
        return
    factor = _by_class(judged, rows, maps, calibration, panel)
    for c, mine in zip(judged, factor, strict=True):
        served = maps[c.history.name]["combined"]
        maps[c.history.name]["combined"] = served.scaled(torch.as_tensor(mine)[:, None])


def _by_class(
    judged: Sequence[Candidate],
    rows: Mapping[str, Rows],
    maps: Maps,
    calibration: Calibration | RegimeCalibration,
    panel: Panel,
) -> list[Float[np.ndarray, " time"]]:
    sessions = sessions_of(judged).to_numpy()
    classes = sorted({c.history.asset_class for c in judged})
    parts: list[Record] = []
    for c in judged:
        mine, served = rows[c.history.name], maps[c.history.name]["combined"]
        es = knot_shortfall(served, *knot_shares(served.source, torch.as_tensor(mine.es)))
        parts.append(
            Record(
                session=session_of(c.history.dates.to_numpy(), sessions),
                group=np.full(len(mine), classes.index(c.history.asset_class)),
                loss=losses_in_time(mine, c.history.dates, sessions, horizon=c.fhs.horizon),
                var=served.image[:, CALIBRATED].numpy(),
                es=es[:, CALIBRATED].numpy(),
            )
        )
    whole = pooled(parts)
    alpha, horizon = KNOTS[CALIBRATED], judged[0].fhs.horizon
    if isinstance(calibration, Calibration):
        factor = factors(whole.record, alpha=alpha, calibration=calibration, horizon=horizon)
    else:
        state = np.concatenate([regime_states(panel, c.history.name) for c in judged])[whole.order]
        factor = regime_factors(
            whole.record, state, alpha=alpha, calibration=calibration, horizon=horizon
        )
    return whole.split(factor)


def regime_states(panel: Panel, name: str) -> Int[np.ndarray, " time"]:
    """Regime at each origin of a series: 0 low, 1 high, 2 crisis; low where it is not known.

    A state is told from an even chance on, of it or of a worse one.

    Raises
    ------
    ValueError
        If the panel holds no regimes.
    """
    if not {"regime_high", "regime_crisis"} <= set(panel.shared):
        raise ValueError(
            "calibration by regime reads regime_high and regime_crisis, and the panel has neither. "
            "Make it by flows.panels.panel_of, or calibrate by asset class."
        )
    shared = panel.values[name].shared
    high, crisis = (shared[:, panel.shared.index(f"regime_{told}")] for told in ("high", "crisis"))
    return np.where(crisis >= 0.5, 2, np.where(high + crisis >= 0.5, 1, 0))


def losses_in_time(
    rows: Rows,
    dates: pd.DatetimeIndex,
    sessions: Shaped[np.ndarray, " session"],
    *,
    horizon: int,
) -> Float[np.ndarray, " time"]:
    """Losses in sigmas; NaN where the target lies more sessions ahead than the horizon is long.

    A market that was closed while others traded: those who count sessions from the origin would
    know its loss before it was made.
    """
    late = session_of(rows.target, sessions) > session_of(dates.to_numpy(), sessions) + horizon
    return np.where(late, np.nan, -rows.move)


def sessions_of(candidates: Sequence[Candidate]) -> pd.DatetimeIndex:
    """Weekdays on which any series has a return: bitcoin's weekends are no sessions of the pool."""
    dates = pd.DatetimeIndex(np.unique(np.concatenate([c.history.dates for c in candidates])))
    return dates[dates.dayofweek < 5]


def _by_learned(
    judged: Sequence[Candidate],
    rows: Mapping[str, Rows],
    maps: Maps,
    pareto: Mapping[str, TailMap],
    weights: Weights,
    learning: Learning,
) -> dict[str, TailMap]:
    """The combined map of each series by shares learned over all of them."""
    kinds = list(weights.heads)
    fixed = (*weights.heads.values(), weights.fhs, weights.evt)
    sessions = sessions_of(judged).to_numpy()
    experts = {
        name: [*(maps[name][kind] for kind in kinds), identity(one.source), one]
        for name, one in pareto.items()
    }
    parts: list[Told] = []
    for c in judged:
        mine, each = rows[c.history.name], experts[c.history.name]
        source = knot_shares(each[0].source, torch.as_tensor(mine.es))
        es = torch.stack([knot_shortfall(one, *source)[:, CALIBRATED] for one in each], dim=1)
        var = torch.stack([one.image[:, CALIBRATED] for one in each], dim=1)
        at = session_of(c.history.dates.to_numpy(), sessions)
        loss = losses_in_time(mine, c.history.dates, sessions, horizon=c.fhs.horizon)
        parts.append(Told(at, loss, var.numpy(), es.numpy()))
    session = np.concatenate([one.session for one in parts])
    order = np.argsort(session, kind="stable")
    told = Told(
        session[order],
        np.concatenate([one.loss for one in parts])[order],
        np.concatenate([one.var for one in parts])[order],
        np.concatenate([one.es for one in parts])[order],
    )
    shares = np.empty_like(told.var)
    shares[order] = learned_shares(
        told,
        alpha=KNOTS[CALIBRATED],
        fixed=fixed,
        learning=learning,
        horizon=judged[0].fhs.horizon,
    )
    ends = np.cumsum([len(one.loss) for one in parts])[:-1]
    return {
        c.history.name: joined_by(experts[c.history.name], torch.as_tensor(mine))
        for c, mine in zip(judged, np.split(shares, ends), strict=True)
    }
