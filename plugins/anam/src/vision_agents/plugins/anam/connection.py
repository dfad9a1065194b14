"""Anam's SDK for exactly one session, with its sharp edges taken off from outside.

Each workaround names the fault it is for (anam 0.12.0) and can go when the SDK mends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from anam import AnamClient, AnamEvent, ClientOptions
from anam.types import AgentAudioInputConfig
from vision_agents.core.edge.backlog import release_backlogs
from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import settled
from vision_agents.core.errors import DisconnectedError, ProviderError, ProviderTimeoutError
from vision_agents.plugins.anam.failures import MALFORMED, PROVIDER, as_provider_error
from vision_agents.plugins.anam.options import persona, session_options

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection
    from av import AudioFrame, VideoFrame

    from anam import Session
    from anam._agent_audio_input_stream import AgentAudioInputStream
    from anam._streaming import StreamingClient
    from vision_agents.plugins.anam.settings import AnamSettings

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 1.5
STOP_ATTEMPTS = 2
CLOSE_TIMEOUT_S = 5.0
SESSION_POLL_S = 0.02


class AnamConnection:
    """One ``AnamClient``, used for one session: ``open`` once, ``close`` once or more often.

    ``on_lost(detail)`` is called at most once, on the event loop, when the session is gone without
    ``close``; it must only set flags.
    """

    def __init__(self, settings: AnamSettings, on_lost: Callable[[str], None]) -> None:
        self._settings = settings
        self._on_lost = on_lost
        self._client = AnamClient(
            api_key=settings.api_key,
            persona_config=persona(settings),
            options=ClientOptions(api_base_url=settings.base_url, client_label="vision-agents"),
        )
        self._session: Session | None = None
        self._speech: AgentAudioInputStream | None = None
        self._established = asyncio.Event()
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()
        self._detail = ""
        self._server_ended = False
        self._closing = False
        self._peers: list[RTCPeerConnection] = []
        self._watch: asyncio.Task[None] | None = None
        # Workaround: connect_async may return before these events, and has no other way to ask.
        self._client.add_listener(AnamEvent.CONNECTION_ESTABLISHED, self._on_established)
        self._client.add_listener(AnamEvent.SESSION_READY, self._on_ready)
        self._client.add_listener(AnamEvent.CONNECTION_CLOSED, self._on_closed)

    @property
    def session_id(self) -> str:
        """Anam's name for the session; empty before there is one."""
        return self._client.session_id or ""

    # ------------------------------------------------------------------------- opening
    async def open(self, phase: Callable[[str], None]) -> None:
        """Start the session and connect its media, each wait with its limit and its name.

        Cancelled or failed, it leaves things half open: ``close`` follows.

        Raises:
            ProviderError: of the kind that fits.
        """
        timeout_s = self._settings.connect_timeout
        phase("session")
        connecting = asyncio.create_task(self._connect(), name="anam connect")
        try:
            async with asyncio.timeout(timeout_s):
                await self._session_started(connecting)
                phase("media connection")
                self._session = await connecting
                self._remember_peer()
                self._watch = asyncio.create_task(self._watch_socket(), name="anam socket watch")
                # Workaround: connect_async returns as if connected when ICE failed, and after 30 s
                # without an answer; only this event tells that media can flow.
                await self._reached(self._established)
        except TimeoutError:
            waited_for = "media connection" if self.session_id else "session"
            raise ProviderTimeoutError(waited_for, provider=PROVIDER, timeout_s=timeout_s) from None
        except (ProviderError, asyncio.CancelledError):
            raise
        except (Exception, *MALFORMED) as error:
            # The boundary where an SDK's many kinds of error become ours.
            what = "media connection" if self.session_id else "session"
            raise as_provider_error(error, what) from error
        finally:
            connecting.cancel()
            await asyncio.wait({connecting})
            if not connecting.cancelled():
                connecting.exception()  # told above, or of no interest any more

    async def _connect(self) -> Session:
        with _reachable_candidates(self._settings.base_url):
            return await self._client.connect_async(session_options(self._settings))

    async def _session_started(self, connecting: asyncio.Task[Session]) -> None:
        """Return when REST is done. The SDK tells nobody, so its session id is looked at."""
        while not self.session_id and not connecting.done():
            await asyncio.wait({connecting}, timeout=SESSION_POLL_S)

    async def wait_ready(self) -> None:
        """Return when the engine takes speech (sent earlier, it is dropped) and interrupts.

        Raises:
            ProviderTimeoutError, DisconnectedError: it never does.
        """
        timeout_s = self._settings.session_ready_timeout
        try:
            async with asyncio.timeout(timeout_s):
                await self._reached(self._ready)
                streaming = self._streaming
                # An interrupt sent before the data channel is open would be lost.
                if streaming is None or not await streaming.wait_for_data_channel(timeout_s):
                    raise DisconnectedError("the data channel did not open", provider=PROVIDER)
        except TimeoutError:
            raise ProviderTimeoutError(
                "session ready", provider=PROVIDER, timeout_s=timeout_s
            ) from None
        config = AgentAudioInputConfig(encoding="pcm_s16le", sample_rate=24_000, channels=1)
        self._speech = self._client.create_agent_audio_input_stream(config)

    async def _reached(self, event: asyncio.Event) -> None:
        waits = {asyncio.create_task(event.wait()), asyncio.create_task(self._lost.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        if not event.is_set():
            raise DisconnectedError(self._detail, provider=PROVIDER)

    # --------------------------------------------------------------------------- media
    def video_frames(self) -> AsyncIterator[VideoFrame]:
        """Decoded pictures; must be read from the start, since unread ones pile up unbounded."""
        assert self._session is not None
        return self._session.video_frames()

    def audio_frames(self) -> AsyncIterator[AudioFrame]:
        """Decoded sound, 48 kHz stereo; must be read from the start too."""
        assert self._session is not None
        return self._session.audio_frames()

    # -------------------------------------------------------------------------- speech
    async def send(self, pcm: bytes) -> None:
        """Send one chunk (s16le, 24 kHz, mono); waits while the socket is full."""
        await self._usable_speech().send_audio_chunk(pcm)

    async def end(self) -> None:
        """End the utterance; without it the face waits for more sound."""
        await self._usable_speech().end_sequence()

    async def interrupt(self) -> None:
        """Drop what the engine holds: the interrupt first, then the end of the sequence.

        Anam's own order: an end sent first would call the queued sound complete, and play on.
        """
        streaming = self._streaming
        if streaming is None:
            raise DisconnectedError("the connection is gone", provider=PROVIDER)
        streaming.send_interrupt()
        await self.end()

    def _usable_speech(self) -> AgentAudioInputStream:
        # Workaround: the SDK puts what is sent on a closed socket into a buffer that it never
        # flushes, without a word.
        if self._speech is None or self._lost.is_set() or not self._socket_open:
            detail = self._detail or "the signalling socket is closed"
            raise DisconnectedError(detail, provider=PROVIDER)
        return self._speech

    # ---------------------------------------------------------------------- the ending
    async def close(self) -> None:
        """End the session at the service and free everything. Idempotent, bounded.

        Workaround: ``AnamClient.close()`` does nothing once the SDK thinks that it is not
        streaming (any loss, a cancelled connect), and leaves socket, heartbeats and peer
        connection alive, so that the session is billed on. The streaming client's own ``close``
        ends all of it; peer connections replaced by the SDK's re-dial are closed here.
        """
        self._closing = True
        self._lost.set()
        could_tell = self._socket_open
        self._remember_peer()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait({watch})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._close_sdk()
        if self.session_id and not could_tell and not self._server_ended:
            await self._stop_by_rest(self.session_id)
            self._server_ended = True

    async def _close_sdk(self) -> None:
        """Goodbye and socket first, so that no late answer begins to connect a peer again."""
        streaming = self._streaming
        signalling = streaming._signalling_client if streaming else None
        if signalling is not None:
            if not self._server_ended:
                await signalling.send_end_session()
            try:
                await signalling.close()
            except Exception as error:
                # Best-effort cleanup: what broke the SDK's own receive task comes out here.
                logger.debug("anam: closing the signalling socket: %s", error)
        self._remember_peer()
        peers, self._peers = self._peers, []
        await asyncio.gather(*(settled(peer) for peer in peers))
        if streaming is not None:
            await streaming.close()
        await asyncio.gather(*(peer.close() for peer in peers))

    async def _stop_by_rest(self, session_id: str) -> None:
        """The way that is left when the socket, which would carry ``endsession``, is gone."""
        url = f"{self._settings.base_url.rstrip('/')}/v1/sessions/{session_id}/stop"
        headers = {"Authorization": f"Bearer {self._settings.api_key}"}
        timeout = aiohttp.ClientTimeout(total=STOP_TIMEOUT_S)
        answer = "no answer"
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
            for attempt in range(STOP_ATTEMPTS):
                await asyncio.sleep(0.25 * attempt)
                try:
                    async with http.post(url) as reply:
                        if reply.status < 500 and reply.status != 429:
                            return
                        answer = f"HTTP {reply.status}"
                except (aiohttp.ClientError, TimeoutError) as error:
                    answer = type(error).__name__
        logger.warning(
            "anam: session %s could not be stopped (%s); it is billed until the service "
            "notices by itself",
            session_id,
            answer,
        )

    # -------------------------------------------------------------------- what it tells
    async def _on_established(self) -> None:
        self._established.set()

    async def _on_ready(self) -> None:
        self._ready.set()

    async def _on_closed(self, code: str, reason: str | None) -> None:
        # After "signalling_closed" the SDK dials again by itself, with a second peer connection
        # and without the first one's state: a session half alive. We take it for lost.
        self._server_ended = self._server_ended or code == "server_closed"
        self._remember_peer()
        self._tell_lost(f"{code}: {reason}" if reason else code)

    async def _watch_socket(self) -> None:
        """Workaround: the SDK does not notice a clean close of its signalling socket at all."""
        socket = self._socket
        if socket is None:
            self._tell_lost("the signalling socket is gone")
            return
        await socket.wait_closed()
        self._tell_lost(f"the signalling socket closed ({socket.close_code})")

    def _tell_lost(self, detail: str) -> None:
        if self._closing or self._lost.is_set():
            return
        self._detail = detail
        self._lost.set()
        self._on_lost(detail)

    # ------------------------------------------------- the SDK's inside, in one place only
    @property
    def _streaming(self) -> StreamingClient | None:
        return self._client._streaming_client

    @property
    def _socket(self) -> Any:
        signalling = self._streaming._signalling_client if self._streaming else None
        return signalling._ws if signalling else None

    @property
    def _socket_open(self) -> bool:
        signalling = self._streaming._signalling_client if self._streaming else None
        return bool(signalling and signalling._is_ws_open())

    def _remember_peer(self) -> None:
        peer = self._streaming._peer_connection if self._streaming else None
        if peer is not None and peer not in self._peers:
            self._peers.append(peer)
            release_backlogs(peer)


def _reachable_candidates(base_url: str) -> contextlib.AbstractContextManager[None]:
    """Offer 127.0.0.1 as well where the service is played on this very machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return loopback_candidates(only=True) if local else contextlib.nullcontext()
