"""The certificate of a scenario set: every gate, the figures behind it, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from validation.plausibility.checks import Check
from validation.realism.resampling import Figure

SCHEMA = "foreshock.certificate/1"
PASS, FAIL = "PASS", "FAIL"
STRESSED = "not_judged: a stressed set is meant to differ from its reference"


HARD = ("duplicates", "effective_rank", "coverage", "copies", "membership", "future_copies")
"""Figures that close a set to risk by default; a setting may name more."""


class CertificateRule(BaseModel):
    """What a scenario set must meet.

    Attributes
    ----------
    violations : int
        Most cells that may break a hard rule of plausibility.
    duplicates : float
        Most exact repetitions, as a share of paths, above the baseline's.
    effective_rank, coverage : float
        Least share of the reference's: below, modes have collapsed.
    copies : float
        Most learned paths that lie next to a training window; 0.01 do by chance. The lower end of
        the band counts.
    membership : float
        Highest AUC of membership inference; the lower end of the band counts.
    shortfall_bias : float
        Most by which ES may be off, either way; the end of the band nearer to zero counts.
    tail_error, correlation, lower_tail_dependence, volatility_clustering, leverage_effect : float
        Most that the figure may lie above what sampling shows in 95 of 100 cases.
    auc : float
        Most by which the classifiers' AUC may exceed the larger of floor and baseline.
    score : float
        Most by which energy and variogram score may exceed the larger of baseline and what sampling
        shows in 95 of 100 cases, as a share.
    tail_index, kurtosis, drawdown : float
        As for the tail error.
    phantom_liquidity : float
        Most cells more liquid than their bucket of volatility has ever been.
    liquidity_comovement : float
        As for the tail error.
    foresight, closeness : float
        Most that the lower end of the band may lie above its floor.
    hard : tuple of str
        Figures whose gates close a set to risk; every rule of plausibility does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    violations: Annotated[int, Field(ge=0)] = 0
    duplicates: Annotated[float, Field(ge=0, le=1)] = 0.001
    effective_rank: Annotated[float, Field(ge=0, le=1)] = 0.75
    coverage: Annotated[float, Field(ge=0, le=1)] = 0.70
    copies: Annotated[float, Field(ge=0, le=1)] = 0.015
    membership: Annotated[float, Field(ge=0.5, le=1)] = 0.53
    shortfall_bias: Annotated[float, Field(ge=0)] = 0.05
    tail_error: Annotated[float, Field(ge=0)] = 0.05
    correlation: Annotated[float, Field(ge=0)] = 0.05
    lower_tail_dependence: Annotated[float, Field(ge=0)] = 0.05
    volatility_clustering: Annotated[float, Field(ge=0)] = 0.03
    leverage_effect: Annotated[float, Field(ge=0)] = 0.03
    auc: Annotated[float, Field(ge=0)] = 0.05
    score: Annotated[float, Field(ge=0)] = 0.02
    tail_index: Annotated[float, Field(ge=0)] = 0.03
    kurtosis: Annotated[float, Field(ge=0)] = 0.10
    drawdown: Annotated[float, Field(ge=0)] = 0.10
    phantom_liquidity: Annotated[float, Field(ge=0, le=1)] = 0.01
    liquidity_comovement: Annotated[float, Field(ge=0)] = 0.10
    foresight: Annotated[float, Field(ge=0)] = 0.05
    closeness: Annotated[float, Field(ge=0)] = 0.05
    hard: tuple[str, ...] = HARD


TITLES = {
    "duplicates": "Paths that repeat another",
    "effective_rank": "Dimensions used, of the reference's",
    "coverage": "Reference paths with a neighbour in the set",
    "copies": "Learned paths next to a training window",
    "membership": "Training windows told from others, AUC",
    "future_copies": "Paths next to a window after the origin",
    "shortfall_bias": "ES over the path, off the reference",
    "tail_error": "VaR and ES of all strategies, mean relative error",
    "correlation": "Correlation of a session, mean error",
    "correlation_whole_path": "Correlation over the path, mean error",
    "lower_tail_dependence": "Lower-tail dependence of a session, mean error",
    "lower_tail_dependence_whole_path": "Lower-tail dependence over the path, mean error",
    "volatility_clustering": "Autocorrelation of absolute moves, mean error",
    "leverage_effect": "Leverage effect, mean error",
    "energy_score": "Energy score",
    "variogram_score": "Variogram score",
    "auc_boosted_trees": "Told from the reference by boosted trees, AUC",
    "auc_logistic": "Told from the reference by logistic regression, AUC",
    "tail_index": "Tail index, mean error",
    "kurtosis": "Geary's kurtosis, mean error",
    "drawdown": "Drawdown over the path, mean relative error",
    "phantom_liquidity": "Cells more liquid than their volatility has shown",
    "liquidity_comovement": "Rank correlation of cost and volatility, mean error",
    "phantom_liquidity_depth": "Cells deeper than their volatility has shown",
    "liquidity_comovement_depth": "Rank correlation of depth and volatility, mean error",
    "foresight": "Mean path against what came, correlation",
    "closeness": "Outcomes nearer to a path than paths are",
}
"""Gates on figures for people; a rule of plausibility is its own title."""


@dataclass(frozen=True, slots=True)
class SetGate:
    """One threshold of a scenario set and what was found.

    Attributes
    ----------
    name : str
    hard : bool
        Whether a set that fails it is closed to risk.
    value, threshold : float or None
        The value passes up to the threshold; ``at_least`` turns that round.
    passed : bool or None
        None where the gate does not apply; a gate without evidence is closed.
    at_least : bool
    status : str
    """

    name: str
    hard: bool
    value: float | None
    threshold: float | None
    passed: bool | None
    at_least: bool = False
    status: str = "ok"

    def to_json(self) -> dict[str, Any]:
        """The gate as plain values."""
        return {
            "name": self.name,
            "title": TITLES.get(self.name, self.name.replace("_", " ")),
            "hard": self.hard,
            "value": self.value,
            "threshold": self.threshold,
            "at_least": self.at_least,
            "passed": self.passed,
            "status": self.status,
        }


def certificate(
    checks: Iterable[Check],
    figures: Mapping[str, Figure],
    *,
    identity: Mapping[str, Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    stressed: bool = False,
    rule: CertificateRule | None = None,
) -> dict[str, Any]:
    """The verdict on one scenario set.

    Parameters
    ----------
    checks : iterable of Check
        Of `validation.plausibility`: every one is a hard gate.
    figures : mapping of name to Figure
        Of `validation.realism`, memorisation, margins and liquidity, as far as they apply.
    identity : mapping, optional
        Plain values that say which set this is: manifest hash, model, sizes, seed.
    filters : mapping, optional
        As `validation.plausibility.filters.filter_report` returns it.
    stressed : bool
        A set under a stated shock: figures are shown and not judged, except copies and
        duplicates. Its hard rules stand.
    rule : CertificateRule, optional

    Returns
    -------
    dict
        Schema ``foreshock.certificate/1``: ``gates``, ``figures``, ``checks``, ``filters``,
        ``verdict`` (``PASS`` or ``FAIL``), ``usable_by_risk`` and ``reasons``. A set may fail and
        yet be usable where only soft gates failed; the reasons say which.

    Raises
    ------
    ValueError
        If nothing was examined.
    """
    limits = rule or CertificateRule()
    ruled = tuple(checks)
    if not ruled or not (figures or stressed or any(not check.passed for check in ruled)):
        raise ValueError(
            f"checks and figures must hold what was examined, got {len(ruled)} checks and "
            f"{len(figures)} figures. An unexamined set gets no certificate."
        )
    gates = [_rule_gate(check, limits) for check in ruled]
    gates += [
        gate
        for name, figure in figures.items()
        if (gate := _figure_gate(name, figure, limits, stressed=stressed)) is not None
    ]
    if filters is not None:
        gates.append(_filter_gate(filters))
    failed = [gate for gate in gates if gate.passed is False]
    return {
        "schema": SCHEMA,
        "identity": dict(identity or {}),
        "stressed": stressed,
        "verdict": FAIL if failed else PASS,
        "usable_by_risk": not any(gate.hard for gate in failed),
        "reasons": [_reason(gate) for gate in sorted(failed, key=lambda one: not one.hard)],
        "gates": [gate.to_json() for gate in gates],
        "checks": [check.to_json() for check in ruled],
        "figures": {name: figure.to_json() for name, figure in figures.items()},
        "filters": None if filters is None else dict(filters),
        "rule": limits.model_dump(mode="json"),
    }


def failed_gates(issued: Mapping[str, Any], *, hard: bool = False) -> Sequence[str]:
    """Names of the gates that a certificate failed, or only of those that close it to risk."""
    return [
        str(gate["name"])
        for gate in issued["gates"]
        if gate["passed"] is False and (gate["hard"] or not hard)
    ]


def _rule_gate(check: Check, limits: CertificateRule) -> SetGate:
    return SetGate(
        check.rule,
        hard=True,
        value=float(check.violations),
        threshold=float(limits.violations),
        passed=check.violations <= limits.violations,
    )


def _filter_gate(filters: Mapping[str, Any]) -> SetGate:
    share, limit = float(filters["share"]), float(filters["limit"])
    return SetGate(
        "filter_rejections", hard=False, value=share, threshold=limit, passed=share <= limit
    )


def _figure_gate(
    name: str, figure: Figure, limits: CertificateRule, *, stressed: bool
) -> SetGate | None:
    """The gate of a figure; None where it is shown only."""
    if name not in TITLES:
        return None
    hard = name in limits.hard
    if stressed and name not in ("duplicates", "copies", "membership", "future_copies"):
        return SetGate(
            name, hard=hard, value=figure.value, threshold=None, passed=None, status=STRESSED
        )
    if figure.value is None:
        # an axis that the set lacks closes nothing; evidence that was withheld does
        return SetGate(
            name, hard=hard, value=None, threshold=None, passed=not hard, status=figure.status
        )
    value, threshold, at_least = _held_against(name, figure, figure.value, limits)
    passed = value >= threshold if at_least else value <= threshold
    return SetGate(name, hard, value, threshold, passed, at_least)


def _held_against(
    name: str, figure: Figure, value: float, limits: CertificateRule
) -> tuple[float, float, bool]:
    """What of a figure counts, its threshold, and whether it must reach that."""
    low = value if figure.low is None else figure.low
    other = max(each for each in (figure.floor, figure.baseline, 0.0) if each is not None)
    if name in ("effective_rank", "coverage"):
        return value, getattr(limits, name), True
    if name == "duplicates":
        return value, other + limits.duplicates, False
    if name in ("copies", "future_copies"):
        return low, limits.copies, False
    if name == "membership":
        return low, limits.membership, False
    if name in ("foresight", "closeness"):
        return low, (figure.floor or 0.0) + getattr(limits, name), False
    if name == "shortfall_bias":
        high = value if figure.high is None else figure.high
        return max(low, -high, 0.0), limits.shortfall_bias, False
    if name.startswith("auc_"):
        return low, max(other, figure.floor_high or 0.5) + limits.auc, False
    if name.endswith("_score"):
        return value, max(other, figure.floor_high or 0.0) * (1 + limits.score), False
    if name.startswith("phantom_liquidity"):
        return value, limits.phantom_liquidity, False
    allowed = getattr(limits, name.removesuffix("_whole_path").removesuffix("_depth"))
    return value, (figure.floor_high or 0.0) + allowed, False


def _reason(gate: SetGate) -> str:
    title = TITLES.get(gate.name, gate.name.replace("_", " "))
    kind = "hard" if gate.hard else "soft"
    if gate.value is None or gate.threshold is None:
        return f"{title} ({kind}): {gate.status}"
    side = "at least" if gate.at_least else "at most"
    return f"{title} ({kind}): {gate.value:.4g}, {side} {gate.threshold:.4g} passes"
