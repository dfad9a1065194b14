"""The hooks of this framework. A hook is a promise for years: there are as few as users need.

All are synchronous and called with keyword arguments. pluggy hands an implementation only those
arguments that it names, so a later core can add one without breaking anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.plugin.markers import hookspec

if TYPE_CHECKING:
    from vision_agents.core.events.avatar import AvatarEvent
    from vision_agents.core.plugin.records import (
        AvatarProvider,
        EdgeProvider,
        SessionInfo,
        VoiceProvider,
    )


class Hooks:
    """All hooks. A module is held against every one, whichever group names it: one may provide
    an avatar and a voice, and a misspelt name is found all the same.
    """

    @hookspec
    def vision_agents_avatar_provider(self) -> AvatarProvider:
        """Say which avatar this module provides: group ``vision_agents.avatars``, one per module.

        Called once, when somebody asks for one of the names that point at the module. Nothing
        heavy may be imported by then: no av, no numpy, no SDK. The factory does that.

        >>> from dataclasses import dataclass
        >>> from vision_agents.core.plugin import (
        ...     AVATAR_API, AvatarProvider, AvatarSettings, construct, hookimpl, setting)
        >>> @dataclass(frozen=True, kw_only=True)
        ... class AcmeSettings(AvatarSettings):
        ...     fps: int = setting(25, help="pictures per second")
        >>> @hookimpl
        ... def vision_agents_avatar_provider() -> AvatarProvider:
        ...     return AvatarProvider(
        ...         name="acme",
        ...         api=AVATAR_API,
        ...         summary="Acme's talking head",
        ...         settings=AcmeSettings,
        ...         factory=construct("acme_avatar.avatar:AcmeAvatar"),
        ...     )
        >>> vision_agents_avatar_provider().capabilities.sample_rate_hz
        24000
        """
        raise NotImplementedError("a specification is never called")

    @hookspec
    def vision_agents_edge_provider(self) -> EdgeProvider:
        """Say which edge (way into a call) this module provides: group ``vision_agents.edges``.

        >>> from vision_agents.core.plugin import (
        ...     AVATAR_API, EdgeProvider, Settings, construct, hookimpl)
        >>> @hookimpl
        ... def vision_agents_edge_provider() -> EdgeProvider:
        ...     return EdgeProvider(
        ...         name="acme", api=AVATAR_API, summary="Acme's rooms", settings=Settings,
        ...         factory=construct("acme_rooms.edge:AcmeEdge"))
        >>> vision_agents_edge_provider().name
        'acme'
        """
        raise NotImplementedError("a specification is never called")

    @hookspec
    def vision_agents_voice_provider(self) -> VoiceProvider:
        """Say which voice (text to speech) this module provides: group ``vision_agents.voices``.

        >>> from vision_agents.core.plugin import (
        ...     AVATAR_API, Settings, VoiceProvider, construct, hookimpl)
        >>> @hookimpl
        ... def vision_agents_voice_provider() -> VoiceProvider:
        ...     return VoiceProvider(
        ...         name="acme", api=AVATAR_API, summary="Acme's voices", settings=Settings,
        ...         factory=construct("acme_voices.tts:AcmeTTS"))
        >>> vision_agents_voice_provider().name
        'acme'
        """
        raise NotImplementedError("a specification is never called")

    @hookspec
    def vision_agents_avatar_event(self, session: SessionInfo, event: AvatarEvent) -> None:
        """Something happened to an avatar: group ``vision_agents.hooks``, any number.

        ``event`` is the record that the avatar's event manager sends.
        Called on the event loop, never per frame: return at once, and hand long work to a thread
        or task of your own. Implementations are called one after another; one that raises is
        logged once with its name and traceback, and the session goes on.

        >>> from vision_agents.core.plugin import SessionInfo, hookimpl
        >>> lost: list[str] = []
        >>> @hookimpl
        ... def vision_agents_avatar_event(session: SessionInfo, event: object) -> None:
        ...     lost.append(f"{session.provider_name}: {event}")
        >>> vision_agents_avatar_event(SessionInfo(session_id="s1", provider_name="acme"), "gone")
        >>> lost
        ['acme: gone']
        """
        raise NotImplementedError("a specification is never called")
