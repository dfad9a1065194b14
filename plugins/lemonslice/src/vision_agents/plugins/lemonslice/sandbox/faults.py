"""What the stand-in can be told to do wrong, and how fast its clocks run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vision_agents.plugins.livekit.sandbox import WorkerFaults


@dataclass(slots=True)
class Faults:
    """Switches of the stand-in; they may be changed while it runs. Times are seconds.

    The defaults are a service that behaves and starts at once.
    """

    status: dict[str, int] = field(default_factory=dict)
    """Call (``create``, ``control``, ``get``) to the status it answers with."""
    fail_times: int | None = None
    """How many of the answers in ``status`` fail before the call recovers; None: all."""
    body_not_json: bool = False
    """Failing answers carry HTML, as a proxy in front of the service would send."""
    answer_delay_s: float = 0.0
    """How long a ``create`` takes to answer."""
    hang_control: bool = False
    """A ``control`` call is never answered, and does nothing."""
    old_schema: bool = False
    """The fields and events that are newer than the first public schema are refused with 400."""

    worker: WorkerFaults = field(default_factory=WorkerFaults)
    """What the worker in the room does wrong."""
    render_latency_s: float = 0.5
    """From the first sound received to the first played; the real one takes 1.0 to 1.1 s."""
    fatal_error_after_s: float | None = None
    """A fatal error is told, and the avatar leaves, this long after the first speech."""
    size_after_s: float | None = None
    """The picture changes its size this long after the worker is ready."""
    concurrency: int | None = None
    """Sessions at once; more are refused with 403."""
    max_session_s: float = 1800.0


NAMED_FAULTS: dict[str, dict[str, Any]] = {
    "wrong-key": {"status": {"create": 401}},
    "no-credits": {"status": {"create": 402}},
    "not-allowed": {"status": {"create": 403}},
    "unknown-agent": {"status": {"create": 404}},
    "rate-limited": {"status": {"create": 429}},
    "server-error": {"status": {"create": 500}},
    "flaky-start": {"status": {"create": 503}, "fail_times": 2},
    "html-errors": {"status": {"create": 502}, "body_not_json": True},
    "control-hangs": {"hang_control": True},
    "control-fails": {"status": {"control": 500}},
    "slow-answer": {"answer_delay_s": 5.0},
    "old-schema": {"old_schema": True},
    "one-session": {"concurrency": 1},
    "short-cap": {"max_session_s": 20.0},
    "fatal-error": {"fatal_error_after_s": 1.0},
    "size-changes": {"size_after_s": 5.0},
}
NAMED_WORKER_FAULTS: dict[str, dict[str, Any]] = {
    "cold-start": {"join_delay_s": 5.0},
    "never-joins": {"never_join": True},
    "no-video": {"no_video": True},
    "no-clear-reply": {"no_clear_reply": True},
    "late-clear-reply": {"late_clear_reply_s": 2.0},
    "no-finished": {"no_finished": True},
    "early-finished": {"early_finished": True},
    "no-started": {"no_started": True},
    "leaves": {"leave_after_s": 1.0},
    "freezes": {"freeze_after_s": 1.0},
}


def named(names: tuple[str, ...]) -> Faults:
    """The faults with these names, all switched on.

    Raises:
        ValueError: a name that is none of ours; the message has them all.
    """
    faults = Faults()
    for name in names:
        if name in NAMED_FAULTS:
            target: object = faults
            values = NAMED_FAULTS[name]
        elif name in NAMED_WORKER_FAULTS:
            target, values = faults.worker, NAMED_WORKER_FAULTS[name]
        else:
            known = ", ".join([*NAMED_FAULTS, *NAMED_WORKER_FAULTS])
            raise ValueError(f"no fault named {name!r}; there are: {known}")
        for attribute, value in values.items():
            setattr(target, attribute, value)
    return faults
