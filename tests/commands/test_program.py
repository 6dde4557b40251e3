"""Finding and loading programs, and telling plainly what is wrong with them."""

# mypy: allow-untyped-defs, allow-untyped-calls

import sys
from pathlib import Path

import pytest

from lakon.commands.describe import describe
from lakon.commands.openapi import document
from lakon.commands.program import find, load
from lakon.commands.sites import folder_of
from lakon.exceptions import ProgramError, UsageError
from lakon.model.code import PythonHandler

GOOD = 'import lakon\nservice = lakon.Service("good")\nphotos = service.bucket("photos")\n'


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_app_py_is_found_here_and_above(tmp_path):
    write(tmp_path, app_py=GOOD, deeper__other_py="")
    assert find(None, tmp_path) == tmp_path / "app.py"
    assert find(None, tmp_path / "deeper") == tmp_path / "app.py"


def test_pyproject_names_the_program(tmp_path):
    write(tmp_path, pyproject_toml='[tool.lakon]\napp = "src/shop.py"\n', src__shop_py=GOOD, app_py="")
    assert find(None, tmp_path) == tmp_path / "src" / "shop.py"
    assert load(find(None, tmp_path)).root == tmp_path


def test_a_folder_can_be_named(tmp_path):
    write(tmp_path, shop__app_py=GOOD)
    assert find("shop", tmp_path) == tmp_path / "shop" / "app.py"


def test_no_program(tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match="there is no program in") as raised:
        find(None, tmp_path)
    assert "lakon new" in str(raised.value.hint)
    write(tmp_path, shop_py=GOOD)
    with pytest.raises(UsageError) as raised:
        find(None, tmp_path)
    assert raised.value.hint == "shop.py looks like one: --app shop.py"


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"there is no program nope\.py"):
        find("nope.py", tmp_path)
    write(tmp_path, pyproject_toml='[tool.lakon]\napp = "nope.py"\n')
    with pytest.raises(UsageError, match=r"names 'nope\.py', which is not there"):
        find(None, tmp_path)


@pytest.mark.parametrize(("text", "what"), [("[tool.lakon]\napq = 1\n", "no setting 'apq'"), ("[tool", "not TOML")])
def test_a_pyproject_that_is_wrong(tmp_path, text, what):
    write(tmp_path, pyproject_toml=text, app_py=GOOD)
    with pytest.raises(UsageError, match=what):
        find(None, tmp_path)


def test_a_program_imports_its_neighbours_and_leaves_no_trace(tmp_path):
    one = write(tmp_path / "one", app_py="from helper import name\nimport lakon\ns = lakon.Service(name)\n")
    two = write(tmp_path / "two", app_py="from helper import name\nimport lakon\ns = lakon.Service(name)\n")
    write(one, helper_py='name = "one"\n')
    write(two, helper_py='name = "two"\n')
    path, modules = sys.path[:], set(sys.modules)
    assert [load(folder / "app.py").service.name for folder in (one, two, one)] == ["one", "two", "one"]
    assert sys.path == path
    assert set(sys.modules) - modules == set()


def test_handlers_keep_the_names_that_lambda_imports(tmp_path):
    write(
        tmp_path,
        app_py="import lakon\nfrom handlers.photos import stamp\ns = lakon.Service('x')\ns.function(stamp)\n",
        handlers____init___py="",
        handlers__photos_py="def stamp(event, context): ...\n",
    )
    (tmp_path / "handlers").mkdir(exist_ok=True)
    (tmp_path / "handlers" / "__init__.py").write_text("")
    [function] = load(tmp_path / "app.py").service.functions
    assert isinstance(function.code, PythonHandler)
    assert function.code.call.__module__ == "handlers.photos"


def failure(folder, text):
    with pytest.raises(ProgramError) as raised:
        load(write(folder, app_py=text) / "app.py")
    return raised.value


def test_a_syntax_error(tmp_path):
    error = failure(tmp_path, "import lakon\nservice = lakon.Service('x'\nphotos = 1\n")
    assert error.where == "app.py:2"
    assert "not Python" in error.what
    assert "lakon.Service('x'" in error.detail


def test_an_exception_is_told_with_the_users_frames_only(tmp_path):
    error = failure(tmp_path, "import lakon\n\ndef make():\n    return 1 / 0\n\nservice = lakon.Service(make())\n")
    assert error.what == "the program raises ZeroDivisionError: division by zero"
    assert error.where == "app.py:4"
    assert "in make" in error.detail
    assert "importlib" not in error.detail
    assert str(Path(load.__code__.co_filename)) not in error.detail


def test_a_wrong_word_in_a_declaration_is_the_users_line(tmp_path):
    error = failure(tmp_path, "import lakon\nservice = lakon.Service('x')\nservice.bucket('photos', colour='red')\n")
    assert error.where == "app.py:3"
    assert "colour" in error.what


def test_a_missing_module(tmp_path):
    error = failure(tmp_path, "import no_such_module_anywhere\n")
    assert "Install no_such_module_anywhere" in error.hint


def test_a_program_that_exits(tmp_path):
    error = failure(tmp_path, "import sys\nsys.exit(3)\n")
    assert "__main__" in error.hint


def test_no_service(tmp_path):
    assert failure(tmp_path, "import lakon\n").what == "the program declares no service"


def test_two_services(tmp_path):
    error = failure(tmp_path, 'import lakon\na = lakon.Service("a")\nb = lakon.Service("b")\n')
    assert error.what == "the program declares 2 services: 'a' at app.py:2, 'b' at app.py:3"


def test_one_service_under_two_names(tmp_path):
    write(tmp_path, app_py=GOOD + "alias = service\n")
    assert load(tmp_path / "app.py").service.name == "good"


def test_a_name_that_cannot_be_imported(tmp_path):
    (tmp_path / "my-app.py").write_text(GOOD)
    with pytest.raises(UsageError, match=r"cannot import a program named my-app\.py"):
        load(tmp_path / "my-app.py")


def test_the_environment_does_not_get_into_the_program(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTOS_BUCKET_NAME", "from-my-shell")
    write(tmp_path, app_py=GOOD + "name = photos.name\nservice.output('Name', name)\n")
    assert "from-my-shell" not in str(load(tmp_path / "app.py").service.outputs)


def test_a_named_folder_holds_the_program_itself(tmp_path):
    write(tmp_path, app_py=GOOD, inner__readme="", shop__main_py=GOOD)
    with pytest.raises(UsageError, match="there is no program in inner"):
        find("inner", tmp_path)
    with pytest.raises(UsageError) as raised:
        find("shop", tmp_path)
    assert raised.value.hint == "main.py looks like one: --app shop/main.py"


def test_a_program_in_src_is_suggested(tmp_path):
    (tmp_path / ".git").mkdir()
    write(tmp_path, src__app_py=GOOD)
    with pytest.raises(UsageError) as raised:
        find(None, tmp_path)
    assert raised.value.hint == "src/app.py looks like one: --app src/app.py"


def test_folders_that_others_may_write_to_are_not_climbed_into(tmp_path):
    write(tmp_path / "all", app_py=GOOD, mine__readme="")
    (tmp_path / "all").chmod(0o777)
    with pytest.raises(UsageError, match="there is no program in"):
        find(None, tmp_path / "all" / "mine")
    assert find(None, tmp_path / "all") == tmp_path / "all" / "app.py"  # where the user stands counts


def test_folders_above_the_home_folder_are_not_climbed_into(tmp_path, monkeypatch):
    write(tmp_path, app_py=GOOD, home__shop__readme="")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(UsageError, match="there is no program in"):
        find(None, tmp_path / "home" / "shop")


@pytest.mark.parametrize("app", ["/etc/passwd", "../other.py", "readme.txt"])
def test_a_program_that_is_none_of_the_project(tmp_path, app):
    (tmp_path / "other.py").touch()
    write(tmp_path / "shop", pyproject_toml=f'[tool.lakon]\napp = "{app}"\n')
    (tmp_path / "shop" / "readme.txt").touch()
    with pytest.raises(UsageError, match="no Python file of the project"):
        find(None, tmp_path / "shop")


def test_a_file_that_is_no_python(tmp_path):
    (tmp_path / "README.md").touch()
    with pytest.raises(UsageError, match=r"README\.md is no Python file"):
        find("README.md", tmp_path)


@pytest.mark.parametrize("text", ["tool = 5\n", "[tool]\nlakon = 5\n"])
def test_a_pyproject_whose_tables_are_none(tmp_path, text):
    write(tmp_path, pyproject_toml=text, app_py=GOOD)
    with pytest.raises(UsageError, match="is 5, and no table"):
        find(None, tmp_path)
    with pytest.raises(UsageError, match="is 5, and no table"):
        load(tmp_path / "app.py")


@pytest.mark.parametrize("name", ["lakon", "json", "queue"])
def test_a_program_cannot_have_the_name_of_a_module_that_it_would_hide(tmp_path, name):
    (tmp_path / f"{name}.py").write_text(GOOD)
    with pytest.raises(UsageError, match=f"cannot be named '{name}'"):
        load(tmp_path / f"{name}.py")


@pytest.mark.parametrize("line", ["from . import names", "from shop import names", "import shop.names"])
def test_a_program_in_a_package(tmp_path, line):
    write(tmp_path / "shop", __init___py="", names_py="", app_py=f"{line}\n{GOOD}")
    (tmp_path / "shop" / "__init__.py").touch()
    with pytest.raises(ProgramError) as raised:
        load(tmp_path / "shop" / "app.py")
    assert '[tool.lakon] app = "shop/app.py"' in str(raised.value.hint)
    write(tmp_path, pyproject_toml='[tool.lakon]\napp = "shop/app.py"\n')
    assert load(find(None, tmp_path)).service.name == "good"


def test_the_projects_own_line_is_blamed(tmp_path):
    write(tmp_path, settings_py="import json\n\nvalue = json.loads('{')\n")
    error = failure(tmp_path, "import settings\n")
    assert error.where == "settings.py:3"
    assert "decoder.py" in error.detail


def test_a_virtual_environment_in_the_project_is_not_the_projects_own(tmp_path, monkeypatch):
    packages = tmp_path / "env" / "lib" / "site-packages"
    write(packages, lakon_test_dependency_py="def fail():\n    raise LookupError('no')\n")
    monkeypatch.syspath_prepend(str(packages))
    error = failure(tmp_path, "import lakon_test_dependency\n\nlakon_test_dependency.fail()\n")
    assert error.where == "app.py:3"
    assert str(sys.modules.pop("lakon_test_dependency").__file__).startswith(str(packages))


def test_a_source_with_a_nul(tmp_path):
    error = failure(tmp_path, "import lakon\0\n")
    assert error.where.startswith("app.py")
    assert "null bytes" in error.what
    (tmp_path / "helper.py").write_bytes(b"\0")
    assert failure(tmp_path, "import lakon\nimport helper\n").where == "app.py:2"


def test_a_source_that_is_not_utf_8(tmp_path):
    (tmp_path / "app.py").write_bytes(b"import lakon\nname = '\xff'\n")
    with pytest.raises(ProgramError) as raised:
        load(tmp_path / "app.py")
    assert str(raised.value.where).startswith("app.py")


def test_what_a_program_prints_is_talk(tmp_path, capsys):
    load(write(tmp_path, app_py=f"print('hello')\n{GOOD}") / "app.py")
    assert capsys.readouterr() == ("", "hello\n")


def test_a_program_that_is_gone(tmp_path):
    with pytest.raises(ProgramError, match="the program is gone"):
        load(tmp_path / "app.py")


MODELS = """
from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TypedDict


@dataclass
class Order:
    id: uuid.UUID
    lines: list[Line]


class Line(TypedDict):
    sku: uuid.UUID
"""
SHOP = """
from __future__ import annotations

import lakon
from models import Order

service = lakon.Service("shop")
api = service.rest_api("public", validate=True)


@api.post("/orders")
def order(body: Order) -> Order:
    return body
"""


def test_annotations_that_are_texts_are_understood_when_the_program_is_loaded_no_more(tmp_path):
    program = load(write(tmp_path, app_py=SHOP, models_py=MODELS) / "app.py")
    assert not {"app", "models"} & set(sys.modules)
    schemas = document(program, None, version="1")["components"]["schemas"]
    assert schemas["Order"]["properties"]["lines"] == {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
    assert schemas["Line"]["required"] == ["sku"]
    assert [function.name for function in describe(program, stage="dev").functions] == ["public"]
    assert not {"app", "models"} & set(sys.modules)


def test_the_folder_of_a_site_lies_beside_the_program(tmp_path):
    pyproject = '[tool.lakon]\napp = "src/shop.py"\n'
    source = GOOD + 'site = service.site("./public")\n'
    program = load(find(None, write(tmp_path, pyproject_toml=pyproject, src__shop_py=source)))
    assert program.root == tmp_path
    assert folder_of(program, program.service.sites[0]) == tmp_path / "src" / "public"
