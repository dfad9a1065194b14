"""Errors carry data and make their own sentence; the drawn tree is the real one."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from vision_agents.core import conflicts, errors


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)(?: \((\w+)\))?", errors.__doc__ or "")
    real = {
        name: cls
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, errors.VisionAgentsError) and cls is not errors.VisionAgentsError
    }
    assert {name for name, _ in drawn} == set(real)
    assert {*real, "VisionAgentsError"} == set(errors.__all__)
    for name, builtin in drawn:
        if builtin:
            assert any(base.__name__ == builtin for base in real[name].__mro__)


@pytest.mark.parametrize(
    ("kind", "retryable"),
    [
        (errors.AuthError, False),
        (errors.QuotaError, False),
        (errors.BusyError, True),
        (errors.ProtocolError, False),
        (errors.DisconnectedError, True),
    ],
)
def test_a_provider_error_says_who_what_and_whether_to_retry(
    kind: type[errors.ProviderError], retryable: bool
) -> None:
    error = kind("it said no", provider="anam", status_code=418)
    assert str(error) == "anam: it said no (HTTP 418)"
    assert (error.retryable, error.status_code) == (retryable, 418)
    assert kind("x", provider="p", retryable=not retryable).retryable is not retryable


def test_a_timeout_names_the_phase() -> None:
    error = errors.ProviderTimeoutError("signalling", provider="anam", timeout_s=2.5)
    assert str(error) == "anam: no answer within 2.5 s while waiting for: signalling"
    assert error.retryable
    assert error.phase == "signalling"


def test_a_stalled_stream_says_how_long_and_how_much() -> None:
    error = errors.StreamStalledError(5.0, 30.04)
    assert "waited 5 s" in str(error)
    assert "30.0 s" in str(error)


def _install(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_the_peers_wheel_is_noticed_by_name(tmp_path: Path) -> None:
    _install(tmp_path, "vision-agents-core", "0.1.0")
    _install(tmp_path, "vision-agents-anam", "0.1.0")
    conflicts.check_installation([str(tmp_path)])
    _install(tmp_path, "vision-agents", "0.6.9")
    with pytest.raises(errors.ConflictError) as caught:
        conflicts.check_installation([str(tmp_path)])
    assert (caught.value.distribution, caught.value.version) == ("vision-agents", "0.6.9")
    assert "pip uninstall vision-agents && pip install --force-reinstall" in str(caught.value)
