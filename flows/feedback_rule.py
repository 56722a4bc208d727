"""What the desk may set of its flags: when a call was bad, and how much a flag teaches."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class FeedbackRule(BaseModel):
    """How flags are judged and learned from.

    Attributes
    ----------
    alpha : float
        Confidence level in (0.5, 1) at which calls are looked at.
    margin : float
        FZ0 by which a call must be worse than GJR-FHS's to be bad though it was not exceeded.
    cap : float
        Weight of a training row whose features are those of a flagged origin; others weigh
        between 1 and this.
    width : float
        Distance at which the weight above 1 has fallen to 61%, in standard deviations per
        feature.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: Annotated[float, Field(gt=0.5, lt=1)] = 0.975
    margin: Annotated[float, Field(gt=0)] = 0.4
    cap: Annotated[float, Field(ge=1, le=10)] = 3.0
    width: Annotated[float, Field(gt=0, le=5)] = 0.4
