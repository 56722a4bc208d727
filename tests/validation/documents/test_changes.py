from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.validation.documents.conftest import made_inputs
from validation.documents.changes import differences, sections

OLD = {
    "settings": {"alphas": [0.975, 0.99], "seed": 0},
    "snapshot_sha256": "aa",
    "revision": "abc",
    "lock": "11",
    "machine": "Linux x86_64",
}


def test_another_machine_alone_is_not_material():
    (change,) = differences(OLD, OLD | {"machine": "Linux aarch64"})
    assert (change.part, change.material) == ("place", False)
    assert (change.before, change.after) == ("Linux x86_64", "Linux aarch64")


def test_each_part_is_told_apart():
    new = {
        "settings": {"alphas": [0.99], "seed": 1},
        "snapshot_sha256": "bb",
        "revision": "def",
        "lock": "22",
        "machine": "Linux x86_64",
    }
    found = {change.path: (change.part, change.material) for change in differences(OLD, new)}
    assert found == {
        "settings.alphas": ("settings", True),
        "settings.seed": ("seeds", True),
        "snapshot_sha256": ("data", True),
        "revision": ("code", True),
        "lock": ("lock", True),
    }


def test_a_setting_that_came_or_went_is_a_change_and_an_unknown_key_counts():
    found = differences({"width": 64}, {"settings": {"horizon": 1}})
    assert [(one.path, one.before, one.after, one.material) for one in found] == [
        ("settings.horizon", "absent", 1, True),
        ("width", 64, "absent", True),
    ]
    assert found[1].why == "no rule knows it, so it counts"


def test_yes_is_not_one():
    (change,) = differences({"dirty": True}, {"dirty": 1})
    assert change.part == "code"


MANIFESTS = st.dictionaries(
    st.sampled_from(["settings", "lock", "odd"]),
    st.one_of(st.integers(), st.dictionaries(st.text("ab", min_size=1), st.integers())),
)


@given(MANIFESTS, MANIFESTS)
def test_the_differences_lead_from_one_to_the_other_and_back(before, after):
    there, back = differences(before, after), differences(after, before)
    assert [(one.before, one.after) for one in there] == [(one.after, one.before) for one in back]
    assert differences(before, before) == []


def test_a_first_version_is_compared_with_nothing():
    (section,) = sections(made_inputs())
    assert "first version" in section["fields"][0]["value"]


def test_the_answer_names_the_parts_that_matter():
    previous = {"version": 2, "manifest": {"settings": {"seed": 1, "alphas": [0.99]}}}
    (section,) = sections(made_inputs(previous=previous))
    told = {field["name"]: field["value"] for field in section["fields"]}
    assert told["since"] == 2
    assert told["answer"] == "material: code, seeds"
