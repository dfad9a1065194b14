"""Join tokens: JSON web tokens that let one identity into one room."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Literal

from livekit import api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .connection import LiveKitConnection

# Tells LiveKit clients that the avatar's tracks belong to the agent; some workers find their agent
# by it (the avatar data-stream protocol of livekit-agents, 2026-08).
ON_BEHALF_ATTRIBUTE = "lk.publish_on_behalf"

# It matters for the first connect only: the server refreshes the token of whoever is in the room.
TTL_S = 6 * 3600.0
# An avatar's worker may be queued for minutes (LemonSlice documents 2.5). One that comes later than
# this is an orphan of a session given up long ago, and is better kept out.
AVATAR_TTL_S = 300.0


def join_token(
    connection: LiveKitConnection,
    *,
    room: str,
    identity: str,
    kind: Literal["agent", "standard"] = "standard",
    name: str = "",
    attributes: Mapping[str, str] | None = None,
    ttl_s: float = TTL_S,
) -> str:
    """A token to join ``room`` as ``identity``, allowed to publish, subscribe and send data.

    Data is needed for byte streams and remote calls. A secret: never log it.
    """
    token = (
        api.AccessToken(connection.api_key, connection.api_secret)
        .with_identity(identity)
        .with_kind(kind)
        .with_ttl(datetime.timedelta(seconds=ttl_s))
        .with_grants(
            api.VideoGrants(
                room_join=True,
                room=room,
                can_publish=True,
                can_subscribe=True,
                can_publish_data=True,
            )
        )
    )
    if name:
        token = token.with_name(name)
    if attributes:
        token = token.with_attributes(dict(attributes))
    return token.to_jwt()


def avatar_token(
    connection: LiveKitConnection, *, room: str, identity: str, agent_identity: str
) -> str:
    """The token a provider's avatar worker joins with, on behalf of ``agent_identity``."""
    return join_token(
        connection,
        room=room,
        identity=identity,
        kind="agent",
        attributes={ON_BEHALF_ATTRIBUTE: agent_identity},
        ttl_s=AVATAR_TTL_S,
    )
