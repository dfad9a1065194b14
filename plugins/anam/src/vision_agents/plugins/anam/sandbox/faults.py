"""What the stand-in can be told to do wrong, and how fast its clocks run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Refusal:
    """What ``POST /v1/engine/session`` answers instead of a session."""

    status: int
    body: str
    content_type: str = "application/json"


@dataclass(slots=True)
class Faults:
    """Switches of the stand-in; they may be changed while it runs. Times are seconds.

    The defaults are a service that behaves, at 320x240 VP8: small enough for two cores.
    """

    refuse: Refusal | None = None
    refuse_times: int | None = None
    """How many calls are refused before the service recovers; None: all."""
    answer_delay_s: float = 0.0
    """How long the REST call takes."""
    refuse_socket: int | None = None
    """The HTTP status a dial of the signalling socket gets."""
    concurrency: int | None = None
    max_session_s: float | None = None

    answer: Literal["normal", "none", "no-candidates"] = "normal"
    """What the offer gets: an answer, nothing, or one that ICE can only fail on."""
    never_ready: bool = False
    ready_delay_s: float = 0.1
    refuse_redial: bool = False

    deaf_at_end: bool = False
    """Neither ``endsession`` nor a stop by REST is answered, and the socket is left open."""

    width: int = 320
    height: int = 240
    render_latency_s: float = 0.5
    linger_after_interrupt_s: float = 0.0
    """The old utterance goes on this long after an interrupt."""
    loss: float = 0.0
    """Share of media packets that never leave."""
    jitter_s: float = 0.0
    """Media packets leave up to this much later, each by its own."""

    heartbeat_timeout_s: float | None = 15.0
    """Without a heartbeat for this long the session is ended; None: never."""


NAMED_FAULTS: dict[str, dict[str, Any]] = {
    "wrong-key": {"refuse": Refusal(401, '{"error": "Unauthorized"}')},
    "no-plan": {"refuse": Refusal(402, '{"error": "No plan found"}')},
    "forbidden": {"refuse": Refusal(403, '{"error": "Model not allowed"}')},
    "unknown-avatar": {"refuse": Refusal(404, '{"error": "Persona not found"}')},
    "concurrency": {"refuse": Refusal(429, '{"error": "Concurrent session limit reached"}')},
    "spend-cap": {"refuse": Refusal(429, '{"error": "Spend cap reached"}')},
    "usage-limit": {"refuse": Refusal(429, '{"error": "Usage limit reached"}')},
    "busy": {"refuse": Refusal(503, '{"error": "No engine available"}')},
    "busy-once": {
        "refuse": Refusal(503, '{"error": "No engine available"}'),
        "refuse_times": 1,
    },
    "html-errors": {"refuse": Refusal(502, "<html>bad gateway</html>", "text/html")},
    "slow": {"answer_delay_s": 30.0},
    "no-answer": {"answer": "none"},
    "no-ice": {"answer": "no-candidates"},
    "never-ready": {"never_ready": True},
    "lossy": {"loss": 0.02, "jitter_s": 0.04},
    "short-sessions": {"max_session_s": 20.0},
}
"""What ``vision-agents sandbox anam --fault NAME`` takes."""
