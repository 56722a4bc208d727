"""Fits see their past alone, and are found again by all that they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from features.splits import refit_windows
from models.refits import fitted, recipe_of


class Kept(dict[str, bytes]):
    """A store in memory."""

    def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        return {key: self[key] for key in keys if key in self}

    def put(self, key: str, payload: bytes) -> None:
        self[key] = payload


def total(past: np.ndarray) -> np.ndarray:
    return np.array([float(len(past)), past.sum()])


def never(past: np.ndarray) -> np.ndarray:
    raise AssertionError("fitted anew")


DATA = np.arange(20.0)[:, None]


def test_a_fit_sees_the_rows_before_its_end():
    found = fitted(DATA, refit_windows(20, first=5, every=10), fit=total, recipe="r")
    assert [one.tolist() for one in found] == [[5.0, 10.0], [15.0, 105.0]]


def test_what_was_fitted_is_found_again_after_a_day_more():
    store = Kept()
    fitted(DATA[:19], refit_windows(19, first=5, every=5), fit=total, recipe="r", store=store)
    assert len(store) == 3
    again = fitted(
        DATA, refit_windows(20, first=5, every=5)[:3], fit=never, recipe="r", store=store
    )
    assert [one[0] for one in again] == [5.0, 10.0, 15.0]


@pytest.mark.parametrize("changed", ["recipe", "past", "width"])
def test_another_recipe_or_another_past_is_another_fit(changed: str):
    store, windows = Kept(), refit_windows(20, first=5, every=20)
    fitted(DATA, windows, fit=total, recipe="r", store=store)
    data, recipe = DATA, "r"
    if changed == "recipe":
        recipe = "s"
    elif changed == "past":
        data = DATA + (np.arange(20) == 4)[:, None]
    else:
        data = np.hstack([DATA[:, :0], DATA, DATA])
    with pytest.raises(AssertionError, match="fitted anew"):
        fitted(data, windows, fit=never, recipe=recipe, store=store)


def test_a_change_after_the_fit_is_none_of_its_business():
    store, windows = Kept(), refit_windows(20, first=5, every=20)
    fitted(DATA, windows, fit=total, recipe="r", store=store)
    later = DATA + (np.arange(20) >= 5)[:, None]
    assert fitted(later, windows, fit=never, recipe="r", store=store)[0][0] == 5.0


def test_a_recipe_names_source_versions_and_settings():
    told = recipe_of(__file__, "scipy", penalty=30.0)
    assert "scipy=" in told
    assert told.endswith("penalty=30.0")
    assert told != recipe_of(__file__, "scipy", penalty=31.0)
