"""From what people say to turns: hears them, stops the agent when they begin, asks for answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from vision_agents.core.events.agent import (
    UserTranscriptEvent,
    UserTurnEndedEvent,
    UserTurnStartedEvent,
)
from vision_agents.core.stt import SpeechStarted, Transcript

if TYPE_CHECKING:
    from vision_agents.core.events.manager import EventManager
    from vision_agents.core.media.pcm import PcmData
    from vision_agents.core.stt import STT

__all__ = ["listen"]


async def listen(
    stt: STT,
    audio: AsyncIterator[PcmData],
    *,
    events: EventManager,
    session_id: str,
    on_speech: Callable[[], Awaitable[None]],
    on_turn: Callable[[Transcript], None],
) -> None:
    """Run until ``audio`` ends. ``on_speech`` is a barge-in; ``on_turn`` asks for an answer.

    ``audio`` is what participants say and nothing else: the agent's own sound is not in it.
    """
    async for heard in stt.transcribe(audio):
        if isinstance(heard, SpeechStarted):
            events.send(
                UserTurnStartedEvent(session_id=session_id, participant_id=heard.participant_id)
            )
            await on_speech()
            continue
        events.send(
            UserTranscriptEvent(
                session_id=session_id,
                participant_id=heard.participant_id,
                text=heard.text,
                final=heard.final,
            )
        )
        if heard.final:
            events.send(
                UserTurnEndedEvent(session_id=session_id, participant_id=heard.participant_id)
            )
            on_turn(heard)
