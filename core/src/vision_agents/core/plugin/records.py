"""What a plugin says about itself: typed, frozen records, cheap to import and to print.

Nothing here imports av, numpy or an SDK: ``vision-agents avatars`` shows every installed provider
without loading one of them.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from vision_agents.core.plugin.settings import Settings

Report: TypeAlias = Literal["started", "finished", "cleared"]
"""A fact about playback that a service can tell: speech began, ended, or its queue is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider's service wants and gives. Core's supervisor keeps to it.

    The numbers are the service's documented limits; what it grants for one session
    (``ProviderSession.limits``) overrides them. Durations are seconds of sound or of wall time.
    """

    # Sound to the service: signed 16-bit PCM.
    sample_rate_hz: int = 24_000
    channels: int = 1
    first_chunk_s: float = 0.1
    """Length of an utterance's first chunk: short, since the face waits for it."""
    chunk_s: float = 0.1
    """Length of the chunks after the first one."""
    max_chunk_bytes: int | None = None
    """Most PCM bytes in one message, before any encoding. ``None``: no limit."""
    max_lead_s: float | None = None
    """How far ahead of real time speech may be sent. ``None``: as fast as it comes."""

    # Picture from the service. ``None``: as the settings say, or not known before the call.
    width: int | None = None
    height: int | None = None
    fps: float | None = None

    # How long a session lives.
    keep_alive_s: float | None = None
    """The service wants a sign of life at least this often."""
    idle_timeout_s: float | None = None
    """It ends a session after this long without speech."""
    max_session_s: float | None = None
    """It ends a session after this long, whatever happens."""
    concurrency: int | None = None
    """Sessions at once per account; a renewal needs two for a moment."""

    # How its media come back.
    receive_skew_s: float = 0.0
    """Constant lead of its picture before its sound as received; the engine takes it out."""
    clear_timeout_s: float = 1.0
    """After an interrupt: how long late media of the old utterance may still arrive."""
    stall_timeout_s: float = 1.5
    """It owes speech and nothing comes for this long: the session counts as stalled."""
    reports: frozenset[Report] = frozenset()
    """What the service tells about playback. Core works without, from its own release point."""

    # What one needs to use it.
    needs_account: bool = False
    needs_services: tuple[str, ...] = ()
    """URLs that must be reachable, each literally or as the name of the setting that holds it."""

    def __post_init__(self) -> None:
        for name in ("sample_rate_hz", "channels", "first_chunk_s", "chunk_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"Capabilities.{name} must be positive, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """Which session an event belongs to, for observers."""

    session_id: str
    provider_name: str
    call_id: str = ""
    agent_user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of ``vision-agents doctor NAME``.

    ``ok`` is ``None`` where nothing could be said. ``remedy`` is the command or setting that
    mends it; neither text may hold a secret.
    """

    what: str
    ok: bool | None
    detail: str = ""
    remedy: str = ""


class Sandbox(Protocol):
    """What ``AvatarProvider.sandbox`` points at: the provider's service, played on this machine.

    An async context manager function. Inside, a stand-in listens on loopback (``port`` 0: any free
    one) with the named ``faults`` switched on; it yields the environment variables that make the
    provider's settings point at it, the dummy key included. On exit everything it started is gone.

    Raises:
        ValueError: a fault it does not know; the message names those it has.
    """

    def __call__(
        self, *, port: int = 0, faults: Sequence[str] = ()
    ) -> AbstractAsyncContextManager[Mapping[str, str]]: ...


class Doctor(Protocol):
    """What ``AvatarProvider.doctor`` points at: checks that only the provider can make.

    ``online`` says whether it may talk to the service. Core bounds the time and reports whatever
    it raises as a failed check.
    """

    def __call__(self, settings: Any, *, online: bool) -> Awaitable[Sequence[Check]]: ...


@dataclass(frozen=True, kw_only=True)
class Provider:
    """What the records of avatars, edges and voices have in common."""

    name: str
    """The canonical name: one of the entry-point keys that point at the module."""
    api: int
    """``AVATAR_API`` of the core that it was written for."""
    summary: str
    """One line for the table."""
    settings: type[Settings]
    factory: Callable[[Any], Any]
    """Builds it from an instance of ``settings``; imports what is heavy. See ``construct``."""


@dataclass(frozen=True, kw_only=True)
class AvatarProvider(Provider):
    """An avatar that ``Agent(avatar="<name>")`` can use; the factory returns an ``Avatar``."""

    capabilities: Capabilities = Capabilities()
    sandbox: str | None = None
    """``"package.module:function"`` of a ``Sandbox``; imported when somebody runs it."""
    doctor: str | None = None
    """``"package.module:function"`` of a ``Doctor``."""


@dataclass(frozen=True, kw_only=True)
class EdgeProvider(Provider):
    """A way into a call that ``Agent(edge="<name>")`` can use; the factory returns an ``Edge``."""


@dataclass(frozen=True, kw_only=True)
class VoiceProvider(Provider):
    """A voice that ``Agent(tts="<name>")`` can use; the factory returns a ``TTS``."""


@dataclass(frozen=True, slots=True)
class construct:
    """A factory that imports ``"package.module:Class"`` when called, and not before.

    The class is called with the settings' fields as keyword arguments, which its constructor must
    name one by one. Two factories for one class are equal, and so are two equal records.
    """

    target: str

    def __repr__(self) -> str:
        return f"construct({self.target!r})"

    def __call__(self, settings: Settings) -> Any:
        return load_target(self.target)(**settings.as_arguments())


def load_target(target: str) -> Any:
    """Import ``"package.module:name"`` and return what it names.

    Raises:
        ValueError: not of that form.
        ImportError, AttributeError: as Python says it.
    """
    module, colon, attribute = target.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f"{target!r} is not of the form 'package.module:name'")
    return getattr(importlib.import_module(module), attribute)
