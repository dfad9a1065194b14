"""JSON over HTTP to a provider's service, with its refusals turned into our errors.

No retries by default: a provider's start call opens a session even if its answer is lost, so the
whole of ``connect`` is tried again, with a room of its own. Calls that do no harm when they come
twice say ``attempts``.
"""

from __future__ import annotations

import asyncio
import json
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
    from collections.abc import Mapping

TIMEOUT_S = 10.0
RETRY_PAUSE_S = 0.5
MAX_SHOWN_CHARS = 300


class RestClient:
    """One service's REST interface. ``headers`` hold the key, which no message ever shows.

    Belongs to the event loop it is first used on; ``close`` it when done.
    """

    def __init__(self, base_url: str, *, provider: str, headers: Mapping[str, str]) -> None:
        self._base_url = base_url.rstrip("/")
        self._provider = provider
        self._headers = dict(headers)
        self._http: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        image: bytes | None = None,
        phase: str,
        timeout_s: float = TIMEOUT_S,
        attempts: int = 1,
    ) -> dict[str, Any]:
        """Send ``body`` as JSON and return the JSON object of the answer.

        With ``image``, a PNG, both go as the parts ``payload`` and ``image`` of a form.

        Raises:
            AuthError: 401, 403.
            QuotaError: 402.
            BusyError: 429.
            ProviderTimeoutError: 408, or no answer within ``timeout_s``; carries ``phase``.
            ProtocolError: any other 4xx, or an answer that is no JSON object.
            DisconnectedError: no connection, or 5xx.

        Those that are retryable are raised only when ``attempts`` are used up.
        """
        pause_s = RETRY_PAUSE_S
        for _ in range(attempts - 1):
            try:
                return await self._once(method, path, body, image, phase, timeout_s)
            except ProviderError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(pause_s)
            pause_s *= 2
        return await self._once(method, path, body, image, phase, timeout_s)

    async def close(self) -> None:
        """Release the connections; idempotent."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        image: bytes | None,
        phase: str,
        timeout_s: float,
    ) -> dict[str, Any]:
        if self._http is None:
            self._http = aiohttp.ClientSession(headers=self._headers)
        form = None if image is None else _form(body, image)
        try:
            async with self._http.request(
                method,
                f"{self._base_url}{path}",
                json=body if form is None else None,
                data=form,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as reply:
                text = await reply.text(errors="replace")
                status = reply.status
        except TimeoutError:
            raise ProviderTimeoutError(
                phase, provider=self._provider, timeout_s=timeout_s
            ) from None
        except aiohttp.ClientError as error:
            raise DisconnectedError(
                f"no connection to {self._base_url}: {error}", provider=self._provider
            ) from error
        if status >= 400:
            raise refusal(self._provider, status, text, phase=phase, timeout_s=timeout_s)
        return self._parsed(text, status, path)

    def _parsed(self, text: str, status: int, path: str) -> dict[str, Any]:
        try:
            parsed = json.loads(text) if text else {}
        except ValueError as error:
            raise ProtocolError(
                f"the answer to {path} is no JSON: {_shown(text)}",
                provider=self._provider,
                status_code=status,
            ) from error
        if not isinstance(parsed, dict):
            raise ProtocolError(
                f"the answer to {path} is no JSON object: {_shown(text)}",
                provider=self._provider,
                status_code=status,
            )
        return parsed


def _form(body: Mapping[str, Any] | None, image: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("payload", json.dumps(body or {}), content_type="application/json")
    form.add_field("image", image, filename="image.png", content_type="image/png")
    return form


def refusal(
    provider: str, status: int, text: str, *, phase: str, timeout_s: float = TIMEOUT_S
) -> ProviderError:
    """The error for an HTTP status of 400 and above; the service's own words are in it."""
    told = _detail(text)
    match status:
        case 401 | 403:
            return AuthError(told or "refused", provider=provider, status_code=status)
        case 402:
            return QuotaError(told or "payment required", provider=provider, status_code=status)
        case 408:
            return ProviderTimeoutError(
                phase, provider=provider, timeout_s=timeout_s, status_code=status
            )
        case 429:
            return BusyError(told or "too many requests", provider=provider, status_code=status)
        case _ if status >= 500:
            return DisconnectedError(
                told or "the service failed", provider=provider, status_code=status
            )
        case _:
            return ProtocolError(told or "refused", provider=provider, status_code=status)


def _detail(text: str) -> str:
    """What the service says went wrong: the usual field of a JSON error, else the text."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return _shown(text)
    if isinstance(parsed, dict):
        for key in ("detail", "message", "error"):
            if isinstance(parsed.get(key), str):
                return _shown(parsed[key])
            if isinstance(parsed.get(key), list):
                return _first_problem(parsed[key])
    return _shown(text)


def _first_problem(problems: list[Any]) -> str:
    """The first entry of a validation error as FastAPI writes it: where, and what is wrong."""
    first = problems[0] if problems else {}
    if not isinstance(first, dict):
        return _shown(str(first))
    where = ".".join(str(part) for part in first.get("loc", ())[1:])
    return _shown(f"{where}: {first.get('msg', 'invalid')}")


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_SHOWN_CHARS else line[:MAX_SHOWN_CHARS] + "..."
