"""Cards say the same as text and as HTML, and nothing on them is markup."""

from __future__ import annotations

from workbench.research.cards import Card, Cards


def test_every_word_is_in_both_forms_and_none_is_markup() -> None:
    cards = Cards((Card("P&L <b>", "+1.00 USD", "costs 2", "good"), Card("parity", "alike")), "a <note>")
    for text in ("P&L <b>", "+1.00 USD", "costs 2", "parity", "alike", "a <note>"):
        assert text in repr(cards)
    assert "P&amp;L &lt;b&gt;" in cards._repr_html_() and "a &lt;note&gt;" in cards._repr_html_() and "<b>" not in cards._repr_html_()
