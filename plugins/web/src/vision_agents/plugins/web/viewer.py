"""One page that watches: its peer connection, from offer to close."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from vision_agents.core.edge.backlog import release_backlogs
from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import close_peer
from vision_agents.plugins.web.encoding import (
    Governor,
    last_rtp_timestamp,
    prefer_codec,
    use_encoder,
)
from vision_agents.plugins.web.microphone import Microphone

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack, RTCRtpTransceiver

    from vision_agents.core.edge.call import Participant
    from vision_agents.core.media.pcm import PcmData
    from vision_agents.plugins.web.fanout import Fanout, ViewerTrack
    from vision_agents.plugins.web.settings import WebSettings
    from vision_agents.plugins.web.wire import IceServer

logger = logging.getLogger(__name__)

OPUS_PACKET = 960
"""Ticks of RTP's 48 kHz clock in 20 ms."""
ANSWER_TIMEOUT_S = 15.0
"""For gathering candidates, which asks STUN and TURN servers where some are set."""
CLOSE_TIMEOUT_S = 5.0


class OfferError(Exception):
    """An offer that no connection can be made from; the sentence is for the page."""


class Viewer:
    """Owns the peer connection and this viewer's copies of the tracks."""

    def __init__(
        self,
        participant: Participant,
        *,
        settings: WebSettings,
        ice_servers: list[IceServer],
        heard: Callable[[PcmData], None],
        connected: Callable[[], None],
    ) -> None:
        """``heard`` gets what the page's microphone picks up; neither callback may block."""
        self.participant = participant
        self._settings = settings
        self._ice_servers = ice_servers
        self._heard = heard
        self._connected = connected
        self._connection: RTCPeerConnection | None = None
        self._tracks: list[ViewerTrack] = []
        self._sound: RTCRtpTransceiver | None = None
        self.cut_rtp: int | None = None
        """RTP timestamp of the sound before which nothing need be heard; None before any cut."""
        self.was_cut = asyncio.Event()
        self._microphone: Microphone | None = None

    @property
    def is_connected(self) -> bool:
        """Whether picture and sound have a path to the page."""
        return self._connection is not None and self._connection.connectionState == "connected"

    @property
    def dropped(self) -> int:
        """Frames and packets that this viewer's senders did not take in time."""
        return sum(track.dropped for track in self._tracks)

    def cut(self) -> None:
        """Speech was cut: drop what waits for this viewer, and note what its browser may drop.

        Two packets may still be on their way through the encoder.
        """
        for track in self._tracks:
            track.clear()
        if self._sound is not None and (sent := last_rtp_timestamp(self._sound)) is not None:
            self.cut_rtp = (sent + 2 * OPUS_PACKET) % (1 << 32)
            self.was_cut.set()

    async def answer(self, offer_sdp: str, *, audio: Fanout | None, video: Fanout | None) -> str:
        """Connect to the page that made this offer; an earlier connection is closed first.

        Cancelling it leaves a half-open connection for ``close``.

        Raises:
            OfferError: the offer is malformed, shares no codec with us, or gathering candidates
                took too long.
        """
        await self.close()
        self._connection = connection = RTCPeerConnection(self._configuration())
        connection.on("track", self._on_track)
        connection.on("connectionstatechange", self._on_state)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._negotiate(connection, offer_sdp, audio, video)
        except TimeoutError as exc:
            await self.close()
            raise OfferError(
                f"no connection candidates within {ANSWER_TIMEOUT_S:.0f} s; "
                "are the servers in ice_servers reachable?"
            ) from exc
        except Exception as exc:
            # A boundary: what aiortc's SDP parser raises on text from outside is not bounded.
            await self.close()
            logger.debug("offer refused", exc_info=True)
            raise OfferError(f"this browser's offer cannot be answered: {exc}") from exc

    async def _negotiate(
        self,
        connection: RTCPeerConnection,
        offer_sdp: str,
        audio: Fanout | None,
        video: Fanout | None,
    ) -> str:
        # Sound goes both ways even before a microphone is on, so that it needs no second offer.
        sound = connection.addTransceiver(self._copy(audio) or "audio", direction="sendrecv")
        self._sound = sound
        picture = None
        if (copy := self._copy(video)) is not None:
            picture = connection.addTransceiver(copy, direction="sendonly")
            prefer_codec(picture, self._settings.codec)
        if audio is None:
            sound.direction = "recvonly"
        await connection.setRemoteDescription(
            RTCSessionDescription(sdp=_without_mdns(offer_sdp), type="offer")
        )
        release_backlogs(connection)
        if picture is not None and picture.mid is not None:
            use_encoder(
                picture,
                Governor(
                    max_bps=self._settings.bitrate_kbps * 1000,
                    min_bps=self._settings.min_bitrate_kbps * 1000,
                ),
            )
        with loopback_candidates():
            await connection.setLocalDescription()
        return connection.localDescription.sdp

    async def close(self) -> None:
        """Close the connection and end its copies of the tracks; idempotent, bounded."""
        connection, self._connection = self._connection, None
        microphone, self._microphone = self._microphone, None
        tracks, self._tracks = self._tracks, []
        self._sound = self.cut_rtp = None
        for track in tracks:
            track.stop()
        if connection is not None:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await close_peer(connection)
            except TimeoutError:
                logger.warning("%s: closing took over %g s", self.participant, CLOSE_TIMEOUT_S)
        if microphone is not None:
            await microphone.close()

    def _copy(self, fanout: Fanout | None) -> ViewerTrack | None:
        if fanout is None:
            return None
        track = fanout.track()
        self._tracks.append(track)
        return track

    def _configuration(self) -> RTCConfiguration:
        return RTCConfiguration(
            iceServers=[
                RTCIceServer(
                    urls=server.urls, username=server.username, credential=server.credential
                )
                for server in self._ice_servers
            ],
            bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        )

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio" and self._microphone is None:
            self._microphone = Microphone(track, self.participant, self._heard)

    def _on_state(self) -> None:
        if self.is_connected:
            self._connected()


def _without_mdns(sdp: str) -> str:
    """Leave out candidates with a ``.local`` name.

    Resolving one needs multicast, holds the answer up for a second where there is none, and gains
    nothing: the page reaches our addresses, and ICE learns its address from that.
    """
    lines = sdp.splitlines(keepends=True)
    return "".join(
        line for line in lines if not (line.startswith("a=candidate:") and ".local " in line)
    )
