"""One session through the real SDK against the stand-in: what works, and every way it fails.

The rows are those in which the SDK (0.12) was seen to hang, to leak, or to say nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vision_agents.core.avatars.provider import EndReason, MediaSink, SessionEnd
from vision_agents.core.errors import (
    AuthError,
    BusyError,
    DisconnectedError,
    ProtocolError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
)
from vision_agents.core.media import PcmData, PcmLike, as_pcm
from vision_agents.plugins.anam.sandbox.faults import Refusal
from vision_agents.plugins.anam.session import AnamSession
from vision_agents.plugins.anam.settings import AnamSettings

if TYPE_CHECKING:
    from vision_agents.plugins.anam.sandbox.service import SandboxService

Settings = Callable[..., AnamSettings]
RATE_HZ = 24_000


@dataclass
class Seen:
    """What came back: when a picture was white, when sound was loud."""

    phases: list[str] = field(default_factory=list)
    bright_s: list[float] = field(default_factory=list)
    loud_s: list[float] = field(default_factory=list)
    sizes: set[tuple[int, int]] = field(default_factory=set)

    def sink(self) -> MediaSink:
        return MediaSink(
            on_video=self._video,
            on_audio=self._audio,
            on_report=lambda _: None,
            on_phase=self.phases.append,
        )

    def _video(self, frame: object) -> None:
        assert hasattr(frame, "planes")
        self.sizes.add((frame.planes[0].width, frame.planes[0].height))
        if np.frombuffer(frame.planes[0], np.uint8)[:200].mean() > 150:
            self.bright_s.append(time.monotonic())

    def _audio(self, pcm: PcmLike) -> None:
        if np.abs(as_pcm(pcm).samples).max() > 3000:
            self.loud_s.append(time.monotonic())


@asynccontextmanager
async def opened(settings: AnamSettings, seen: Seen | None = None) -> AsyncIterator[AnamSession]:
    session = AnamSession(settings, (seen or Seen()).sink())
    try:
        await session.open()
        yield session
    finally:
        await session.disconnect(EndReason.CLOSED)


def tone(seconds: float) -> list[PcmData]:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples = (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    step = RATE_HZ // 4
    return [
        PcmData.from_numpy(samples[n : n + step], sample_rate=RATE_HZ, format="s16")
        for n in range(0, len(samples), step)
    ]


async def say(session: AnamSession, seconds: float, utterance: int = 1) -> None:
    for pcm in tone(seconds):
        await session.send(pcm, utterance=utterance)
    await session.end(utterance=utterance)


async def ended(session: AnamSession, within_s: float) -> tuple[SessionEnd, float]:
    begin = time.monotonic()
    end = await asyncio.wait_for(session.wait_closed(), within_s)
    return end, time.monotonic() - begin


# ----------------------------------------------------------------------------- what works
async def test_speech_comes_back_as_sound_and_picture(
    service: SandboxService, settings: Settings
) -> None:
    seen = Seen()
    async with opened(settings(), seen) as session:
        await say(session, 1.0)
        await asyncio.sleep(2.2)
    assert seen.phases == ["session", "media connection", "session ready", "first picture"]
    assert 0.9 <= len(seen.loud_s) * 0.02 <= 1.1
    assert 0.9 <= len(seen.bright_s) / 25 <= 1.1
    stood_in = service.newest
    assert stood_in.received.count("agentaudioinputend") == 1
    assert (stood_in.too_early, stood_in.bad_order) == (0, 0)
    assert stood_in.end_reason == "client"


async def test_an_interrupt_goes_out_before_the_end_and_silences(
    service: SandboxService, settings: Settings
) -> None:
    seen = Seen()
    async with opened(settings(), seen) as session:
        for pcm in tone(5.0):
            await session.send(pcm, utterance=1)
        await asyncio.sleep(1.0)
        await session.interrupt(utterance=1)
        cut_s = time.monotonic()
        await asyncio.sleep(0.6)
        assert max(seen.loud_s) - cut_s < 0.4
        await say(session, 0.5, utterance=2)
        await asyncio.sleep(1.5)
    after = [t for t in seen.loud_s if t > cut_s + 0.4]
    assert 0.4 <= len(after) * 0.02 <= 0.6
    order = [a for a in service.newest.received if a in ("interrupt", "agentaudioinputend")]
    assert sorted(order[:2]) == ["agentaudioinputend", "interrupt"]
    assert service.newest.bad_order == 0


async def test_options_reach_the_service(service: SandboxService, settings: Settings) -> None:
    seen = Seen()
    chosen = settings(
        avatar_model="cara-4",
        video_width=1152,
        video_height=768,
        region="eu",
        region_policy="strict",
        show_ai_avatar_disclosure=True,
        max_session_length=120,
        preset_style="warm",
        expressivity=0.4,
    )
    async with opened(chosen, seen) as session:
        assert session.limits.max_session_s == 120
    persona = service.newest.request["personaConfig"]
    options = service.newest.request["sessionOptions"]
    assert persona["enableAudioPassthrough"] is True
    assert persona["avatarModel"] == "cara-4"
    assert persona["directorNotes"] == {"presetStyle": "warm", "expressivity": 0.4}
    assert options["sessionReplay"] == {"enableSessionReplay": False}
    assert (options["videoWidth"], options["videoHeight"]) == (1152, 768)
    assert options["showAIAvatarDisclosure"] is True
    assert (options["region"], options["regionPolicy"]) == ("eu", "strict")
    assert seen.sizes == {(1152, 768)}


# ------------------------------------------------------------------------ refused at once
@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, '{"error": "bad size"}', ProtocolError, False),
        (401, '{"error": "Unauthorized"}', AuthError, False),
        (401, "{}", AuthError, False),
        (402, '{"error": "No plan"}', QuotaError, False),
        (403, '{"error": "Not allowed"}', AuthError, False),
        (404, '{"error": "Persona not found"}', ProtocolError, False),
        (429, '{"error": "Concurrent session limit reached"}', BusyError, True),
        (429, '{"error": "Spend cap reached"}', QuotaError, False),
        (429, '{"error": "Usage limit reached"}', QuotaError, False),
        (500, '{"error": "oops"}', DisconnectedError, True),
        (503, '{"error": "No engine"}', BusyError, True),
        (200, '{"sessionId": "s"}', ProtocolError, False),
        (200, "[]", ProtocolError, False),
        (200, "", ProtocolError, False),
    ],
)
async def test_refusals_have_a_kind(
    service: SandboxService,
    settings: Settings,
    status: int,
    body: str,
    kind: type[ProviderError],
    retryable: bool,
) -> None:
    service.faults.refuse = Refusal(status, body)
    with pytest.raises(kind) as caught:
        async with opened(settings()):
            pass
    assert caught.value.retryable is retryable


@pytest.mark.parametrize(("status", "kind"), [(401, AuthError), (503, BusyError)])
async def test_html_from_a_proxy_keeps_the_status(
    service: SandboxService, settings: Settings, status: int, kind: type[ProviderError]
) -> None:
    service.faults.refuse = Refusal(status, "<html>no</html>", "text/html")
    with pytest.raises(kind) as caught:
        async with opened(settings()):
            pass
    assert caught.value.status_code == status


async def test_a_wrong_key_is_not_shown(service: SandboxService, settings: Settings) -> None:
    with pytest.raises(AuthError, match="ANAM_API_KEY") as caught:
        async with opened(settings(api_key="hush-hush")):
            pass
    assert "hush-hush" not in str(caught.value) + repr(settings(api_key="hush-hush"))
    assert service.sessions == {}


async def test_an_unreachable_service_and_a_refused_socket(
    service: SandboxService, settings: Settings
) -> None:
    with pytest.raises(DisconnectedError, match="session: no connection"):
        async with opened(settings(base_url="http://127.0.0.1:9")):
            pass
    service.faults.refuse_socket = 503
    with pytest.raises(BusyError, match="media connection"):
        async with opened(settings()):
            pass
    assert service.live_sessions == []


# ------------------------------------------------------------------- starts that never end
@pytest.mark.parametrize(
    ("fault", "phase"),
    [
        ({"answer_delay_s": 30.0}, "session"),
        ({"answer": "none"}, "media connection"),
        ({"answer": "no-candidates"}, "media connection"),
        ({"never_ready": True}, "session ready"),
    ],
)
async def test_a_start_that_hangs_names_its_phase_and_leaves_no_session(
    service: SandboxService, settings: Settings, fault: dict[str, object], phase: str
) -> None:
    for name, value in fault.items():
        setattr(service.faults, name, value)
    begin = time.monotonic()
    with pytest.raises(ProviderTimeoutError) as caught:
        async with opened(settings(connect_timeout=1.0, session_ready_timeout=1.0)):
            pass
    assert caught.value.phase == phase
    assert time.monotonic() - begin < 5.0
    await asyncio.sleep(0.1)
    assert service.live_sessions == []


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.03, 0.06, 0.1, 0.15])
async def test_a_cancelled_start_leaves_no_session(
    service: SandboxService, settings: Settings, after_s: float
) -> None:
    session = AnamSession(settings(), Seen().sink())
    opening = asyncio.create_task(session.open())
    await asyncio.sleep(after_s)
    opening.cancel()
    await asyncio.wait({opening})
    await session.disconnect(EndReason.FAILED)
    await asyncio.sleep(0.1)
    assert service.live_sessions == []


# ------------------------------------------------------------------------------- losses
async def test_a_clean_close_of_the_socket_is_noticed_at_once_and_the_session_stopped(
    service: SandboxService, settings: Settings
) -> None:
    async with opened(settings()) as session:
        await service.newest.close_socket(1000)
        end, took_s = await ended(session, 5.0)
        assert (end.reason, took_s < 0.5) == (EndReason.DISCONNECTED, True)
        with pytest.raises(DisconnectedError):
            await session.send(tone(0.1)[0], utterance=1)
    assert service.stops == [service.newest.session_id]


@pytest.mark.parametrize("redial", ["accepted", "refused"])
async def test_a_cut_socket_is_a_lost_session_whether_the_sdk_dials_again_or_not(
    service: SandboxService, settings: Settings, redial: str
) -> None:
    service.faults.refuse_redial = redial == "refused"
    async with opened(settings()) as session:
        service.newest.abort_socket()
        end, took_s = await ended(session, 5.0)
        assert (end.reason, took_s < 0.5) == (EndReason.DISCONNECTED, True)
        await asyncio.sleep(0.4)  # long enough for the SDK to have dialled
    assert service.live_sessions == []


async def test_an_end_by_the_service_carries_its_reason(
    service: SandboxService, settings: Settings
) -> None:
    async with opened(settings()) as session:
        await service.newest.end("cap", tell="time is up")
        end, took_s = await ended(session, 5.0)
    assert (end.reason, took_s < 0.5) == (EndReason.ENDED, True)
    assert "time is up" in end.detail
    assert service.stops == []


async def test_frozen_media_are_noticed(service: SandboxService, settings: Settings) -> None:
    async with opened(settings()) as session:
        service.newest.freeze()
        end, took_s = await ended(session, 10.0)
    assert (end.reason, took_s < 5.0) == (EndReason.DISCONNECTED, True)
    assert "no picture for 3 s" in end.detail
    assert service.newest.end_reason == "client"


async def test_a_closed_peer_connection_is_noticed(
    service: SandboxService, settings: Settings
) -> None:
    async with opened(settings()) as session:
        await service.newest.close_peer()
        end, took_s = await ended(session, 10.0)
    assert (end.reason, took_s < 5.0) == (EndReason.DISCONNECTED, True)
    assert service.live_sessions == []


async def test_a_service_that_hears_no_heartbeat_ends_the_session(
    service: SandboxService, settings: Settings
) -> None:
    service.faults.heartbeat_timeout_s = 0.3  # the SDK beats once a second here
    async with opened(settings()) as session:
        end, _ = await ended(session, 5.0)
    assert end.reason is EndReason.ENDED
    assert "no heartbeat" in end.detail


async def test_disconnect_is_idempotent_and_safe_before_open(settings: Settings) -> None:
    session = AnamSession(settings(), Seen().sink())
    await session.disconnect(EndReason.CLOSED)
    await session.disconnect(EndReason.CLOSED)
    assert (await session.wait_closed()).reason is EndReason.CLOSED
