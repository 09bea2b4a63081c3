"""What stands around every page: errors, zones, navigation; and that templates use no name that nobody gives."""

from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import meta, nodes
from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup

from duetime.core.access import Feature
from duetime.web import pages
from duetime.web.pages import overview
from duetime.web.pages.charts import HEIGHT, WIDTH, Series, bar_chart, nice_top
from duetime.web.pages.flash import MESSAGES
from duetime.web.pages.navigation import navigation_for
from duetime.web.pages.paths import own_path
from duetime.web.pages.rendering import TEMPLATES, PageContext, environment
from duetime.web.pages.zones import OFFERED, zone_named

HTML = {"Accept": "text/html"}
BY_THE_FRAME = frozenset({"frame"})


def contexts(kind: type[PageContext] = PageContext) -> Iterator[type[PageContext]]:
    """Yield every page's context class, those derived from others too."""
    for module in iter_modules(pages.__path__):
        import_module(f"{pages.__name__}.{module.name}")
    for each in kind.__subclasses__():
        yield each
        yield from contexts(each)


def own_names(template: nodes.Template) -> set[str]:
    """Return the macros that a template has and imports: its blocks see them too."""
    imported = [name for each in template.find_all(nodes.FromImport) for name in each.names]
    names = {name if isinstance(name, str) else name[1] for name in imported}
    return names | {macro.name for macro in template.find_all(nodes.Macro)}


def test_templates_use_no_name_that_their_context_lacks() -> None:
    checked = 0
    for kind in contexts():
        template = getattr(kind, "template", None)
        if template is None:
            continue
        parsed = environment().parse((TEMPLATES / template).read_text(encoding="utf-8"))
        used = meta.find_undeclared_variables(parsed) - own_names(parsed)
        given_names = {field.name for field in fields(kind)} | BY_THE_FRAME | set(environment().globals)
        assert used <= given_names, (template, used - given_names)
        checked += 1
    assert checked > 10


def test_nothing_in_a_template_leaves_out_escaping() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        body = text.partition("#}")[2] if text.startswith("{#") else text
        assert "|safe" not in body.replace(" ", ""), path
        assert "autoescape" not in body, path
        assert " style=" not in body, path
        assert " onclick=" not in body, path


def test_errors_are_pages_for_people_and_problems_for_programs(as_: As) -> None:
    client = as_(ADMIN)
    page = client.get("/events/4711", headers=HTML)
    assert page.status_code == 404
    assert "Not Found" in Markup(page.text).text
    assert client.get("/events/4711").headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/events/4711", headers=HTML).headers["content-type"] == "application/problem+json"


def test_a_fault_is_a_page_with_the_same_headers(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(overview, "overview_numbers", fault)
    answer = as_(ADMIN).get("/scheduled-events", headers=HTML)
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == as_(ADMIN).get("/events").headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "its log says more" in Markup(answer.text).text
    assert "hunter2" not in answer.text


def test_nobody_is_sent_to_sign_in_and_back(as_: As) -> None:
    client = as_(None)
    sent = client.get("/events?status=held&q=%26", headers=HTML, follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?next=%2Fevents%3Fstatus%3Dheld%26q%3D%2526"
    part = client.get("/events", headers={**HTML, "HX-Request": "true"}, follow_redirects=False)
    assert part.status_code == 401
    assert part.headers["hx-redirect"] == "/login?next=%2Fevents"
    assert client.get("/events").status_code == 401


def test_times_are_shown_in_the_zone_that_is_asked_for_and_it_is_remembered(as_: As) -> None:
    client = as_(ADMIN)
    assert "Z</time>" in client.get("/scheduled-events").text
    assert "+05:30</time>" in client.get("/scheduled-events?zone=Asia/Kolkata").text
    assert "+05:30</time>" in client.get("/scheduled-events").text
    answer = client.get("/scheduled-events?zone=%0d%0aSet-Cookie:%20x=y")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_only_known_sentences_are_said_after_a_change(as_: As) -> None:
    client = as_(ADMIN)
    assert MESSAGES["event-cancelled"] in Markup(client.get("/events?done=event-cancelled").text).text
    assert "free beer" not in client.get("/events?done=free+beer").text.split("<footer")[0]


def test_the_navigation_shows_what_may_be_opened() -> None:
    links = [entry.path for group in navigation_for(visitor(feature=Feature.HISTORY)) for entry in group.entries]
    assert links == ["/scheduled-events/history"]
    assert navigation_for(None) == ()


def test_a_theme_that_was_chosen_is_written_by_the_server(as_: As) -> None:
    client = as_(ADMIN)
    assert 'data-theme="auto"' in client.get("/events").text
    client.cookies.set("duetime_theme", "dark")
    assert 'data-theme="dark"' in client.get("/events").text
    client.cookies.set("duetime_theme", '"><script>')
    assert 'data-theme="auto"' in client.get("/events").text


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\nb", None])
def test_another_sites_address_is_no_path_of_ours(path: str | None) -> None:
    assert own_path(path) == "/"
    assert own_path("/events?x=1") == "/events?x=1"


def test_zones() -> None:
    assert zone_named("Mars/Olympus") is None
    assert zone_named("../../etc/passwd") is None
    assert OFFERED[0] == "UTC"
    assert all(zone_named(name) is not None for name in OFFERED)


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=40), min_size=1, max_size=6))
def test_bars_stay_inside_of_their_chart_and_stand_on_each_other(values: list[list[int]]) -> None:
    columns = min(map(len, values))
    series = [Series(f"s{n}", f"t{n}", tuple(each[:columns])) for n, each in enumerate(values)]
    chart = bar_chart("runs", [str(n) for n in range(columns)], series)
    assert len(chart.bars) == sum(1 for each in series for value in each.values if value)
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH
        assert bar.y >= 0
        assert bar.y + bar.height <= HEIGHT
        assert bar.height >= 0
    assert chart.total == sum(sum(each.values) for each in series)


@given(st.integers(0, 10**9))
def test_the_top_of_an_axis_is_no_less_than_what_stands_below_it(most: int) -> None:
    top = nice_top(most)
    assert top >= most
    assert top % 2 == 0
    assert top <= max(2, 5 * most)
