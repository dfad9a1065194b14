"""LemonSlice as an avatar: one REST call invites its worker; the rest is LiveKit's and core's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from vision_agents.core.errors import StateError
from vision_agents.plugins.lemonslice.api import LemonSliceApi
from vision_agents.plugins.lemonslice.guest import LemonSliceGuest
from vision_agents.plugins.lemonslice.records import CAPABILITIES
from vision_agents.plugins.lemonslice.settings import LemonSliceSettings
from vision_agents.plugins.livekit.provider import LiveKitProviderAvatar

if TYPE_CHECKING:
    from vision_agents.plugins.livekit.guest import AvatarGuest, Invitation


class LemonSliceAvatar(LiveKitProviderAvatar):
    """A LemonSlice face, self-managed: its worker joins a room of our LiveKit project.

    Arguments are the fields of ``LemonSliceSettings``; what is not said comes from the
    environment.

    Raises:
        ConfigError: a setting is missing or cannot be used; names it and its variable.
    """

    provider_name = "lemonslice"
    capabilities: ClassVar = CAPABILITIES

    def __init__(
        self,
        agent_id: str | None = None,
        agent_image_url: str | None = None,
        agent_image_path: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        agent_prompt: str | None = None,
        agent_idle_prompt: str | None = None,
        idle_timeout: int | None = None,
        response_done_timeout: float | None = None,
        simulcast: bool | None = None,
        model: Literal["flash", "lite", "pro", "cwm-1", "cwm-1-lite"] | None = None,
        action_engine: Literal["natural"] | None = None,
        aspect_ratio: Literal["2x3", "9x16", "1x1"] | None = None,
        livekit_url: str | None = None,
        livekit_api_key: str | None = None,
        livekit_api_secret: str | None = None,
        width: int | None = None,
        height: int | None = None,
        fps: int | None = None,
    ) -> None:
        self._settings = LemonSliceSettings.from_env(
            agent_id=agent_id,
            agent_image_url=agent_image_url,
            agent_image_path=agent_image_path,
            api_key=api_key,
            base_url=base_url,
            agent_prompt=agent_prompt,
            agent_idle_prompt=agent_idle_prompt,
            idle_timeout=idle_timeout,
            response_done_timeout=response_done_timeout,
            simulcast=simulcast,
            model=model,
            action_engine=action_engine,
            aspect_ratio=aspect_ratio,
            livekit_url=livekit_url,
            livekit_api_key=livekit_api_key,
            livekit_api_secret=livekit_api_secret,
            width=width,
            height=height,
            fps=fps,
        )
        self._guest: LemonSliceGuest | None = None
        width, height = self._settings.size
        super().__init__(
            self._settings.connection(), width=width, height=height, fps=self._settings.fps
        )

    async def invite(self, invitation: Invitation) -> AvatarGuest:
        """Start a session at the service."""
        api = LemonSliceApi(self._settings)
        try:
            session_id = await api.create(invitation)
        except BaseException:
            await api.close()
            raise
        self._guest = LemonSliceGuest(
            api, session_id, idle_timeout=self._settings.idle_timeout, metrics=self.metrics
        )
        return self._guest

    async def act(self, name: str) -> None:
        """Play a gesture such as ``"wave"``; ``"clear_action"`` ends one. Models cwm-1 only.

        Raises:
            StateError: no session is open.
        """
        await self._session().act(name)

    async def update_image(self, image_url: str) -> None:
        """Change the face to the one at ``image_url``; call it in silence, it takes seconds.

        Raises:
            StateError: no session is open.
            ProtocolError: the service could not use the image.
            ProviderTimeoutError: it did not say within 30 s.
        """
        await self._session().update_image(image_url)

    async def update_prompts(self, *, speaking: str | None = None, idle: str | None = None) -> None:
        """Change how it moves while it speaks, and while it does not.

        Raises:
            StateError: no session is open.
        """
        if speaking is not None:
            await self._session().control("update-agent-prompt", agent_prompt=speaking)
        if idle is not None:
            await self._session().control("update-idle-prompt", idle_prompt=idle)

    async def pose(self, name: str) -> None:
        """Trigger a pose that the agent knows.

        Raises:
            StateError: no session is open.
        """
        await self._session().control("pose-trigger", pose_trigger={"name": name})

    def _session(self) -> LemonSliceGuest:
        if self._guest is None or self._guest.over:
            raise StateError("no LemonSlice session is open; call start() first")
        return self._guest
