"""What a stand-in can be told to do wrong, and how fast its clocks run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Faults:
    """Switches of the stand-in; they may be changed while it runs.

    Times are seconds. The defaults are a service that behaves; ``idle_timeout_s`` is the real one
    and is scaled down by tests.
    """

    status: dict[str, int] = field(default_factory=dict)
    """Endpoint (``token``, ``start``, ``stop``, ``keep-alive``) to the status it answers with."""
    fail_times: int | None = None
    """How many of the answers in ``status`` fail before the endpoint recovers; None: all."""
    body_not_json: bool = False
    """Failing answers carry HTML, as a proxy in front of the service would send."""
    answer_delay_s: float = 0.0
    """How long each REST call takes."""

    never_connected: bool = False
    """The socket opens, ``connected`` is never told."""
    connected_delay_s: float = 0.05
    drop_socket_every_s: float | None = None
    """The socket is cut without a close frame this long after each dial."""
    deaf_before_drop_s: float = 0.0
    """Commands that come this long before such a cut are lost with the socket."""
    refuse_redial: bool = False
    """A second dial of the same session is answered with 403."""
    silent_redial: bool = False
    """On a second socket ``connected`` is not said again; commands are taken all the same."""
    no_pong: bool = False
    """Pings are not answered."""

    deaf_at_end: bool = False
    """A stop is not answered, nor is the closing of the socket."""

    render_latency_s: float = 0.7
    no_speak_ended: bool = False
    old_dialect: bool = False
    """Older names: states ``new``/``disconnected``, ids in ``event_id``."""
    playback_family: str = "both"
    """How playback is told: ``speak`` (agent.speak_*), ``state`` (agent.state_updated), or both."""
    event_delay_s: float = 0.0
    """Playback events come this late."""
    size: tuple[int, int] | None = None
    """Width and height of the published picture; None: what the quality asks for."""
    linger_after_interrupt_s: float = 0.0
    """The old utterance goes on being published this long after an interrupt."""

    idle_timeout_s: float = 300.0
    max_session_s: float | None = None
    """The cap that is granted, whatever was asked for."""
    close_at_cap: bool = False
    """At the cap the socket is closed; otherwise the avatar falls silent and nobody is told."""
    concurrency: int | None = None
    no_room: bool = False
    """The avatar never joins the room."""
    leave_room_after_s: float | None = None
    """The avatar leaves the room this long after it joined; the socket stays open."""


NAMED_FAULTS: dict[str, dict[str, Any]] = {
    "wrong-key": {"status": {"token": 401}},
    "no-credits": {"status": {"token": 402}},
    "rate-limited": {"status": {"token": 429}},
    "server-error": {"status": {"start": 500}},
    "flaky-start": {"status": {"start": 503}, "fail_times": 2},
    "html-errors": {"status": {"token": 502}, "body_not_json": True},
    "slow": {"answer_delay_s": 3.0},
    "never-connected": {"never_connected": True},
    "socket-drops": {"drop_socket_every_s": 5.0},
    "socket-drops-commands": {"drop_socket_every_s": 5.0, "deaf_before_drop_s": 0.5},
    "redial-refused": {"drop_socket_every_s": 5.0, "refuse_redial": True},
    "no-pong": {"no_pong": True},
    "no-speak-ended": {"no_speak_ended": True},
    "late-events": {"event_delay_s": 2.0},
    "old-names": {"old_dialect": True, "playback_family": "speak"},
    "state-events-only": {"playback_family": "state"},
    "idles-out-fast": {"idle_timeout_s": 5.0},
    "short-cap": {"max_session_s": 20.0},
    "short-cap-closes": {"max_session_s": 20.0, "close_at_cap": True},
    "one-session": {"concurrency": 1},
    "no-room": {"no_room": True},
    "leaves-room": {"leave_room_after_s": 10.0},
}
"""What ``vision-agents sandbox liveavatar --fault NAME`` takes."""
