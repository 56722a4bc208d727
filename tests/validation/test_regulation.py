import pytest

from validation.regulation import BASEL_2019, profile_of


@pytest.mark.parametrize(
    ("exceedances", "multiplier"),
    [(0, 1.50), (4, 1.50), (5, 1.70), (6, 1.76), (7, 1.83), (8, 1.88), (9, 1.92), (10, 2.00)],
)
def test_the_multiplier_is_the_one_of_the_published_table(exceedances, multiplier):
    assert BASEL_2019.multiplier(exceedances) == multiplier


def test_the_multiplier_stops_rising_in_the_red_zone():
    assert BASEL_2019.multiplier(250) == 2.00


@pytest.mark.parametrize(("alpha", "limit"), [(0.99, 12), (0.975, 30)])
def test_a_desk_loses_its_model_above_the_limit_and_not_at_it(alpha, limit):
    assert BASEL_2019.desk_keeps_internal_model(limit, alpha=alpha)
    assert not BASEL_2019.desk_keeps_internal_model(limit + 1, alpha=alpha)


def test_a_level_without_a_desk_limit_is_refused_with_those_that_have_one():
    with pytest.raises(ValueError, match=r"^alpha=0\.95 .* 0\.99, 0\.975"):
        BASEL_2019.desk_keeps_internal_model(5, alpha=0.95)


def test_the_profile_says_where_it_comes_from_and_since_when():
    assert "d457" in BASEL_2019.source
    assert BASEL_2019.published < BASEL_2019.effective


def test_a_draft_is_known_by_its_name_and_says_what_was_not_read():
    draft = profile_of("uk_2028_draft")
    assert draft.read == "not read"
    assert draft.effective == "2028-01-01"
    assert "wait for the final rules" in draft.note


def test_a_profile_nobody_wrote_is_refused_with_the_list():
    with pytest.raises(ValueError, match=r"got 'basel_4'. Choose from basel_2019, eu_2027"):
        profile_of("basel_4")
