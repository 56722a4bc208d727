"""The question that is explained: which inputs move ES away from the statistical base, how far.

The inputs of an origin are players. Whoever takes part is read at the origin, whoever does not is
read at rows of a background, and the answer is the mean over them. A feature plays alone; sessions
play a patch at a time, as the transformer reads them; the base's own tail plays as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from models.explanations.inputs import Inputs, tail_of
from models.tail.past import WINDOW
from models.tail.served import Served
from models.tail.transport import KNOTS

PATCH = 8
"""Sessions that play as one."""
SESSIONS, BASE = "sessions", "base"
"""Modalities of players that are no feature."""
AT_ONCE = 8192
"""Rows forecast at a time: what keeps memory small."""


@dataclass(frozen=True, slots=True)
class Player:
    """An input that takes part or does not.

    Attributes
    ----------
    name, modality : str
    kind : {"feature", "sessions", "base"}
    at : int
        Column among the features, or the first session of a patch in the window.
    """

    name: str
    modality: str
    kind: Literal["feature", "sessions", "base"]
    at: int = 0


def players_of(origin: Inputs, background: Inputs, *, sessions: bool) -> tuple[Player, ...]:
    """Inputs that are not the same at the origin and everywhere in the background.

    What is the same cannot explain a difference from it.

    Parameters
    ----------
    origin : Inputs
        One row.
    background : Inputs
    sessions : bool
        Whether the version reads sessions one by one.
    """
    differs = _differs(origin.features, background.features)
    found = [
        Player(name, modality or "other", "feature", at)
        for at, (name, modality) in enumerate(zip(origin.names, origin.modalities, strict=True))
        if differs[at]
    ]
    patches = range(0, WINDOW, PATCH) if sessions else ()
    found += [
        Player(f"sessions {WINDOW - at}-{WINDOW - at - PATCH + 1} ago", SESSIONS, "sessions", at)
        for at in patches
    ]
    return (*found, Player("tail of the base", BASE, "base"))


def log_factor(served: Served, inputs: Inputs, *, alpha: float) -> Float[np.ndarray, " row"]:
    """Log of the version's ES over that of ``gjr_fhs``; zero where the base is left as it is.

    Parameters
    ----------
    served : Served
    inputs : Inputs
    alpha : float
        One of `models.tail.transport.KNOTS`.
    """
    at = KNOTS.index(alpha)
    return np.log(tail_of(served, inputs)[1][:, at] / inputs.es[:, at])


@dataclass
class Game:
    """What coalitions of inputs make of the log factor, by each of several versions.

    Attributes
    ----------
    served : sequence of Served
        The version, and its members where their answers are wanted, too.
    origin : Inputs
        One row.
    background : Inputs
    players : sequence of Player
    alpha : float
    passes : int
        Rows that nets were asked about so far, times the nets of each ensemble.
    """

    served: Sequence[Served]
    origin: Inputs
    background: Inputs
    players: Sequence[Player]
    alpha: float
    passes: int = 0

    def __call__(
        self, coalitions: Bool[np.ndarray, "coalition player"]
    ) -> Float[np.ndarray, "coalition served"]:
        """Mean log factor over the background, by coalition."""
        size = max(1, AT_ONCE // len(self.background))
        parts = [coalitions[at : at + size] for at in range(0, len(coalitions), size)]
        return np.concatenate([self._mean(part) for part in parts])

    def ask(self, inputs: Inputs) -> Float[np.ndarray, "row served"]:
        """Log factor of rows as they are."""
        self.passes += len(inputs) * sum(nets_of(one) for one in self.served)
        return np.stack([log_factor(one, inputs, alpha=self.alpha) for one in self.served], axis=1)

    def _mean(
        self, coalitions: Bool[np.ndarray, "some player"]
    ) -> Float[np.ndarray, "some served"]:
        said = self.ask(self.mixed(coalitions))
        return said.reshape(len(coalitions), len(self.background), -1).mean(axis=1)

    def mixed(self, coalitions: Bool[np.ndarray, "some player"]) -> Inputs:
        """Each coalition's inputs of the origin on every row of the background, row by row."""
        count, rows = len(coalitions), len(self.background)
        features = np.zeros((count, len(self.origin.names)), dtype=np.bool_)
        sessions = np.zeros((count, WINDOW), dtype=np.bool_)
        base = np.zeros(count, dtype=np.bool_)
        for k, player in enumerate(self.players):
            if player.kind == "feature":
                features[:, player.at] = coalitions[:, k]
            elif player.kind == "sessions":
                sessions[:, player.at : player.at + PATCH] = coalitions[:, k, None]
            else:
                base = coalitions[:, k]
        own, shared = np.split(features, [self.origin.own.shape[1]], axis=1)
        takes = {"own": own, "shared": shared, "window": sessions[:, :, None]}
        takes |= dict.fromkeys(("var", "es", "evt_var", "evt_es"), base[:, None])
        chosen: dict[str, np.ndarray] = {}
        for name, take in takes.items():
            mine, theirs = getattr(self.origin, name), getattr(self.background, name)
            mixed = np.where(take[:, None], mine[None, :1], theirs[None])
            chosen[name] = mixed.reshape(count * rows, *theirs.shape[1:])
        return replace(self.background, **chosen)


def nets_of(served: Served) -> int:
    """Nets that one forecast of a version asks."""
    return sum(head.settings.seeds for head in served.heads.values())


def _differs(
    origin: Float[np.ndarray, "one feature"], background: Float[np.ndarray, "row feature"]
) -> Bool[np.ndarray, " feature"]:
    same = (background == origin) | (np.isnan(background) & np.isnan(origin))
    return ~same.all(axis=0)
