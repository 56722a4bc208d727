"""Great Expectations: one suite a table judges the summary of its feeds, and shows it.

A suite over the raw rows would need an expectation for each feed and rule (thousands), and would
count only the rows that are there. So every rule first counts what it finds in each feed, on
the feed's expected sessions; the suite then holds one expectation a rule over those counts, and
what it calls unexpected is what the gate answers.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from validation.feed_rules.rules import Breach, Rule
from validation.feed_rules.sessions import MISSING

if TYPE_CHECKING:
    from great_expectations.core import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from great_expectations.expectations.expectation import Expectation

_RESULT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["series"],
    "return_unexpected_index_query": False,
}


def summary(feeds: pd.DataFrame, rules: Sequence[Rule], breaches: Iterable[Breach]) -> pd.DataFrame:
    """What each rule found in each feed of one table.

    Parameters
    ----------
    feeds : DataFrame
        Columns ``series``, and where sessions are expected, ``expected`` and ``missing``.
    rules : sequence of Rule
    breaches : iterable of Breach

    Returns
    -------
    DataFrame
        ``feeds`` with a count for each rule, and ``twenty_times_missing``.
    """
    counts = feeds.assign(**{rule.name: 0 for rule in rules}).set_index("series", drop=False)
    if "missing" in counts:
        counts["twenty_times_missing"] = 20 * counts["missing"]
    for breach in breaches:
        counts.loc[breach.series, breach.rule.name] += breach.count
    return counts.reset_index(drop=True)


def judged(
    summaries: Mapping[str, pd.DataFrame], rules: Mapping[str, Sequence[Rule]]
) -> frozenset[tuple[str, str, str]]:
    """The (table, series, rule) that Great Expectations finds broken.

    Raises
    ------
    RuntimeError
        If an expectation could not be evaluated: a rule that was not checked must not pass.
    """
    context = ephemeral_context()
    broken: set[tuple[str, str, str]] = set()
    for table, frame in summaries.items():
        for result in validate(context, table, frame, rules[table]).results:
            rule = _named(result)
            if not result.success and not result.result.get("unexpected_index_list"):
                raise RuntimeError(
                    f"{table}: rule {rule} was not evaluated: {result.exception_info}"
                )
            unexpected = result.result.get("unexpected_index_list") or ()
            broken |= {(table, str(cell["series"]), rule) for cell in unexpected}
    return frozenset(broken)


def ephemeral_context() -> EphemeralDataContext:
    """A Great Expectations context that keeps nothing and tells nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at import: nothing leaves the machine
    with warnings.catch_warnings():  # a dependency imports the standard library's old names
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations as gx  # three seconds
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def validate(
    context: EphemeralDataContext, table: str, frame: pd.DataFrame, rules: Sequence[Rule]
) -> ExpectationSuiteValidationResult:
    """Judge the summary of one table by the suite of its rules, inside a context."""
    import great_expectations as gx

    suite = gx.ExpectationSuite(name=table, expectations=[_expectation(rule) for rule in rules])
    source = context.data_sources.add_pandas(table)
    batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("feeds")
    definition = gx.ValidationDefinition(name=table, data=batch, suite=context.suites.add(suite))
    return context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": frame}, result_format=_RESULT
    )


def _expectation(rule: Rule) -> Expectation:
    from great_expectations.expectations.core import (
        expect_column_pair_values_a_to_be_greater_than_b as of_pairs,
    )
    from great_expectations.expectations.core import expect_column_values_to_be_between as of_values

    said = f"{rule.expectation} [{rule.answer}, {rule.name}]"
    meta = {"rule": rule.name}
    if rule is MISSING:
        return of_pairs.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="expected",
            column_B="twenty_times_missing",
            or_equal=True,
            description=said,
            meta=meta,
        )
    return of_values.ExpectColumnValuesToBeBetween(
        column=rule.name, max_value=0, description=said, meta=meta
    )


def _named(result: ExpectationValidationResult) -> str:
    """Name of the rule that an expectation stands for."""
    config = result.expectation_config
    if config is None or not config.meta:
        raise RuntimeError(f"an expectation came back without its rule: {result}")
    return str(config.meta["rule"])
