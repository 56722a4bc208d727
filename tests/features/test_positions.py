"""From the cells of a book to positions."""

import numpy as np
import pandas as pd

from features.positions import RELEVANT, REQUIRED, Position, positions_from


def test_cells_become_terms_and_empty_ones_the_defaults():
    book = pd.DataFrame(
        {
            "instrument": pd.Categorical(["B", "S"]),
            "quantity": [2.0, np.nan],
            "type": pd.Categorical(["bond", "equity"]),
            "currency": pd.Categorical(["USD", "USD"]),
            "coupon": [0.05, np.nan],
            "frequency": [2.0, np.nan],
            "maturity": [pd.Timestamp("2030-01-15"), pd.NaT],
            "issuer": pd.Categorical(["ACME", ""]),
            "row": [1, 2],
        }
    )
    bond, share = positions_from(book)
    assert (bond.coupon, bond.frequency, bond.issuer, bond.row) == (0.05, 2, "ACME", 1)
    assert bond.ends == pd.Timestamp("2030-01-15")
    assert np.isnan(share.quantity)  # never taken as zero
    assert (share.coupon, share.frequency, share.issuer, share.ends) == (None, None, "", None)


def test_an_option_ends_at_its_expiry():
    expiry = pd.Timestamp("2025-01-17")
    assert Position("O", 1.0, "option", "USD", expiry=expiry).ends == expiry


def test_every_type_says_what_it_needs_and_what_it_may_have():
    assert REQUIRED.keys() == RELEVANT.keys()
    terms = {term for words in (*REQUIRED.values(), *RELEVANT.values()) for term in words}
    assert terms <= set(Position.__dataclass_fields__)
