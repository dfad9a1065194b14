"""Settings of the edge, and those every avatar over LiveKit has."""

from __future__ import annotations

from dataclasses import dataclass

from vision_agents.core.plugin import AvatarSettings, Settings, secret, setting

from .connection import LiveKitConnection


@dataclass(frozen=True, kw_only=True)
class LiveKitAvatarSettings(AvatarSettings):
    """What an avatar needs whose provider joins a room of *our* LiveKit project.

    A provider's settings class adds its own fields.
    """

    livekit_url: str = setting(env="LIVEKIT_URL", help="the LiveKit server, ws:// or wss://")
    livekit_api_key: str = secret(env="LIVEKIT_API_KEY", help="API key of the LiveKit project")
    livekit_api_secret: str = secret(env="LIVEKIT_API_SECRET", help="its secret; mints join tokens")

    def connection(self) -> LiveKitConnection:
        """The LiveKit project.

        Raises:
            ConfigError: it cannot be one; says why.
        """
        return LiveKitConnection(self.livekit_url, self.livekit_api_key, self.livekit_api_secret)


@dataclass(frozen=True, kw_only=True)
class LiveKitEdgeSettings(Settings):
    """How the agent joins a LiveKit room as a participant."""

    url: str = setting(env="LIVEKIT_URL", help="the LiveKit server, ws:// or wss://")
    api_key: str = secret(env="LIVEKIT_API_KEY", help="API key of the LiveKit project")
    api_secret: str = secret(env="LIVEKIT_API_SECRET", help="its secret; mints join tokens")
    room: str | None = setting(None, env="LIVEKIT_ROOM", help="room; the call's id unless given")
    sample_rate_hz: int = setting(48_000, help="rate of the published sound")

    def connection(self) -> LiveKitConnection:
        """The LiveKit project.

        Raises:
            ConfigError: it cannot be one; says why.
        """
        return LiveKitConnection(self.url, self.api_key, self.api_secret)
