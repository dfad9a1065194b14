"""Where the LiveKit server is and the key that may mint tokens for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from vision_agents.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class LiveKitConnection:
    """A LiveKit project: its WebSocket URL and an API key that may mint tokens and manage rooms.

    The secret never leaves this process: providers get join tokens only.

    Raises:
        ConfigError: the URL is no WebSocket or HTTP address, or a part is empty.
    """

    url: str
    api_key: str
    api_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("ws://", "wss://", "http://", "https://")):
            raise ConfigError(
                f"the LiveKit URL is {self.url!r}; it must begin with ws:// or wss://, "
                "for example LIVEKIT_URL=ws://127.0.0.1:7880"
            )
        if not self.api_key or not self.api_secret:
            raise ConfigError(
                "the LiveKit API key or secret is empty: set LIVEKIT_API_KEY and "
                "LIVEKIT_API_SECRET to those of your LiveKit project"
            )

    @property
    def http_url(self) -> str:
        """The same server for its REST calls."""
        return "http" + self.url.removeprefix("ws") if self.url.startswith("ws") else self.url
