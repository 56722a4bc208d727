"""The figures of an explanation: SHAP, LIME, attention and seeds, each as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flows.backtest import BASE, unseen
from flows.explaining.counterfactuals import counterfactuals
from flows.explaining.holdings import contributions, holdings_of, inverted_correlations
from flows.explaining.ready import Ready

if TYPE_CHECKING:
    from models.explanations.agreement import Stability
    from models.explanations.game import Player
    from models.explanations.shapley import Shapley
    from models.tail.served import Served

SCHEMA = "foreshock.explanation/1"
STAGES = 4


def explanation(
    ready: Ready,
    served: Served,
    *,
    version: Mapping[str, Any],
    seed: int,
    progress: Callable[[int, int], None] = unseen,
) -> dict[str, Any]:
    """Everything that is told of a forecast, but for the paragraph.

    Parameters
    ----------
    ready : Ready
    served : Served
        Must know how to read the panel.
    version : mapping
        See `flows.explaining.version.Explained.as_dict`.
    seed : int
        Of every draw.
    progress : callable
        Called with (stages done, stages in all).

    Returns
    -------
    dict
        Plain values without NaN.
    """
    from models.explanations.agreement import stability
    from models.explanations.game import Game, players_of
    from models.explanations.shapley import PERMUTATIONS, shapley_values
    from models.tail.seed_spread import members

    players = players_of(ready.origin, ready.background, sessions=served.reads_past)
    alone = members(served)
    game = Game((served, *alone), ready.origin, ready.background, players, ready.alpha)
    shap = shapley_values(game, players=len(players), seed=seed)
    progress(1, STAGES)
    stable = stability(shap.values[:, 0], shap.values[:, 1:])
    line, lime_passes = _lime(ready, served, players, shap.values[:, 0], seed=seed)
    progress(2, STAGES)
    parts = holdings_of(ready.market, ready.history.name, seed=seed)
    inverted = inverted_correlations(ready.market, parts, alpha=ready.alpha, seed=seed)
    progress(3, STAGES)
    told = {
        "schema": SCHEMA,
        "portfolio": ready.history.name,
        "asset_class": ready.history.asset_class,
        "as_of": f"{ready.market.as_of:%Y-%m-%d}",
        "origin": f"{ready.history.dates[ready.row]:%Y-%m-%d}",
        "target": None if ready.target is None else f"{ready.target:%Y-%m-%d}",
        "alpha": ready.alpha,
        "snapshot": ready.market.snapshot,
        "seed": seed,
        "version": dict(version),
        "forecast": _forecast(ready, served),
        "shap": {
            "of": "log of ES over ES of gjr_fhs",
            "background": {"rows": len(ready.background), "series": list(ready.series)},
            "permutations": PERMUTATIONS,
            "background_mean": float(shap.nobody[0]),
            "usual_change": float(np.expm1(shap.nobody[0])),
            "value": float(shap.everybody[0]),
            "difference": float(shap.everybody[0] - shap.nobody[0]),
            "sum": float(shap.values[:, 0].sum()),
            "missing": float(shap.missing[0]),
            "inputs": _inputs(ready, players, shap, stable),
            "modalities": _modalities(players, shap),
        },
        "lime": line,
        "attention": _attention(ready, served),
        "stability": _stability(stable),
        "contributions": contributions(ready.market, parts, alpha=ready.alpha),
        "counterfactuals": counterfactuals(ready, served, inverted),
        "passes": {"shap": game.passes, "lime": lime_passes},
    }
    progress(STAGES, STAGES)
    return plain(told)


def plain(value: Any) -> Any:
    """The same without NaN or infinity, which JSON has not: there None stands."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def _walk_factor(ready: Ready, served: Served, var: float) -> float | None:
    """What the version's walk makes of what its heads say; None where it has none."""
    from models.tail.score_walk import WARM_UP

    if served.walk is None:
        return None
    said = served.forecast(
        ready.history,
        ready.panel,
        fhs=ready.fhs,
        evt=ready.evt,
        alphas=(ready.alpha,),
        first=max(0, ready.row - WARM_UP),
    )
    return float(said.var[ready.row, 0]) / var


def _forecast(ready: Ready, served: Served) -> dict[str, Any]:
    from models.explanations.inputs import tail_of
    from models.tail.transport import KNOTS

    at = KNOTS.index(ready.alpha)
    base = {
        "var": float(ready.origin.var[0, at]) * ready.sigma,
        "es": float(ready.origin.es[0, at]) * ready.sigma,
    }
    var, es = (float(one[0, at]) * ready.sigma for one in tail_of(served, ready.origin))
    return {
        "sigma": ready.sigma,
        "base": {"model": BASE[0], **base},
        "version": {"model": served.model, "var": var, "es": es},
        "walk_factor": _walk_factor(ready, served, var),
        "var_factor": var / base["var"],
        "es_factor": es / base["es"],
        "es_change": es / base["es"] - 1.0,
    }


def _inputs(
    ready: Ready, players: tuple[Player, ...], shap: Shapley, stable: Stability
) -> list[dict[str, Any]]:
    """Every player, the heaviest first; values are in the units that a head reads."""
    origin, behind = ready.origin.features[0], ready.background.features
    rows: list[dict[str, Any]] = []
    for k in np.argsort(-np.abs(shap.values[:, 0]), kind="stable"):
        player = players[k]
        known = behind[np.isfinite(behind[:, player.at]), player.at]
        feature = player.kind == "feature"
        rows.append(
            {
                "input": player.name,
                "modality": player.modality,
                "value": float(origin[player.at]) if feature else None,
                "background_mean": float(known.mean()) if feature and len(known) else None,
                "shap": float(shap.values[k, 0]),
                "change": float(np.expm1(shap.values[k, 0])),
                "error": float(shap.error[k, 0]),
                "low": float(stable.low[k]),
                "high": float(stable.high[k]),
            }
        )
    return rows


def _modalities(players: tuple[Player, ...], shap: Shapley) -> list[dict[str, Any]]:
    """Sums by kind of data, the heaviest first."""
    kinds = list(dict.fromkeys(player.modality for player in players))
    of = np.array([kinds.index(player.modality) for player in players])
    sums = np.stack([shap.values[of == k].sum(axis=0) for k in range(len(kinds))])
    return [
        {
            "modality": kinds[k],
            "inputs": int((of == k).sum()),
            "shap": float(sums[k, 0]),
            "change": float(np.expm1(sums[k, 0])),
            "low": float(sums[k, 1:].min()),
            "high": float(sums[k, 1:].max()),
        }
        for k in np.argsort(-np.abs(sums[:, 0]), kind="stable")
    ]


def _lime(
    ready: Ready,
    served: Served,
    players: tuple[Player, ...],
    values: NDArray[np.float64],
    *,
    seed: int,
) -> tuple[dict[str, Any], int]:
    """The local check, of the features that are known and that vary; and its forward passes."""
    from models.explanations.agreement import agreement
    from models.explanations.game import Game
    from models.explanations.local import local_line

    origin, behind = ready.origin.features[0].astype(np.float64), ready.background.features
    checked = [
        k
        for k, player in enumerate(players)
        if player.kind == "feature"
        and np.isfinite(origin[player.at])
        and len(np.unique(behind[np.isfinite(behind[:, player.at]), player.at])) > 1
    ]
    nothing = {"inputs": 0, "same_sign": 0, "rank": None, "r2": None, "lines": []}
    if not checked:
        return {"status": "not_computable: no feature is known and varies", **nothing}, 0
    columns = np.array([players[k].at for k in checked])
    game = Game((served,), ready.origin, ready.background, players, ready.alpha)

    def forecast(some: NDArray[np.float64]) -> NDArray[np.float64]:
        features = np.tile(origin, (len(some), 1))
        features[:, columns] = some
        return game.ask(ready.origin.reading(features))[:, 0]

    line = local_line(forecast, origin[columns], behind[:, columns].astype(np.float64), seed=seed)
    theirs = values[checked]
    held = agreement(theirs, line.share)
    return {
        "status": "ok",
        "inputs": held.inputs,
        "same_sign": held.same_sign,
        "rank": held.rank,
        "r2": line.r2,
        "lines": [
            {
                "input": players[checked[k]].name,
                "lime": float(line.share[k]),
                "shap": float(theirs[k]),
            }
            for k in np.argsort(-np.abs(theirs), kind="stable")
        ],
    }, game.passes


def _attention(ready: Ready, served: Served) -> dict[str, Any]:
    """What the transformer looked at, beside what it looks at usually; it is not a cause."""
    readers = [head for head in served.heads.values() if head.reads_past]
    if not readers:
        told = f"not_applicable: {served.model} has no transformer, and attends to nothing"
        return {"status": told, "share": None, "tokens": []}
    (head,) = readers
    here = head.attention(ready.origin.rows())[:, 0]
    usual = head.attention(ready.background.rows()).mean(axis=(0, 1))
    alone = served.model in served.heads
    return {
        "status": "ok",
        "share": 1.0 if alone else served.weights.transformer,
        "tokens": [
            {
                "token": token,
                "weight": float(here[:, k].mean()),
                "low": float(here[:, k].min()),
                "high": float(here[:, k].max()),
                "usual": float(usual[k]),
            }
            for k, token in enumerate(head.tokens)
        ],
    }


def _stability(found: Stability) -> dict[str, Any]:
    warning = None
    if found.stable is False:
        warning = "unstable: seeds do not agree on what matters, so do not lean on single inputs"
    return {
        "status": "ok" if found.stable is not None else "not_computable: there are no two seeds",
        "members": found.members,
        "inputs": found.inputs,
        "rank": found.rank,
        "least": found.least,
        "same_sign": found.same_sign,
        "stable": found.stable,
        "warning": warning,
    }
