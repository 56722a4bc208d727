"""Everything that is asked of a set's realism, in one call: figures, bands, floor and baseline."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from validation.realism.classifier import CLASSIFIERS, classifier_figures
from validation.realism.dependence import correlations, judged_assets, lower_tail_dependence
from validation.realism.diversity import diversity_figures
from validation.realism.dynamics import leverage_effect, volatility_clustering
from validation.realism.factors import factor_basis
from validation.realism.resampling import DRAWS, Figure, distance, not_computable
from validation.realism.sample import PathSample
from validation.realism.scoring import score_figures
from validation.realism.strategies import STRATEGIES, default_books, session_scale
from validation.realism.tails import TailTable, shortfall_bias, tail_error, tail_table

MOST_PATHS = 20_000
"""Paths of each law that are examined; of more, a random choice."""

PAIRS = {
    "correlation": (correlations, False),
    "correlation_whole_path": (correlations, True),
    "lower_tail_dependence": (lower_tail_dependence, False),
    "lower_tail_dependence_whole_path": (lower_tail_dependence, True),
}
LAGS = {"volatility_clustering": volatility_clustering, "leverage_effect": leverage_effect}


def examine_realism(
    candidate: PathSample,
    reference: PathSample,
    *,
    baseline: PathSample | None = None,
    books: Float[np.ndarray, "book asset"] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    classifiers: bool = True,
) -> dict[str, Figure]:
    """How far a set's law is from the reference's, beside a baseline's and sampling alone.

    The reference and the candidate must speak of the same thing: paths of a known truth, or of
    the baseline, from the candidate's origin; or the realised windows of the origins that the
    candidate was rolled over. A set of one origin against all of history would be told that
    today is not every day.

    Parameters
    ----------
    candidate, reference : PathSample
        On the same axes of step and asset. Assets may be permuted together; paths in any order
        where they are independent.
    baseline : PathSample, optional
        Joint FHS on the same axes.
    books : array of shape (book, asset), optional
        Weights; see `strategies.default_books`.
    seed, draws : int
        Of the sub-samples and the bootstrap.
    classifiers : bool
        Whether to train them: four fifths of the time of a small set.

    Returns
    -------
    dict of name to Figure

    Raises
    ------
    ValueError
        If the axes differ, or fewer than 100 paths leave the 1% tail empty.
    """
    for name, law in (("candidate", candidate), ("baseline", baseline)):
        if law is not None and law.moves.shape[1:] != reference.moves.shape[1:]:
            raise ValueError(
                f"{name} must share the reference's steps and assets {reference.moves.shape[1:]}, "
                f"got {law.moves.shape[1:]}. Draw it on the same axes."
            )
    with threadpool_limits(limits=1, user_api="blas"):
        real, mine = (law.thinned(MOST_PATHS, seed=seed) for law in (reference, candidate))
        theirs = None if baseline is None else baseline.thinned(MOST_PATHS, seed=seed)
        held = default_books(real, seed=seed) if books is None else books
        basis = factor_basis(real)
        if classifiers:
            told = classifier_figures(
                mine, real, basis=basis, baseline=theirs, seed=seed, draws=draws
            )
        else:
            told = dict.fromkeys(CLASSIFIERS, not_computable("left out"))
        return {
            **_tails(mine, real, theirs, held, seed=seed, draws=draws),
            **_pairs_and_lags(mine, real, theirs, seed=seed, draws=draws),
            **score_figures(mine, real, baseline=theirs, seed=seed, draws=draws),
            **told,
            **diversity_figures(mine, real, basis=basis, baseline=theirs, seed=seed),
        }


def _tails(
    mine: PathSample,
    real: PathSample,
    theirs: PathSample | None,
    books: Float[np.ndarray, "book asset"],
    *,
    seed: int,
    draws: int,
) -> dict[str, Figure]:
    scale, book_scale = session_scale(real, books)
    rows = (len(mine.moves), len(real.moves))

    def table(law: PathSample) -> TailTable:
        return tail_table(
            law, books=books, scale=scale, book_scale=book_scale, seed=seed, draws=draws
        )

    found, truth = table(mine), table(real)
    other = None if theirs is None else table(theirs)
    figures = {"tail_error": tail_error(found, truth, baseline=other, rows=rows)}
    for name in STRATEGIES:
        figures[f"tail_error_{name}"] = tail_error(
            found, truth, strategy=name, baseline=other, rows=rows
        )
    figures["shortfall_bias"] = shortfall_bias(found, truth, baseline=other, rows=rows)
    return figures


def _pairs_and_lags(
    mine: PathSample, real: PathSample, theirs: PathSample | None, *, seed: int, draws: int
) -> dict[str, Figure]:
    rows = (len(mine.moves), len(real.moves))
    laws = [law for law in (mine, real, theirs) if law is not None]
    assets = real.moves.shape[2]
    figures = {name: not_computable("one asset has no pair") for name in PAIRS}
    if assets > 1:
        kept = judged_assets(assets, seed=seed)
        few = [law if assets == kept.size else law.of_assets(kept) for law in laws]
        for name, (statistic, whole) in PAIRS.items():
            found, truth, *other = (
                statistic(law, seed=seed, draws=draws, whole=whole) for law in few
            )
            figures[name] = distance(found, truth, baseline=other[0] if other else None, rows=rows)
    for name, statistic in LAGS.items():
        if real.steps < 2:
            figures[name] = not_computable("one session has no next")
            continue
        found, truth, *other = (statistic(law, seed=seed, draws=draws) for law in laws)
        figures[name] = distance(found, truth, baseline=other[0] if other else None, rows=rows)
    return figures
