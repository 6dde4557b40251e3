"""Front doors as declared: routes in both uses, functions of their own, names that Lambda finds."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, allow-untyped-decorators

import pytest

import lakon
from lakon.model.code import ApiHandler, AuthorizerHandler
from lakon.model.http import Url
from lakon.model.routes import INHERITED
from lakon.model.values import Declaring, Token

module_service = lakon.Service("shop")
module_api = module_service.http_api("public")


@pytest.fixture
def service():
    return lakon.Service("shop", env={"A": "1"})


def test_a_route_is_a_decorator_and_a_trigger(service):
    api = service.http_api("public", memory=512)
    route = api.get("/photos/{key}", auth=None, throttle=lakon.Throttle(rate=1, burst=2), scopes="read")

    def handler(request):
        return None

    assert route(handler) is handler
    assert (route.key, route.handler, api.routes) == ("GET /photos/{key}", handler, [route])
    assert (route.auth, route.scopes, route.status) == (None, ("read",), 200)
    report = api.post("/report")

    @service.function(on=report)
    def make(event, context):
        """Do nothing."""

    assert report.auth is INHERITED and report not in api.routes
    assert service.functions[-1].on == (report,)
    assert report.origin.file == __file__


def test_the_own_function_is_declared_with_the_first_handler(service):
    api = service.http_api("public", memory=512, timeout=3)
    api.get("/only-for-others")
    assert (service.functions, api.function) == ([], None)
    for path in ("/a", "/b"):
        api.get(path)(lambda request: None)
    [function] = service.functions
    assert function is api.function and isinstance(function.code, ApiHandler) and function.code.call is api
    assert (function.name, function.memory, function.timeout, function.env) == ("public", 512, 3, {"A": "1"})
    assert function.origin is api.origin


def test_lambda_finds_a_front_door_by_its_name(service):
    assert module_api.address() == (__name__, "module_api")
    local = service.http_api("local")
    assert local.address() is None


def test_every_method_has_its_word(service):
    api = service.rest_api("public")
    words = {word: getattr(api, word)("/x").method for word in ("get", "post", "put", "patch", "delete", "head", "any")}
    assert words == {word: word.upper() for word in words}
    assert api.options("/x").method == "OPTIONS"
    assert api.route("PURGE", "/x").method == "PURGE"


def test_an_option_that_there_is_not(service):
    api = service.http_api("public")
    with pytest.raises(TypeError, match="there is no option 'cached'; a route takes auth, scopes"):
        api.get("/", cached=True)


def test_a_mounted_application_takes_all_below_a_path(service):
    api = service.http_api("public")
    api.mount(print, path="/admin/", kind="wsgi", auth=lakon.iam())
    assert [route.key for route in api.routes] == ["ANY /admin", "ANY /admin/{proxy+}"]
    assert len({route.handler for route in api.routes}) == 1
    assert api.function is not None


def test_a_websocket_api_may_send_by_itself(service):
    jobs = service.queue("jobs")
    chat = service.websocket_api("chat", uses=jobs.send)

    @chat.connect
    def joined(request):
        """Do nothing."""

    @service.function(on=chat.disconnect)
    def left(event, context):
        """Do nothing."""

    assert [use.access for use in chat.function.uses] == ["send", "manage"]
    assert [route.key for route in (chat.connect, chat.disconnect, chat.default, chat.message("say"))] == [
        "$connect",
        "$disconnect",
        "$default",
        "say",
    ]
    assert service.functions[-1].on[0].key == "$disconnect"
    assert list(chat.variables()) == ["CHAT_WEBSOCKET_API_URL", "CHAT_WEBSOCKET_API_ENDPOINT"]


def test_addresses_answer_from_the_environment(service, monkeypatch):
    api = service.http_api("public")
    assert isinstance(api.url, Token)
    monkeypatch.setenv("PUBLIC_HTTP_API_URL", "https://x")
    assert api.url == "https://x"
    with Declaring():
        assert isinstance(api.url, Token)


def test_an_authorizer_is_a_function_of_its_own(service):
    @service.authorizer(ttl=60, identity=["header.x-a", "query.b"], memory=128)
    def check(request):
        return True

    assert check("request") is True
    [function], [authorizer] = service.functions, service.authorizers
    assert isinstance(function.code, AuthorizerHandler) and function.code.call is check
    assert (authorizer.call, authorizer.name, authorizer.ttl) == (check, "check", 60)
    assert (authorizer.identity, authorizer.kind, authorizer.answers) == (
        ("header.x-a", "query.b"),
        "request",
        "simple",
    )


def test_a_function_url_is_an_option_and_a_front_door(service):
    url = service.function_url("hook", auth="public", streaming=True)
    url.post("/")(lambda request: None)
    assert isinstance(url.function.url, Url) and (url.function.url.auth, url.function.url.streaming) == ("public", True)
    assert url.logical_id == "HookFunctionUrl"

    @service.function(url=True)
    def plain(event, context):
        """Do nothing."""

    assert service.functions[-1].url is True


def test_a_balancer_has_rules(service):
    balancer = service.load_balancer("edge", subnets=["a", "b"])
    rule = balancer.rule(paths="/x/*", methods=["GET"], hosts="x.example", headers={"x-a": "1"}, priority=3)
    assert (rule.paths, rule.methods, rule.hosts, rule.priority) == (("/x/*",), ("GET",), ("x.example",), 3)
    assert (rule.query, rule.addresses, rule.balancer) == ({}, (), balancer)


def test_sites_and_what_is_said_once(service):
    api = service.http_api("public")
    site = service.site("./public", api=api, cache={"*.html": "no-cache"}, domain=lakon.Domain("shop.example"))
    assert (site.id, site.folder, site.apis, service.sites) == ("site", "./public", (api,), [site])
    cors = lakon.Cors(origins="https://a.example", headers=["x-a", "x-b"])
    assert (cors.origins, cors.methods, cors.headers) == (("https://a.example",), ("*",), ("x-a", "x-b"))
    assert lakon.jwt("https://i", "a").audience == ("a",)
    assert lakon.UsagePlan("basic", keys="one", quota=lakon.Quota(10, "day")).keys == ("one",)
    assert service.apis == [api]
