import pytest

from local.gateway.routes import Match, Router
from local.template import Function, Route


def router(*routes: str) -> Router:
    """Each route leads to a function named like the route."""
    functions = []
    for route in routes:
        method, _, path = route.partition(" ")
        declared = Route("ANY", "$default") if route == "$default" else Route(method, path)
        functions.append(Function(route, "handlers.x.handler", 3, 128, {}, routes=(declared,)))
    return Router(functions)


@pytest.mark.parametrize(
    ("routes", "request_line", "taken"),
    [
        pytest.param(["GET /a/{x}", "GET /a/b"], "GET /a/b", "GET /a/b", id="a literal wins over a variable"),
        pytest.param(["GET /{x}/c", "GET /b/{y}"], "GET /b/c", "GET /b/{y}", id="the leftmost literal wins"),
        pytest.param(
            ["POST /a/b", "GET /a/{x}"], "GET /a/b", "GET /a/{x}", id="the method is part of the match"
        ),
        pytest.param(["ANY /a", "GET /a"], "GET /a", "GET /a", id="a route's own method wins over ANY"),
        pytest.param(["ANY /a", "GET /a"], "PUT /a", "ANY /a", id="ANY takes the other methods"),
        pytest.param(
            ["GET /{p+}", "GET /a/{x}"], "GET /a/b", "GET /a/{x}", id="a full match wins over a greedy one"
        ),
        pytest.param(
            ["GET /{p+}", "GET /a/{p+}"], "GET /a/b/c", "GET /a/{p+}", id="the longer greedy route wins"
        ),
        pytest.param(
            ["GET /a/{p+}", "$default"], "GET /a", "$default", id="a greedy variable takes one part or more"
        ),
        pytest.param(["GET /a/{x}", "$default"], "GET /a/", "$default", id="a variable is never empty"),
        pytest.param(["GET /a", "$default"], "DELETE /a", "$default", id="the default takes the rest"),
        pytest.param(
            ["GET /a", "GET /a/{x}"], "GET /a/", "GET /a", id="a trailing slash falls to the route without"
        ),
        pytest.param(["GET /a/{x}"], "GET /a/b%2Fc", "GET /a/{x}", id="an encoded slash does not divide"),
        pytest.param(["GET /a:b"], "GET /a%3Ab", "GET /a:b", id="a literal may come encoded"),
        pytest.param(["GET /"], "GET /", "GET /", id="the root"),
    ],
)
def test_the_most_specific_route_is_taken(routes, request_line, taken):
    method, _, path = request_line.partition(" ")
    for order in (routes, routes[::-1]):
        match = router(*order).match(method, path)
        assert match is not None
        assert match.function == taken


def test_without_a_route_and_a_default_nothing_matches():
    assert router("GET /a").match("GET", "/b") is None


def test_variables_arrive_decoded_and_the_route_key_as_declared():
    match = router("POST /v1/functions/{name}").match("POST", "/v1/functions/x%3Ainvoke")
    key = "POST /v1/functions/{name}"
    assert match == Match(key, key, "/v1/functions/x:invoke", {"name": "x:invoke"})


def test_a_greedy_variable_holds_the_rest_of_the_path():
    match = router("GET /files/{path+}").match("GET", "/files/a/b%20c/d")
    assert match is not None
    assert match.parameters == {"path": "a/b c/d"}


def test_the_default_route_sees_the_whole_path():
    match = router("$default").match("GET", "/any/where/")
    assert match == Match("$default", "$default", "/any/where/", {})
