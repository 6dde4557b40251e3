"""Sending files to the artifact bucket: several at once, large ones in parts. Imported when there is one to send."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from s3transfer.subscribers import BaseSubscriber

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from s3transfer.futures import TransferFuture

    from lakon.provision.session import Session
    from lakon.report import Reporter, Step


def send(session: Session, bucket: str, files: Mapping[str, Path], reporter: Reporter) -> int:
    """Put `files` under their keys into `bucket`, with checksums; return how many bytes they have.

    Raises what a client of `session` raises.
    """
    extra = {"ExpectedBucketOwner": session.account, "ChecksumAlgorithm": "SHA256"}
    total = sum(file.stat().st_size for file in files.values())
    with reporter.step(f"uploading {_megabytes(total)} to {bucket}") as step, session.transfers() as manager:
        progress = _Progress(step, total)
        futures = [
            manager.upload(str(file), bucket, key, extra_args=extra, subscribers=[progress])
            for key, file in files.items()
        ]
        for future in futures:
            future.result()
    return total


class _Progress(BaseSubscriber):
    """Adds up what several transfers have sent, and tells the step."""

    def __init__(self, step: Step, total: int) -> None:
        self._step, self._total, self._sent = step, total, 0
        self._lock = threading.Lock()

    def on_progress(self, future: TransferFuture, bytes_transferred: int, **_: object) -> None:  # noqa: ARG002 - s3transfer's
        with self._lock:
            self._sent += bytes_transferred
            self._step.update(f"{_megabytes(self._sent)} of {_megabytes(self._total)}")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
