"""What does worse than when it was promoted is told; on paper it is promoted no more, and where money is traded a person decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.pipelines.promotion.test_of_things import Shop
from workbench import mine
from workbench.pipelines.promotion import looking_back
from workbench.pipelines.promotion.looking_back import look_back
from workbench.pipelines.promotion.of_things import records
from workbench.pipelines.promotion.record import Promoted
from workbench.runtime.notify.given import given
from workbench.store.manifest import RunManifest

pytestmark = pytest.mark.covers("S3-13", "S3-26")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "trading")
    made.promote()
    made.promote("strategy", "first")
    yield made
    mine.look_in(None)


def worse(record: Promoted, _: Path) -> list[str]:
    return ["the process score fell from 0.90 to 0.84, by more than 0.05"] if record.kind == "strategy" else []


def test_what_does_as_it_did_is_left_alone_and_nobody_is_told(shop: Shop) -> None:
    assert look_back(shop.home, shop.data, 1) == [] and len(records(shop.home)) == 2 and not given(shop.data)


def test_on_paper_it_is_promoted_no_more_and_a_person_is_told_once(shop: Shop) -> None:
    source = (shop.home / "strategies" / "first.py").read_text()
    (fallen,) = look_back(shop.home, shop.data, 1, reasons=worse)
    assert fallen.is_taken_back and [each.name for each in records(shop.home)] == ["gap"]
    assert (shop.home / "strategies" / "first.py").read_text() == source
    ((notice, _),) = given(shop.data)
    assert "strategy first does worse" in notice.text and "0.90 to 0.84" in notice.text and "promoted no more" in notice.text
    assert look_back(shop.home, shop.data, 2, reasons=worse) == [] and len(given(shop.data)) == 1


@pytest.mark.parametrize(("session", "is_money"), [(20991231, True), (20200102, False)])
def test_where_money_is_traded_a_person_decides(shop: Shop, monkeypatch: pytest.MonkeyPatch, session: int, is_money: bool) -> None:
    live = {"run": "a", "mode": "live", "sessions": (session,), "epoch": 1, "created_ns": 1}
    monkeypatch.setattr(looking_back, "runs", lambda _: [msgspec.convert(live | REST, RunManifest)])
    (fallen,) = look_back(shop.home, shop.data, 1, reasons=worse)
    assert fallen.is_taken_back is not is_money and len(records(shop.home)) == 1 + is_money
    assert ("money is traded here" in given(shop.data)[0][0].text.lower()) is is_money


REST = {"format": 1, "first_seq": None, "last_seq": None, "contracts": (), "streams": (), "digests": {}, "environment": {}, "source": ""}
