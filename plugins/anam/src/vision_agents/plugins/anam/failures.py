"""What goes wrong in the SDK, as this framework's errors. Pure."""

from __future__ import annotations

import json

import aiohttp
from websockets.exceptions import InvalidStatus, WebSocketException

from anam.errors import AnamError, ErrorCode
from vision_agents.core.errors import (
    AuthError,
    BusyError,
    DisconnectedError,
    ProtocolError,
    ProviderError,
    QuotaError,
)

PROVIDER = "anam"

_BY_CODE: dict[ErrorCode, type[ProviderError]] = {
    ErrorCode.AUTHENTICATION_ERROR: AuthError,
    ErrorCode.NO_PLAN_FOUND: QuotaError,
    ErrorCode.SPEND_CAP_REACHED: QuotaError,
    ErrorCode.USAGE_LIMIT_REACHED: QuotaError,
    ErrorCode.CONCURRENT_SESSION_LIMIT: BusyError,
    ErrorCode.SERVICE_BUSY: BusyError,
    ErrorCode.VALIDATION_ERROR: ProtocolError,
}

# What the SDK (0.12) lets out of its REST call when an answer is no JSON object of the expected
# shape: KeyError for a missing field, AttributeError for another JSON type, and so on.
MALFORMED = (json.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError)


def as_provider_error(error: Exception, phase: str) -> ProviderError:
    """The error for whatever ``AnamClient.connect_async`` raised; never holds a key."""
    match error:
        case ProviderError():
            return error
        case AnamError():
            return _from_sdk(error, phase)
        case aiohttp.ContentTypeError():
            return _from_status(error.status, f"{phase}: the answer is no JSON")
        case aiohttp.ClientError() | OSError():
            reason = f"{phase}: no connection ({type(error).__name__})"
            return DisconnectedError(reason, provider=PROVIDER)
        case InvalidStatus():
            status = error.response.status_code
            return _from_status(status, f"{phase}: the engine refuses the socket")
        case WebSocketException():
            reason = f"{phase}: {type(error).__name__}"
            return DisconnectedError(reason, provider=PROVIDER)
        case _:
            reason = f"{phase}: the answer makes no sense ({type(error).__name__}: {error})"
            return ProtocolError(reason, provider=PROVIDER)


def _from_sdk(error: AnamError, phase: str) -> ProviderError:
    kind = _BY_CODE.get(error.code)
    reason = f"{phase}: {error.message}"
    if kind is None:
        return _from_status(error.status_code or 0, reason)
    if kind is AuthError:
        reason = f"{reason}; check ANAM_API_KEY"
    return kind(reason, provider=PROVIDER, status_code=error.status_code)


def _from_status(status: int, reason: str) -> ProviderError:
    code = status or None
    if status == 401:
        return AuthError(f"{reason}; check ANAM_API_KEY", provider=PROVIDER, status_code=code)
    if status == 403:
        return AuthError(reason, provider=PROVIDER, status_code=code)
    if status == 402:
        return QuotaError(reason, provider=PROVIDER, status_code=code)
    if status in (429, 503):
        return BusyError(reason, provider=PROVIDER, status_code=code)
    if status >= 500:
        return DisconnectedError(reason, provider=PROVIDER, status_code=code)
    if status == 404:
        reason = f"{reason}; check ANAM_AVATAR_ID"
    return ProtocolError(reason, provider=PROVIDER, status_code=code)
