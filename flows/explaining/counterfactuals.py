"""What the version would have said had something been otherwise: every one is forecast again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flows.explaining.ready import Ready

if TYPE_CHECKING:
    from models.explanations.inputs import Inputs
    from models.tail.served import Served

YEAR, BACK = 250, 5
RANGES = ("garman_klass_10", "parkinson_10")
SPREADS = "standard deviations in training"

Record = dict[str, Any]


def counterfactuals(ready: Ready, served: Served, correlations: Mapping[str, Any]) -> list[Record]:
    """ES of the version under each, beside the ES that it forecast.

    Parameters
    ----------
    ready : Ready
    served : Served
    correlations : mapping
        See `flows.explaining.holdings.inverted_correlations`: its ratio is put on the forecast.

    Returns
    -------
    list of dict
        ``name``, ``told`` (what is otherwise), ``status``, ``var``, ``es`` (None where not known),
        ``ratio`` of ES to the forecast, ``base_es`` of ``gjr_fhs``, ``changed`` (name to
        [from, to], in the units a head reads), ``distance`` from what was, and its ``unit``.
    """
    _, es = _said(ready, served, ready.origin, ready.row)
    vix, ranges = _vix(ready), _ranges(ready)
    return [
        _put(ready, served, es, "vix_median", "VIX back at its median of the past year", vix),
        _put(ready, served, es, "range_before", "range volatility as five sessions before", ranges),
        _earlier(ready, served, es),
        _inverted(correlations, es),
    ]


def _vix(ready: Ready) -> dict[str, float]:
    """Every input read from the VIX, at its median over the year before."""
    features = ready.panel.values[ready.history.name].shared
    past = features[max(0, ready.row - YEAR) : ready.row]
    return {
        name: float(np.median(known))
        for k, name in enumerate(ready.panel.shared)
        if (name == "vix" or name.startswith("vix_"))
        and np.isfinite(features[ready.row, k])
        and len(known := past[np.isfinite(past[:, k]), k])
    }


def _ranges(ready: Ready) -> dict[str, float]:
    """The range volatilities of five sessions before, in today's sigma."""
    from models.tail.inputs import in_units_of_sigma

    own = ready.panel.values[ready.history.name].own
    then = own[[ready.row - BACK]]
    told = in_units_of_sigma(then, ready.panel.own, np.array([ready.sigma]))[0]
    return {
        name: float(told[k])
        for k, name in enumerate(ready.panel.own)
        if name in RANGES and np.isfinite(told[k]) and np.isfinite(own[ready.row, k])
    }


def _put(
    ready: Ready,
    served: Served,
    before: float,
    name: str,
    told: str,
    values: Mapping[str, float],
) -> Record:
    """Some inputs put to other values, everything else as it is."""
    if not values:
        reason = f"not_computable: what it would change is not known of {ready.history.name}"
        return _record(name, told, status=reason)
    changed = ready.origin.having(values)
    var, es = _said(ready, served, changed, ready.row)
    return _record(
        name,
        told,
        var=var,
        es=es,
        ratio=es / before,
        base_es=float(ready.origin.es[0, _level(ready)]) * ready.sigma,
        changed={
            one: [float(ready.origin.features[0, ready.origin.names.index(one)]), value]
            for one, value in values.items()
        },
        distance=_distance(served, ready.origin, changed),
        unit=SPREADS,
    )


def _earlier(ready: Ready, served: Served, before: float) -> Record:
    """The forecast of five sessions before: base, features and sessions as they were then."""
    then = ready.row - BACK
    inputs = ready.inputs_at(then)
    name, told = "last_five", "the last five sessions had not happened"
    if not inputs.reshapable.all():
        return _record(name, told, status="not_computable: there was no forecast then")
    var, es = _said(ready, served, inputs, then)
    return _record(
        name,
        told,
        var=var,
        es=es,
        ratio=es / before,
        base_es=float(inputs.es[0, _level(ready)] * ready.fhs.sigma[then]),
        distance=_distance(served, ready.origin, inputs),
        unit=SPREADS,
    )


def _inverted(found: Mapping[str, Any], before: float) -> Record:
    """The forecast times what inverted correlations do to the holdings' filtered sessions."""
    told = "correlations inverted"
    if found["status"] != "ok":
        return _record("correlations", told, status=found["status"])
    return _record(
        "correlations",
        f"{told} between {found['block']} and the rest",
        es=before * found["ratio"],
        ratio=found["ratio"],
        distance=found["distance"],
        unit="Frobenius norm, from the correlations asked for to the nearest that can be",
    )


def _record(name: str, told: str, **more: Any) -> Record:
    nothing = dict.fromkeys(("var", "es", "ratio", "base_es", "distance", "unit"))
    return {"name": name, "told": told, "status": "ok", **nothing, "changed": {}} | more


def _said(ready: Ready, served: Served, inputs: Inputs, row: int) -> tuple[float, float]:
    """VaR and ES as fractions of value."""
    from models.explanations.inputs import tail_of

    sigma = float(ready.fhs.sigma[row])
    var, es = (float(one[0, _level(ready)]) * sigma for one in tail_of(served, inputs))
    return var, es


def _level(ready: Ready) -> int:
    from models.tail.transport import KNOTS

    return KNOTS.index(ready.alpha)


def _distance(served: Served, origin: Inputs, other: Inputs) -> float:
    """Length of the step from one row of inputs to another, where both are known."""
    from models.tail.learned import CLIP

    domain = served.domain()
    spread: NDArray[np.float64] = (domain.upper - domain.lower) / (2.0 * CLIP)
    step = (other.features[0] - origin.features[0]) / spread
    return float(np.sqrt(np.nansum(step**2)))
