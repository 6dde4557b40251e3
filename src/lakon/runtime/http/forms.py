"""Bodies of forms: urlencoded, and multipart with files. Ships into Lambda. See RFC 7578."""

from __future__ import annotations

from lakon.runtime.http.response import HTTPError
from lakon.runtime.http.values import File, Form, parameter, parse_query


def parse_form(kind: str, body: bytes) -> Form:
    """Read a form by its content type. Raises `lakon.HTTPError` (400, 415) where it is none."""
    essence = kind.partition(";")[0].strip().lower()
    if essence == "application/x-www-form-urlencoded":
        try:
            return Form(parse_query(body.decode()), {})
        except UnicodeDecodeError:
            raise HTTPError(400, "the form is not UTF-8") from None
    if essence == "multipart/form-data":
        boundary = parameter(kind, "boundary")
        if not boundary:
            raise HTTPError(400, "the content type names no boundary")
        return _multipart(boundary.encode(), body)
    raise HTTPError(415, "the body is not a form")


def _multipart(boundary: bytes, body: bytes) -> Form:
    values: dict[str, list[str]] = {}
    files: dict[str, list[File]] = {}
    pieces = _pieces(b"\r\n--" + boundary, b"\r\n" + body)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise HTTPError(400, "the form ends before its last boundary")
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        headers = _headers(head)
        disposition = headers.get("content-disposition", "")
        name = parameter(disposition, "name")
        if not gap or name is None:
            raise HTTPError(400, "a part of the form has no name")
        file = _file_name(disposition)
        if file is None:
            values.setdefault(name, []).append(content.decode(errors="replace"))
        else:
            kind = headers.get("content-type", "application/octet-stream")
            files.setdefault(name, []).append(File(file, kind, content))
    return Form(values, files)


def _pieces(delimiter: bytes, body: bytes) -> list[bytes]:
    """What stands between the delimiters: a longer one that begins like them is none."""
    pieces: list[bytes] = []
    for piece in body.split(delimiter):
        if not pieces or piece.startswith((b"\r\n", b"--")):
            pieces.append(piece)
        else:
            pieces[-1] += delimiter + piece
    return pieces


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode(errors="replace").split("\r\n")
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _file_name(disposition: str) -> str | None:
    extended = parameter(disposition, "filename*")
    if extended is not None and extended.lower().startswith("utf-8''"):
        from urllib.parse import unquote

        return unquote(extended[7:])
    return parameter(disposition, "filename")
