"""The local check: a straight line through what the forecast does right around its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line that stands for a forecast near one input.

    Attributes
    ----------
    slope : array of shape (feature,)
        Per unit of the feature.
    share : array of shape (feature,)
        Slope times how far the feature lies from its mean over the background: what SHAP would
        say if the forecast were the line.
    r2 : float
        Share of the variance nearby that the line explains.
    """

    slope: Float[np.ndarray, " feature"]
    share: Float[np.ndarray, " feature"]
    r2: float


def local_line(
    forecast: Callable[[Float[np.ndarray, "row feature"]], Float[np.ndarray, " row"]],
    at: Float[np.ndarray, " feature"],
    background: Float[np.ndarray, "row feature"],
    *,
    seed: int,
    samples: int = SAMPLES,
) -> Line:
    """Fit a line to a forecast around one input, by LIME on numbers.

    Parameters
    ----------
    forecast : callable
        From features of shape (row, feature) to a number for each row.
    at : array of shape (feature,)
        Must be finite.
    background : array of shape (row, feature)
        Says how far each feature is moved: by its standard deviation, which must not be zero. NaN
        where not known.
    seed : int
        Of the draws.
    samples : int

    References
    ----------
    Ribeiro, Singh and Guestrin (2016), *Why should I trust you?*
    """
    from lime.lime_tabular import LimeTabularExplainer

    mean, spread = np.nanmean(background, axis=0), np.nanstd(background, axis=0)
    explainer = LimeTabularExplainer(
        np.where(np.isnan(background), mean, background),
        mode="regression",
        discretize_continuous=False,
        sample_around_instance=True,
        feature_selection="none",
        random_state=seed,
    )
    # What was not known was put to the mean, which narrows; the true spreads are put back.
    explainer.scaler.mean_, explainer.scaler.scale_ = mean, spread
    told = explainer.explain_instance(at, forecast, num_features=len(at), num_samples=samples)
    scaled = np.zeros(len(at))
    for feature, weight in told.local_exp[1]:
        scaled[feature] = weight
    return Line(scaled / spread, scaled * (at - mean) / spread, float(told.score))
