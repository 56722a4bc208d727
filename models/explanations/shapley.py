"""SHAP values: each input's share of what a forecast differs from the background by."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

Coalitions = Bool[np.ndarray, "coalition player"]
PERMUTATIONS = 8
"""Orders in which players enter, each forwards and backwards."""


@dataclass(frozen=True, slots=True)
class Shapley:
    """Shares of the players in what the game pays.

    Attributes
    ----------
    values : array of shape (player, output)
    error : array of shape (player, output)
        Standard error of each value: gains differ with the order of entry. An order and its
        reverse count as two, so that it is rather too large.
    nobody, everybody : array of shape (output,)
        What the game pays where nobody takes part, and where everybody does.
    """

    values: Float[np.ndarray, "player output"]
    error: Float[np.ndarray, "player output"]
    nobody: Float[np.ndarray, " output"]
    everybody: Float[np.ndarray, " output"]

    @property
    def missing(self) -> Float[np.ndarray, " output"]:
        """What the shares fail to add up to; zero but for rounding."""
        return self.everybody - self.nobody - self.values.sum(axis=0)


def shapley_values(
    game: Callable[[Coalitions], Float[np.ndarray, "coalition output"]],
    *,
    players: int,
    seed: int,
    permutations: int = PERMUTATIONS,
) -> Shapley:
    """Shares of a game by ``shap.PermutationExplainer``.

    Each order's gains add up to the whole, so that their means do; a player that changes nothing
    gets nothing. Orders that are run backwards, too, are exact where players act in pairs.

    Parameters
    ----------
    game : callable
        From coalitions of shape (coalition, player), True who takes part, to what they are paid,
        of shape (coalition, output).
    players : int
    seed : int
        Of the orders.
    permutations : int

    References
    ----------
    Lundberg and Lee (2017), *A unified approach to interpreting model predictions*; Mitchell et al.
    (2022), *Sampling permutations for Shapley value estimation*.
    """
    with warnings.catch_warnings():  # of how shap sets up colours for pictures nobody draws here
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        from shap import PermutationExplainer

    def switched(
        on: Bool[np.ndarray, " player"], row: Float[np.ndarray, " player"]
    ) -> Float[np.ndarray, "1 player"]:
        # shap's own masker does the same, and compiles for ten seconds first
        return np.where(on, row, 0.0)[None]

    explainer = PermutationExplainer(lambda on: game(np.asarray(on) > 0.5), switched, seed=seed)
    order = 2 * players + 1
    told = explainer(
        np.ones((1, players)),
        max_evals=permutations * order,
        batch_size=order,
        error_bounds=True,
        silent=True,
    )
    ends = game(np.array([[False], [True]]).repeat(players, axis=1))
    values, spread = (
        np.asarray(found, dtype=np.float64)[0].reshape(players, -1)
        for found in (told.values, told.error_std)
    )
    return Shapley(values, spread / np.sqrt(2.0 * permutations), ends[0], ends[1])
