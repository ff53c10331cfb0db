"""Compiled steps of the microstructure family: order flow, spread, imbalance of the quote and of the book. Faces lie beside it.

Time-weighted numbers divide an integral by the time it ran; a bar without a two-sided quote has none.
"""

from __future__ import annotations

from typing import Final

from workbench.domain.records import ASK, BID
from workbench.features.cells.kernels import PX, SZ, Floats, Ints, Marks, Record, average, count, piece, tell

OFI: Final = 0
OFI_EW: Final = 1
SPREAD: Final = 2
QUEUE: Final = 3
QUEUE_CLOSE: Final = 4
DEPTH: Final = 5
QUOTES: Final = 6
DEPTHS: Final = 7
CROSSED: Final = 8
BOTH: Final = BID | ASK


@piece
def order_flow_average(b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    n = int(p[0])
    if b.quoted_us <= 0:
        w[0] = 0
        return
    k = count(m, 0, n)
    average(s, 0, k, n, float(b.ofi))
    tell(x, w, 0, k >= n - 1, s[0] * q[SZ])


@piece
def queue_at_close(b: Record, x: Floats, w: Marks) -> None:
    both = float(b.bsz) + float(b.asz)
    tell(x, w, 0, b.has & BOTH == BOTH and both > 0.0, (float(b.bsz) - float(b.asz)) / both)


@piece
def step(op: int, b: Record, q: Floats, p: Floats, s: Floats, m: Ints, x: Floats, w: Marks) -> None:
    """Move the feature `op` of this family by one bar."""
    quoted = b.quoted_us > 0
    if op == OFI:
        tell(x, w, 0, quoted, b.ofi * q[SZ])
    elif op == OFI_EW:
        order_flow_average(b, q, p, s, m, x, w)
    elif op == SPREAD:
        tell(x, w, 0, quoted, float(b.spread_us) / float(b.quoted_us) * q[PX])
    elif op == QUEUE:
        tell(x, w, 0, quoted, float(b.imb_us) / float(b.quoted_us) * q[SZ])
    elif op == QUEUE_CLOSE:
        queue_at_close(b, x, w)
    elif op == DEPTH:
        tell(x, w, 0, b.ddep_us > 0, float(b.dimb_us) / float(b.ddep_us))
    elif op == QUOTES:
        tell(x, w, 0, True, float(b.n_quote))
    elif op == DEPTHS:
        tell(x, w, 0, True, float(b.n_depth))
    elif op == CROSSED:
        tell(x, w, 0, b.n_quote > 0, float(b.n_crossed) / float(b.n_quote))
