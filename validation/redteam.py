"""The red team against scenario sets: faults planted in a good set, and whether they are seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from validation.realism.sample import PathSample

Paths = Float[np.ndarray, "path step asset"]


@dataclass(frozen=True, slots=True)
class GoodSet:
    """An honest set, and what an attacker has at hand.

    Attributes
    ----------
    sample : PathSample
    cost : array of shape (path, step, asset)
        Its spread.
    training, future : PathSample
        Windows that a generator learned from, and windows that followed its origin.
    """

    sample: PathSample
    cost: Paths
    training: PathSample
    future: PathSample


@dataclass(frozen=True, slots=True)
class Attack:
    """One planted fault.

    Attributes
    ----------
    name : str
    plant : callable
        The set with the fault in it, from the good set and a generator.
    pass_line : str
        What must happen for the defence to have passed.
    seen_by : tuple of str
        Gates of which one at least must close.
    """

    name: str
    plant: Callable[[GoodSet, np.random.Generator], GoodSet]
    pass_line: str
    seen_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attack with one seed. A failure stays in the list.

    Attributes
    ----------
    attack : str
    seed : int
    caught : bool
        A gate that must close did.
    closed : tuple of str
        Every gate that closed, for whatever reason.
    pass_line : str
    """

    attack: str
    seed: int
    caught: bool
    closed: tuple[str, ...]
    pass_line: str

    def to_json(self) -> dict[str, Any]:
        """The attempt as plain values."""
        return asdict(self) | {"closed": list(self.closed)}


def truncate_tails(good: GoodSet, generator: np.random.Generator, *, tail: float = 0.02) -> GoodSet:
    """Cuts each asset's moves at their quantiles: no loss is larger than the fiftieth worst is."""
    del generator
    moves = good.sample.moves
    low, high = np.quantile(moves, (tail, 1 - tail), axis=(0, 1))
    return _with(good, np.clip(moves, low, high))


def collapse_modes(
    good: GoodSet, generator: np.random.Generator, *, modes: int = 100, jitter: float = 0.05
) -> GoodSet:
    """Repeats a hundred paths with a little noise: the margins stay nearly as they were."""
    moves = good.sample.moves
    kept = generator.choice(len(moves), modes, replace=False)
    drawn = moves[generator.choice(kept, len(moves))]
    return _with(good, drawn + jitter * moves.std(axis=(0, 1)) * _noise(drawn, generator))


def memorise(
    good: GoodSet, generator: np.random.Generator, *, share: float = 0.05, jitter: float = 0.05
) -> GoodSet:
    """Passes off training windows as new paths, with a little noise."""
    return _copied(good, good.training, generator, share, jitter)


def look_ahead(
    good: GoodSet, generator: np.random.Generator, *, share: float = 0.05, jitter: float = 0.05
) -> GoodSet:
    """Puts windows that follow the origin among the paths, with a little noise."""
    return _copied(good, good.future, generator, share, jitter)


def break_correlation(
    good: GoodSet, generator: np.random.Generator, *, share: float = 0.5
) -> GoodSet:
    """Shuffles the paths of half of the assets, each for itself: every margin stays as it was."""
    moves = good.sample.moves.copy()
    assets = moves.shape[2]
    for asset in generator.choice(assets, max(1, int(share * assets)), replace=False):
        moves[:, :, asset] = moves[generator.permutation(len(moves)), :, asset]
    return _with(good, moves)


def invent_liquidity(
    good: GoodSet, generator: np.random.Generator, *, wild: float = 0.8
) -> GoodSet:
    """Gives the wildest paths the spreads of calm ones."""
    size = np.abs(good.sample.moves).mean(axis=(1, 2))
    calm = np.flatnonzero(size <= np.quantile(size, 1 - wild))
    hit = np.flatnonzero(size > np.quantile(size, wild))
    cost = good.cost.copy()
    cost[hit] = good.cost[generator.choice(calm, hit.size)]
    return replace(good, cost=cost)


ATTACKS = (
    Attack(
        "tail_truncation",
        truncate_tails,
        "tails, tail index or ES close a gate",
        ("tail_error", "tail_error_static", "shortfall_bias", "tail_index", "kurtosis"),
    ),
    Attack(
        "mode_collapse",
        collapse_modes,
        "coverage, rank or duplicates close the set to risk",
        ("coverage", "effective_rank", "duplicates"),
    ),
    Attack(
        "memorisation",
        memorise,
        "copies or membership close the set to risk",
        ("copies", "membership"),
    ),
    Attack(
        "broken_correlation",
        break_correlation,
        "correlation or tail dependence close a gate",
        (
            "correlation",
            "correlation_whole_path",
            "lower_tail_dependence",
            "lower_tail_dependence_whole_path",
        ),
    ),
    Attack(
        "phantom_liquidity",
        invent_liquidity,
        "phantom liquidity or its co-movement close a gate",
        ("phantom_liquidity", "liquidity_comovement"),
    ),
    Attack(
        "look_ahead",
        look_ahead,
        "copies of the future close the set to risk",
        ("future_copies",),
    ),
)


def attack_set(
    good: GoodSet,
    judged: Callable[[GoodSet], Sequence[str]],
    *,
    seed: int,
    attacks: Sequence[Attack] = ATTACKS,
) -> tuple[Attempt, ...]:
    """Plants every fault in a good set and asks an examiner about it.

    Parameters
    ----------
    good : GoodSet
    judged : callable
        Names of the gates that a set fails, as `validation.certificate.failed_gates`.
    seed : int
        Of the attacks.
    attacks : sequence of Attack

    Returns
    -------
    tuple of Attempt
        One an attack, caught or not.
    """
    attempts: list[Attempt] = []
    for number, attack in enumerate(attacks):
        planted = attack.plant(good, np.random.default_rng([seed, number]))
        closed = tuple(judged(planted))
        caught = any(gate in attack.seen_by for gate in closed)
        attempts.append(Attempt(attack.name, seed, caught, closed, attack.pass_line))
    return tuple(attempts)


def attack_report(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Rates by attack, and every attempt that was not caught."""
    by_attack: Mapping[str, list[Attempt]] = {
        name: [one for one in attempts if one.attack == name]
        for name in dict.fromkeys(one.attack for one in attempts)
    }
    return {
        "attacks": [
            {
                "attack": name,
                "pass_line": tried[0].pass_line,
                "tried": len(tried),
                "caught": sum(one.caught for one in tried),
            }
            for name, tried in by_attack.items()
        ],
        "failures": [one.to_json() for one in attempts if not one.caught],
    }


def _copied(
    good: GoodSet,
    source: PathSample,
    generator: np.random.Generator,
    share: float,
    jitter: float,
) -> GoodSet:
    moves = good.sample.moves.copy()
    hit = generator.choice(len(moves), max(1, int(share * len(moves))), replace=False)
    taken = source.moves[generator.choice(len(source.moves), hit.size)]
    moves[hit] = taken + jitter * moves.std(axis=(0, 1)) * _noise(taken, generator)
    return _with(good, moves)


def _noise(like: Paths, generator: np.random.Generator) -> NDArray[np.floating]:
    return generator.standard_normal(like.shape).astype(like.dtype)


def _with(good: GoodSet, moves: Paths) -> GoodSet:
    return replace(good, sample=replace(good.sample, moves=moves.astype(good.sample.moves.dtype)))
