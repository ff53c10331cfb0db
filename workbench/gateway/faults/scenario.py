"""A scenario: rules that say when, and what then goes wrong. Values and their file, TOML; every mistake in one is refused with its place.

::

    about = "The first stop is reported cancelled, though it works on"
    seed = 7                                       # of the rules that have a chance

    [[rules]]
    when = { on = "OrderStatus", where = { leg = "S" }, nth = 1 }
    what = [{ do = "say", code = 10349, to = "subject" }]

    [[rules]]
    when = { after_s = 60 }                        # session seconds after the first client has started
    what = [{ do = "outage", for_s = 30, data = "lost" }]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta

from workbench.domain.errors import ConfigError
from workbench.gateway.faults import kinds
from workbench.gateway.faults.actions import NEEDS_ANSWER, NEEDS_MESSAGE, NEEDS_REQUEST, Action

AT: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
UNKNOWN: Final = re.compile(r"(unknown field|Invalid value) [`'](?P<word>[^`']+)[`']")  # as msgspec says it


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sets a rule off: a time, or a message.

    Parameters
    ----------
    after_s
        Session seconds after the first client has started; with ``every_s`` again and again.
    at
        Time of day on the gateway's clock (``HH:MM`` or ``HH:MM:SS``, US/Central), the next time it comes.
    on
        A message's class (``PlaceOrder``, ``OrderStatus``) or a group (``orders``, ``market-data``, ``order-reports`` ...).
    where
        Fields that must fit, ``*`` and ``?`` allowed: ``status``, ``code``, ``tick_type``, ``order_type``; and for whatever belongs to an
        order, ``order_ref`` and ``leg`` (its last part: E entry, S stop, T target, X exit).
    client
        Only messages of this client id.
    nth, every, chance, times
        The nth that fits; every so manieth; with this chance; at most so many times in all. Without any of them: each one.
    """

    after_s: Annotated[float, Meta(ge=0)] | None = None
    every_s: Annotated[float, Meta(gt=0)] | None = None
    at: str | None = None
    on: str | None = None
    where: dict[str, str | int | float] = {}
    client: int | None = None
    nth: Annotated[int, Meta(ge=1)] | None = None
    every: Annotated[int, Meta(ge=1)] | None = None
    chance: Annotated[float, Meta(gt=0, le=1)] | None = None
    times: Annotated[int, Meta(ge=1)] | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When, and what then."""

    when: When
    what: Annotated[tuple[Action, ...], Meta(min_length=1)]


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that stand side by side. The empty one does nothing.

    Examples
    --------
    >>> from workbench.gateway.faults.actions import Say
    >>> Scenario(rules=(Rule(when=When(after_s=5), what=(Say(code=1100),)),)).checked("mine").rules[0].what[0].code
    1100
    """

    about: str = ""
    seed: int = 1
    rules: tuple[Rule, ...] = ()

    def checked(self, name: str) -> Scenario:
        """Give itself back, or say what in it cannot be meant.

        Raises
        ------
        ConfigError
            Naming `name`, the rule's number and what is allowed.
        """
        for number, rule in enumerate(self.rules, 1):
            _check_when(rule.when, f"{name}, rule {number}")
            _check_what(rule, f"{name}, rule {number}")
        return self


def _check_when(when: When, place: str) -> None:
    given = [each for each in ("after_s", "at", "on") if getattr(when, each) is not None]
    if len(given) != 1:
        raise ConfigError(f"{place}: `when` needs exactly one of after_s, at and on, not {' and '.join(given) or 'none'}")
    if when.on is not None:
        kinds.check(when.on, place=place)
    elif when.where or when.nth or when.every or when.chance or when.client is not None:
        raise ConfigError(f"{place}: where, client, nth, every and chance go with `on`, a time has none of them")
    if when.at is not None and not AT.fullmatch(when.at):
        raise ConfigError(f"{place}: at = {when.at!r} is no time of day, HH:MM or HH:MM:SS")
    if when.every_s is not None and when.after_s is None:
        raise ConfigError(f"{place}: every_s goes with after_s")
    if sum(each is not None for each in (when.nth, when.every, when.chance)) > 1:
        raise ConfigError(f"{place}: only one of nth, every and chance")


def _check_what(rule: Rule, place: str) -> None:
    on = rule.when.on
    for action in rule.what:
        word = type(action).__struct_config__.tag
        for kind in getattr(action, "what", ()):
            kinds.check(kind, place=f"{place}, {word}")
        if isinstance(behind := getattr(action, "behind", None), str):
            kinds.check(behind, place=f"{place}, {word}")
        if isinstance(action, NEEDS_MESSAGE) and on is None:
            raise ConfigError(f"{place}: {word} acts on a message, so `when` must say `on`")
        if isinstance(action, NEEDS_REQUEST) and not kinds.is_request(on or ""):
            raise ConfigError(f"{place}: {word} acts on a client's request, and {on} is none")
        if isinstance(action, NEEDS_ANSWER) and not kinds.is_answer(on or ""):
            raise ConfigError(f"{place}: {word} acts on an answer to a client, and {on} is none")
        if getattr(action, "to", None) == "subject" and on is None:
            raise ConfigError(f'{place}: to = "subject" needs a message, so `when` must say `on`')


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a scenario's text; `ConfigError` says what is wrong, where, and which word was perhaps meant."""
    try:
        return msgspec.toml.decode(text, type=Scenario).checked(name)
    except msgspec.DecodeError as error:
        wrong = UNKNOWN.search(str(error))
        near = _near(wrong["word"], _words()) if wrong else ""
        raise ConfigError(f"{name}: {error}{near}; docs/gateway.md says how a scenario is written") from None


def _words() -> list[str]:
    """Every key of a scenario, and every word that `do` may be."""
    actions = get_args(Action)
    keys = {field for kind in (Scenario, Rule, When, *actions) for field in kind.__struct_fields__}
    return sorted({"do", *keys, *(action.__struct_config__.tag for action in actions)})


def shipped() -> tuple[str, ...]:
    """List the scenarios that come with the workbench, by name."""
    return tuple(sorted(each.name.removesuffix(".toml") for each in _folder().iterdir() if each.name.endswith(".toml")))


def load_scenario(what: str | Path) -> Scenario:
    """Read a scenario from a file, or a shipped one by its name.

    Raises
    ------
    ConfigError
        There is none such, or it cannot be meant.

    Examples
    --------
    >>> load_scenario("1100_1101_data_lost").rules[0].what[0].data
    'lost'
    """
    if isinstance(what, str) and what in shipped():
        return parse_scenario((_folder() / f"{what}.toml").read_text(encoding="utf-8"), what)
    path = Path(what)
    try:
        return parse_scenario(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError:
        raise ConfigError(f"--faults {what}: no text file") from None
    except OSError:
        near = _near(str(what), shipped())
        raise ConfigError(
            f"--faults {what}: neither a file nor a shipped scenario{near}; `workbench gateway --faults list` names them"
        ) from None


def _near(word: str, names: Sequence[str]) -> str:
    import difflib

    found = difflib.get_close_matches(word, names, n=3, cutoff=0.4)
    return f" (near: {', '.join(found)})" if found else ""


def _folder() -> Any:
    return resources.files("workbench.gateway.faults") / "scenarios"
