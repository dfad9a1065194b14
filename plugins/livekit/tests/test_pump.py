"""What is pushed into LiveKit ahead of time counts as not heard, and goes with a flush."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from livekit import rtc

from plugins.livekit.tests.helpers import joined
from vision_agents.core.media import PcmData
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.plugins.livekit.publishing import audio_options
from vision_agents.plugins.livekit.pump import LEAD_S, PTIME_S, AudioPump
from vision_agents.plugins.livekit.sandbox import LiveKitServer

RATE_HZ = 48_000
BAR_S = 0.02


@pytest.mark.wire
@pytest.mark.livekit
async def test_a_flush_empties_the_queue_at_once_and_what_was_in_it_was_not_heard(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    stream = AudioOutputStream()
    pump = AudioPump(stream, rate_hz=RATE_HZ)
    async with joined(livekit_server, room_name, "agent") as room:
        track = rtc.LocalAudioTrack.create_audio_track("agent-audio", pump.source)
        await room.publish(track, audio_options())
        await _flush_in_mid_speech(stream, pump)


async def _flush_in_mid_speech(stream: AudioOutputStream, pump: AudioPump) -> None:
    running = asyncio.create_task(pump.run())
    tone = (9000 * np.sin(np.arange(3 * RATE_HZ) / 20)).astype(np.int16)
    await stream.send(AudioOutputChunk(PcmData(RATE_HZ, "s16", tone), utterance_id=1))
    try:
        async with asyncio.timeout(5):
            while stream.playback.heard_s(1) < 1.0:
                await asyncio.sleep(0.005)
        deepest_s = pump.queued_s()
        pulled_s = stream.playback.heard_s(1)
        await stream.flush()
        assert pump.queued_s() == 0.0
        assert not stream.buffered
    finally:
        # Right after the flush, as an agent does that is closed while it speaks.
        running.cancel()
        _, hanging = await asyncio.wait({running}, timeout=1.0)
        assert not hanging
        await pump.close()
    finished = await stream.playback.wait_finished(1, timeout_s=1.0)
    assert 0.0 < deepest_s <= LEAD_S + PTIME_S
    assert finished.interrupted
    assert finished.heard_s == pytest.approx(pulled_s - deepest_s, abs=BAR_S)
