"""To which supervisory class a risk factor belongs, as far as a market directory can tell.

Where it cannot, the class with the longer liquidity horizon is taken, and that is said: nobody
states a company's size or an issuer's rating in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from features.instruments import Instrument
from features.pricing_market import Issuer
from validation.internal_models import InternalModelRule

if TYPE_CHECKING:
    from models.instruments.risk_factors import Factor

UNSTATED = (
    "the size of companies and the rating of issuers are not in the market directory: single "
    "stocks are taken as small, issuers as high yield"
)
_METALS = ("gold", "silver", "metal", "copper", "platinum", "palladium", "aluminium")
_ENERGY = ("oil", "gas", "energy", "power", "carbon")


def class_of_instrument(instrument: Instrument, rule: InternalModelRule, *, base: str) -> str:
    """Class of a price, an exchange rate, a rate or a spread.

    Parameters
    ----------
    instrument : Instrument
    rule : InternalModelRule
        Whose currencies and pairs are the liquid ones.
    base : str
        The book's own currency, whose rates are among them.
    """
    words = instrument.asset_class.lower()
    if instrument.kind == "fx":
        return _of_pair(instrument.name, rule)
    if "crypto" in words:
        return "other"
    if instrument.kind == "spread" or any(w in words for w in ("credit", "corporate", "yield")):
        good = any(word in words for word in ("investment grade", "investment-grade"))
        return f"spread_corporate_{'investment_grade' if good else 'high_yield'}"
    if instrument.kind == "rate" or "bond" in words or "bill" in words:
        return _of_currency(instrument.currency, rule, base=base)
    if any(word in words for word in _METALS):
        return "commodity_metal"
    if any(word in words for word in _ENERGY):
        return "commodity_energy"
    if "commodity" in words:
        return "commodity"
    return "equity_small" if "stock" in words else "equity_large"


def class_of_factor(
    factor: Factor,
    instruments: Mapping[str, Instrument],
    issuers: Mapping[str, Issuer],
    rule: InternalModelRule,
    *,
    base: str,
) -> str:
    """Class of a factor of a book of quantities.

    Parameters
    ----------
    factor : Factor
    instruments : mapping of name to Instrument
    issuers : mapping of issuer to Issuer
    rule : InternalModelRule
    base : str
    """
    if factor.group == "rate" and factor.owner not in instruments:
        return _of_currency(factor.owner[:3], rule, base=base)
    if factor.group in ("credit", "default"):
        about = issuers.get(factor.owner)
        state = about is not None and any(
            word in about.sector.lower() for word in ("sovereign", "government")
        )
        return f"spread_{'sovereign' if state else 'corporate'}_high_yield"
    own = class_of_instrument(instruments[factor.owner], rule, base=base)
    if factor.group != "volatility":
        return own
    if own.startswith("fx"):
        return "fx_volatility"
    if own.startswith(("rate", "spread")):
        return f"{own.partition('_')[0]}_volatility"
    return own if own == "other" else f"{own}_volatility"


def _of_currency(currency: str, rule: InternalModelRule, *, base: str) -> str:
    return "rate_specified" if currency in (*rule.currencies, base) else "rate"


def _of_pair(name: str, rule: InternalModelRule) -> str:
    """A pair is liquid where the rule names it, or both of its sides against the dollar."""
    one, other = name[:3], name[3:6]
    liquid = {frozenset(pair) for pair in rule.pairs}
    crossed = {frozenset((one, "USD")), frozenset((other, "USD"))}
    return "fx_specified" if frozenset((one, other)) in liquid or crossed <= liquid else "fx"
