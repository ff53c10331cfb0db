"""A while in which messages of some kinds do not pass. A test and a list; who opens and ends it is the injector."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.gateway.faults import kinds
from workbench.gateway.session import Session
from workbench.wire import Message


class Window:
    """For a while, messages of some kinds are lost, or kept for the end."""

    def __init__(self, what: Iterable[str], *, session: Session | None = None, subject: int | None = None, keeps: bool = False) -> None:
        self.names = frozenset[str]().union(*(kinds.names_of(each) for each in what))
        self.keeps = keeps
        self.kept: list[tuple[Session, Message]] = []
        self._session, self._subject = session, subject

    def covers(self, session: Session, message: Message) -> bool:
        """Tell whether this message falls into it."""
        return (
            type(message).__name__ in self.names
            and self._session in (None, session)
            and (self._subject is None or kinds.id_of(message) == self._subject)
        )
