"""What every channel is: something that takes a message or raises `ChannelError`. No retry, no limit: `schedule` has those."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from workbench.domain.errors import WorkbenchError
from workbench.runtime.notify.notice import Severity

PATIENCE_S: Final = 6.0  # of one attempt: with a second to notice and a second to begin, ten seconds are kept


class ChannelError(WorkbenchError):
    """A message did not arrive. The text says why, and never holds a secret or an address that is one."""


class Message(NamedTuple):
    """What is sent: a title of one line, a body, how loud, and the notice's number (0: of none)."""

    title: str
    body: str
    severity: Severity
    id: int = 0


class Channel(Protocol):
    """A way to a person."""

    name: str

    def send(self, message: Message) -> None:
        """Send it; done means that the other side took it. Called in a thread, one message at a time.

        Raises
        ------
        ChannelError
            It did not arrive.
        """


def chunks(text: str, most: int) -> list[str]:
    r"""Cut a text into parts of at most `most` characters, at a line end where one is in the second half.

    >>> chunks("one\ntwo\nthree", 8)
    ['one\ntwo', 'three']
    >>> chunks("abcdef", 4), chunks("", 4)
    (['abcd', 'ef'], [''])
    """
    parts = []
    while len(text) > most:
        cut = text.rfind("\n", most // 2, most + 1)
        at = cut if cut >= 0 else most
        parts.append(text[:at])
        text = text[at + 1 if cut >= 0 else at :]
    return [*parts, text]
