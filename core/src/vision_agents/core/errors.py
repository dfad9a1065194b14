"""Every error this framework raises, in one tree.

::

    VisionAgentsError
    ├── ConfigError (ValueError)          a setting or argument cannot be used
    │   └── ConflictError                 another installed package breaks ours
    ├── PluginError                       a name could not be turned into a plugin
    ├── ProviderError                     a service refused, failed or fell silent
    │   ├── AuthError                     key missing, wrong or without rights
    │   ├── QuotaError                    credits or plan used up
    │   ├── BusyError                     too many sessions or requests just now
    │   ├── ProviderTimeoutError          no answer in time; says in which phase
    │   ├── ProtocolError                 an answer that makes no sense
    │   └── DisconnectedError             the connection was lost or closed
    ├── MediaError                        sound or picture that cannot be read or written
    ├── StateError (RuntimeError)         called at a moment when it cannot work
    ├── TimestampError (ValueError)       media time that runs backwards or overlaps
    └── StreamError
        ├── StreamClosed                  nothing more can be sent or read
        ├── StreamFull                    no room, and the caller did not want to wait
        ├── StreamEmpty                   nothing there, and the caller did not want to wait
        └── StreamStalledError            waited for room, and the reader took nothing

The data stands in attributes and the sentence is made in ``__str__``, so nobody has to parse
text. A sentence says what happened, with which values, and what mends it; it never holds a key,
a token or a signed address.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AuthError",
    "BusyError",
    "ConfigError",
    "ConflictError",
    "DisconnectedError",
    "MediaError",
    "PluginError",
    "ProtocolError",
    "ProviderError",
    "ProviderTimeoutError",
    "QuotaError",
    "StateError",
    "StreamClosed",
    "StreamEmpty",
    "StreamError",
    "StreamFull",
    "StreamStalledError",
    "TimestampError",
    "VisionAgentsError",
]


class VisionAgentsError(Exception):
    """The root: catch this to catch everything the framework raises on purpose."""


class ConfigError(VisionAgentsError, ValueError):
    """A setting, argument or environment variable that cannot be used."""


class ConflictError(ConfigError):
    """An installed distribution owns the same files as ours and breaks them."""

    def __init__(self, distribution: str, version: str, *, ours: str) -> None:
        super().__init__(distribution, version)
        self.distribution = distribution
        self.version = version
        self.ours = ours

    def __str__(self) -> str:
        return (
            f"the distribution {self.distribution!r} {self.version} is installed beside "
            f"{self.ours!r}; both own the folder 'vision_agents/core', so one overwrites the "
            f"other. Uninstall it, then put our files back: "
            f"pip uninstall {self.distribution} && "
            f"pip install --force-reinstall --no-deps {self.ours}"
        )


class PluginError(VisionAgentsError):
    """A name could not be turned into a working avatar, edge or voice."""


class ProviderError(VisionAgentsError):
    """A service refused, failed or fell silent.

    ``retryable`` says whether the same call can succeed later without anybody changing a
    setting; each subclass has a default which a caller that knows better overrides.
    """

    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        reason: str,
        *,
        provider: str,
        retryable: bool | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.provider = provider
        self.retryable = self.default_retryable if retryable is None else retryable
        self.status_code = status_code

    def __str__(self) -> str:
        status = "" if self.status_code is None else f" (HTTP {self.status_code})"
        return f"{self.provider}: {self.reason}{status}"


class AuthError(ProviderError):
    """The key is missing, wrong, or not allowed to do this. A retry does not help."""


class QuotaError(ProviderError):
    """Credits, minutes or the plan are used up. A retry does not help."""


class BusyError(ProviderError):
    """Too many sessions or requests at the moment. A later retry can help."""

    default_retryable: ClassVar[bool] = True


class ProviderTimeoutError(ProviderError):
    """The service did not answer in time; ``phase`` names what was being waited for."""

    default_retryable: ClassVar[bool] = True

    def __init__(
        self,
        phase: str,
        *,
        provider: str,
        timeout_s: float,
        retryable: bool | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(
            f"no answer within {timeout_s:g} s while waiting for: {phase}",
            provider=provider,
            retryable=retryable,
            status_code=status_code,
        )
        self.phase = phase
        self.timeout_s = timeout_s


class ProtocolError(ProviderError):
    """The service answered something that makes no sense. A retry seldom helps."""


class DisconnectedError(ProviderError):
    """The connection was lost, or the service closed it. A new connection can help."""

    default_retryable: ClassVar[bool] = True


class MediaError(VisionAgentsError):
    """Sound or picture that cannot be read, converted or written."""


class StateError(VisionAgentsError, RuntimeError):
    """A call at a moment when it cannot work, such as speaking before joining."""


class TimestampError(VisionAgentsError, ValueError):
    """Media time that runs backwards, overlaps, or has no time base."""


class StreamError(VisionAgentsError):
    """A stream could not take or give an item."""


class StreamClosed(StreamError):
    """The stream is closed: sends are refused, and all that was buffered has been read."""


class StreamFull(StreamError):
    """``send_nowait`` found no room."""


class StreamEmpty(StreamError):
    """``get_nowait`` found nothing."""


class StreamStalledError(StreamError):
    """A sender waited for room and the reader took nothing: the reader is dead or stuck."""

    def __init__(self, waited_s: float, buffered_s: float) -> None:
        super().__init__(waited_s, buffered_s)
        self.waited_s = waited_s
        self.buffered_s = buffered_s

    def __str__(self) -> str:
        return (
            f"waited {self.waited_s:g} s for room in an audio stream that holds "
            f"{self.buffered_s:.1f} s; whoever reads it has stopped reading"
        )
