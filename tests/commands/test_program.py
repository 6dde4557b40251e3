"""Finding and loading programs, and telling plainly what is wrong with them."""

# mypy: allow-untyped-defs, allow-untyped-calls

import sys
from pathlib import Path

import pytest

from lakon.commands.program import find, load
from lakon.exceptions import ProgramError, UsageError

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
    assert function.handler.__module__ == "handlers.photos"


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
