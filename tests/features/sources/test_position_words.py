"""A book of quantities says what each type needs, in words with one meaning, or is refused."""

import pytest

from features.findings import Answer

HEADER = "instrument,quantity,type,currency,notional,coupon,frequency,day_count,maturity,strike\n"
BOND = "B,1,bond,USD,100,0.05,2,30/360,2030-01-15,\n"


def findings(read, rows, header=HEADER):
    return read({"portfolios/desk.csv": header + rows}).findings


def test_a_bond_with_its_terms_is_read(read):
    assert findings(read, BOND) == ()


@pytest.mark.parametrize(
    ("term", "cell"), [("coupon", "0.05"), ("day_count", "30/360"), ("maturity", "2030-01-15")]
)
def test_a_term_that_a_type_needs_is_refused_when_empty(read, term, cell):
    (found,) = findings(read, BOND.replace(cell, ""))
    assert (found.answer, found.rule, found.series) == (Answer.REJECT, "missing_term", "B")
    assert f"{term} is empty, and type bond needs it" in found.message
    assert "a bond needs notional, coupon, frequency, day_count, maturity" in found.remedy


def test_a_needed_column_that_is_absent_is_refused(read):
    header = "instrument,quantity,type,currency\n"
    (found,) = findings(read, "P,1,fx_spot,USD\nB,1,option,USD\n", header)[:1]
    assert (found.rule, found.series) == ("missing_term", "B")


def test_a_term_that_means_nothing_is_warned_of(read):
    (found,) = findings(read, BOND[:-1] + "100\n")
    assert (found.answer, found.rule) == (Answer.WARN, "irrelevant_term")
    assert "strike means nothing for a bond" in found.message


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("bond", "bnod", "unknown_type"),
        ("30/360", "30/365", "unknown_day_count"),
        (",2,30", ",3,30", "bad_frequency"),
        ("2030-01-15", "15.01.2030", "not_iso_date"),
        ("0.05", "5%", "percent_sign"),
    ],
)
def test_a_word_without_a_meaning_is_refused(read, old, new, rule):
    found = findings(read, BOND.replace(old, new))
    assert rule in {each.rule for each in found if each.answer is Answer.REJECT}


def test_a_missing_quantity_is_left_to_the_gate(read):
    raw = read({"portfolios/desk.csv": HEADER + BOND.replace("B,1,", "B,,")})
    assert raw.positions["desk"]["quantity"].isna().all()


def test_dates_to_come_are_no_fault(read):
    raw = read(
        {
            "vols.csv": "date,underlying,expiry,strike,vol\n2024-01-02,AAA,2025-01-17,10,0.2\n",
            "dividends.csv": "underlying,ex_date,amount\nAAA,2025-03-01,0.1\n",
        }
    )
    assert raw.findings == ()
