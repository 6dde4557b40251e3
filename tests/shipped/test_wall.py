"""The wall: what ships into Lambda imports the standard library alone, little of it, and runs from an archive."""

# mypy: allow-untyped-defs, allow-untyped-calls

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lakon.build.bundles import SHIPPED
from lakon.commands.build import build
from lakon.commands.program import load
from lakon.report import Silent
from lakon.settings import Target

SOURCE = Path(__file__).parent.parent.parent / "src"

# What the shipped part may import. Each costs every cold start, but for os and its parts, which every program has.
ALLOWED = {"__future__", "_collections_abc", "_stat", "abc", "genericpath", "os", "os.path", "posixpath", "stat"}

# What is imported where it is used needs a little more.
BESIDE = {
    "lakon.runtime.golibrary": "ctypes",
    "lakon.runtime.inprocess": "ctypes, contextlib",
    "lakon.runtime.sidecar": "_socket",
    "lakon.runtime.webclient": "_socket",
    "lakon.runtime.web": "_socket, contextlib, json, time",
    # looked at by the first request whose handler asks for more than the request
    "lakon.runtime.http.arguments": "collections.abc, types, typing",
    "lakon.runtime.http.validation": "collections.abc, types, typing",
}

PROGRAM = """
import lakon

service = lakon.Service("walled", python="{python}")
photos = service.bucket("photos")
index = service.table("index", key="id")
jobs = service.queue("jobs")
news = service.topic("news")


@service.function(
    on=[photos.created(), jobs.messages(), news.messages(), lakon.every("1 hour"), lakon.event(source="shop")],
    uses=[photos.read, index.write, lakon.allow("s3:ListAllMyBuckets", "*")],
    alarms=[lakon.errors(), lakon.duration(p99="1s")],
    env={{"PLACE": photos.arn}},
)
def stamp(event, context):
    return {{"bucket": photos.name, "event": event}}


api = service.http_api("public", cors=lakon.Cors(origins=["https://shop.example"]), auth=lakon.jwt("https://i", "a"))
chat = service.websocket_api("chat")


@api.get("/photos/{{key}}", throttle=lakon.Throttle(rate=10, burst=20))
@chat.message("show")
def show(request):
    return {{"key": request.path["key"]}}


@api.error(ValueError)
def refuse(request, error):
    raise lakon.HTTPError(400)


if __name__ == "__main__":
    service.main()
"""


def bare(code, *paths):
    """Run code in an interpreter that has nothing but the standard library and `paths`; return what it prints."""
    prepared = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n{code}"
    environment = {"PATH": os.environ["PATH"], "PHOTOS_BUCKET_NAME": "photos-1"}
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", prepared], capture_output=True, text=True, check=True, env=environment
    ).stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walled")
    (folder / "app.py").write_text(PROGRAM.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}"))
    return folder


def modules_of_shipped():
    for shipped in SHIPPED:
        place = SOURCE / "lakon" / shipped
        for path in [place] if place.is_file() else place.rglob("*.py"):
            yield ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def test_a_program_imports_nothing_that_costs(project):
    code = "before = set(sys.modules); import app; print(*sorted(set(sys.modules) - before))"
    imported = set(bare(code, SOURCE, project).split())
    assert {name for name in imported if not name.startswith("lakon")} - {"app"} - ALLOWED == set()


@pytest.mark.parametrize("module", sorted(modules_of_shipped()))
def test_each_module_imports_nothing_that_costs(module):
    code = f"before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    imported = {name for name in bare(code, SOURCE).split() if not name.startswith("lakon")}
    beside = bare(f"import {BESIDE[module]}; print(*sys.modules)").split() if module in BESIDE else ()
    assert imported - ALLOWED - set(beside) == set()


def test_only_what_ships_is_imported(project):
    code = "import app; print(*sorted(name for name in sys.modules if name.startswith('lakon.')))"
    assert {name.split(".")[1] for name in bare(code, SOURCE, project).split()} <= {"model", "runtime"}


def test_a_program_runs_from_its_archive(project):
    built = build(load(project / "app.py"), Target(), Silent())
    archive = built.archives["PythonArchive"].path
    code = "import app, json; print(json.dumps(app.stamp({'a': 1}, None)))"
    assert json.loads(bare(code, archive)) == {"bucket": "photos-1", "event": {"a": 1}}
    event = {"routeKey": "GET /photos/{key}", "pathParameters": {"key": "a"}}
    assert bare(f"import app; print(app.api({event}, None)['body'])", archive).strip() == '{"key":"a"}'


def test_an_archive_carries_what_ships_and_no_more(project):
    built = build(load(project / "app.py"), Target(), Silent())
    names = zipfile.ZipFile(built.archives["PythonArchive"].path).namelist()
    sources = {name for name in names if not name.endswith(".pyc")}
    expected = {module.replace(".", "/") for module in modules_of_shipped()}
    assert {name.removesuffix("/__init__.py").removesuffix(".py") for name in sources} == {*expected, "app"}


def test_every_source_has_its_byte_code(project):
    built = build(load(project / "app.py"), Target(), Silent())
    names = zipfile.ZipFile(built.archives["PythonArchive"].path).namelist()
    tag = sys.implementation.cache_tag
    for name in names:
        if name.endswith(".py"):
            folder, _, file = name.rpartition("/")
            assert f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".lstrip("/") in names
