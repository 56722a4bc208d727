"""Gates: thresholds a model must meet, each with the evidence that decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from validation.crises import ALL, is_crisis

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GateThresholds:
    """What a model must meet over all judged targets, and in every crisis.

    Attributes
    ----------
    exceedance_deviation : float
        Most by which pooled exceedances may differ from the expected number, as a share of it.
    shortfall_z2 : float
        Lowest pooled Z2; below zero losses were larger or more frequent than announced.
    tail_accuracy : float
        Lowest share of cells whose tail is not rejected.
    relative_fz0 : float
        Highest FZ0 relative to the baseline's; 0 is no worse.
    crisis_relative_fz0 : float
        The same in the worst crisis.
    crisis_p_value : float
        Lowest p-value, adjusted over crises, that the model is worse in one of them.
    """

    exceedance_deviation: float = 0.25
    shortfall_z2: float = -0.25
    tail_accuracy: float = 0.80
    relative_fz0: float = 0.0
    crisis_relative_fz0: float = 0.03
    crisis_p_value: float = 0.05


@dataclass(frozen=True, slots=True)
class Gate:
    """One threshold, what was found, and where.

    Attributes
    ----------
    name : str
        Field of `GateThresholds`.
    threshold : float
    value : float or None
        The least favourable value; None where the evidence holds none.
    passed : bool
        A gate without evidence is closed.
    evidence : tuple of dict
        Where the value stands: model, level, window and figures of the deciding record; empty
        where there is none.
    """

    name: str
    threshold: float
    value: float | None
    passed: bool
    evidence: tuple[dict[str, Any], ...]


def judged_gates(
    evidence: Record, *, model: str, thresholds: GateThresholds | None = None
) -> tuple[Gate, ...]:
    """Every gate of one model, at its least favourable level.

    Parameters
    ----------
    evidence : mapping
        As `validation.evidence.examine` returns it; the shortest horizon decides.
    model : str
    thresholds : GateThresholds, optional

    Returns
    -------
    tuple of Gate
        In the order of `GateThresholds`.
    """
    limits = thresholds or GateThresholds()
    shortest = min((group["horizon"] for group in evidence["pooled"]), default=1)
    pooled = _of(evidence["pooled"], model, window=ALL, horizon=shortest)
    compared = _of(evidence["comparisons"], model, horizon=shortest)
    overall = _of(compared, model, window=ALL)
    crises = [record for record in compared if is_crisis(record["window"])]
    accuracy = _of(evidence["tail_accuracy"], model, scope="all")
    return (
        _highest("exceedance_deviation", limits.exceedance_deviation, pooled, _deviation),
        _lowest("shortfall_z2", limits.shortfall_z2, pooled, _z2),
        _lowest("tail_accuracy", limits.tail_accuracy, accuracy, lambda one: one["share"]),
        _highest("relative_fz0", limits.relative_fz0, overall, lambda one: one["relative"]),
        _highest(
            "crisis_relative_fz0",
            limits.crisis_relative_fz0,
            crises,
            lambda one: one["relative"],
        ),
        _lowest("crisis_p_value", limits.crisis_p_value, crises, lambda one: one["p_worse_holm"]),
    )


def _of(records: Iterable[Record], model: str, **wanted: object) -> list[Record]:
    wanted["model"] = model
    return [one for one in records if all(one[key] == value for key, value in wanted.items())]


def _deviation(record: Record) -> float | None:
    return abs(record["exceedances"] / record["expected"] - 1) if record["expected"] else None


def _z2(record: Record) -> float | None:
    return record["tests"]["z2"]["statistic"]


def _highest(
    name: str, limit: float, records: list[Record], value: Callable[[Record], float | None]
) -> Gate:
    """A gate that the largest value of the records must not exceed."""
    found = [(number, at) for at, one in enumerate(records) if (number := value(one)) is not None]
    worst, at = max(found, default=(None, -1))
    return _gate(name, limit, worst, records[at : at + 1] if found else [], worst, limit)


def _lowest(
    name: str, limit: float, records: list[Record], value: Callable[[Record], float | None]
) -> Gate:
    """A gate that the smallest value of the records must reach."""
    found = [(number, at) for at, one in enumerate(records) if (number := value(one)) is not None]
    worst, at = min(found, default=(None, -1))
    return _gate(name, limit, worst, records[at : at + 1] if found else [], limit, worst)


def _gate(
    name: str,
    threshold: float,
    value: float | None,
    decided: list[Record],
    smaller: float | None,
    larger: float | None,
) -> Gate:
    passed = smaller is not None and larger is not None and smaller <= larger
    shown = tuple({key: one[key] for key in one if key != "tests"} for one in decided)
    return Gate(name, threshold, value, passed, shown)
