"""The quick look at all texts of an event overlooks nothing that is removed from one of them."""

from hypothesis import example, given
from hypothesis import strategies as st

from shipmark.events.scanning import may_be_secret, without_secrets

CARD = "4242424242424242"
#: Parts that make numbers of cards and what looks like them: within words, with separators, after other numbers.
PARTS = st.sampled_from([
    CARD, CARD[:8], CARD[8:], "4242 4242 4242 4242", "5105105105105100", "1764178843123", "078-05-1120",
    " ", "-", ".", ",", "\n", "€", "é", "x", "_", "4", "12", "0.",
])  # fmt: skip
TEXTS = st.lists(PARTS, max_size=9).map("".join)


@given(st.lists(TEXTS, max_size=4))
@example([f"1764178843123 {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}"])
@example([f"€{CARD}"])
@example([f"12 {CARD}", "0.4242424242424242"])
def test_texts_that_pass_have_no_secret(texts: list[str]) -> None:
    text = "\n".join(texts)
    changed = [line for line in text.split("\n") if without_secrets(line) != line]
    assert may_be_secret(text) or not changed


@given(st.integers(10**12, 10**19))
def test_numbers_of_cards_are_found_among_others(number: int) -> None:
    text = f"at {number}\n{CARD}\n0.{number}"
    assert may_be_secret(text)
