"""The floor: the open sessions and the voice, of whom one is heard. Carries out and tells."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.director import Decision, What
from vision_agents.core.avatars.provider.machine import Machine
from vision_agents.core.avatars.provider.mouth import Mouth, Voice
from vision_agents.core.avatars.provider.session import EndReason

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.director import Director
    from vision_agents.core.avatars.provider.link import Link
    from vision_agents.core.avatars.provider.outlet import Outlet
    from vision_agents.core.avatars.provider.reporting import Reporter
    from vision_agents.core.avatars.provider.voice import PlainVoice
    from vision_agents.core.avatars.synchronizer import AVSynchronizer


class Floor:
    """Carries out what the director decides, and tells who has the floor when that changes."""

    def __init__(
        self,
        *,
        director: Director,
        voice: PlainVoice,
        outlet: Outlet,
        engine: AVSynchronizer,
        reporter: Reporter,
    ) -> None:
        self.links: dict[Mouth, Link] = {}
        """The open sessions."""
        self.machine = Machine(time.monotonic())
        self._director = director
        self._voice = voice
        self._outlet = outlet
        self._engine = engine
        self._report = reporter
        self._holder: Mouth | Voice | None = None  # as it was told last
        self._latency_s: float | None = None  # as it was measured last
        self._why_voice = "the first session takes long to open"

    @property
    def playing(self) -> Link | None:
        """The session that is heard; ``None`` where it is the voice, or nobody yet."""
        playing = self._director.playing
        return self.links.get(playing) if isinstance(playing, Mouth) else None

    # --------------------------------------------------------------------------- who comes and goes
    def enter(self, link: Link, *, opening_s: float) -> None:
        """A session is open. ``opening_s`` is how long its successor may take to open."""
        mouth = link.enter(self._director.script, latency_s=self._latency_s, opening_s=opening_s)
        self.links[mouth] = link
        if link.reception.first_picture is not None:
            self._engine.set_idle_frame(link.reception.first_picture)
        self._director.ready(mouth)

    def leave(self, link: Link, why: str) -> None:
        """A session is over: whoever is left goes on."""
        assert link.mouth is not None
        self.forget(link)
        self._director.gone(link.mouth, now_s=time.monotonic())
        self._why_voice = why

    def forget(self, link: Link) -> None:
        """A session is disconnected, or about to be: nothing is asked of it any more."""
        if link.mouth is not None:
            self.links.pop(link.mouth, None)

    def degrade(self, reason: str) -> None:
        """No session is to be had for now, or for good."""
        now_s = time.monotonic()
        self._why_voice = reason
        self._director.without_sessions(now_s=now_s)
        self._report.changed(self.machine.degrade(now_s, reason))

    # ------------------------------------------------------------------------------- who is heard
    def cut(self) -> None:
        """Barge-in: nothing that has arrived is spoken any more, and the sessions are told."""
        for link in self.links.values():
            link.reception.drop_held()
        for decision in self._director.cut(now_s=time.monotonic()):
            self._carry_out(decision)
        for link in self.links.values():
            link.wake()

    def plan(self) -> None:
        """Let the director look at the present, carry out what it says, tell what changed."""
        now_s = time.monotonic()
        for decision in self._director.plan(now_s):
            self._carry_out(decision)
        self._note_holder(now_s)
        if isinstance(self._holder, Mouth):
            self._latency_s = self._holder.measured_latency_s or self._latency_s
            speaking = self._director.unspoken
            self._report.changed(self.machine.up(now_s, speaking=speaking))
        self._outlet.tell_ends()
        self.wake()

    def wake(self) -> None:
        """Let whoever speaks, or is about to, look for work."""
        for mouth in (self._director.playing, self._director.feeding):
            if isinstance(mouth, Mouth) and mouth in self.links:
                self.links[mouth].wake()
        if self._director.playing is self._director.voice:
            self._voice.wake()

    def _carry_out(self, decision: Decision) -> None:
        link = self.links.get(decision.mouth)
        if link is None:
            return
        match decision.what:
            case What.RELEASED:
                link.stop(link.replace_reason)
            case What.STALLED:
                self._why_voice = decision.reason
                link.stop(EndReason.STALLED, decision.reason)
            case What.DOUBTED:
                self._why_voice = decision.reason
                link.wake()
            case What.BLIND:
                link.replace_reason = EndReason.STALLED
                link.renew_at_s = -math.inf

    def _note_holder(self, now_s: float) -> None:
        """Tell who has the floor, when that has changed."""
        holder = self._director.playing
        if holder is self._holder:
            return
        before, self._holder = self._holder, holder
        self._engine.new_source()
        if isinstance(holder, Mouth):
            self.links[holder].reception.release()
            if self.machine.faceless_since_s is not None:
                self._report.recovered(self.machine.faceless_since_s, now_s)
            if isinstance(before, Mouth) and before in self.links:
                self._report.renewed(self.links[before], self.links[holder], now_s)
        else:
            self._report.voice_only(self._why_voice)
            self._report.changed(self.machine.lost(now_s, self._why_voice))
