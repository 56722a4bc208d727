"""Whether a set has as many different paths as it should: effective rank, coverage, duplicates."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from validation.realism.factors import FactorBasis
from validation.realism.resampling import Figure
from validation.realism.sample import PathSample

NEIGHBOURS = 5
MOST_ROWS = 2_000


def effective_rank(points: Float[np.ndarray, "path coordinate"]) -> float:
    """Dimensions that a cloud of points really uses: the exponential of its spectrum's entropy.

    References
    ----------
    Roy and Vetterli (2007), *The effective rank*, of the covariance: k equal variances give k.
    """
    centred = points - points.mean(axis=0)
    variance = np.maximum(np.linalg.eigvalsh(centred.T @ centred), 0.0)
    if not variance.sum() > 0:
        return 0.0
    share = variance / variance.sum()
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


def duplicate_share(moves: Float[np.ndarray, "path step asset"]) -> float:
    """Share of paths that repeat an earlier one exactly."""
    rows = np.ascontiguousarray(moves).reshape(len(moves), -1)
    keys = rows.view(np.dtype((np.void, rows.shape[1] * rows.dtype.itemsize)))
    return 1.0 - np.unique(keys).size / len(rows)


def coverage(
    candidate: Float[np.ndarray, "path coordinate"],
    reference: Float[np.ndarray, "other coordinate"],
    *,
    neighbours: int = NEIGHBOURS,
) -> float:
    """Share of reference points with a candidate closer than their k-th fellow.

    References
    ----------
    Naeem, Oh, Uh, Choi and Yoo (2020), *Reliable fidelity and diversity metrics*.
    """
    from sklearn.neighbors import NearestNeighbors

    reach = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(reference)
    radius = reach.kneighbors()[0][:, -1]  # of the points themselves, who are not counted
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(candidate)
    return float((nearest.kneighbors(reference)[0][:, 0] <= radius).mean())


def expected_coverage(candidates: int, references: int, *, neighbours: int = NEIGHBOURS) -> float:
    """Coverage of one law by itself, which does not depend on the law.

    Of ``candidates`` new points and ``references - 1`` fellows the nearest k are all fellows with
    the probability of an urn.
    """
    fellows = references - 1
    drawn = np.arange(neighbours)
    return float(1 - np.prod((fellows - drawn) / (fellows + candidates - drawn)))


def diversity_figures(
    candidate: PathSample,
    reference: PathSample,
    *,
    basis: FactorBasis,
    baseline: PathSample | None,
    seed: int,
) -> dict[str, Figure]:
    """Effective rank and coverage relative to what equal laws show, and exact duplicates.

    Parameters
    ----------
    candidate, reference : PathSample
    basis : FactorBasis
    baseline : PathSample, optional
    seed : int
        Of the samples.
    """
    real = reference.thinned(MOST_ROWS, seed=seed)
    points = basis.points(real)
    whole = effective_rank(points)
    halves = [effective_rank(basis.points(half)) / whole for half in real.halves(seed=seed)]

    def measured(law: PathSample) -> tuple[NDArray[np.float64], int]:
        cloud = basis.points(law.thinned(MOST_ROWS, seed=seed + 1))
        covered = coverage(cloud, points) / expected_coverage(len(cloud), len(points))
        shares = (effective_rank(cloud) / whole, covered, duplicate_share(law.moves))
        return np.array(shares), len(cloud)

    mine, used = measured(candidate)
    theirs = None if baseline is None else measured(baseline)[0]
    floors = (float(np.mean(halves)), 1.0, duplicate_share(reference.moves))
    rows = ((used, len(points)), (used, len(points)), (len(candidate.moves),))
    names = ("effective_rank", "coverage", "duplicates")
    return {
        name: Figure(
            value=float(mine[at]),
            floor=floors[at],
            baseline=None if theirs is None else float(theirs[at]),
            n=1,
            rows=rows[at],
        )
        for at, name in enumerate(names)
    }
