"""LiveAvatar's REST calls, their answers as records and their refusals as this framework's errors.

Source: the provider's OpenAPI description 0.1.0 and published SDKs, read in August 2026. Sources
disagree about the envelope's ``code`` of a success, so the HTTP status decides.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vision_agents.core.errors import AuthError, BusyError, ProtocolError, ProviderError, QuotaError
from vision_agents.plugins.livekit.rest import RestClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings

PROVIDER = "liveavatar"
STOP_ATTEMPTS = 2
STOP_TIMEOUT_S = 1.5


@dataclass(frozen=True, slots=True)
class SessionToken:
    """The right to start one session; costs nothing until it is used."""

    session_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session that is being billed until it is stopped. The addresses carry authority."""

    session_id: str
    ws_url: str = field(repr=False)
    livekit_url: str = field(repr=False)
    livekit_token: str = field(repr=False)
    max_session_s: float | None = None


class LiveAvatarApi:
    """REST client of one account. Owns its HTTP connections; close it.

    Every call raises ``ProviderError`` or one of its kinds, with the HTTP status where there was
    one, and is bounded in time.
    """

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._rest = RestClient(base_url, provider=PROVIDER, headers={"X-API-KEY": api_key})

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._rest.close()

    async def create_token(self, settings: LiveAvatarSettings) -> SessionToken:
        """Ask for the right to start one LITE session with these settings."""
        body: dict[str, Any] = {
            "mode": "LITE",
            "avatar_id": settings.avatar_id,
            "is_sandbox": settings.is_sandbox,
            "video_settings": {
                "quality": settings.video_quality,
                "encoding": settings.video_encoding,
            },
        }
        if settings.max_session_duration is not None:
            body["max_session_duration"] = settings.max_session_duration
        with _explained():
            answer = await self._rest.request(
                "POST", "/v1/sessions/token", body=body, phase="session token"
            )
        data = _data(answer)
        return SessionToken(_text(data, "session_id"), _text(data, "session_token"))

    async def start(self, token: SessionToken) -> StartedSession:
        """Start the session; from here on it costs credits until ``stop``."""
        headers = {"Authorization": f"Bearer {token.token}"}
        rest = RestClient(self._base_url, provider=PROVIDER, headers=headers)
        try:
            with _explained():
                answer = await rest.request(
                    "POST", "/v1/sessions/start", body={}, phase="session start"
                )
        finally:
            await rest.close()
        data = _data(answer)
        cap = data.get("max_session_duration")
        return StartedSession(
            session_id=_text(data, "session_id"),
            ws_url=_text(data, "ws_url"),
            livekit_url=_text(data, "livekit_url"),
            livekit_token=_text(data, "livekit_client_token"),
            max_session_s=float(cap) if isinstance(cap, int | float) and cap > 0 else None,
        )

    async def stop(self, session_id: str, reason: str) -> None:
        """End the session at the service, so that it is no longer billed.

        Tried twice within four seconds. A session that is already over is no error: the
        service answers 400 or 404 then.
        """
        try:
            await self._rest.request(
                "POST",
                "/v1/sessions/stop",
                body={"session_id": session_id, "reason": reason},
                phase="session stop",
                timeout_s=STOP_TIMEOUT_S,
                attempts=STOP_ATTEMPTS,
            )
        except ProviderError as error:
            if error.status_code not in (400, 404):
                raise

    async def credits_left(self) -> float:
        """How many credits the account has; costs nothing and proves the key."""
        with _explained():
            answer = await self._rest.request("GET", "/v1/users/credits", phase="credits")
        left = _data(answer).get("credits_left")
        if not isinstance(left, int | float):
            raise ProtocolError("the answer holds no 'credits_left'", provider=PROVIDER)
        return float(left)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Give a refusal its kind where the service tells it by words alone, and name the mend."""
    try:
        yield
    except ProviderError as error:
        raise _refined(error) from error


def _refined(error: ProviderError) -> ProviderError:
    told, status = error.reason.lower(), error.status_code
    if status is None:
        return error
    if status == 401:
        mend = "check LIVEAVATAR_API_KEY (keys of HeyGen's other products do not work here)"
        return AuthError(f"{error.reason}; {mend}", provider=PROVIDER, status_code=status)
    if status == 404:
        reason = f"{error.reason}; check LIVEAVATAR_AVATAR_ID"
        return ProtocolError(reason, provider=PROVIDER, status_code=status)
    if status in (400, 403) and "concurren" in told:
        return BusyError(error.reason, provider=PROVIDER, status_code=status)
    if status in (400, 403) and "credit" in told:
        return QuotaError(error.reason, provider=PROVIDER, status_code=status)
    return error


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ProtocolError(f"the answer holds no {key!r}", provider=PROVIDER)
    return value
