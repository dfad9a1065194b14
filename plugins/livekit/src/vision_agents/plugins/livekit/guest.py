"""What passes between a room of ours and a provider's service: the invitation, and who comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider import EndReason, Limits, SessionEnd
from vision_agents.core.errors import StateError

if TYPE_CHECKING:
    from .events import DataReceived
    from .room import RoomClient


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a provider hands to its service so that the service's worker can join our room."""

    url: str
    token: str = field(repr=False)
    room: str
    room_sid: str | None
    avatar_identity: str
    agent_identity: str


class AvatarGuest:
    """The session at the provider's service. Override what the service has; the rest is nothing.

    ``send_data`` works once the avatar is in the room.
    """

    def __init__(self, session_id: str, *, limits: Limits | None = None) -> None:
        self.session_id = session_id
        self.limits = limits or Limits(session_id=session_id)
        self._room: RoomClient | None = None
        self._identity = ""

    def enter(self, room: RoomClient, identity: str) -> None:
        """The avatar is in ``room`` as ``identity``; called by the session."""
        self._room, self._identity = room, identity

    async def send_data(self, payload: bytes, topic: str) -> None:
        """Send a data message to the avatar.

        Raises:
            StateError: it is not in the room yet.
            ProviderError: the room does not take it.
        """
        if self._room is None:
            raise StateError(f"the avatar of session {self.session_id} has not joined the room yet")
        await self._room.send_data(payload, topic=topic, to=self._identity)

    async def keep_alive(self) -> None:
        """Show the service that we are there."""

    async def user_speaking(self, speaking: bool) -> None:
        """Let the face look attentive."""

    def on_data(self, message: DataReceived) -> SessionEnd | None:
        """A data message of the worker; return the end of the session where it means that."""
        del message
        return None

    async def end(self, reason: EndReason) -> None:
        """Tell the service to end its session. Idempotent; at most a few seconds."""
