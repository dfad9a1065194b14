"""The server's management calls that a session needs: who is there, who must go."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp

from livekit import api

if TYPE_CHECKING:
    from .connection import LiveKitConnection

logger = logging.getLogger(__name__)

CALL_TIMEOUT_S = 3.0


async def remove_participant(connection: LiveKitConnection, room: str, identity: str) -> bool:
    """Take ``identity`` out of ``room``; whether it was there. Best effort, at most 3 s."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S), _client(connection) as client:
            await client.room.remove_participant(
                api.RoomParticipantIdentity(room=room, identity=identity)
            )
            return True
    except (api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
        logger.debug("could not remove %s from room %s: %s", identity, room, error)
        return False


async def delete_room(connection: LiveKitConnection, room: str) -> bool:
    """Close ``room`` and put everybody out; whether it existed. Best effort, at most 3 s."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S), _client(connection) as client:
            await client.room.delete_room(api.DeleteRoomRequest(room=room))
            return True
    except (api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
        logger.debug("could not delete room %s: %s", room, error)
        return False


async def participants(connection: LiveKitConnection, room: str) -> list[str]:
    """The identities in ``room``, as the server counts them; empty when there is no such room."""
    async with asyncio.timeout(CALL_TIMEOUT_S), _client(connection) as client:
        rooms = await client.room.list_rooms(api.ListRoomsRequest(names=[room]))
        if not rooms.rooms:
            return []
        listed = await client.room.list_participants(api.ListParticipantsRequest(room=room))
        return [participant.identity for participant in listed.participants]


async def list_rooms(connection: LiveKitConnection) -> list[str]:
    """The names of all rooms the server holds."""
    async with asyncio.timeout(CALL_TIMEOUT_S), _client(connection) as client:
        return [room.name for room in (await client.room.list_rooms(api.ListRoomsRequest())).rooms]


def _client(connection: LiveKitConnection) -> api.LiveKitAPI:
    return api.LiveKitAPI(connection.http_url, connection.api_key, connection.api_secret)
