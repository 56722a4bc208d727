"""The book that is asked about, whether it holds weights or quantities."""

from __future__ import annotations

from flows.ingest import Ingested
from flows.refusal import RefusedError
from flows.risk.linear import Weights
from flows.risk.request import RiskRequest
from flows.risk.revalued import Quantities, quantities

Book = Weights | Quantities
"""Both answer the same: ``positions`` and ``holdings``, the ``unit`` of P&L and the ``size`` that a
share of it is a share of, the ``places`` of the assets that move them, ``outcomes`` on a set,
``repriced`` for total moves, and one unit of anything ``alone``."""


def book_of(found: Ingested, request: RiskRequest) -> Book:
    """The book of a request, as the gate let it through.

    Raises
    ------
    RefusedError
        If it is unknown, was rejected, or cannot be valued.
    """
    name = request.portfolio
    if name in found.market.portfolios:
        if request.proxies is not None:
            raise RefusedError(
                f"--proxies: {name} holds weights, each of a series of its own; stand-ins are for "
                f"books of quantities. Leave the option out."
            )
        return Weights(dict(found.market.portfolios[name]), found.market.instruments)
    if name in found.verdicts.positions:
        return quantities(found, name, base=request.base)
    refused = [
        f"{one.message} {one.remedy}" if one.series == name else str(one)
        for one in found.verdicts.against(name)
    ]
    excluded = [one["reason"] for one in found.verdicts.excluded() if one["series"] == name]
    known = sorted({*found.market.portfolios, *found.verdicts.positions})
    raise RefusedError(
        f"portfolio: {name} "
        + (
            f"was rejected: {' '.join(refused or excluded[:1])}"
            if refused or excluded
            else "is not in the market directory."
        )
        + f" There are {', '.join(known) or 'none'}."
    )
