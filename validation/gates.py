"""Gates: thresholds a model must meet, each with the evidence that decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from validation.crises import ALL, is_crisis

Record = Mapping[str, Any]

CHAMPION_FZ0 = "champion_fz0"
GATES = (
    "exceedance_deviation",
    "shortfall_z2",
    "tail_accuracy",
    "relative_fz0",
    "crisis_relative_fz0",
    "crisis_p_value",
    "seed_fz0",
    "seed_spread",
    CHAMPION_FZ0,
)
"""Gates in the order in which they are shown; each has its threshold in `GateRule`."""

TITLES = {
    "exceedance_deviation": "Exceedances off the expected number, at most",
    "shortfall_z2": "ES: Z2, at least",
    "tail_accuracy": "Cells whose tail is not rejected, at least",
    "relative_fz0": "FZ0 against GJR-FHS, at most",
    "crisis_relative_fz0": "FZ0 against GJR-FHS in the worst crisis, at most",
    "crisis_p_value": "p-value of being worse in a crisis, at least",
    "seed_fz0": "FZ0 of one seed alone off that of all, at most",
    "seed_spread": "VaR from seed to seed, largest less smallest, at most",
    CHAMPION_FZ0: "FZ0 against the champion, at most",
    "documents_complete": "Mandatory fields missing in the documents, at most",
}
"""Gates for people, and on which side of its threshold a value passes."""


class GateRule(BaseModel):
    """What a model must meet over all judged targets, in every crisis, and against the champion.

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
    crisis_dates : int
        Fewest target dates of a crisis that count as evidence of it: the first days of one say
        little of the model and would open or close the gate by chance.
    seed_fz0 : float
        Most by which mean FZ0 of one seed alone may differ from the ensemble's, either way.
    seed_spread : float
        Most by which VaR may differ from seed to seed: largest less smallest over their mean,
        median over rows.
    champion_fz0 : float
        Highest FZ0 relative to the champion's, on the sessions that both forecast.
    champion_sessions : int
        Fewest such sessions; with fewer the gate is not passed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exceedance_deviation: Annotated[float, Field(gt=0)] = 0.25
    shortfall_z2: Annotated[float, Field(lt=1)] = -0.25
    tail_accuracy: Annotated[float, Field(ge=0, le=1)] = 0.80
    relative_fz0: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    crisis_relative_fz0: Annotated[float, Field(gt=-1, lt=1)] = 0.03
    crisis_p_value: Annotated[float, Field(ge=0, le=1)] = 0.05
    crisis_dates: Annotated[int, Field(ge=1)] = 15
    seed_fz0: Annotated[float, Field(gt=0)] = 0.01
    seed_spread: Annotated[float, Field(gt=0, lt=1)] = 0.03
    champion_fz0: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    champion_sessions: Annotated[int, Field(ge=1)] = 40


@dataclass(frozen=True, slots=True)
class Gate:
    """One threshold, what was found, and where.

    Attributes
    ----------
    name : str
        Of `GATES`.
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
    evidence: Record,
    *,
    model: str,
    rule: GateRule | None = None,
    seeds: Sequence[Record] = (),
) -> tuple[Gate, ...]:
    """Every gate of one model but the champion's, each at its least favourable level.

    Parameters
    ----------
    evidence : mapping
        As `validation.evidence.examine` returns it; the shortest horizon decides.
    model : str
    rule : GateRule, optional
    seeds : sequence of mapping
        By model and level: ``model``, ``alpha``, and the figures of
        `validation.seed_stability.SeedStability`.

    Returns
    -------
    tuple of Gate
        In the order of `GATES`, without the last.
    """
    limits = rule or GateRule()
    shortest = min((group["horizon"] for group in evidence["pooled"]), default=1)
    pooled = _of(evidence["pooled"], model, window=ALL, horizon=shortest)
    compared = _of(evidence["comparisons"], model, horizon=shortest)
    overall = _of(compared, model, window=ALL)
    crises = [
        record
        for record in compared
        if is_crisis(record["window"]) and record["n_dates"] >= limits.crisis_dates
    ]
    accuracy = _of(evidence["tail_accuracy"], model, scope="all")
    members = _of(seeds, model)
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
        _highest("seed_fz0", limits.seed_fz0, members, lambda one: one["fz0_apart"]),
        _highest("seed_spread", limits.seed_spread, members, lambda one: one["var_range"]),
    )


def champion_gate(compared: Sequence[Record], *, rule: GateRule | None = None) -> Gate:
    """The candidate against the champion, on the sessions that both forecast.

    Parameters
    ----------
    compared : sequence of mapping
        By level: ``n_dates`` and ``relative`` of `validation.head_to_head.comparisons`; empty
        where they have no session in common.
    rule : GateRule, optional
    """
    limits = rule or GateRule()
    fewest = min((one["n_dates"] for one in compared), default=0)
    if fewest < limits.champion_sessions:
        reason = f"too few sessions: {fewest} of {limits.champion_sessions} that both forecast"
        return Gate(CHAMPION_FZ0, limits.champion_fz0, None, False, ({"reason": reason},))
    return _highest(CHAMPION_FZ0, limits.champion_fz0, list(compared), lambda one: one["relative"])


def no_champion(*, rule: GateRule | None = None) -> Gate:
    """The same gate where nobody is in office: passed, at its threshold, and it says why."""
    limit = (rule or GateRule()).champion_fz0
    return Gate(CHAMPION_FZ0, limit, limit, True, ({"reason": "no champion"},))


def title_of_gate(name: str) -> str:
    """What a gate asks, for people; its own name where it is not one of ours."""
    return TITLES.get(name, name.replace("_", " "))


def reason_of(gate: Record) -> str:
    """Why a gate has no value, or passed without one to compare; empty where its figures say it.

    Parameters
    ----------
    gate : mapping
        A `Gate` or a row of the ledger, as plain values.
    """
    told = [one for one in gate.get("evidence", ()) if isinstance(one, Mapping) and "reason" in one]
    return str(told[0]["reason"]) if told else ""


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
