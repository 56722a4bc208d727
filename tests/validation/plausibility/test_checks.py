import json

import numpy as np

from validation.plausibility.checks import SHOWN, cells_check, merged

AXES = ("path", "step", "asset")


def check(broken, **others):
    return cells_check("rule", broken, axes=AXES, remedy="mend it", by_path=True, **others)


def test_examples_name_path_step_and_asset_and_end_at_five():
    broken = np.zeros((9, 2, 2), dtype=bool)
    broken[3:, 1, 0] = True
    found = check(broken, names=["SPY", "TLT"])
    assert (found.checked, found.violations, found.passed) == (36, 6, False)
    assert found.examples[0] == "path 3, step 1, asset SPY"
    assert len(found.examples) == SHOWN
    assert json.loads(json.dumps(found.to_json()))["violations"] == 6


def test_parts_of_a_set_say_what_the_whole_says(generator):
    broken = generator.random((50, 3, 2)) < 0.05
    whole = check(broken)
    parts = merged([check(broken[at : at + 20], first=at) for at in (0, 20, 40)])
    assert parts.to_json() == whole.to_json()
    np.testing.assert_array_equal(parts.paths, whole.paths)
