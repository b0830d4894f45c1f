"""Passwords that are typed from paper: whatever goes wrong in typing is found, and said where."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.core.typed_password import ALPHABET, GROUP_CHARACTERS, GROUPS, make_password, read_password

PLACES = st.integers(0, GROUPS * GROUP_CHARACTERS - 1)


def spelled(characters: str) -> str:
    """Put the dashes in again."""
    return "-".join(characters[start : start + GROUP_CHARACTERS] for start in range(0, len(characters), GROUP_CHARACTERS))


def blamed(typed: str) -> object:
    """Return the group that the message names."""
    with pytest.raises(BadInput) as caught:
        read_password(typed)
    assert typed not in str(caught.value)
    return caught.value.facts["number"]


def test_a_new_password_reads_as_itself_and_comes_once() -> None:
    """What is printed is what restic is given: dashes and capitals too."""
    made = {make_password() for _ in range(200)}

    assert len(made) == 200
    assert all(read_password(one) == one for one in made)


def test_every_single_typing_error_is_found_in_its_group() -> None:
    """All of them, in one password: each place, each other character."""
    plain = make_password().replace("-", "")
    for place, other in itertools.product(range(len(plain)), ALPHABET):
        if other != plain[place]:
            wrong = plain[:place] + other + plain[place + 1 :]
            assert blamed(spelled(wrong)) == place // GROUP_CHARACTERS + 1


@given(PLACES, PLACES)
def test_every_transposition_is_found(first: int, second: int) -> None:
    """Neighbours or not, also across groups."""
    plain = list(make_password().replace("-", ""))
    if plain[first] == plain[second]:
        return
    plain[first], plain[second] = plain[second], plain[first]

    assert blamed(spelled("".join(plain))) == min(first, second) // GROUP_CHARACTERS + 1


@given(st.permutations(range(GROUPS)))
def test_groups_in_another_order_are_found(order: list[int]) -> None:
    """The eye slips to the next group."""
    groups = make_password().split("-")
    if order != list(range(GROUPS)):
        wrong = next(place for place, source in enumerate(order) if place != source)

        assert blamed("-".join(groups[source] for source in order)) == wrong + 1


@given(PLACES)
def test_a_character_too_many_or_too_few_is_found(place: int) -> None:
    """Whether groups were told apart or not."""
    password = make_password()
    plain = password.replace("-", "")
    group = place // GROUP_CHARACTERS
    groups = password.split("-")
    for changed in (groups[group][1:], groups[group] + "2"):
        typed = "-".join([*groups[:group], changed, *groups[group + 1 :]])
        assert blamed(typed) == group + 1
    for typed in (plain[:place] + plain[place + 1 :], plain[:place] + "7" + plain[place:]):
        with pytest.raises(BadInput):
            read_password(typed)


@given(st.sampled_from(["", " ", "-", " - ", "–", "\t"]), st.booleans())
def test_spaces_dashes_and_capitals_do_not_matter(between: str, is_small: bool) -> None:
    """People type as they like."""
    password = make_password()
    typed = between.join(password.replace("-", ""))

    assert read_password(f" {typed.lower() if is_small else typed}\n") == password


def test_what_only_looks_alike_is_read_as_what_was_meant() -> None:
    """A letter that no password has, and a digit that it is mistaken for."""
    password = make_password()

    assert read_password(password.translate(str.maketrans("865V2", "BGSUZ"))) == password


@pytest.mark.parametrize("typed", ["", "-", "geheim", "0" * 30, "2" * 300, "\x00"])
def test_what_is_no_such_password_is_refused(typed: str) -> None:
    """Whatever it is."""
    with pytest.raises(BadInput):
        read_password(typed)
