"""The dead man's ping: a word to somebody else's machine each minute, as long as the runner lives. When it stops, that machine tells.

It says nothing but that it is there (GET, no body); the runner's own heartbeat decides, not the notifier's.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any

from workbench.runtime.notify.channels.base import PATIENCE_S, ChannelError
from workbench.runtime.notify.secrets import Secret


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def ping(url: Secret) -> None:
    """Ping once.

    Raises
    ------
    ChannelError
        Nobody answered 2xx; the address is not told.
    """
    why = _try(url)
    if why is not None:
        raise ChannelError(why)


def _try(url: Secret) -> str | None:
    try:
        with _opener.open(url.reveal(), timeout=PATIENCE_S) as answer:
            answer.read(1)
        return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"it answered {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"nothing came back: {type(error).__name__}"
