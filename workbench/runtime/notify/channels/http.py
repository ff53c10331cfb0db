"""One POST over HTTPS with the standard library, for channels that are one. It follows no redirect: that would carry a token elsewhere."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from workbench.domain.errors import ConfigError
from workbench.runtime.notify.channels.base import PATIENCE_S, ChannelError
from workbench.runtime.notify.secrets import Redactor

HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_SAID: Final = 200  # characters of an answer that are told


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def must_be_safe(url: str, setting: str) -> str:
    """Let an address pass that nobody on the way can read; plain HTTP only to this machine. The address itself is not repeated."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    except ValueError:
        is_safe = False
    if not is_safe:
        raise ConfigError(f"{setting}: needs an https:// address (plain http:// only to this machine)")
    return url


def post(url: str, body: bytes, headers: Mapping[str, str], redact: Redactor) -> None:
    """Post; done means that the other side answered 2xx.

    Raises
    ------
    ChannelError
        Saying what it answered, without secrets, or why nothing came.
    """
    why = _try(url, body, dict(headers), redact)
    if why is not None:  # raised here: no frame below, no chained error, that holds the address
        raise ChannelError(why)


def _try(url: str, body: bytes, headers: dict[str, str], redact: Redactor) -> str | None:
    try:
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  must_be_safe
        with _opener.open(request, timeout=PATIENCE_S) as answer:
            answer.read(1)
        return None
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(2_000).decode("utf-8", "replace")
        return f"it answered {error.code} {redact(str(error.reason))}: {redact(' '.join(said.split()))[:MOST_SAID]}".rstrip(": ")
    except urllib.error.URLError as error:
        reason = error.reason
        return redact(f"nothing came back: {reason.strerror or reason}" if isinstance(reason, OSError) else f"nothing came back: {reason}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"nothing came back: {type(error).__name__}"
