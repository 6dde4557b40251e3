"""`go build`: many main packages at once, those of a module with equal flags in one go, the others side by side."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lakon.build.disk import temporary_name
from lakon.build.golang.module import module_of
from lakon.build.golang.work import Work
from lakon.exceptions import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lakon.build.golang.memory import Memory
    from lakon.build.golang.sources import GoSource
    from lakon.report import Reporter

_WORKERS = 4


def make(sources: Sequence[GoSource], kept: Path, memory: Memory, reporter: Reporter) -> dict[GoSource, Path]:
    """Build the sources; what each was made from is remembered. Raises BuildError with the mistakes of all of them."""
    for source in sources:
        _check_folder(source)
    with reporter.step(_told(sources)), _workshop(kept) as folder:
        return _build(sources, folder, memory, reporter)


def _told(sources: Sequence[GoSource]) -> str:
    names = list(dict.fromkeys(source.folder.name for source in sources))
    return f"building {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "") + " with Go"


def _check_folder(source: GoSource) -> None:
    if not source.folder.is_dir():
        raise BuildError(
            f"there is no folder {source.folder}",
            where=source.place,
            hint="source= names the folder of a Go program, relative to the file that declares it.",
        )
    if not any(source.folder.glob("*.go")):
        raise BuildError(
            f"there is no Go file in {source.folder}",
            where=source.place,
            hint="source= names the folder of the main package itself.",
        )


@contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    folder = temporary_name(parent)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _build(sources: Sequence[GoSource], folder: Path, memory: Memory, reporter: Reporter) -> dict[GoSource, Path]:
    groups: dict[object, list[GoSource]] = {}
    for source in sources:
        alone = source if source.form == "library" else None  # go makes one shared library at a time
        root = module_of(source.folder, source.place).root
        key = (root, source.form, source.system, source.build_tags, source.debugged, alone)
        groups.setdefault(key, []).append(source)
    works = [Work(group, folder / str(index), folder.parent, reporter) for index, group in enumerate(groups.values())]
    with ThreadPoolExecutor(_WORKERS) as pool:
        ended = [pool.submit(work.run) for work in works]
    errors = [error for future in ended if (error := future.exception())]
    _raise(errors)
    return {
        built.source: memory.keep(built.source, built.inputs, built.state, built.path)
        for future in ended
        for built in future.result()
    }


def _raise(errors: Sequence[BaseException]) -> None:
    """Raise what went wrong: one error as it is, several mistakes of the user as one."""
    told = [error for error in errors if isinstance(error, BuildError)]
    for error in errors:
        if error not in told or len(errors) == 1:
            raise error
    if told:
        places = (f"{error.where}: " if error.where else "" for error in told)
        words = [
            f"{place}{error.what}\n{error.detail or error.hint or ''}".strip()
            for place, error in zip(places, told, strict=True)
        ]
        detail = "\n\n".join(dict.fromkeys(words))
        raise BuildError(f"{len(told)} Go builds failed", detail=detail)
