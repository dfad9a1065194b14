"""What can be set about the browser edge."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin.settings import Settings, secret, setting

ICE_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")


@dataclass(frozen=True, kw_only=True)
class WebSettings(Settings):
    """Settings of ``WebEdge``.

    Raises:
        ConfigError: a value that cannot work; says which, and what would.
    """

    host: str = setting("127.0.0.1", env="VISION_AGENTS_WEB_HOST", help="address to listen on")
    port: int = setting(8484, env="VISION_AGENTS_WEB_PORT", help="TCP port; 0 takes a free one")
    token: str | None = secret(
        None,
        env="VISION_AGENTS_WEB_TOKEN",
        help="what a visitor must know; required unless host is this machine's loopback",
    )
    codec: Literal["VP8", "H264"] = setting(
        "VP8", env="VISION_AGENTS_WEB_CODEC", help="video codec to prefer; the browser may decline"
    )
    bitrate_kbps: int = setting(
        2500, env="VISION_AGENTS_WEB_BITRATE_KBPS", help="video to each viewer, at the start"
    )
    min_bitrate_kbps: int = setting(
        500, env="VISION_AGENTS_WEB_MIN_BITRATE_KBPS", help="how far a weak line may bring it down"
    )
    ice_servers: str = setting(
        "",
        env="VISION_AGENTS_WEB_ICE_SERVERS",
        help="stun: and turn: URLs, separated by spaces; none unless set",
    )
    ice_username: str | None = setting(
        None, env="VISION_AGENTS_WEB_ICE_USERNAME", help="for the turn: servers"
    )
    ice_credential: str | None = secret(
        None, env="VISION_AGENTS_WEB_ICE_CREDENTIAL", help="for the turn: servers"
    )
    max_viewers: int = setting(
        8, env="VISION_AGENTS_WEB_MAX_VIEWERS", help="pages at once; each costs an encoder"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"port must be 0 (any free one) to 65535, not {self.port}")
        if self.max_viewers < 1:
            raise ConfigError(f"max_viewers must be at least 1, not {self.max_viewers}")
        if not 50 <= self.min_bitrate_kbps <= self.bitrate_kbps <= 50_000:
            raise ConfigError(
                "50 <= min_bitrate_kbps <= bitrate_kbps <= 50000 must hold, not "
                f"min_bitrate_kbps={self.min_bitrate_kbps}, bitrate_kbps={self.bitrate_kbps}"
            )
        for url in self.ice_urls:
            if not url.startswith(ICE_SCHEMES):
                raise ConfigError(
                    f"ice_servers: {url!r} is no ICE server; write stun:HOST:PORT or turn:HOST:PORT"
                )
        if not self.is_loopback and not self.token:
            raise ConfigError(
                f"host={self.host!r} lets other machines in, so a token is needed: set token=... "
                "or VISION_AGENTS_WEB_TOKEN (python -c 'import secrets; "
                "print(secrets.token_urlsafe())' makes one), or use host='127.0.0.1'"
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach ``host``."""
        return is_loopback(self.host)

    @property
    def ice_urls(self) -> list[str]:
        """``ice_servers`` taken apart."""
        return self.ice_servers.split()


def is_loopback(host: str) -> bool:
    """Whether a host name or address always means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
