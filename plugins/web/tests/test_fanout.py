"""One pull of a source for all viewers, and no viewer can harm another."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.frame import VideoFrame

from vision_agents.plugins.web.fanout import Fanout, ViewerTrack


class Source(MediaStreamTrack):
    """Gives frames numbered by their pts, one whenever the test says so."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.pulls = 0
        self._due: asyncio.Queue[int | None] = asyncio.Queue()
        self._number = 0

    async def recv(self) -> VideoFrame:
        self.pulls += 1
        due = await self._due.get()
        if due is None:
            raise MediaStreamError
        if due < 0:
            raise OSError("the camera caught fire")
        frame = VideoFrame(16, 16, "yuv420p")
        frame.pts = self._number
        self._number += 1
        return frame

    async def give(self, count: int = 1) -> None:
        for _ in range(count):
            self._due.put_nowait(1)
            await settle()

    def end(self) -> None:
        self._due.put_nowait(None)

    def fail(self) -> None:
        self._due.put_nowait(-1)


def raise_it(exc: Exception) -> None:
    raise exc


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def listening(fanout: Fanout) -> ViewerTrack:
    """A copy whose reader has begun, but takes nothing until the test does."""
    track = fanout.track()
    reader = asyncio.create_task(track.recv())
    await settle()
    reader.cancel()
    await asyncio.wait([reader])
    return track


async def test_nothing_waits_for_a_viewer_that_does_not_read_yet() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    connecting, watching = fanout.track(), await listening(fanout)
    await source.give(3)
    reader = asyncio.create_task(connecting.recv())
    await source.give()
    assert (await reader).pts == 3
    assert (await watching.recv()).pts == 0
    await fanout.close()


async def test_nobody_watches_nothing_is_pulled() -> None:
    source = Source()
    fanout = Fanout(source, depth=2, failed=raise_it)
    await settle()
    assert source.pulls == 0
    track = await listening(fanout)
    await source.give(3)
    pulls = source.pulls
    track.stop()
    await source.give()  # the pull that was under way
    await settle()
    assert source.pulls == pulls
    await fanout.close()


async def test_all_viewers_get_the_same_frames_from_one_pull() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    one, two = await listening(fanout), await listening(fanout)
    await source.give(3)
    frames = [await one.recv() for _ in range(3)]
    assert [await two.recv() for _ in range(3)] == frames
    assert [frame.pts for frame in frames] == [0, 1, 2]
    assert fanout.passed == 3
    await fanout.close()


async def test_a_slow_viewer_loses_its_own_oldest_frames_only() -> None:
    source = Source()
    fanout = Fanout(source, depth=2, failed=raise_it)
    slow, quick = await listening(fanout), await listening(fanout)
    seen = []
    for _ in range(6):
        await source.give()
        seen.append((await quick.recv()).pts)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert (slow.dropped, quick.dropped) == (4, 0)
    assert [(await slow.recv()).pts, (await slow.recv()).pts] == [4, 5]
    await fanout.close()


async def test_a_late_viewer_starts_live() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    early = await listening(fanout)
    await source.give(3)
    late = await listening(fanout)
    await source.give()
    assert (await late.recv()).pts == 3
    assert (await early.recv()).pts == 0
    await fanout.close()


async def test_one_viewer_leaving_does_not_disturb_the_other() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    leaver, stayer = await listening(fanout), await listening(fanout)
    waiting = asyncio.create_task(leaver.recv())
    await settle()
    leaver.stop()
    with pytest.raises(MediaStreamError):
        await waiting
    await source.give()
    assert (await stayer.recv()).pts == 0
    await fanout.close()


async def test_cancelling_a_reader_loses_no_frame() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    track = await listening(fanout)
    reader = asyncio.create_task(track.recv())
    await settle()
    reader.cancel()
    await settle()
    await source.give()
    assert (await track.recv()).pts == 0
    await fanout.close()


async def test_everybody_left_and_somebody_came_back() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    (await listening(fanout)).stop()
    await settle()
    track = await listening(fanout)
    await source.give(2)
    assert (await track.recv()).pts is not None
    await fanout.close()


async def test_the_end_of_the_source_ends_the_copies() -> None:
    source = Source()
    fanout = Fanout(source, depth=4, failed=raise_it)
    track = await listening(fanout)
    source.end()
    with pytest.raises(MediaStreamError):
        await track.recv()
    await fanout.close()


async def test_what_the_source_raises_is_told_and_ends_the_copies() -> None:
    source = Source()
    told: list[Exception] = []
    fanout = Fanout(source, depth=4, failed=told.append)
    track = await listening(fanout)
    source.fail()
    with pytest.raises(MediaStreamError):
        await track.recv()
    await settle()
    assert [str(exc) for exc in told] == ["the camera caught fire"]
    await fanout.close()


async def test_close_ends_readers_and_is_idempotent() -> None:
    fanout = Fanout(Source(), depth=4, failed=raise_it)
    track = await listening(fanout)
    reader = asyncio.create_task(track.recv())
    await settle()
    await fanout.close()
    with pytest.raises(MediaStreamError):
        await reader
    await fanout.close()
    with pytest.raises(MediaStreamError):
        await fanout.track().recv()
