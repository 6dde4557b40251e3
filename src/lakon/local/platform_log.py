"""What Lambda itself writes about an environment: as text, as JSON, and as events of the Telemetry API.

Rests on "Configuring JSON and plain text log formats" and the "Lambda Telemetry API Event schema reference" of the
Lambda developer guide.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakon.local.telemetry import event_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakon.local.functions import Function
    from lakon.local.logs import LogStream
    from lakon.local.telemetry import Telemetry

_LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "WARNING": 3, "ERROR": 4, "FATAL": 5, "CRITICAL": 5}


@dataclass(frozen=True, slots=True)
class Status:
    """How a phase ended: success, error or timeout, and the type of the error.

    The text format tells it for what ended the environment only (`fatal`).
    """

    word: str = "success"
    error_type: str | None = None
    fatal: bool = False

    def record(self) -> dict[str, object]:
        """Its fields in a JSON record."""
        told: dict[str, object] = {"status": self.word}
        return told | ({"errorType": self.error_type} if self.error_type else {})

    def __str__(self) -> str:
        if not self.fatal:
            return ""
        return f"Status: {self.word}" + (f"\tError Type: {self.error_type}" if self.error_type else "")


class PlatformLog:
    """Writes the platform's records of one environment to its stream and tells them to its subscribers."""

    def __init__(self, function: Function, stream: LogStream, telemetry: Telemetry, initialization_type: str) -> None:
        self._function = function
        self._stream = stream
        self._telemetry = telemetry
        self._json = function.log_format == "JSON"
        self._level = _LEVELS.get(function.system_log_level, _LEVELS["INFO"])
        self._init = {"initializationType": initialization_type, "phase": "init"}

    def init_start(self) -> None:
        """The init phase begins."""
        record = self._init | {"functionName": self._function.name, "functionVersion": self._function.version}
        runtime = self._function.runtime
        version = runtime.replace("python", "python:").replace("nodejs", "nodejs:").replace("provided.", "provided:")
        self._write("platform.initStart", record, "DEBUG", f"INIT_START Runtime Version: {version}")

    def init_end(self, seconds: float, status: Status, phase: str = "init") -> None:
        """The init phase is over; in the phase "invoke" it was tried again."""
        init = self._init | {"phase": phase}
        level = "DEBUG" if status.word == "success" else "WARN"
        self._write("platform.initRuntimeDone", init | status.record(), level)
        text = f"INIT_REPORT Init Duration: {seconds * 1000:.2f} ms\tPhase: {phase}\t{status}" if status.fatal else None
        metrics = {"metrics": {"durationMs": round(seconds * 1000, 3)}}
        self._write("platform.initReport", init | status.record() | metrics, level, text)

    def start(self, request_id: str, trace_id: str) -> None:
        """An invocation begins."""
        if not self._json:
            self._stream.write(lambda: f"START RequestId: {request_id} Version: {self._function.version}")
            if not self._telemetry.active:
                return
        record: dict[str, object] = {"requestId": request_id, "version": self._function.version}
        if trace_id:
            record["tracing"] = {"type": "X-Amzn-Trace-Id", "value": trace_id}
        self._write("platform.start", record, "INFO")

    def runtime_done(
        self, request_id: str, status: Status, *, seconds: float, produced: int, latency: float | None
    ) -> None:
        """The runtime has done its part; extensions may not have. `latency` is how long its answer took, if it came."""
        if not (self._json or self._telemetry.active):
            return
        record = {"requestId": request_id} | status.record()
        record["metrics"] = {"durationMs": _milliseconds(seconds), "producedBytes": produced}
        if latency is not None:
            record["spans"] = [_span("responseLatency", latency), _span("runtimeOverhead", max(seconds - latency, 0))]
        self._write("platform.runtimeDone", record, "DEBUG" if status.word == "success" else "WARN")

    def end(
        self,
        request_id: str,
        status: Status,
        *,
        seconds: float,
        init_seconds: float,
        peak_memory: int | None,
        extensions_seconds: float,
    ) -> None:
        """An invocation is over. Environments made on demand are billed for their init phase too.

        `extensions_seconds` are those that extensions took after the runtime was done.
        """
        billed = math.ceil((seconds + init_seconds) * 1000)
        if not self._json:
            self._stream.write(lambda: f"END RequestId: {request_id}")
            self._stream.write(
                lambda: (
                    f"REPORT RequestId: {request_id}\tDuration: {seconds * 1000:.2f} ms\t"
                    f"Billed Duration: {billed} ms\tMemory Size: {self._function.memory} MB\t"
                    + (f"Max Memory Used: {peak_memory} MB\t" if peak_memory is not None else "")
                    + (f"Init Duration: {init_seconds * 1000:.2f} ms\t" if init_seconds else "")
                    + str(status)
                )
            )
            if not self._telemetry.active:
                return
        duration = round(seconds * 1000, 3)
        metrics: dict[str, object] = {
            "durationMs": duration,
            "billedDurationMs": billed,
            "memorySizeMB": self._function.memory,
        }
        if peak_memory is not None:
            metrics["maxMemoryUsedMB"] = peak_memory
        if init_seconds:
            metrics["initDurationMs"] = round(init_seconds * 1000, 3)
        record = {"requestId": request_id} | status.record() | {"metrics": metrics}
        if extensions_seconds:
            record["spans"] = [_span("extensionOverhead", extensions_seconds)]
        self._write("platform.report", record, "INFO" if status.word == "success" else "WARN")

    def extension(self, name: str, state: str, events: Sequence[str], error_type: str | None = None) -> None:
        """An extension is initialised, or failed."""
        error = f"\tError Type: {error_type}" if error_type else ""
        text = f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{','.join(events)}]{error}"
        record: dict[str, object] = {"name": name, "state": state, "events": list(events)}
        if error_type:
            record["errorType"] = error_type
        self._write("platform.extension", record, "WARN" if error_type else "INFO", text)

    def subscribed(self, name: str, types: Sequence[str]) -> None:
        """An extension subscribed to telemetry."""
        text = f"TELEMETRY\tName: {name}\tState: Subscribed\tTypes: [{', '.join(types)}]"
        record = {"name": name, "state": "Subscribed", "types": list(types)}
        self._write("platform.telemetrySubscription", record, "INFO", text)

    def notice(self, message: str) -> None:
        """A word of Lakon's own, in no format but text."""
        self._stream.write(message)

    def _write(self, kind: str, record: object, level: str, text: str | None = None) -> None:
        if self._json:
            if _LEVELS[level] >= self._level:
                self._stream.write(event_line(kind, record))
        elif text is not None:
            self._stream.write(text)
        self._telemetry.tell(kind, record)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _span(name: str, seconds: float) -> dict[str, object]:
    """A part of an invocation that ends now."""
    start = datetime.fromtimestamp(time.time() - seconds, UTC).isoformat(timespec="milliseconds")
    return {"name": name, "start": start.replace("+00:00", "Z"), "durationMs": _milliseconds(seconds)}


class FunctionLog:
    """Writes what a function's own processes print; in the JSON format, only what is as grave as is wanted.

    `kind` is function or extension, as the Telemetry API tells them apart. A record without a level and a time of its
    own counts as INFO.
    """

    def __init__(self, kind: str, function: Function, stream: LogStream, telemetry: Telemetry) -> None:
        self._kind = kind
        self._stream = stream
        self._telemetry = telemetry
        self._json = function.log_format == "JSON"
        self._level = _LEVELS.get(function.log_level or "INFO", _LEVELS["INFO"]) if self._json else 0

    def write(self, message: str, milliseconds: int | None = None) -> None:
        """One record; `milliseconds` is its time since the epoch, now by default."""
        record: object = message
        if self._json:
            record, level = _read(message)
            if level < self._level:
                return
        self._stream.write(message, milliseconds)
        self._telemetry.tell(self._kind, record, milliseconds)


def _read(message: str) -> tuple[object, int]:
    """The record in a line, and how grave it is."""
    if message.startswith("{"):
        try:
            record = json.loads(message)
        except (ValueError, RecursionError):
            return message, _LEVELS["INFO"]
        if "timestamp" in record:
            return record, _LEVELS.get(str(record.get("level")).upper(), _LEVELS["INFO"])
        return record, _LEVELS["INFO"]
    return message, _LEVELS["INFO"]
