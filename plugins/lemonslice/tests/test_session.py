"""One session through the real room, against the stand-in: what is said, heard and told."""

from __future__ import annotations

import asyncio
import time

import pytest

from plugins.lemonslice.tests.helpers import Received, serving, session_at, until
from vision_agents.core.avatars.provider import EndReason, Finished, Started
from vision_agents.core.errors import DisconnectedError, ProviderTimeoutError
from vision_agents.core.testing.markers import speech_with_markers
from vision_agents.plugins.lemonslice.sandbox import Faults
from vision_agents.plugins.livekit import rooms
from vision_agents.plugins.livekit.sandbox import LiveKitServer, WorkerFaults
from vision_agents.plugins.livekit.session import LiveKitSession

pytestmark = [pytest.mark.wire, pytest.mark.livekit]


async def speak(session: LiveKitSession, utterance: int, duration_s: float = 1.0) -> None:
    """One utterance as the supervisor sends it, and its end."""
    speech = speech_with_markers(duration_s, 16_000, utterance=utterance)
    for chunk in speech.chunks(3200):
        await session.send(chunk, utterance=utterance)
    await session.end(utterance=utterance)


async def test_two_utterances_and_both_ways_of_ending(livekit_server: LiveKitServer) -> None:
    received = Received()
    async with serving() as service:
        async with session_at(service, livekit_server.connection, received) as session:
            (remote,) = service.sessions.values()
            assert remote.status == "ACTIVE"
            assert session.limits.session_id == remote.session_id
            assert session.limits.keep_alive_s == pytest.approx(20)
            for utterance in (1, 2):
                await speak(session, utterance)
            await until(lambda: received.told(Finished, 2))
            await session.keep_alive()
            await session.user_speaking(True)
            room = session.room_name
        assert received.told(Started, 1)
        assert Finished(1, 1.0, False) in received.reports
        assert Finished(2, 1.0, False) in received.reports
        assert [(s.samples, s.closed, s.faults) for s in remote.worker.segments] == [
            (16_000, True, [])
        ] * 2
        assert remote.worker.segments[0].attributes == {
            "sample_rate": "16000",
            "num_channels": "1",
        }
        assert {(f.width, f.height) for f in received.video} == {(368, 560)}
        assert remote.controls == ["reset-idle-timeout", "terminate"]
        assert remote.terminated
        assert remote.status == "COMPLETED"
        assert received.metrics.summary("avatar.session.billed.s").total > 1
        assert received.metrics.summary("avatar.provider.latency.ms").count >= 2
        assert room not in await rooms.list_rooms(livekit_server.connection)


async def test_interrupt_is_told_at_once_and_the_next_utterance_plays(
    livekit_server: LiveKitServer,
) -> None:
    received = Received()
    async with (
        serving() as service,
        session_at(service, livekit_server.connection, received) as session,
    ):
        (remote,) = service.sessions.values()
        await speak(session, 1, 6.0)
        await until(lambda: received.told(Started, 1))
        await asyncio.sleep(0.4)
        begun_s = time.monotonic()
        await session.interrupt(utterance=1)
        assert time.monotonic() - begun_s < 0.5
        assert len(remote.worker.clears) == 1
        await until(lambda: received.told(Finished, 1))
        cut = next(r for r in received.reports if isinstance(r, Finished))
        assert cut.interrupted
        assert cut.position_s is not None
        assert 0.2 < cut.position_s < 2
        await speak(session, 2, 0.6)
        await until(lambda: received.told(Finished, 2))
        assert Finished(2, 0.6, False) in received.reports


@pytest.mark.parametrize(
    "faults",
    [WorkerFaults(no_clear_reply=True), WorkerFaults(late_clear_reply_s=2.0)],
    ids=["no-reply", "late-reply"],
)
async def test_interrupt_does_not_wait_for_a_worker_that_does_not_answer(
    livekit_server: LiveKitServer, faults: WorkerFaults
) -> None:
    received = Received()
    async with (
        serving(Faults(worker=faults)) as service,
        session_at(service, livekit_server.connection, received) as session,
    ):
        await speak(session, 1, 3.0)
        await until(lambda: received.told(Started, 1))
        begun_s = time.monotonic()
        await session.interrupt(utterance=1)
        assert time.monotonic() - begun_s < 1.2
        await asyncio.wait_for(session.send(speech_with_markers(0.2, 16_000), utterance=2), 1)


async def test_worker_that_leaves_is_noticed(livekit_server: LiveKitServer) -> None:
    received = Received()
    faults = Faults(worker=WorkerFaults(leave_after_s=0.3))
    async with (
        serving(faults) as service,
        session_at(service, livekit_server.connection, received) as session,
    ):
        await speak(session, 1, 5.0)
        await until(lambda: received.told(Started, 1))
        begun_s = time.monotonic()
        end = await asyncio.wait_for(session.wait_closed(), 5)
        assert time.monotonic() - begun_s < 3.3
        assert end.reason is EndReason.ENDED
        assert "left the room" in end.detail
        assert end.retryable


async def test_idle_timeout_and_fatal_error_end_with_their_reason(
    livekit_server: LiveKitServer,
) -> None:
    received = Received()
    async with (
        serving(Faults(fatal_error_after_s=0.2)) as service,
        session_at(service, livekit_server.connection, received, idle_timeout=1) as session,
    ):
        end = await asyncio.wait_for(session.wait_closed(), 5)
        assert end.reason is EndReason.IDLE
        assert [s.status for s in service.sessions.values()] == ["TIMED_OUT"]
    received = Received()
    async with (
        serving(Faults(fatal_error_after_s=0.2)) as service,
        session_at(service, livekit_server.connection, received) as session,
    ):
        await speak(session, 1)
        end = await asyncio.wait_for(session.wait_closed(), 5)
        assert end.reason is EndReason.FAILED
        assert "GPU lost" in str(end)
        assert end.retryable


async def test_keep_alive_keeps_the_idle_time_out_away(livekit_server: LiveKitServer) -> None:
    received = Received()
    async with (
        serving() as service,
        session_at(service, livekit_server.connection, received, idle_timeout=1) as session,
    ):
        assert session.limits.keep_alive_s is not None
        for _ in range(6):
            await asyncio.sleep(session.limits.keep_alive_s)
            await session.keep_alive()
        assert [s.status for s in service.sessions.values()] == ["ACTIVE"]


async def test_a_service_that_knows_no_keep_alive_is_left_alone(
    livekit_server: LiveKitServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving(Faults(old_schema=True)) as service,
        session_at(service, livekit_server.connection, Received()) as session,
    ):
        await session.keep_alive()
        await session.keep_alive()
        (remote,) = service.sessions.values()
        assert remote.controls == ["reset-idle-timeout"]
        assert "does not take reset-idle-timeout" in caplog.text


async def test_worker_without_video_fails_the_start(livekit_server: LiveKitServer) -> None:
    begun_s = time.monotonic()
    async with serving(Faults(worker=WorkerFaults(no_video=True))) as service:
        with pytest.raises(ProviderTimeoutError, match="video of"):
            async with session_at(
                service, livekit_server.connection, Received(), picture_timeout_s=1.0
            ):
                pass
        assert [s.terminated for s in service.sessions.values()] == [True]
    assert time.monotonic() - begun_s < 10


async def test_worker_gone_while_starting_is_told_at_once(livekit_server: LiveKitServer) -> None:
    received = Received()
    async with serving() as service:
        session = LiveKitSession(livekit_server.connection, "lemonslice", "gone", received.sink())
        await session.join()
        waiting = asyncio.create_task(session.wait_for_avatar())
        await asyncio.sleep(0.1)
        await rooms.delete_room(livekit_server.connection, "gone")
        with pytest.raises(DisconnectedError, match="room_deleted"):
            await asyncio.wait_for(waiting, 3)
        await session.disconnect(EndReason.FAILED)
        assert not service.alive
