"""The browser edge: the agent on a page that this process serves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal, assert_never

from vision_agents.core.edge.audio_track import OutboundAudioTrack
from vision_agents.core.edge.call import Participant
from vision_agents.core.edge.commands import Command, Interrupt, Say
from vision_agents.core.edge.edge import Edge
from vision_agents.core.edge.ice import reachable_address
from vision_agents.core.edge.mailbox import Mailbox
from vision_agents.core.errors import MediaError, StateError
from vision_agents.core.events.avatar import AvatarInterruptedEvent
from vision_agents.plugins.web import wire
from vision_agents.plugins.web.fanout import Fanout
from vision_agents.plugins.web.server import Channel, PageServer
from vision_agents.plugins.web.settings import WebSettings
from vision_agents.plugins.web.status import AgentStatus
from vision_agents.plugins.web.viewer import OfferError, Viewer

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.user import User
    from vision_agents.core.edge.call import Call
    from vision_agents.core.events.base import BaseEvent
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmData

logger = logging.getLogger(__name__)

AUDIO_DEPTH = 10
"""20 ms packets waiting for one viewer: what a sender that was held up may still send."""
VIDEO_DEPTH = 2
"""Pictures waiting for one viewer: more would only be later."""
INCOMING_PACKETS = 250
"""Of 20 ms, waiting for the reader of ``incoming_audio``: 5 s."""
COMMANDS = 64
PUBLISH_PATIENCE_S = 10.0
"""How long a page that came before the media waits for them."""
REPORT_INTERVAL_S = 0.25


class WebEdge(Edge):
    """Shows the agent on a web page, over WebRTC, to one or several people.

    The page speaks typed text and interrupts (``commands()``), and sends its microphone once
    somebody turns it on (``incoming_audio()``, 48 kHz mono). The source is pulled once, and only
    while somebody watches. Arguments are those of ``WebSettings``; what is not given comes from
    the environment.

    Raises:
        ConfigError: a setting that cannot work.
    """

    def __init__(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        token: str | None = None,
        codec: Literal["VP8", "H264"] | None = None,
        bitrate_kbps: int | None = None,
        min_bitrate_kbps: int | None = None,
        ice_servers: str | None = None,
        ice_username: str | None = None,
        ice_credential: str | None = None,
        max_viewers: int | None = None,
    ) -> None:
        super().__init__()
        self.settings = WebSettings.from_env(
            host=host,
            port=port,
            token=token,
            codec=codec,
            bitrate_kbps=bitrate_kbps,
            min_bitrate_kbps=min_bitrate_kbps,
            ice_servers=ice_servers,
            ice_username=ice_username,
            ice_credential=ice_credential,
            max_viewers=max_viewers,
        )
        self._server = PageServer(self.settings, self._visit)
        self._agent_name = ""
        self._joined = False
        self._closing = False
        self._close_lock = asyncio.Lock()
        self._over = asyncio.Event()
        self._failure: MediaError | None = None
        self._published = asyncio.Event()
        self._stream: AudioOutputStream | None = None
        self._audio: Fanout | None = None
        self._video: Fanout | None = None
        self._viewers: set[Viewer] = set()
        self._numbers = itertools.count(1)
        self._somebody = asyncio.Event()
        self._status = AgentStatus()
        self._incoming: Mailbox[PcmData] = Mailbox(INCOMING_PACKETS)
        self._commands: Mailbox[Command] = Mailbox(COMMANDS)

    @property
    def url(self) -> str:
        """The page's address, without the token: where one is set, the page asks for it."""
        host = self.settings.host
        if host in {"0.0.0.0", "::"}:
            host = reachable_address()
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.port}/"

    async def join(self, call: Call, user: User) -> None:
        """Serve the page.

        Raises:
            ConfigError: the port is taken or the address is not this machine's; says the mend.
            StateError: joined twice, or closed.
        """
        del call
        if self._joined or self._closing:
            raise StateError("a WebEdge is for one call: make a new one for the next")
        self._joined = True
        self._agent_name = user.name
        await self._server.open()
        logger.info("the page is at %s", self.url)

    async def publish(
        self, *, audio: AudioOutputStream | None, video: VideoStreamTrack | None
    ) -> None:
        """Show and play these to every page, from now on.

        Raises:
            StateError: called twice.
        """
        if self._published.is_set():
            raise StateError("publish() was called already; tracks are never replaced")
        if audio is not None:
            self._stream = audio
            track = OutboundAudioTrack(audio)
            self._audio = Fanout(track, depth=AUDIO_DEPTH, failed=self._fail)
        if video is not None:
            self._video = Fanout(video, depth=VIDEO_DEPTH, failed=self._fail)
        self._published.set()

    async def close(self) -> None:
        """Hang up on every page and free the port; idempotent, bounded, from any state."""
        self._closing = True
        async with self._close_lock:  # each step is idempotent, should the first call be cancelled
            await self._server.close()
            for fanout in (self._audio, self._video):
                if fanout is not None:
                    await fanout.close()
            self._incoming.close()
            self._commands.close()
            self._over.set()
            await super().close()

    def incoming_audio(self) -> AsyncIterator[PcmData]:
        """What the microphones pick up: mono 48 kHz, each chunk with its ``participant``.

        The oldest go when the reader is 5 s behind.
        """
        return self._incoming

    def commands(self) -> AsyncIterator[Command]:
        """Typed texts and interruptions. An interruption drops the texts nobody has taken yet."""
        return self._commands

    async def wait_for_participant(self, timeout_s: float) -> bool:
        """Wait until picture and sound have reached a page; False when none comes in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._somebody.wait()
        except TimeoutError:
            return False
        return True

    async def wait_ended(self) -> None:
        """Wait until the edge is closed; pages may come and go.

        Raises:
            MediaError: what was published raised an error, so nobody sees or hears any more.
        """
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    def _fail(self, exc: Exception) -> None:
        self._failure = MediaError(f"what was published to the page failed: {exc!r}")
        self._failure.__cause__ = exc
        self._over.set()

    def observe(self, event: BaseEvent) -> None:
        """Take what the page shows from the agent's events."""
        self._status.observe(event)
        if isinstance(event, AvatarInterruptedEvent):
            self._cut()

    def _cut(self) -> None:
        """Tell the pages at once not to play what they still hold."""
        for viewer in self._viewers:
            viewer.cut()

    async def _visit(self, channel: Channel) -> None:
        """Serve one page until it leaves."""
        if len(self._viewers) >= self.settings.max_viewers:
            text = f"{self.settings.max_viewers} pages are open already; close one, then reload."
            await channel.send(wire.Problem(text=text, fatal=True))
            await channel.close()
            return
        viewer = Viewer(
            Participant(user_id=f"viewer-{next(self._numbers)}"),
            settings=self.settings,
            ice_servers=self._ice_servers(),
            heard=self._incoming.put,
            connected=self._somebody.set,
        )
        self._viewers.add(viewer)
        reports = asyncio.create_task(self._report(channel, viewer), name="web-reports")
        try:
            await channel.send(
                wire.Welcome(
                    agent=self._agent_name,
                    viewer=viewer.participant.user_id,
                    ice_servers=self._ice_servers(),
                )
            )
            while (message := await channel.receive()) is not None:
                await self._handle(message, viewer, channel)
        finally:
            self._viewers.discard(viewer)
            if not any(other.is_connected for other in self._viewers):
                self._somebody.clear()
            reports.cancel()
            await asyncio.wait([reports])
            await viewer.close()

    async def _handle(self, message: wire.PageMessage, viewer: Viewer, channel: Channel) -> None:
        match message:
            case wire.SayText(text=text) if text.strip():
                self._commands.put(Say(text))
            case wire.SayText():
                await channel.send(wire.Problem(text="There is nothing to say in an empty text."))
            case wire.Stop():
                self._commands.clear()
                self._commands.put(Interrupt())
                self._cut()
            case wire.Offer(sdp=sdp):
                await channel.send(await self._answer(viewer, sdp))
            case wire.Hello():
                await channel.send(wire.Problem(text="The page has introduced itself already."))
            case _:
                assert_never(message)

    async def _answer(self, viewer: Viewer, offer_sdp: str) -> wire.Answer | wire.Problem:
        try:
            async with asyncio.timeout(PUBLISH_PATIENCE_S):
                await self._published.wait()
        except TimeoutError:
            return wire.Problem(text="The agent has published no picture and no sound yet.")
        try:
            sdp = await viewer.answer(offer_sdp, audio=self._audio, video=self._video)
        except OfferError as exc:
            return wire.Problem(text=str(exc))
        return wire.Answer(sdp=sdp)

    async def _report(self, channel: Channel, viewer: Viewer) -> None:
        """Send the page its numbers; a page that reads slowly holds up only its own."""
        passed, then_s = self._pictures_passed, time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_INTERVAL_S):
                    await viewer.was_cut.wait()
            viewer.was_cut.clear()
            now, now_s = self._pictures_passed, time.monotonic()
            await channel.send(
                wire.Report(
                    state=self._status.state if self._published.is_set() else "waiting",
                    note=self._status.note,
                    depth_ms=self._stream.buffered * 1000 if self._stream is not None else 0.0,
                    fps=(now - passed) / (now_s - then_s),
                    offset_ms=self._status.offset_ms,
                    dropped=viewer.dropped,
                    viewers=len(self._viewers),
                    cut_rtp=viewer.cut_rtp,
                )
            )
            passed, then_s = now, now_s

    @property
    def _pictures_passed(self) -> int:
        return 0 if self._video is None else self._video.passed

    def _ice_servers(self) -> list[wire.IceServer]:
        return [
            wire.IceServer(
                urls=[url],
                username=self.settings.ice_username if url.startswith("turn") else None,
                credential=self.settings.ice_credential if url.startswith("turn") else None,
            )
            for url in self.settings.ice_urls
        ]
