"""The tools Lakon installs for itself: whole or not at all, and a clear word when it cannot be."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lakon.exceptions import LocalError
from lakon.local import installs
from lakon.local.runtime_api import Ending, Invocation, RuntimeApi

from .hosting import serving


def test_registry_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKON_CACHE", str(tmp_path))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(LocalError) as failure:
        installs.ensure_emulator()
    assert failure.value.what.startswith("could not install ministack==1.5.33")
    assert "pip install" in str(failure.value.where)
    assert failure.value.detail
    assert "Check the network" in str(failure.value.hint)
    assert not installs.emulator_installed()
    assert list(installs.emulator_folder().parent.iterdir()) == []


def test_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("LAKON_CACHE", str(tmp_path / "cache"))
    with pytest.raises(LocalError, match="could not install ministack") as failure:
        installs.ensure_emulator()
    assert str(failure.value.where).startswith(str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("error: Failed to install: six\n  cause: failed to copy: No space left on device (os error 28)", "Free some"),
        (
            "error: Failed to open `/x`\n  cause: Permission denied (os error 13)",
            "Check the permissions",
        ),
        ("error: Failed to fetch: `http://127.0.0.1:9/simple/six/`\n  cause: Connection refused", "Check the network"),
        ("cause: Because six was not found in the package registry", "does not have it"),
        ("error: Querying Python at `/x/bin/python3` failed with exit status signal: 9 (SIGKILL)", "None"),
    ],
)
def test_uv_is_understood(words: str, hint: str) -> None:
    assert hint in str(installs.hint_for(words))


def test_two_processes_at_once_and_a_broken_interpreter(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "environment"
    program = (
        "import sys\nfrom pathlib import Path\nfrom lakon.local import installs\n"
        "print(installs.ensure_environment(Path(sys.argv[1]), installs.base_python(), ['iniconfig']))\n"
    )

    def install(_: int) -> str:
        command = [sys.executable, "-c", program, str(folder)]
        return subprocess.check_output(command, text=True).strip()

    with ThreadPoolExecutor(2) as pool:
        [one, other] = pool.map(install, range(2))
    assert one == other == str(folder / "bin" / "python")
    assert list(folder.parent.iterdir()) == [folder]
    subprocess.run([one, "-c", "import iniconfig"], check=True)
    Path(one).unlink()
    Path(one).symlink_to("/nowhere/python")
    assert install(0) == one
    subprocess.run([one, "-c", "import iniconfig"], check=True)


@pytest.mark.parametrize("native", [True, False])
def test_runtime_client(native: bool, tmp_path: Path) -> None:
    """AWS's client, with its native part and with ours, on our Runtime API."""
    if native and not installs.python_runtime_installed():
        pytest.skip("the client has no wheel for this platform")
    python = installs.ensure_python_runtime(installs.base_python(), installs.HOST_PYTHON, native=native)
    (tmp_path / "app.py").write_text(
        "import runtime_client\n"
        "def handler(event, context):\n"
        "    if event is None:\n"
        "        raise LookupError(runtime_client.__file__)\n"
        "    return [event, context.aws_request_id, context.client_context.custom]\n"
    )

    async def scenario() -> None:
        api = RuntimeApi()
        async with serving(api) as address:
            process = await asyncio.create_subprocess_exec(
                python, "-m", "awslambdaric", "app.handler", cwd=tmp_path, env={"AWS_LAMBDA_RUNTIME_API": address}
            )
            try:
                assert await api.ended is Ending.DONE
                context = '{"custom": {"n": 1}}'
                given = Invocation("id-1", '"é"'.encode(), "arn", 9_999_999_999_999, client_context=context)
                assert await api.submit(given) is Ending.DONE
                assert api.answer is not None
                assert json.loads(api.answer.body) == ["é", "id-1", {"n": 1}]
                assert await api.submit(Invocation("id-2", b"null", "arn", 9_999_999_999_999)) is Ending.DONE
                assert api.answer.error_type
                assert b"LookupError" in api.answer.body
                assert (b"runtime_client.py" in api.answer.body) is not native
            finally:
                process.kill()
                await process.wait()

    asyncio.run(asyncio.wait_for(scenario(), 30))
