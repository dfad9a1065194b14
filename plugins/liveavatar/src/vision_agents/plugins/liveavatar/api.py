"""LiveAvatar's REST calls, their answers as records and their failures as this framework's errors.

Source: the provider's OpenAPI description 0.1.0 and published SDKs, read in August 2026. Sources
disagree about the envelope's ``code`` of a success, so the HTTP status decides. Nothing is retried
here: the supervisor in core retries by kind of error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from vision_agents.core.errors import (
    AuthError,
    BusyError,
    DisconnectedError,
    ProtocolError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
)

if TYPE_CHECKING:
    from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings

PROVIDER = "liveavatar"
REQUEST_TIMEOUT_S = 10.0


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
    one, and is bounded by ``REQUEST_TIMEOUT_S``.
    """

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._key_header = {"X-API-KEY": api_key}
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        self._http = aiohttp.ClientSession(timeout=timeout)

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._http.close()

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
        data = await self._post("/v1/sessions/token", self._key_header, body, "session token")
        return SessionToken(_text(data, "session_id"), _text(data, "session_token"))

    async def start(self, token: SessionToken) -> StartedSession:
        """Start the session; from here on it costs credits until ``stop``."""
        headers = {"Authorization": f"Bearer {token.token}"}
        data = await self._post("/v1/sessions/start", headers, {}, "session start")
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

        A session that is already over is no error: the service answers 400 or 404 then.
        """
        body = {"session_id": session_id, "reason": reason}
        try:
            await self._post("/v1/sessions/stop", self._key_header, body, "session stop")
        except ProviderError as error:
            if error.status_code not in (400, 404):
                raise

    async def credits_left(self) -> float:
        """How many credits the account has; costs nothing and proves the key."""
        data = await self._request("GET", "/v1/users/credits", self._key_header, None, "credits")
        left = data.get("credits_left")
        if not isinstance(left, int | float):
            raise ProtocolError("the answer holds no 'credits_left'", provider=PROVIDER)
        return float(left)

    async def _post(
        self, path: str, headers: dict[str, str], body: dict[str, Any], phase: str
    ) -> dict[str, Any]:
        return await self._request("POST", path, headers, body, phase)

    async def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any] | None,
        phase: str,
    ) -> dict[str, Any]:
        try:
            async with self._http.request(
                method, self._base_url + path, headers=headers, json=body
            ) as response:
                answer = await _json(response)
                if response.status >= 300:
                    raise _failure(response.status, answer, phase)
        except TimeoutError as error:
            raise ProviderTimeoutError(
                phase, provider=PROVIDER, timeout_s=REQUEST_TIMEOUT_S
            ) from error
        except aiohttp.ClientError as error:
            reason = f"{phase}: cannot reach {self._base_url} ({type(error).__name__})"
            raise DisconnectedError(reason, provider=PROVIDER) from error
        data = answer.get("data")
        return data if isinstance(data, dict) else {}


async def _json(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The body as an object; empty where a proxy answered with something else."""
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _failure(status: int, answer: dict[str, Any], phase: str) -> ProviderError:
    """The error of one refused call, by status first and by the service's words second."""
    message = _message(answer)
    text = message.lower()
    reason = f"{phase}: {message or 'refused without a reason'}"
    if status == 401:
        return AuthError(
            f"{reason}; check LIVEAVATAR_API_KEY (keys of HeyGen's other products do not work)",
            provider=PROVIDER,
            status_code=status,
        )
    if status == 403:
        return AuthError(reason, provider=PROVIDER, status_code=status)
    if status == 402 or "credit" in text:
        return QuotaError(reason, provider=PROVIDER, status_code=status)
    if status == 429 or "concurren" in text:
        return BusyError(reason, provider=PROVIDER, status_code=status)
    if status == 404:
        reason = f"{reason}; check LIVEAVATAR_AVATAR_ID"
    return ProviderError(reason, provider=PROVIDER, retryable=status >= 500, status_code=status)


def _message(answer: dict[str, Any]) -> str:
    """What the service says: the envelope's message, or the first field that is wrong."""
    detail = answer.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        where = ".".join(str(part) for part in detail[0].get("loc", ())[1:])
        return f"{where}: {detail[0].get('msg', 'invalid')}"
    data = answer.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict) and data[0].get("message"):
        return str(data[0]["message"])
    message = answer.get("message")
    return message if isinstance(message, str) else ""


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ProtocolError(f"the answer holds no {key!r}", provider=PROVIDER)
    return value
