"""What nobody documents, and the words IB uses: every such choice of the gateway stands here, by name, with where it comes from.

No code that acts: texts, numbers and orders of messages. A recorded session of a real TWS may prove a choice wrong; it is then changed
here and nowhere else. ``[IB]`` = IB's documentation says so; ``[seen]`` = in recorded frames or threads; ``[chosen]`` = nobody says.

One block a part, kept by who writes that part.
"""

from __future__ import annotations

from typing import Final

# ---- session: handshake, clients, limits (session.py) ---------------------------------------------------------------------------------
MIN_VERSION: Final = 157  # first that ib_async 2.1 accepts, last of ibapi 9.81.1
MAX_VERSION: Final = 178  # last before requests move to protobuf

# ---- contracts (contracts/) -----------------------------------------------------------------------------------------------------------

# ---- history (history/) ---------------------------------------------------------------------------------------------------------------

# ---- streams (streams/) ---------------------------------------------------------------------------------------------------------------

# ---- orders (orders/) -----------------------------------------------------------------------------------------------------------------

# ---- accounts (accounts/) -------------------------------------------------------------------------------------------------------------
