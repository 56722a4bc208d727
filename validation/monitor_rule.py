"""What is watched of a model in use, over which windows, and at which levels it alarms."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(gt=0, lt=1)]


class MonitorRule(BaseModel):
    """When a book's forecasts count as degraded, and when its inputs have changed.

    Attributes
    ----------
    alphas : tuple of float
        Confidence levels that are watched.
    window : int
        Last sessions with P&L and forecast that the rolling tests look at.
    minimum : int
        Such sessions below which no rolling test speaks.
    memory : int
        Such sessions from which an e-backtest learns its stakes.
    spell : int
        Such sessions after which its wealth starts again at 1.
    e_level : float
        It alarms at a wealth of ``1 / e_level``, and the wealth starts again at 1.
    stands : int
        Sessions for which that alarm stands.
    coverage_level : float
        Exact two-sided p-value of the number of exceedances below which there is an alarm.
    fz0_t, fz0_difference : float
        There is an alarm where the mean FZ0 less the baseline's is above ``fz0_difference`` and
        its t-statistic above ``fz0_t``. The t-statistic alone is large in every window that
        happens to have next to no exceedances, since there the lower VaR scores better daily.
    fz0_expected : float
        Exceedances that a right VaR has in the window below which FZ0 does not alarm.
    pit_level : float
        p-value of Berkowitz's test below which there is an alarm.
    outside_share : float
        Share of today's inputs outside the training domain above which there is an alarm.
    drift_features : int
        Drifted features that make an alarm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alphas: tuple[Annotated[float, Field(gt=0.5, lt=1)], ...] = (0.95, 0.975, 0.99)
    window: Annotated[int, Field(ge=50)] = 250
    minimum: Annotated[int, Field(ge=50)] = 125
    memory: Annotated[int, Field(ge=50)] = 250
    spell: Annotated[int, Field(ge=50)] = 250
    e_level: Share = 0.02
    stands: Annotated[int, Field(ge=1)] = 20
    coverage_level: Share = 0.0002
    fz0_t: Annotated[float, Field(gt=0)] = 2.0
    fz0_difference: Annotated[float, Field(ge=0)] = 0.18
    fz0_expected: Annotated[float, Field(ge=0)] = 5.0
    pit_level: Share = 1e-7
    outside_share: Share = 0.1
    drift_features: Annotated[int, Field(ge=1)] = 3

    @model_validator(mode="after")
    def _window_reaches_the_minimum(self) -> MonitorRule:
        if self.minimum > self.window:
            raise ValueError(
                f"minimum must not exceed window, got {self.minimum} of {self.window}: "
                "no rolling test would ever speak."
            )
        return self
