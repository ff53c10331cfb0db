"""The session in which both ends meet, and when it is."""

from __future__ import annotations

from typing import Final

from workbench.domain.units import SECOND

BEGIN_NS: Final = 1_795_188_600 * SECOND  # 2026-11-20 09:30 in Chicago
SESSION: Final = 20261120
