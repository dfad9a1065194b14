"""What went wrong with a session, as one of the project's errors and as the session's end."""

from __future__ import annotations

import traceback
from pathlib import Path

from vision_agents.core.avatars.provider.policy import PHASE_TIMEOUT_S
from vision_agents.core.avatars.provider.session import EndReason, SessionEnd
from vision_agents.core.errors import (
    DisconnectedError,
    ProtocolError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
)


def as_error(exc: Exception, *, provider: str, waiting_for: str, timeout_s: float) -> ProviderError:
    """``exc`` as one of our kinds. Foreign texts may hold secrets: only the type is named."""
    if isinstance(exc, ProviderError):
        return exc
    if isinstance(exc, TimeoutError):
        limit_s = min(timeout_s, PHASE_TIMEOUT_S)
        return ProviderTimeoutError(waiting_for, provider=provider, timeout_s=limit_s)
    what = f"{type(exc).__name__} at {_origin(exc)}"
    if isinstance(exc, OSError):
        return DisconnectedError(
            f"the connection failed ({what}) while waiting for: {waiting_for}", provider=provider
        )
    return ProtocolError(f"unexpected {what} while waiting for: {waiting_for}", provider=provider)


def as_end(error: ProviderError) -> SessionEnd:
    """The end of a session that ``error`` brought about."""
    reason = EndReason.DISCONNECTED if error.retryable else EndReason.FAILED
    return SessionEnd(reason, error.reason, error)


def final_error(end: SessionEnd, *, provider: str) -> ProviderError:
    """What stands for the end of a session that no further one follows."""
    if end.error is not None:
        return end.error
    kind = QuotaError if end.reason is EndReason.QUOTA else DisconnectedError
    return kind(str(end), provider=provider, retryable=False)


def _origin(exc: Exception) -> str:
    """File and line that raised ``exc``."""
    frames = traceback.extract_tb(exc.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
