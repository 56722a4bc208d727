import json
from dataclasses import replace

import numpy as np
import pytest

from infra.bench.realism import market, one_market
from validation.certificate import failed_gates
from validation.certify import Evidence, ScenarioSet, certify
from validation.realism.sample import windows
from validation.redteam import ATTACKS
from validation.simulators import KnownMarket

DRAWS = 40


@pytest.fixture(scope="module")
def honest():
    issued, evidence = market(0, assets=4, paths=1_000)
    return issued, replace(evidence, baseline=None)


@pytest.fixture(scope="module")
def told(honest):
    return certify(*honest, draws=DRAWS, identity={"generator": "known"})


def test_an_honest_set_passes_and_says_so_in_strict_json(told):
    assert told["reasons"] == []
    assert told["verdict"] == "PASS"
    json.dumps(told, allow_nan=False)


def test_the_order_of_its_paths_changes_no_verdict(honest, told):
    issued, evidence = honest
    order = np.random.default_rng(1).permutation(len(issued.moves))
    shuffled = replace(issued, moves=issued.moves[order], spread=issued.spread[order])
    again = certify(shuffled, evidence, draws=DRAWS)
    assert [gate["passed"] for gate in again["gates"]] == [gate["passed"] for gate in told["gates"]]
    for name in ("tail_error", "correlation", "copies", "phantom_liquidity"):
        assert again["figures"][name]["value"] == pytest.approx(
            told["figures"][name]["value"], rel=1e-4
        )


def test_a_path_that_cannot_be_is_left_out_counted_and_closes_the_set(honest):
    issued, evidence = honest
    moves = issued.moves.copy()
    moves[7, 2, 1] = np.nan
    found = certify(replace(issued, moves=moves), evidence, draws=DRAWS)
    assert failed_gates(found, hard=True) == ["finite"]
    assert found["checks"][0]["examples"] == ["path 7, step 2, asset A1"]
    assert found["filters"]["by_rule"]["finite"] == 1
    assert found["figures"]["duplicates"]["rows"] == [999]
    json.dumps(found, allow_nan=False)


def test_a_set_of_nothing_possible_still_gets_its_verdict(honest):
    issued, evidence = honest
    found = certify(replace(issued, moves=np.full_like(issued.moves, np.inf)), evidence)
    assert not found["usable_by_risk"]
    assert found["verdict"] == "FAIL"


def test_a_learned_set_without_its_training_is_closed(honest):
    issued, evidence = honest
    bare = replace(evidence, training=None)
    assert failed_gates(certify(issued, bare, draws=DRAWS), hard=True) == ["copies", "membership"]
    found = certify(replace(issued, learned=False), bare, draws=DRAWS)
    assert found["usable_by_risk"]


def test_the_share_of_history_is_not_called_memorised(honest):
    issued, evidence = honest
    moves, mask = issued.moves.copy(), np.arange(1_000) < 250
    moves[mask] = evidence.training.moves[:250]
    mixed = replace(issued, moves=moves)
    assert "copies" in failed_gates(certify(mixed, evidence, draws=DRAWS))
    declared = certify(replace(mixed, from_history=mask), evidence, draws=DRAWS)
    assert "copies" not in failed_gates(declared)
    assert declared["figures"]["copies"]["rows"][0] == 750


@pytest.mark.slow
def test_a_set_rolled_over_its_origins_is_held_against_what_came(generator):
    """Without dynamics the law of every origin is the same, and the windows are real history."""
    known = KnownMarket(assets=4, alpha=0.0, gamma=0.0, beta=0.0, a=0.0, b=0.0)
    history, _ = known.history(405, seed=8)
    real = windows(history, horizon=5, logarithmic=np.ones(4, dtype=bool))
    about = market(0, assets=4, paths=100)[0].assets
    moves = known.paths(40 * real.dates, 5, seed=9)
    issued = ScenarioSet(moves, about, paths_per_date=40, learned=False)
    found = certify(issued, Evidence(reference=real), draws=DRAWS)
    assert failed_gates(found) == []
    assert found["figures"]["closeness"]["n"] == real.dates
    leaked = moves.reshape(real.dates, 40, 5, 4).copy()
    leaked[:, 0] = real.moves
    told = certify(
        replace(issued, moves=leaked.reshape(moves.shape)), Evidence(reference=real), draws=DRAWS
    )
    assert set(failed_gates(told)) == {"foresight", "closeness"}


@pytest.mark.slow
def test_every_planted_fault_is_caught_and_the_honest_set_is_not():
    closed, attempts = one_market(0, weaker=False, classifiers=True)
    assert closed == []
    assert {one.attack for one in attempts if one.caught} == {one.name for one in ATTACKS}


def test_an_asset_whose_liquidity_nobody_knows_is_not_judged_for_it(honest):
    issued, evidence = honest
    spread, seen = issued.spread.copy(), evidence.spread.copy()
    spread[..., 1] = np.nan
    blind = certify(replace(issued, spread=spread), evidence, draws=DRAWS)
    assert "bid_above_ask" in failed_gates(blind, hard=True)
    seen[..., 1] = np.nan
    found = certify(replace(issued, spread=spread), replace(evidence, spread=seen), draws=DRAWS)
    assert found["usable_by_risk"]
    assert "phantom_liquidity" not in failed_gates(found)
