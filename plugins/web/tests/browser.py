"""The system's Chromium on our page, and what it shows and plays."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from playwright.async_api import Browser, Page, async_playwright

from plugins.web.tests.judge import Recording
from plugins.web.tests.media import ControlAudio, ControlVideo
from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import close_peer
from vision_agents.core.testing.requirements import require_program

if TYPE_CHECKING:
    from types import TracebackType

PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
FLAGS = [
    "--headless=new",
    "--no-sandbox",  # a container's root cannot use it
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",  # the microphone beeps once a second
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",  # where there is no interface but lo
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """The browser that CHROMIUM names, or the system's; without one the test is skipped."""
    path = os.environ.get("CHROMIUM") or require_program(
        "chromium", "chromium-browser", "google-chrome", install="apt-get install chromium"
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, headless=True, args=[*FLAGS, *flags]
        )
        try:
            yield browser
        finally:
            await browser.close()


class WatchedPage:
    """Our page in a tab of its own; any script error in it fails the test that leaves it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    async def open(cls, browser: Browser, url: str, *, script: str = "", **context: Any) -> Self:
        """Go there; ``script`` runs before the page's own, ``context`` is the device."""
        page = await (await browser.new_context(**context)).new_page()
        await page.add_init_script(PROBE + script)
        watched = cls(page)
        await page.goto(url)
        return watched

    async def close(self) -> None:
        await self.page.context.close()
        assert not self.errors, self.errors

    async def words(self, text: str, *, timeout_s: float = 15) -> None:
        """Wait until the connection's words contain this."""
        words = self.page.locator("#words").filter(has_text=text)
        await words.wait_for(timeout=timeout_s * 1000)

    async def say(self, text: str) -> None:
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")

    async def interrupt(self, way: str) -> float:
        """Click the button or press a key; when the page felt it, in its ms."""
        event = "click" if way == "click" else "keydown"
        await self.page.evaluate(
            """event => { window.pressed = new Promise((done) => document.addEventListener(
                event, () => done(performance.now()), { capture: true, once: true })) }""",
            event,
        )
        if way == "click":
            await self.page.click("#interrupt")
        else:
            await self.page.keyboard.press(way)
        return float(await self.page.evaluate("pressed"))

    async def sees_a_picture(self, *, timeout_s: float = 15) -> None:
        await self.page.locator(".stage.live").wait_for(timeout=timeout_s * 1000)

    async def record(self, seconds: float, *, video: str = "#video") -> Recording:
        raw = await self.page.evaluate(
            "([video, seconds]) => record(document.querySelector(video), seconds)", [video, seconds]
        )
        connection = "control" if video == "#control" else "connections.at(-1)"
        playout_ms = await self.page.evaluate(f"playoutDelay({connection})")
        return Recording.of(raw, playout_ms=playout_ms)


class ControlPair:
    """Flash and beep put directly on tracks, seen in the same page beside ours."""

    def __init__(self, page: Page, start_s: float, *, width: int = 1280, height: int = 720) -> None:
        self._page = page
        self._audio = ControlAudio(start_s)
        self._video = ControlVideo(start_s, width=width, height=height)
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    async def __aenter__(self) -> Self:
        await self._page.expose_function("answerControl", self._answer)
        await self._page.evaluate("openControl()")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await close_peer(self._connection)

    async def _answer(self, offer_sdp: str) -> str:
        self._connection.addTransceiver(self._audio, direction="sendonly")
        self._connection.addTransceiver(self._video, direction="sendonly")
        await self._connection.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
        with loopback_candidates():
            await self._connection.setLocalDescription()
        return self._connection.localDescription.sdp
