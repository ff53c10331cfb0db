"""How what is not the gateway's own action is done: people at the screen, the disk, the wire. `world` calls; nothing is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.disaster.schedule import Deed, DiskTrouble, Hand, Stall
from workbench.domain.orders import Leg
from workbench.simulation.broker import Order, Type
from workbench.venues.ib.book import read_ref

if TYPE_CHECKING:
    from tests.simulation.disaster.world import World


def strike(world: World, deed: Deed) -> None:
    """Let a fault happen now."""
    match deed:
        case DiskTrouble():
            _disk(world, deed)
        case Hand():
            world.loop.call_later(deed.in_s, _hand, world, deed.what, context=world.loop._nobody.copy())
        case Stall():
            for link in world.loop.network.links:
                link.stall(deed.for_s)
            world.trouble_until_s = max(world.trouble_until_s, world.now_s + deed.for_s)
        case _:
            world.loop.call_soon(_inject, world, deed, context=world.loop._nobody.copy())  # behind what is being done just now


def _inject(world: World, deed: Deed) -> None:
    drive = world.gateway.faults.door.drive  # it listens
    drive.catch_up()
    world.gateway.faults.inject(deed)  # the others are done above
    drive.wind()


def _disk(world: World, deed: DiskTrouble) -> None:
    world.disk.trouble = deed.kind
    world.safety.rare.disk()
    world.trouble_until_s = max(world.trouble_until_s, world.now_s + deed.for_s)

    def mend() -> None:
        world.disk.trouble = ""

    world.loop.call_later(deed.for_s, mend, context=world.loop._nobody.copy())


def _hand(world: World, what: str) -> None:
    """Act at the screen, if there is anything to act on."""
    drive = world.gateway.faults.door.drive
    drive.catch_up()
    broker = world.broker
    if broker is None:
        return
    contract = world.contracts[0].id
    held = broker.position("DUSIM1", contract).qty
    if what == "cancel":
        for state in broker.orders():
            named = read_ref(state.order.order_ref)
            if named is not None and named.leg is Leg.STOP:
                broker.cancel_by_hand(state.perm_id, world.gateway.now_ns)
                break
    elif held or what == "add":
        qty = {"close": abs(held), "cut": 1, "add": 1, "turn": abs(held) + 1}[what]
        side = (1 if held < 0 else -1) if what != "add" else 1
        order = Order(client_id=0, order_id=0, account="DUSIM1", contract=contract, side=side, qty=qty, type=Type.MARKET)
        broker.place_by_hand(order, world.gateway.now_ns)
        world.safety.hand(what)
    world.gateway.let_speak()
    world.gateway.flush()
    drive.wind()
