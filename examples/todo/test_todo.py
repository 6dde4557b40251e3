"""The whole service on this machine: the TodoBackend specification over HTTP, its own document, and real browsers."""

import json
import re
import shutil
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

LIMIT = 20_000  # milliseconds that a browser waits for something to be so


@pytest.fixture(scope="module")
def cloud(lakon_local):
    with lakon_local("app.py") as cloud:
        yield cloud


@pytest.fixture
def root(cloud):
    """The address of an empty list."""
    address = f"{cloud.url('public')}/todos"
    ask(address, "DELETE")
    return address


def ask(address, method="GET", said=None, headers=None):
    body = None if said is None else json.dumps(said).encode()
    told = {"content-type": "application/json"} if body else {}
    with urlopen(Request(address, body, {**told, **(headers or {})}, method=method)) as answer:
        return json.loads(answer.read() or b"null")


def test_the_root_answers_and_takes_what_is_posted(root):
    assert ask(root) == []
    assert ask(root, "POST", {"title": "a todo"})["title"] == "a todo"
    assert ask(root, "DELETE") is None
    assert ask(root) == []


def test_a_new_todo_is_listed_is_not_done_and_has_an_address(root):
    ask(root, "POST", {"title": "walk the dog"})
    (todo,) = ask(root)
    assert todo["title"] == "walk the dog"
    assert todo["completed"] is False
    assert ask(todo["url"]) == todo


def test_a_todo_is_changed_through_its_address(root):
    todo = ask(root, "POST", {"title": "initial title"})
    assert ask(todo["url"], "PATCH", {"title": "bathe the cat"})["title"] == "bathe the cat"
    assert ask(todo["url"], "PATCH", {"completed": True})["completed"] is True
    for found in (ask(todo["url"]), ask(root)[0]):
        assert (found["title"], found["completed"]) == ("bathe the cat", True)


def test_a_todo_keeps_its_order_and_another_one_can_be_given(root):
    todo = ask(root, "POST", {"title": "blah", "order": 523})
    assert todo["order"] == 523
    assert ask(todo["url"], "PATCH", {"order": 95})["order"] == 95
    assert ask(todo["url"])["order"] == 95


def test_a_todo_is_removed_through_its_address(root):
    todo = ask(root, "POST", {"title": "to be gone"})
    assert ask(todo["url"], "DELETE") is None
    assert ask(root) == []
    assert refused(todo["url"])[0] == 404


def test_what_does_not_fit_is_refused_in_words(root):
    status, said = refused(root, "POST", {"order": "first"})
    assert status == 422
    assert {each["field"] for each in json.loads(said)["errors"]} == {"title", "order"}


def test_a_page_of_any_origin_may_ask(root):
    asked = {"origin": "https://todobackend.example", "access-control-request-method": "PATCH"}
    with urlopen(Request(root, headers=asked, method="OPTIONS")) as leave:
        assert leave.headers["access-control-allow-origin"] == "*"
        assert leave.headers["access-control-allow-methods"] == "*"
    with urlopen(Request(root, headers={"origin": "https://todobackend.example"})) as answer:
        assert answer.headers["access-control-allow-origin"] == "*"


def test_the_service_does_what_its_document_says(cloud):
    """Requests made of the document, some right and some wrong, and answers held against it."""
    hypothesis = pytest.importorskip("hypothesis")
    schemathesis = pytest.importorskip("schemathesis")
    document = ask(f"{cloud.url('public')}/_lakon/openapi.json")
    checks = pytest.importorskip("schemathesis.specs.openapi.checks")  # it documents no error that a handler raises
    schema = schemathesis.openapi.from_dict(document)
    calm = hypothesis.settings(max_examples=8, deadline=None, database=None, derandomize=True)
    calm = hypothesis.settings(calm, suppress_health_check=list(hypothesis.HealthCheck))
    names = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        names.add(operation.label)

        @calm
        @hypothesis.given(case=operation.as_strategy())
        def holds(case):
            case.call_and_validate(base_url=cloud.url("public"), excluded_checks=[checks.status_code_conformance])

        holds()
    assert names == {
        *("GET /todos", "POST /todos", "DELETE /todos"),
        *("GET /todos/{id}", "PATCH /todos/{id}", "DELETE /todos/{id}"),
    }


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_the_site_in_a_real_browser(cloud, root, browser):
    with browser.new_context() as context:
        page, watching = context.new_page(), context.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        watching.goto(f"{cloud.url('site')}/watch")
        watching.locator("#live", has_text="live").wait_for(timeout=LIMIT)
        page.goto(cloud.url("site"))
        page.locator("#live", has_text="live").wait_for(timeout=LIMIT)

        page.fill("#title", "walk the dog")
        page.press("#title", "Enter")
        line = page.locator("#todos li", has_text="walk the dog")
        line.wait_for(timeout=LIMIT)
        watching.locator("#changes li", has_text="added: walk the dog").wait_for(timeout=LIMIT)

        line.locator("input").check()
        watching.locator("#changes li", has_text="changed: walk the dog").wait_for(timeout=LIMIT)
        assert [todo["completed"] for todo in ask(root)] == [True]

        ask(root, "POST", {"title": "from elsewhere"})
        page.locator("#todos li", has_text="from elsewhere").wait_for(timeout=LIMIT)

        line.locator("button").click()
        line.wait_for(state="detached", timeout=LIMIT)
        watching.locator("#changes li", has_text="removed: walk the dog").wait_for(timeout=LIMIT)
        assert [todo["title"] for todo in ask(root)] == ["from elsewhere"]
        assert problems == []


def test_paths_of_the_site(cloud, browser):
    with browser.new_context() as context:
        page = context.new_page()
        assert page.goto(f"{cloud.url('site')}/nowhere").status == 404
        assert "Not here" in page.content()


def test_the_page_that_tries_the_api(cloud, root, browser):
    ask(root, "POST", {"title": "seen from the page"})
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{cloud.url('public')}/_lakon/")
        operation = page.locator("details", has=page.locator("b", has_text=re.compile("^GET$"))).first
        operation.locator("summary").click()
        operation.locator("button", has_text="Try").click()
        operation.locator("pre", has_text="seen from the page").wait_for(timeout=LIMIT)


def refused(address, method="GET", said=None):
    """The status and the words of a refusal."""
    with pytest.raises(HTTPError) as error:
        ask(address, method, said)
    with error.value:
        return error.value.code, error.value.read()
