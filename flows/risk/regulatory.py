"""A book under a supervisor's dated profile: figures by its formulas, for a person to judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.market import MarketData
from flows.ingest import Ingested
from flows.refusal import RefusedError
from flows.risk.factor_classes import UNSTATED
from flows.risk.ladder import Lens, ladder
from flows.risk.lens import lens_of
from flows.risk.linear import Weights
from flows.risk.observations import observed
from flows.risk.request import RiskRequest
from flows.risk.revalued import Quantities
from flows.risk.stressed import past_moves, stressed_calibration
from flows.scenario_sets.files import ScenarioSet
from models.base import Asset
from validation.internal_models import InternalModelRule
from validation.modellability import real_prices
from validation.pnl_attribution import attribution
from validation.regulation import RegulationProfile, profile_of

CLAIM = "figures by the formulas of a profile; no supervisor has approved a model behind them"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a book beside its scenarios.

    Attributes
    ----------
    observed : mapping of factor to DatetimeIndex
        Days on which each has a price of its own.
    proxied : mapping of factor to str
        What moves those that have no series in the set.
    hypothetical : Series, optional
        The desk's own P&L of this book by date, gain positive.
    """

    observed: Mapping[str, pd.DatetimeIndex]
    proxied: Mapping[str, str]
    hypothetical: pd.Series | None = None


def regulatory_of(
    request: RiskRequest,
    found: Ingested,
    book: Weights | Quantities,
    told: ScenarioSet,
    directory: Path,
) -> dict[str, Any] | None:
    """A book under the profile that was asked for; None where none was.

    Parameters
    ----------
    request : RiskRequest
    found : Ingested
    book : Weights or Quantities
    told : ScenarioSet
    directory : Path
        Of the market.

    Raises
    ------
    RefusedError
        If there is no such profile, or the desk's P&L cannot be read.
    """
    if request.profile is None:
        return None
    try:
        profile = profile_of(request.profile)
    except ValueError as error:
        raise RefusedError(f"--profile: {error}") from error
    lens = lens_of(book, told.assets, profile.models)
    notes = book.notes(told.assets) if isinstance(book, Quantities) else ()
    evidence = Evidence(
        observed=observed(list(lens.classes), found.market, directory),
        proxied={
            name: how for note in notes for name, _, how in [note.partition(" moves ")] if how
        },
        hypothetical=request.hypothetical and read_hypothetical(request.hypothetical),
    )
    places = book.places(told.assets)
    return regulatory_view(lens, told, found.market, profile, evidence, places=places)


def regulatory_view(
    lens: Lens,
    told: ScenarioSet,
    market: MarketData,
    profile: RegulationProfile,
    evidence: Evidence,
    *,
    places: Sequence[int],
) -> dict[str, Any]:
    """Everything a profile asks of one book.

    Parameters
    ----------
    lens : Lens
    told : ScenarioSet
    market : MarketData
        History of the set's assets.
    profile : RegulationProfile
    evidence : Evidence
    places : sequence of int
        Assets of the set that move the book.
    """
    rule = profile.models
    return {
        "profile": profile.key,
        "name": profile.name,
        "source": profile.source,
        "effective": profile.effective,
        "read": profile.read,
        "note": profile.note,
        "claim": CLAIM,
        "taken": UNSTATED,
        "alpha": rule.es_alpha,
        "base_horizon": rule.base_horizon,
        "shortfall": _shortfall(lens, told, rule),
        "stressed": stressed_calibration(lens, told.assets, market, rule, places=places),
        "attribution": _attributed(lens, told.assets, market, rule, evidence.hypothetical, places),
        "modellability": _modellable(lens, market.as_of, rule, evidence),
    }


def read_hypothetical(file: Path) -> pd.Series:
    """A desk's P&L by date.

    Raises
    ------
    RefusedError
        If the file is not CSV with columns date and pnl, or a cell cannot be read.
    """
    try:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"{file}: cannot be read ({error}). Give CSV of date and pnl."
        ) from error
    if not {"date", "pnl"} <= set(rows.columns):
        raise RefusedError(
            f"{file}: has no columns date and pnl, only {', '.join(rows.columns)}. Name them so."
        )
    dates = pd.to_datetime(rows["date"], format="%Y-%m-%d", errors="coerce")
    pnl = pd.to_numeric(rows["pnl"], errors="coerce").to_numpy(dtype=np.float64)
    for column, example, wrong in (
        ("date", "2024-06-28", dates.isna().to_numpy()),
        ("pnl", "-1234.5", ~np.isfinite(pnl)),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise RefusedError(
                f"{file}: {column} in row {row + 1} is {rows[column].iloc[row]!r}. Write it as "
                f"{example}."
            )
    found = pd.Series(pnl, pd.DatetimeIndex(dates))
    if found.index.has_duplicates:
        twice = found.index[found.index.duplicated()][0]
        raise RefusedError(f"{file}: {twice.date()} stands in more than one row. Keep one.")
    return found.sort_index()


def _shortfall(lens: Lens, told: ScenarioSet, rule: InternalModelRule) -> dict[str, Any]:
    """ES of the report's own scenarios over the ladder."""
    if told.moves.shape[1] < rule.base_horizon:
        return {
            "status": f"the set reaches {told.moves.shape[1]} sessions and the profile starts from "
            f"{rule.base_horizon}: pass --horizon {rule.base_horizon}"
        }
    moves = told.moves[:, : rule.base_horizon].sum(axis=1, dtype=np.float64)
    weights = None if told.weights is None else np.asarray(told.weights)
    return {"status": "computed", **ladder(lens, moves, rule).told(weights=weights)}


def _attributed(
    lens: Lens,
    assets: Sequence[Asset],
    market: MarketData,
    rule: InternalModelRule,
    hypothetical: pd.Series | None,
    places: Sequence[int],
) -> dict[str, Any]:
    """The engine's P&L of today's book on past sessions against the desk's."""
    if hypothetical is None:
        return {
            "status": "the desk's own P&L of this book is not known; pass --hypothetical FILE with "
            "date and pnl"
        }
    names = [assets[k].instrument for k in places if assets[k].instrument in market.close.columns]
    moves, dates = past_moves(assets, market, names, over=1)
    ours = pd.Series(lens.pnl(moves, frozenset(lens.classes)), dates)
    both = pd.concat({"ours": ours, "theirs": hypothetical}, axis=1, join="inner").dropna()
    try:
        found = attribution(both["ours"].to_numpy(), both["theirs"].to_numpy(), rule=rule)
    except ValueError as error:
        return {"status": str(error)}
    judged = both.index[-rule.attribution_sessions :]
    return {
        "status": "computed",
        "first": f"{judged[0].date()}",
        "last": f"{judged[-1].date()}",
        "sessions": len(judged),
        "spearman": found.spearman,
        "kolmogorov": found.kolmogorov,
        "zone": found.zone,
        "limits": {"spearman": list(rule.spearman), "kolmogorov": list(rule.kolmogorov)},
    }


def _modellable(
    lens: Lens, as_of: pd.Timestamp, rule: InternalModelRule, evidence: Evidence
) -> dict[str, Any]:
    """Observations of each factor in the twelve months to the as-of."""
    rows: list[dict[str, Any]] = []
    for name, one in lens.classes.items():
        counted = real_prices(evidence.observed.get(name, pd.DatetimeIndex([])), as_of, rule=rule)
        rows.append(
            {
                "factor": name,
                "class": one,
                "horizon": rule.horizon(one),
                "observations": counted.observations,
                "fewest": counted.fewest,
                "enough": counted.enough,
                "follows": evidence.proxied.get(name),
            }
        )
    rows.sort(key=lambda row: (row["enough"], row["observations"]))
    return {
        "needs": {
            "observations": rule.observations,
            "days": rule.spread_days,
            "in_days": rule.spread_observations,
            "or": rule.observations_alone,
        },
        "enough": sum(row["enough"] for row in rows),
        "factors": rows,
    }
