"""A page that other machines reach has a password that nobody can guess from a manual."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.page_access import FILE, VARIABLE, Credentials, credentials, is_loopback, refuse_open
from flows.refusal import RefusedError

GOOD = "desk:9f2c61d7e0b84a35"


@pytest.mark.parametrize("host", ["::", "192.168.1.7", "10.0.0.1", "risk.example"])
def test_without_a_password_only_this_machine_is_listened_on(host: str):
    with pytest.raises(RefusedError, match=f"--host: {host} can be reached"):
        refuse_open(host, None)
    refuse_open(host, Credentials("desk", "9f2c61d7e0b84a35"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_needs_no_password(host: str):
    assert is_loopback(host)
    refuse_open(host, None)


def test_nothing_set_is_no_password():
    assert credentials({}) is None


def test_the_password_comes_from_the_environment_or_a_file(tmp_path: Path):
    file = tmp_path / "pages"
    file.write_text(f"{GOOD}\n")
    expected = Credentials("desk", "9f2c61d7e0b84a35")
    assert credentials({VARIABLE: GOOD}) == credentials({FILE: str(file)}) == expected
    assert expected.text == GOOD


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "one of them is empty"),
        ("9f2c61d7e0b84a35", "one of them is empty"),
        ("desk:", "one of them is empty"),
        (":9f2c61d7e0b84a35", "one of them is empty"),
        ("desk:9f2c61d7e", "at least 12 characters"),
        ("admin:password1234", "a known default"),  # MLflow's
        ("admin:Admin1234567", "a known default"),
        ("desk:prefect-prefect", "a known default"),
        ("desk:deskdeskdesk1", "a known default"),
        ("desk:changeme-2026", "a known default"),
        ("desk:aaaaaaaaaaaaaaaa", "hardly more than one character"),
        ("desk:121212121212", "hardly more than one character"),
    ],
)
def test_empty_short_and_default_passwords_are_refused_and_not_repeated(given: str, says: str):
    with pytest.raises(RefusedError, match=says) as refused:
        credentials({VARIABLE: given})
    password = given.partition(":")[2]
    assert not password or password not in str(refused.value)


def test_two_places_that_may_disagree_are_refused(tmp_path: Path):
    with pytest.raises(RefusedError, match="both set"):
        credentials({VARIABLE: GOOD, FILE: str(tmp_path)})


def test_a_file_that_cannot_be_read_is_no_open_door(tmp_path: Path):
    with pytest.raises(RefusedError, match=r"absent.*cannot be read"):
        credentials({FILE: str(tmp_path / "absent")})
    (tmp_path / "empty").touch()
    with pytest.raises(RefusedError, match="one of them is empty"):
        credentials({FILE: str(tmp_path / "empty")})


def test_a_password_is_in_no_representation():
    assert "9f2c" not in repr(credentials({VARIABLE: GOOD}))
