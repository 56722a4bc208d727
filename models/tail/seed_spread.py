"""The seeds of an ensemble one by one: how far a forecast hangs on the start of its training."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from models.tail.learned import Head
from models.tail.served import Served


def members(served: Served) -> tuple[Served, ...]:
    """What would have been served had one seed been trained alone; nothing is trained again.

    Parameters
    ----------
    served : Served
        A combination keeps its weights: each member takes the place of its own ensemble. A head
        with fewer seeds than another starts over, so a head of one seed stands in every member.

    Returns
    -------
    tuple of Served
        As many as the largest ensemble has seeds. The mean of their forecasts is that of
        ``served`` where all ensembles have as many seeds or one.
    """
    count = max(head.settings.seeds for head in served.heads.values())
    return tuple(
        replace(
            served,
            heads={
                kind: _alone(head, seed % head.settings.seeds)
                for kind, head in served.heads.items()
            },
        )
        for seed in range(count)
    )


def _alone(head: Head, seed: int) -> Head:
    net = deepcopy(head.net)
    for weights in net.parameters():
        weights.data = weights.data[seed : seed + 1].clone()  # the first axis is the seed
    return replace(head, settings=replace(head.settings, seeds=1), net=net)
