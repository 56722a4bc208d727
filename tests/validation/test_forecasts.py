"""Every broken forecast table is refused with row, rule, what was found and what to do."""

import numpy as np
import pandas as pd
import pytest

from features.findings import UnreadableError
from validation.forecasts import check_forecasts, read_forecasts


@pytest.fixture
def table():
    """Two days of two portfolios at one level, nothing wrong with them."""
    return pd.DataFrame(
        {
            "origin": pd.to_datetime(["2020-03-12", "2020-03-13"] * 2),
            "target": pd.to_datetime(["2020-03-13", "2020-03-16"] * 2),
            "portfolio": ["NA", "NA", "1E5", "1E5"],
            "model": "gjr_fhs",
            "alpha": 0.99,
            "horizon": 1,
            "var": [0.04, 0.05, 0.001, -0.0001],
            "es": [0.06, 0.07, 0.002, -0.0001],
            "pnl": [0.09, -0.12, np.nan, 0.0],
            "pit": [0.99, 0.0, np.nan, 0.4],
            "sigma": [0.02, 0.03, 0.001, np.nan],
        }
    )


@pytest.fixture(params=["csv", "parquet"])
def write(request, tmp_path):
    def write_file(table):
        path = tmp_path / f"forecasts.{request.param}"
        if request.param == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path, index=False)
        return path

    return write_file


def with_cell(table, row, column, value):
    changed = table.copy()
    changed[column] = [value if at == row else cell for at, cell in enumerate(table[column])]
    return changed


def refusal_of(path):
    with pytest.raises(UnreadableError) as refused:
        read_forecasts(path)
    assert str(refused.value).startswith(path.name)
    return refused.value


def test_a_sound_table_is_read_alike_from_both_formats(table, write):
    read = read_forecasts(write(table))
    pd.testing.assert_frame_equal(
        read.astype({"portfolio": object, "model": object}), table, check_exact=True
    )


def test_tickers_that_look_like_numbers_or_nothing_stay_text(table, write):
    assert list(read_forecasts(write(table))["portfolio"]) == ["NA", "NA", "1E5", "1E5"]


def test_columns_nobody_asked_for_are_not_read_but_named(table, write):
    read = read_forecasts(write(table.assign(desk="rates")))
    assert "desk" not in read
    assert read.attrs["ignored_columns"] == ["desk"]


def test_pit_and_sigma_may_be_absent(table, write):
    assert "pit" not in read_forecasts(write(table.drop(columns=["pit", "sigma"])))


@pytest.mark.parametrize(
    ("row", "column", "value", "rule", "row_named"),
    [
        (1, "alpha", 99.0, "alpha_range", "row 2: alpha 99"),
        (0, "alpha", 0.01, "alpha_range", "row 1: alpha 0.01"),
        (2, "alpha", np.nan, "alpha_range", "row 3: alpha nan"),
        (1, "horizon", 0.0, "horizon_range", "row 2: horizon 0"),
        (1, "horizon", 1.5, "horizon_range", "row 2: horizon 1.5"),
        (3, "var", np.nan, "finite_forecast", "row 4: var nan"),
        (3, "es", 1e7, "finite_forecast", "row 4: es 1"),
        (0, "es", 0.03, "es_below_var", "row 1: var 0.04, es 0.03"),
        (0, "es", -0.06, "es_below_var", "row 1: var 0.04, es -0.06"),
        (0, "pnl", -2e6, "finite_pnl", "row 1: pnl -2"),
        (1, "pit", 1.01, "pit_range", "row 2: pit 1.01"),
        (1, "sigma", 0.0, "sigma_positive", "row 2: sigma 0"),
        (2, "portfolio", "  ", "name", "row 3: portfolio"),
        (
            1,
            "target",
            pd.Timestamp("2020-03-13"),
            "target_after_origin",
            "row 2: origin 2020-03-13",
        ),
        (1, "origin", pd.Timestamp("2020-03-12"), "duplicate_key", "row 2: origin 2020-03-12"),
    ],
)
def test_a_broken_row_is_refused_by_rule_and_number(
    table, write, row, column, value, rule, row_named
):
    refused = refusal_of(write(with_cell(table, row, column, value)))
    assert refused.finding.rule == rule
    assert row_named in str(refused)
    assert refused.finding.remedy


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e308])
@pytest.mark.parametrize("column", ["var", "es", "pnl", "sigma"])
def test_infinity_and_its_like_are_refused(table, write, column, value):
    assert refusal_of(write(with_cell(table, 1, column, value))).finding.rule == "not_finite"


def test_a_percentage_for_alpha_gets_the_hint(table, write):
    assert "99 means 0.99" in str(refusal_of(write(table.assign(alpha=99.0))))
    assert "For the 0.01 tail write 0.99" in str(refusal_of(write(table.assign(alpha=0.01))))


def test_every_broken_row_is_counted_and_five_are_shown(table, write):
    many = pd.concat([table.assign(model=f"m{i}") for i in range(5)], ignore_index=True)
    refused = refusal_of(write(many.assign(es=-1.0)))
    assert refused.finding.count == 20
    assert len(refused.finding.examples) == 5
    assert "(20 such rows)" in str(refused)


@pytest.mark.parametrize("column", ["origin", "portfolio", "es", "pnl"])
def test_a_missing_column_is_named_with_its_nearest(table, write, column):
    refused = refusal_of(write(table.rename(columns={column: f"{column}_x"})))
    assert refused.finding.rule == "missing_column"
    assert f"{column!r} (nearest is '{column}_x')" in str(refused)


def test_a_header_without_rows_is_not_a_pass(table, write):
    assert refusal_of(write(table.iloc[:0])).finding.rule == "no_data"


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ('"0,04"', "decimal_comma_or_thousands"),
        ("(0.04)", "parentheses"),
        ("4%", "percent_sign"),
        ("four", "not_a_number"),
    ],
)
def test_a_number_written_otherwise_is_refused_and_never_guessed(tmp_path, cell, rule):
    path = tmp_path / "forecasts.csv"
    path.write_text(
        "origin,target,portfolio,model,alpha,horizon,var,es,pnl\n"
        "2020-03-12,2020-03-13,A,m,0.99,1,0.04,0.05,0.01\n"
        f"2020-03-13,2020-03-16,A,m,0.99,1,{cell},0.05,0.01\n"
    )
    refused = refusal_of(path)
    assert refused.finding.rule == rule
    assert "row 2: var" in str(refused)


@pytest.mark.parametrize("date", ["16.03.2020", "2020-02-30", "1584316800", "2020-03-16 16:00"])
def test_a_date_that_is_not_iso_is_refused(table, tmp_path, date):
    path = tmp_path / "forecasts.csv"
    table.assign(target=[date, *["2020-03-16"] * 3]).to_csv(path, index=False)
    assert "row 1: target" in str(refusal_of(path))


@pytest.mark.parametrize("column", ["var", "alpha", "origin", "portfolio"])
def test_a_mistyped_parquet_column_is_refused(table, tmp_path, column):
    path = tmp_path / "forecasts.parquet"
    wrong = table[column].astype(str) if column in ("var", "alpha") else range(len(table))
    table.assign(**{column: wrong}).to_parquet(path)
    refused = refusal_of(path)
    assert refused.finding.rule == "mistyped_column"
    assert f"column {column}" in str(refused)


def test_a_file_that_is_absent_empty_cut_or_of_another_kind_is_refused(table, tmp_path):
    assert refusal_of(tmp_path / "absent.csv").finding.rule == "no_file"
    assert refusal_of(tmp_path / "forecasts.xlsx").finding.rule == "file_type"
    (tmp_path / "empty.csv").touch()
    assert refusal_of(tmp_path / "empty.csv").finding.rule == "no_data"
    cut = tmp_path / "cut.parquet"
    table.to_parquet(cut)
    cut.write_bytes(cut.read_bytes()[:-20])
    assert refusal_of(cut).finding.rule == "corrupt_parquet"


def test_es_may_equal_var_and_miss_it_by_rounding_only(table):
    check_forecasts(table.assign(es=table["var"]))
    check_forecasts(table.assign(es=table["var"] * (1 - 1e-12 * np.sign(table["var"]))))


def test_a_table_made_in_memory_meets_the_same_rules(table):
    with pytest.raises(UnreadableError, match=r"^backtest row 1: alpha 99"):
        check_forecasts(table.assign(alpha=99.0), source="backtest")
    with pytest.raises(UnreadableError, match="column origin holds object"):
        check_forecasts(table.assign(origin=table["origin"].astype(str)))
    with pytest.raises(UnreadableError, match="column var holds object"):
        check_forecasts(table.assign(var=table["var"].astype(str)))
