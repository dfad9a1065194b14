"""The stream: exact chunks at any rate, bounds, flush, close, and what was heard of it."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision_agents.core.errors import StreamClosed, StreamEmpty, StreamFull, StreamStalledError
from vision_agents.core.media.audio_stream import (
    AudioOutputChunk,
    AudioOutputFlush,
    AudioOutputStream,
    Mark,
)
from vision_agents.core.media.fifo import PcmFifo
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.playout import ChunkCutter
from vision_agents.core.sync.utterances import (
    MarkPlayed,
    PlaybackEvent,
    UtteranceFinished,
    UtteranceStarted,
)
from vision_agents.core.testing.clock import virtually


def pcm(samples: int, rate_hz: int = 48_000, value: int = 500) -> PcmData:
    return PcmData(rate_hz, "s16", np.full(samples, value, np.int16))


def ramp(samples: int, start: int, rate_hz: int) -> PcmData:
    return PcmData(rate_hz, "s16", (start + np.arange(samples)).astype(np.int16))


pieces = st.lists(st.integers(1, 3000), min_size=1, max_size=12)


@settings(deadline=None, derandomize=True)
@given(sizes=pieces, rate_hz=st.sampled_from([8000, 11_025, 22_050, 24_000, 44_100, 48_000]))
def test_chunks_are_exactly_20_ms_and_nothing_is_lost(sizes: list[int], rate_hz: int) -> None:
    fifo = PcmFifo()
    at = 0
    for size in sizes:
        fifo.push(ramp(size, at, rate_hz), 7)
        at += size
    fifo.end(7)
    cutter = ChunkCutter(fifo)
    chunks = []
    while (chunk := cutter.next()) is not None:
        chunks.append(chunk)
    assert chunks[-1].final
    assert chunks[-1].data is None
    data = [chunk.data for chunk in chunks[:-1] if chunk.data is not None]
    for index, part in enumerate(data):
        assert len(part) == (index + 1) * rate_hz // 50 - index * rate_hz // 50
    samples = np.concatenate([part.samples for part in data])
    assert (samples[:at] == np.arange(at).astype(np.int16)).all()
    assert not samples[at:].any()
    assert {chunk.utterance_id for chunk in chunks} == {7}


@settings(deadline=None, derandomize=True)
@given(parts=st.lists(st.tuples(st.integers(1, 2000), st.sampled_from([16_000, 24_000, 48_000]))))
def test_mixed_rates_keep_their_time(parts: list[tuple[int, int]]) -> None:
    fifo = PcmFifo()
    for size, rate_hz in parts:
        fifo.push(pcm(size, rate_hz))
    total_s = fifo.buffered_s
    cutter = ChunkCutter(fifo)
    out_s = 0.0
    while (chunk := cutter.next()) is not None:
        assert chunk.data is not None
        assert chunk.data.duration == pytest.approx(0.02, abs=1e-9)
        out_s += chunk.data.duration
    assert out_s + fifo.buffered_s == pytest.approx(total_s, abs=2e-4 * (len(parts) + 1))


async def test_marks_survive_cutting() -> None:
    stream = AudioOutputStream()
    marks = (Mark("word", "one", 0.005), Mark("word", "two", 0.031), Mark("word", "end", 0.05))
    await stream.send(AudioOutputChunk(pcm(2400), final=True, marks=marks))
    found = []
    for index, item in enumerate(stream.peek()):
        assert isinstance(item, AudioOutputChunk)
        found += [(index, mark.text, round(mark.at_s, 4)) for mark in item.marks]
    assert found == [(0, "one", 0.005), (1, "two", 0.011), (2, "end", 0.01)]


async def test_a_loop_that_reads_data_lives_through_a_flush() -> None:
    stream = AudioOutputStream()
    await stream.send(AudioOutputChunk(pcm(2000)))
    await stream.flush()
    await stream.send(AudioOutputChunk(pcm(960, value=9), final=True))
    stream.close()
    seen = [(type(item), item.data is not None, item.final) async for item in stream]
    assert seen == [
        (AudioOutputFlush, False, False),
        (AudioOutputChunk, True, False),
        (AudioOutputChunk, False, True),
    ]


async def test_sizes_and_refusals() -> None:
    stream = AudioOutputStream(max_buffered_s=0.1)
    assert stream.empty()
    with pytest.raises(StreamEmpty):
        stream.get_nowait()
    stream.send_nowait(AudioOutputChunk(pcm(4800)))
    assert (stream.size(), stream.full(), stream.buffered) == (5, True, 0.1)
    with pytest.raises(StreamFull, match=r"holds 0\.1 s of 0\.1 s"):
        stream.send_nowait(AudioOutputChunk(pcm(1)))
    stream.clear()
    stream.close()
    with pytest.raises(StreamClosed):
        stream.send_nowait(AudioOutputChunk(pcm(1)))
    with pytest.raises(StreamClosed):
        await stream.get()


@virtually
async def test_senders_wait_in_order() -> None:
    stream = AudioOutputStream(max_buffered_s=0.02)
    await stream.send(AudioOutputChunk(pcm(960, value=1)))
    waiting = [
        asyncio.create_task(stream.send(AudioOutputChunk(pcm(960, value=n)))) for n in (2, 3, 4)
    ]
    await asyncio.sleep(1)
    assert not any(task.done() for task in waiting)
    heard = [int(stream.pull(960, 48_000, time.monotonic()).samples[0]) for _ in range(4)]
    await asyncio.gather(*waiting)
    assert heard == [1, 2, 3, 4]


@virtually
async def test_a_dead_reader_cannot_hang_a_speaker() -> None:
    stream = AudioOutputStream(max_buffered_s=0.02, send_timeout_s=5.0)
    await stream.send(AudioOutputChunk(pcm(960)))
    before = time.monotonic()
    with pytest.raises(StreamStalledError, match="waited 5 s"):
        await stream.send(AudioOutputChunk(pcm(960)))
    assert time.monotonic() - before == pytest.approx(5.0, abs=0.3)


@virtually
async def test_flush_and_close_wake_waiting_senders() -> None:
    stream = AudioOutputStream(max_buffered_s=0.02)
    await stream.send(AudioOutputChunk(pcm(960)))
    discarded = asyncio.create_task(stream.send(AudioOutputChunk(pcm(960, value=7))))
    await asyncio.sleep(0.01)
    await stream.flush()
    await discarded
    assert stream.buffered == 0
    await stream.send(AudioOutputChunk(pcm(960)))
    refused = asyncio.create_task(stream.send(AudioOutputChunk(pcm(960))))
    await asyncio.sleep(0.01)
    stream.close()
    with pytest.raises(StreamClosed):
        await refused


@virtually
async def test_a_cancelled_sender_sends_nothing() -> None:
    stream = AudioOutputStream(max_buffered_s=0.02)
    await stream.send(AudioOutputChunk(pcm(960, value=1)))
    task = asyncio.create_task(stream.send(AudioOutputChunk(pcm(960, value=2))))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    stream.pull(960, 48_000, time.monotonic())
    assert stream.buffered == 0


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 22_050, 24_000, 44_100])
def test_pulls_at_another_rate_have_no_seams(rate_hz: int) -> None:
    stream = AudioOutputStream()
    wave = np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz) * 10_000
    for part in PcmData(rate_hz, "s16", wave.astype(np.int16)).chunks(rate_hz // 97):
        stream.send_nowait(AudioOutputChunk(part))
    pulled = np.concatenate([stream.pull(960, 48_000, 0.0).samples for _ in range(49)])
    ideal = np.sin(2 * np.pi * 440 * np.arange(len(pulled)) / 48_000) * 10_000
    assert np.abs(pulled[200:-200] - ideal[200:-200]).max() < 400


def test_starved_pulls_are_silence_of_the_right_shape() -> None:
    stream = AudioOutputStream()
    assert stream.pull(960, 48_000, 0.0).samples.shape == (960,)
    assert stream.pull(441, 22_050, 0.0, channels=2).samples.shape == (2, 441)


async def test_what_was_heard_is_told_once_and_in_order() -> None:
    stream = AudioOutputStream()
    events: list[PlaybackEvent] = []
    stop = stream.playback.subscribe(events.append)
    word = Mark("word", "hi", 0.05)
    await stream.send(AudioOutputChunk(pcm(4800), utterance_id=1, marks=(word,), final=True))
    await stream.send(AudioOutputChunk(pcm(4800), utterance_id=2))
    for n in range(7):
        stream.pull(960, 48_000, n * 0.02)
    assert stream.playback.current == 2
    assert stream.playback.heard_s(2) == pytest.approx(0.04)
    await stream.flush()
    await stream.flush()
    stop()
    kinds = [(type(event), event.utterance_id) for event in events]
    assert kinds == [
        (UtteranceStarted, 1),
        (MarkPlayed, 1),
        (UtteranceFinished, 1),
        (UtteranceStarted, 2),
        (UtteranceFinished, 2),
    ]
    first, second = (event for event in events if isinstance(event, UtteranceFinished))
    assert first.heard_s == pytest.approx(0.1)
    assert not first.interrupted
    assert second.heard_s == pytest.approx(0.04)
    assert (second.interrupted, second.reason) == (True, "flushed")
    assert await stream.playback.wait_finished(1, 1.0) == first


async def test_a_callback_that_fails_does_not_stop_the_sound(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = AudioOutputStream()

    def fail(event: PlaybackEvent) -> None:
        raise OSError(f"no {type(event).__name__}")

    stream.playback.subscribe(fail)
    await stream.send(AudioOutputChunk(pcm(960), final=True))
    assert stream.pull(960, 48_000, 0.0).samples.any()
    assert "a playback callback failed" in caplog.text


@virtually
async def test_offline_pulls_wait_and_end() -> None:
    stream = AudioOutputStream()
    waiting = asyncio.create_task(stream.pull_offline(960, 48_000))
    await asyncio.sleep(1)
    assert not waiting.done()
    await stream.send(AudioOutputChunk(pcm(1000)))
    assert (await waiting) is not None
    stream.close()
    last = await stream.pull_offline(960, 48_000)
    assert last is not None
    assert int((last.samples != 0).sum()) == 40
    assert await stream.pull_offline(960, 48_000) is None
