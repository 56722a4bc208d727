"""One scenario set examined as a whole: hard rules, realism, memorisation, liquidity, verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from validation.certificate import CertificateRule, certificate
from validation.memorisation import learned_part, memorisation_figures
from validation.plausibility.checks import Check, merged
from validation.plausibility.curves import quote_checks
from validation.plausibility.filters import filter_report
from validation.plausibility.liquidity import liquidity_figures
from validation.plausibility.margins import margin_figures
from validation.plausibility.paths import path_checks
from validation.realism.examination import MOST_PATHS, examine_realism
from validation.realism.factors import factor_basis
from validation.realism.foresight import foresight_figures
from validation.realism.resampling import DRAWS, Figure, not_computable
from validation.realism.sample import PathSample
from validation.realism.strategies import default_books

AT_A_TIME = 10_000
"""Paths that the hard rules look at together."""

Paths = Float[np.ndarray, "path step asset"]
Cost = Float[np.ndarray, "other step asset"]


@dataclass(frozen=True, slots=True)
class ScenarioSet:
    """A set as it stands on disk.

    Attributes
    ----------
    moves : array of shape (path, step, asset)
        May hold anything; the hard rules say what.
    assets : sequence of mapping
        As ``assets.json``.
    spread, depth : arrays of shape (path, step, asset), optional
    from_history : bool array of shape (path,), optional
        The declared FHS share; without it every path is judged as learned.
    paths_per_date : int
        Above 1 for a set that is rolled over origins, in their order.
    learned : bool
        Whether a learned generator made it: only then does memorisation apply.
    """

    moves: Paths
    assets: Sequence[Mapping[str, Any]]
    spread: Paths | None = None
    depth: Paths | None = None
    from_history: Bool[np.ndarray, " path"] | None = None
    paths_per_date: int = 1
    learned: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a set is held against.

    Attributes
    ----------
    reference : PathSample
        The truth, joint FHS from the same origin, or the realised windows of the set's origins.
    baseline : PathSample, optional
        Joint FHS, where it is not the reference.
    training, holdout : PathSample, optional
        Windows that the generator has and has not learned from; needed of a learned set.
    twin : PathSample, optional
        Learned paths of a twin of the generator, fitted like it without the held-out windows: it
        then answers for memorisation, where the generator itself has learned from all there is.
    future : PathSample, optional
        Windows after the origin of a set of one origin, where time has passed since.
    liquid : PathSample, optional
        Windows of history with known spreads.
    spread, depth : arrays of shape (window, step, asset), optional
        Of ``liquid``; NaN where not known. An asset of which nothing is known has no liquidity in
        the set either: it is not judged.
    """

    reference: PathSample
    baseline: PathSample | None = None
    training: PathSample | None = None
    holdout: PathSample | None = None
    twin: PathSample | None = None
    future: PathSample | None = None
    liquid: PathSample | None = None
    spread: Cost | None = None
    depth: Cost | None = None


def certify(
    issued: ScenarioSet,
    evidence: Evidence,
    *,
    checks: Iterable[Check] = (),
    identity: Mapping[str, Any] | None = None,
    stressed: bool = False,
    rule: CertificateRule | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    classifiers: bool = True,
) -> dict[str, Any]:
    """Everything that is asked of one scenario set, and the verdict.

    Hard rules look at every path; figures at no more than 20,000 of each law, scores at 1,000,
    classifiers, rank and coverage at 2,000. Where a path breaks a hard rule the figures describe
    the others, and the certificate says what leaving it out did to VaR and ES.

    Parameters
    ----------
    issued : ScenarioSet
    evidence : Evidence
    checks : iterable of Check
        Of correlations, curves and surfaces that came with the set, from
        `validation.plausibility.curves`.
    identity : mapping, optional
        Plain values that say which set this is.
    stressed : bool
        See `certificate`.
    rule : CertificateRule, optional
    seed, draws : int
        Of sub-samples and bootstrap. The same set and seed give the same certificate.
    classifiers : bool
        See `examine_realism`.

    Returns
    -------
    dict
        As `certificate`.
    """
    reference = evidence.reference
    usual = reference.moves.std(axis=(0, 1), dtype=np.float64)
    found = [*_every_path(issued, usual, evidence), *checks]
    rejected = {check.rule: check.paths for check in found if check.paths is not None}
    bad = np.logical_or.reduce(list(rejected.values()))
    if rejected and bad.all():
        return certificate(found, {}, identity=identity, stressed=stressed, rule=rule)
    book = default_books(reference, seed=seed)[0]
    filters = filter_report(rejected, _book_pnl(issued, book), seed=seed, draws=draws)
    figures = _figures(issued, ~bad, evidence, seed=seed, draws=draws, classifiers=classifiers)
    return certificate(
        found, figures, identity=identity, filters=filters, stressed=stressed, rule=rule
    )


def _every_path(
    issued: ScenarioSet, usual: Float[np.ndarray, " asset"], evidence: Evidence
) -> list[Check]:
    """Hard rules of the paths and quotes, in parts so that memory does not grow with the set."""
    parts: list[list[Check]] = []
    wide, deep = (_shown(one, len(usual)) for one in (evidence.spread, evidence.depth))
    for start in range(0, len(issued.moves), AT_A_TIME):
        rows = slice(start, start + AT_A_TIME)
        part = [*path_checks(issued.moves[rows], issued.assets, usual=usual, first=start)]
        if issued.spread is not None:
            depth = None if issued.depth is None else np.where(deep, issued.depth[rows], 0.0)
            part += quote_checks(np.where(wide, issued.spread[rows], 0.0), depth, first=start)
        parts.append(part)
    return [merged(same) for same in zip(*parts, strict=True)]


def _shown(cost: Cost | None, assets: int) -> Bool[np.ndarray, " asset"]:
    """Assets whose liquidity is judged: all, but for those of which history knows nothing."""
    if cost is None:
        return np.ones(assets, dtype=np.bool_)
    return np.asarray(np.isfinite(cost).any(axis=(0, 1)))


def _figures(
    issued: ScenarioSet,
    good: Bool[np.ndarray, " path"],
    evidence: Evidence,
    *,
    seed: int,
    draws: int,
    classifiers: bool,
) -> dict[str, Figure]:
    every = bool(good.all())
    rows = np.flatnonzero(good)
    reference, baseline = evidence.reference, evidence.baseline
    candidate = PathSample(
        issued.moves if every else issued.moves[rows],
        _logarithmic(issued),
        paths_per_date=issued.paths_per_date if every else 1,
        block=reference.block if issued.paths_per_date > 1 and every else 1,
    )
    figures = examine_realism(
        candidate, reference, baseline=baseline, seed=seed, draws=draws, classifiers=classifiers
    )
    few = candidate.thinned(MOST_PATHS, seed=seed)
    held = reference.thinned(MOST_PATHS, seed=seed)
    other = None if baseline is None else baseline.thinned(MOST_PATHS, seed=seed)
    figures |= margin_figures(few, held, baseline=other, seed=seed, draws=draws)
    basis = factor_basis(held)
    if issued.learned and (evidence.training is None or evidence.holdout is None):
        unseen = not_computable("training and held-out windows were not given")
        figures |= {"copies": unseen, "membership": unseen}
    elif issued.learned and evidence.training is not None and evidence.holdout is not None:
        mine = candidate if evidence.twin is None else evidence.twin
        if evidence.twin is None and issued.from_history is not None:
            mine = learned_part(candidate, issued.from_history[rows])
        figures |= memorisation_figures(
            mine.thinned(MOST_PATHS, seed=seed),
            evidence.training,
            evidence.holdout,
            basis=basis,
            seed=seed,
            draws=draws,
        )
    if evidence.future is not None and evidence.training is not None:
        figures["future_copies"] = memorisation_figures(
            few, evidence.future, evidence.training, basis=basis, seed=seed, draws=draws
        )["copies"]
    if issued.paths_per_date > 1 and every and candidate.dates == reference.dates:
        figures |= foresight_figures(candidate, reference, seed=seed, draws=draws)
    return figures | _liquidity(issued, rows, candidate, evidence, seed=seed, draws=draws)


def _liquidity(
    issued: ScenarioSet,
    rows: np.ndarray,
    candidate: PathSample,
    evidence: Evidence,
    *,
    seed: int,
    draws: int,
) -> dict[str, Figure]:
    """Figures of the spread, and of the depth with its sign turned, where both sides have them."""
    found: dict[str, Figure] = {}
    costs = {
        "": (issued.spread, evidence.spread, 1.0),
        "_depth": (issued.depth, evidence.depth, -1.0),
    }
    drawn = rows
    if rows.size > MOST_PATHS:
        drawn = np.sort(np.random.default_rng(seed).choice(rows, MOST_PATHS, replace=False))
    for suffix, (mine, theirs, sign) in costs.items():
        if mine is None or theirs is None or evidence.liquid is None:
            continue
        law = replace(candidate, moves=issued.moves[drawn], paths_per_date=1, block=1)
        shown = _shown(theirs, len(issued.assets))
        if not shown.any():
            continue
        figures = liquidity_figures(
            law.of_assets(shown),
            sign * mine[drawn][:, :, shown],
            evidence.liquid.of_assets(shown),
            sign * theirs[:, :, shown],
            seed=seed,
            draws=draws,
        )
        found |= {name + suffix: figure for name, figure in figures.items()}
    return found


def _logarithmic(issued: ScenarioSet) -> Bool[np.ndarray, " asset"]:
    return np.array([asset["move"] == "log" for asset in issued.assets])


def _book_pnl(
    issued: ScenarioSet, weights: Float[np.ndarray, " asset"]
) -> Float[np.ndarray, " path"]:
    """Return of the equally weighted book over each path; not finite where its moves are not."""
    with np.errstate(over="ignore", invalid="ignore"):
        daily = (
            np.expm1(issued.moves[:, :, weights != 0].astype(np.float64)) @ weights[weights != 0]
        )
        return np.prod(1.0 + daily, axis=1) - 1.0
