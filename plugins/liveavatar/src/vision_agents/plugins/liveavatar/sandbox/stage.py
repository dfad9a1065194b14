"""Where a pretended avatar is seen and heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from vision_agents.core.testing.puppet import Puppet, Step
    from vision_agents.plugins.liveavatar.sandbox.faults import Faults


class Stage(Protocol):
    """Publishes one avatar. ``puppet`` makes the media; ``publish`` is called once per step."""

    puppet: Puppet

    async def publish(self, step: Step) -> None:
        """Send one step; paced by the caller."""

    async def close(self) -> None:
        """Leave the room. Idempotent."""


class OpenStage(Protocol):
    """Makes the stage of one session: ``(stage, room URL, the client's token)``."""

    async def __call__(
        self, session_id: str, video_settings: dict[str, Any], faults: Faults
    ) -> tuple[Stage, str, str]: ...
