"""What is asked of a book's risk."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from flows.refusal import RefusedError
from flows.settings import Alphas


def _currency(code: str) -> str:
    if not (len(code) == 3 and code.isalpha() and code.isupper()):
        raise ValueError(f"{code!r} is no currency code such as USD.")
    return code


class RiskRequest(BaseModel):
    """One request, frozen.

    Attributes
    ----------
    portfolio : str
        Name of a book of the market directory.
    data : Path or None
    as_of : date or None
    scenarios : Path or None
        A set that `foreshock scenarios` wrote; by default one is drawn for the book.
    model : str
        Generator of a set that is drawn.
    paths, horizon : int
        Of a set that is drawn; the horizon is also the longer of the two that are answered.
    alphas : tuple of float
    base : str
        Currency in which a book of quantities is valued.
    value : float or None
        What a book of weights is worth, for the cost of getting out of it.
    loss : float
        Whose probability is asked, and that a reverse stress is to reach: share of value.
    tilt : bool
        Whether paths are weighted so that their tail is the learned one.
    add : mapping of name to float
        Trades that are tried out: weights, or units of a position or of a listed instrument.
    stress : Path or None
        A stress file; the book is told under it as well.
    since : date or None
        Session since which the P&L of a book of quantities is explained; by default the last.
    default : str or None
        Issuer whose default is tried out on a book of quantities.
    herding : int or None
        Funds that hold the book beside ours, in a session in which they all sell.
    profile : str or None
        A supervisor's dated rules that the book is told under.
    hypothetical : Path or None
        The desk's own P&L of the book by date, for that profile's P&L attribution.
    proxies : Path or None
        What stands in for factors; it wins over the table of the market directory.
    research : bool
        Whether an UNOFFICIAL set will do.
    seed : int
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    portfolio: str
    data: Path | None = None
    as_of: date | None = None
    scenarios: Path | None = None
    model: Literal["fhs", "gaussian", "copula", "flow", "diffusion", "vae"] = "fhs"
    paths: Annotated[int, Field(ge=1000, le=1_000_000)] = 50_000
    horizon: Annotated[int, Field(ge=1, le=60)] = 10
    alphas: Alphas = (0.95, 0.975, 0.99)
    base: Annotated[str, AfterValidator(_currency)] = "USD"
    value: Annotated[float, Field(gt=0.0)] | None = None
    loss: Annotated[float, Field(gt=0.0, lt=10.0)] = 0.05
    tilt: bool = False
    add: dict[str, float] = Field(default_factory=dict[str, float])
    stress: Path | None = None
    since: date | None = None
    default: str | None = None
    herding: Annotated[int, Field(ge=2, le=1_000_000)] | None = None
    profile: str | None = None
    hypothetical: Path | None = None
    proxies: Path | None = None
    research: bool = False
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


def risk_request(**given: object) -> RiskRequest:
    """A request of every option that is not None.

    Raises
    ------
    RefusedError
        If an option is unknown or out of range.
    """
    try:
        return RiskRequest.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in one['loc'][:1])}: "
            f"{one['msg'].removeprefix('Value error, ')}, got {one['input']!r:.40}."
            for one in error.errors()
        ]
        raise RefusedError("\n".join(told)) from error


def trades(text: str | None) -> dict[str, float]:
    """``SPY=0.1,TLT=-0.1`` as amounts to add.

    Raises
    ------
    RefusedError
        If a part is no ``name=number``, or names one twice.
    """
    found: dict[str, float] = {}
    for part in (text or "").split(",") if text else ():
        name, equals, number = part.partition("=")
        try:
            weight = float(number)
        except ValueError:
            equals = ""
            weight = 0.0
        if not equals or not name.strip() or name.strip() in found:
            raise RefusedError(
                f"--add: {part!r} is no trade. Write SPY=0.1,TLT=-0.1, each instrument once."
            )
        found[name.strip()] = weight
    return found
