"""What a terminal is told of a book beside its measures: one line an answer, where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.risk.change import ALPHA
from flows.risk.page import amount_in, moved_in, often
from flows.wording import level, percent, signed_percent


def sentences(told: Mapping[str, Any]) -> Iterator[str]:
    """One line for each answer that was computed.

    Parameters
    ----------
    told : mapping
        As `flows.risk.answers.answers` gives it; what is absent is passed over.
    """
    amount, moved = amount_in(str(told["unit"])), moved_in(str(told["unit"]))
    if liquidity := _computed(told, "liquidity"):
        row = next(
            (one for one in liquidity["levels"] if one["alpha"] == ALPHA), liquidity["levels"][-1]
        )
        slow = max(one["sessions"] for one in liquidity["positions"])
        pace = "in one session" if slow == 1 else f"over up to {slow} sessions"
        untold = len(liquidity["untold"])
        yield (
            f"While it is sold {pace}, ES {level(row['alpha'])} is "
            f"{amount(row['es'])}, after costs {amount(row['liquidity_adjusted_es'])}"
            + (f"; nothing is known of what {untold} of its positions cost" if untold else "")
            + "."
        )
    if reverse := _computed(told, "reverse"):
        years = reverse["years_between"]
        back = "" if years is None else f", {often(years)}"
        yield (
            f"The most plausible way to lose {amount(reverse['loss'])} lies "
            f"{reverse['distance']:.1f} standard deviations out{back}."
        )
    covered = [one for one in told.get("crises", ()) if "pnl" in one]
    if covered:
        worst = min(covered, key=lambda one: one["pnl"])
        yield f"Worst of the named crises: {worst['title']}, {amount(worst['pnl'])}."
    if inverted := _computed(told, "inverted"):
        word = "rises" if inverted["ratio"] >= 1.0 else "falls"
        yield (
            f"If correlations inverted ({inverted['block']}), ES {word} "
            f"{percent(abs(inverted['ratio'] - 1.0))}."
        )
    if stress := told.get("stress"):
        yield (
            f"Under {stress['name']} the book makes {amount(stress['mean'])} on average; ES goes "
            f"from {amount(stress['es_before'])} to {amount(stress['es'])}."
        )
    if crowd := _computed(told, "herding"):
        shared, own = (crowd["amplification"][at]["amplification"] for at in (-1, 0))
        yield (
            f"With {crowd['funds']} funds that hold the same, a session of "
            f"{signed_percent(crowd['shock'], 2)} costs {shared:.2f} times as much if they share "
            f"our model, {own:.2f} if they do not."
        )
    if (rule := told.get("regulatory")) and (liquid := _computed(rule, "shortfall")):
        worst = _computed(rule, "stressed")
        yield (
            f"Under {rule['name']}: ES {level(rule['alpha'])} over liquidity horizons "
            f"{amount(liquid['es'])}"
            + (
                f", in the worst twelve months ({worst['first']} to {worst['last']}) "
                f"{amount(worst['scaled'])}"
                if worst
                else ""
            )
            + "."
        )
    if tried := told.get("what_if"):
        yield (
            f"With the trades tried out ES goes from {amount(tried['es_before'])} to "
            f"{amount(tried['es_after'])}."
        )
    if explained := _computed(told, "explained"):
        parts = ", ".join(
            f"{cause} {moved(pnl)}" for cause, pnl in explained["parts"].items() if round(pnl)
        )
        yield f"Since {explained['since']}: {moved(explained['total'])} ({parts})."
    if carry := _computed(told, "carry"):
        yield f"Time alone would make {moved(carry['pnl'])} to {carry['to']}."


def _computed(told: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = told.get(name)
    return found if found and found["status"] == "computed" else None
