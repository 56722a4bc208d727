"""The table of an ablation: each row's figures over its seeds, from the examiner's records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
SCHEMA = "foreshock.ablation/1"


@dataclass(frozen=True, slots=True)
class Judged:
    """One row trained from one seed, as the examiner compared it.

    Attributes
    ----------
    variant, group : str
    seed : int
    records : sequence of mapping
        Of `validation.head_to_head.comparisons`, the row against each of its baselines.
    """

    variant: str
    group: str
    seed: int
    records: Sequence[Record]


def table_of(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    """A record by row, baseline, level, window and asset class, in the order they came.

    ``relative`` is FZ0 less the baseline's over the size of the baseline's, negative is better;
    it and ``difference`` are means over the seeds, beside the lowest and the highest.
    ``t_worst`` and ``t_best`` are the HAC t of the seeds that did worst and best. A class has a
    difference and no relative.
    """
    collected: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for one in judged:
        for record in one.records:
            for asset_class, found in _parts(record):
                key = (
                    one.variant,
                    one.group,
                    record["baseline"],
                    record["alpha"],
                    record["window"],
                    asset_class,
                )
                collected.setdefault(key, []).append(found)
    names = ("variant", "group", "against", "alpha", "window", "asset_class")
    return [
        dict(zip(names, key, strict=True)) | _over_seeds(found) for key, found in collected.items()
    ]


def _parts(record: Record) -> Iterable[tuple[str | None, dict[str, Any]]]:
    """The record as a whole, and by asset class."""
    kept = ("relative", "difference", "t_hac", "share_better", "n_cells", "n_dates", "n_series")
    yield None, {name: record[name] for name in kept}
    for name, found in (record["difference_by_class"] or {}).items():
        yield name, dict.fromkeys(kept) | dict(found)


def _over_seeds(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {"seeds": len(found)}
    for name in ("relative", "difference"):
        values = [one[name] for one in found if one[name] is not None]
        told[name] = sum(values) / len(values) if values else None
        told[f"{name}_lowest"] = min(values, default=None)
        told[f"{name}_highest"] = max(values, default=None)
    known = [one["t_hac"] for one in found if one["t_hac"] is not None]
    told["t_worst"], told["t_best"] = max(known, default=None), min(known, default=None)
    better = [one["share_better"] for one in found if one["share_better"] is not None]
    told["share_better"] = sum(better) / len(better) if better else None
    return told | {name: found[0][name] for name in ("n_cells", "n_dates", "n_series")}
