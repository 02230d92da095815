"""The client: what it sends, what it refuses, and which name each trouble gets."""

from __future__ import annotations

import json
import pickle
import threading
from pathlib import Path

import pytest

from cutroom.errors import Ambiguous, GiveUp, TryLater, Unavailable, WrongUse
from cutroom.net.addresses import address
from cutroom.net.client import Client, Endpoint, Request, Response, Secret
from cutroom.net.refusals import refusal, retry_after
from cutroom.testing.loopback.server import Answer, Asked, Loopback, said


class Echo(Loopback):
    """Says what it was asked."""

    def answer(self, asked: Asked) -> Answer:
        return said(
            {
                "route": asked.route,
                "query": asked.query,
                "fields": asked.fields,
                "files": {name: [len(one.data) for one in sent] for name, sent in asked.files.items()},
            }
        )


@pytest.fixture
def echo():
    with Echo() as server:
        yield server


def client(server: Loopback, **how) -> Client:
    return Client(Endpoint(server.url, **{"seconds": 5.0} | how))


def test_json_forms_and_files_arrive_as_they_were_meant(echo, tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(100_000))
    with client(echo) as one:
        assert one.send(Request("POST", "/a", json={"ü": [1]})).json()["fields"] == {"ü": [1]}
        form = one.send(Request("POST", "b", form={"x": "ä\r\n--", "empty": ""})).json()
        both = one.send(
            Request(
                "POST",
                "/c?d=e",
                form={"x": "1"},
                files=(("f", path, "a.bin", "application/x"), ("f", b"12", "b", "text/plain")),
            )
        ).json()
    assert form["fields"] == {"x": "ä\r\n--", "empty": ""}
    assert both == {"route": "POST /c", "query": {"d": "e"}, "fields": {"x": "1"}, "files": {"f": [100_000, 2]}}


def test_a_body_goes_into_a_file(echo, tmp_path):
    echo.will("GET /big", Answer(200, bytes(300_000), "video/mp4"))
    with client(echo) as one:
        answer = one.send(Request("GET", "/big", into=tmp_path / "big"))
    assert (answer.body, answer.kind, (tmp_path / "big").stat().st_size) == (b"", "video/mp4", 300_000)


def test_half_a_file_is_none(echo, tmp_path):
    echo.will("GET /big", Answer(200, bytes(300_000), cut=True))
    with client(echo) as one, pytest.raises(TryLater, match="broke off"):
        one.send(Request("GET", "/big", into=tmp_path / "big"))


@pytest.mark.parametrize("url", ["http://h:1/v1/", "http://h:1/v1", "http://h:1/v1///"])
def test_slashes_do_not_count(url):
    assert address(Endpoint(url), "/models")[0] == address(Endpoint(url), "models")[0] == "http://h:1/v1/models"


def test_what_stands_behind_the_question_mark_goes_along_and_is_not_shown():
    endpoint = Endpoint("https://h/v1?api-version=2&key=abc")
    assert address(endpoint, "/x?a=1")[0] == "https://h/v1/x?api-version=2&key=abc&a=1"
    assert endpoint.shown == "https://h/v1"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("http://h:8000/other", True),
        ("//h:8000/x", True),
        ("https://cdn.example/x", False),
        ("https://a.files.example/x", False),
    ],
)
def test_whole_addresses_on_known_hosts(path, own):
    endpoint = Endpoint("http://h:8000/v1", hosts=("cdn.example", "*.files.example"))
    assert address(endpoint, path)[1] is own


@pytest.mark.parametrize(
    "path",
    ["http://h:8001/x", "https://h:8000/x", "http://evil.example/x", "//evil.example/x", "https://files.example/x",
     "https://files.example.evil/x", "file:///etc/passwd", "ftp://cdn.example/x", "http://h:8000@evil.example/x", "http://[::1/x"],
)  # fmt: skip
def test_other_addresses_are_refused(path):
    endpoint = Endpoint("http://h:8000/v1", hosts=("cdn.example", "*.files.example"))
    with pytest.raises(GiveUp):
        address(endpoint, path)


def test_plain_http_to_a_listed_host_only_from_plain_http():
    with pytest.raises(GiveUp):
        address(Endpoint("https://h/v1", hosts=("cdn.example",)), "http://cdn.example/x")


def test_links_begin_at_the_root_and_our_own_paths_below_the_address():
    endpoint = Endpoint("http://h/api/v1")
    assert address(endpoint, "/files/1", linked=True)[0] == "http://h/files/1"
    assert address(endpoint, "/files/1")[0] == "http://h/api/v1/files/1"


@pytest.mark.parametrize("url", ["h:1", "ftp://h/", "http://", "http://u:p@h/v1", "http://h:99999/", "http://[x"])
def test_addresses_that_are_none_are_wrong_use(url):
    with pytest.raises(WrongUse):
        Endpoint(url)


def test_redirects_on_the_same_host_are_followed(echo):
    echo.will("GET /a", Answer(302, headers={"Location": "/b?c=d"}))
    echo.will("POST /a", Answer(308, headers={"Location": "/b"}))
    with client(echo) as one:
        assert one.send(Request("GET", "/a")).json()["route"] == "GET /b"
        assert one.send(Request("POST", "/a", json={"x": 1})).json() == {
            "route": "POST /b", "query": {}, "fields": {"x": 1}, "files": {},
        }  # fmt: skip


def test_circles_and_other_hosts_are_not(echo):
    echo.will("GET /a", *[Answer(302, headers={"Location": "/a"})] * 9)
    echo.will("GET /b", Answer(302, headers={"Location": "http://169.254.169.254/latest"}))
    echo.will("POST /c", Answer(303, headers={"Location": "/b"}))
    with client(echo) as one:
        for request in (Request("GET", "/a"), Request("GET", "/b"), Request("POST", "/c")):
            with pytest.raises(GiveUp):
                one.send(request)
    assert echo.calls["GET /a"] == 6
    assert echo.calls["GET /b"] == 1


def test_a_call_is_never_sent_on_to_a_listed_host(echo):
    with Echo() as other:
        target = other.host.replace("127.0.0.1", "localhost")
        echo.will("POST /a", Answer(307, headers={"Location": f"{target}/a"}))
        with client(echo, hosts=("localhost",)) as one, pytest.raises(GiveUp):
            one.send(Request("POST", "/a", json={"x": 1}))
        assert not other.calls


@pytest.mark.parametrize(
    ("answer", "paid", "error"),
    [
        (Answer(silent=True), True, Ambiguous),
        (Answer(silent=True), False, TryLater),
        (Answer(200, b"half of it", cut=True), True, Ambiguous),
        (Answer(503), True, TryLater),
        (Answer(504), True, Ambiguous),
        (Answer(504), False, TryLater),
        (Answer(400), True, GiveUp),
        (Answer(402), True, Unavailable),
        (Answer(403), True, Unavailable),
        (Answer(404), True, Unavailable),
        (Answer(501), True, Unavailable),
    ],
)
def test_troubles_have_names(echo, answer, paid, error):
    echo.will("POST /a", answer)
    with client(echo) as one, pytest.raises(error):
        one.send(Request("POST", "/a", json={}, paid=paid))


def test_a_stall_and_a_trickle_end(echo):
    echo.will("POST /a", Answer(stall=3.0), Answer(stall=3.0))
    with client(echo, seconds=0.2) as one:
        with pytest.raises(Ambiguous, match=r"within 0\.2 s"):
            one.send(Request("POST", "/a", paid=True))
        with pytest.raises(TryLater):
            one.send(Request("POST", "/a"))
    echo.will("GET /b", Answer(200, b"x" * 1024, endless=True))
    with client(echo) as one, pytest.raises(TryLater, match=r"within 0\.2 s"):
        one.send(Request("GET", "/b", seconds=0.2, into=Path("/dev/null")))


def test_statuses_that_are_wanted_come_back(echo):
    echo.will("GET /a", said({"detail": "no"}, 404))
    with client(echo) as one:
        answer = one.send(Request("GET", "/a", takes=(404,)))
    assert (answer.status, answer.json()) == (404, {"detail": "no"})


def test_the_key_is_hidden_wherever_it_comes_back(echo):
    value = "zq81-longer-than-eight-0099"
    key = Secret(value, name="STUDIO_KEY")
    echo.will("GET /a", said({"error": {"message": f"wrong key {value[:12]}*** in {value}"}}, 401))
    echo.will("GET /b", Answer(200, f"<p>{value}</p>".encode(), "text/html"))
    with client(echo, key=key) as one:
        with pytest.raises(Unavailable, match="STUDIO_KEY") as refused:
            one.send(Request("GET", "/a"))
        answer = one.send(Request("GET", "/b"))
        with pytest.raises(GiveUp) as unread:
            answer.json()
    shown = f"{refused.value} {unread.value} {answer!r} {one.endpoint!r} {key} {key!r} {key:>9} {json.dumps(str(key))}"
    assert all(value[at : at + 8] not in shown for at in range(len(value) - 7))
    assert echo.asked[0].headers["authorization"] == f"Bearer {value}"


def test_a_secret_is_pickled_by_name_only(monkeypatch):
    monkeypatch.setenv("STUDIO_KEY", "  abcdefgh12345  ")
    key = Secret.from_env("STUDIO_KEY")
    written = pickle.dumps(Endpoint("http://h", key=key))
    assert b"abcdefgh" not in written
    assert pickle.loads(written).key.reveal() == "abcdefgh12345"
    monkeypatch.delenv("STUDIO_KEY")
    with pytest.raises(Unavailable, match="STUDIO_KEY"):
        pickle.loads(written)
    with pytest.raises(TypeError):
        pickle.dumps(Secret("abc"))
    assert Secret.from_env("STUDIO_KEY") is None


@pytest.mark.parametrize("value", ["", "a\nb", "schlüssel", "a\x00"])
def test_keys_that_cannot_be_sent_are_refused_without_being_shown(value):
    with pytest.raises(WrongUse) as caught:
        Secret(value, name="STUDIO_KEY")
    assert not value or value not in str(caught.value)


def test_errors_in_every_shape_give_their_words():
    shapes = [
        {"error": {"message": "why", "code": "x"}},
        {"error": "why"},
        {"detail": [{"loc": ["body"], "msg": "why"}]},
        {"detail": "why"},
        {"message": "why"},
        [{"error": {"message": "why"}}],
    ]
    for shape in shapes:
        assert "why" in str(refusal(Response(400, body=json.dumps(shape).encode()), paid=False))
    page = Response(502, {"content-type": "text/html"}, b"<html><style>a{}</style><h1>Bad   gateway</h1></html>")
    assert "502 Bad gateway" in str(refusal(page, paid=False))
    long = Response(400, body=json.dumps({"error": "x" * 5000}).encode())
    assert len(str(refusal(long, paid=False))) < 450


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "2.5"}, 2.5), ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5), ({"retry-after": "-3"}, 0.0),
     ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0), ({"retry-after": "soon"}, None), ({"retry-after": "nan"}, None),
     ({"retry-after": "99999999"}, 86_400.0), ({}, None)],
)  # fmt: skip
def test_when_to_ask_again(headers, seconds):
    assert retry_after(headers) == seconds


def test_lines_come_as_they_are_sent_and_are_bounded(echo):
    echo.will("POST /a", Answer(200, 'data: {"ü": 1}\r\n\r\ndata: [DONE]'.encode(), "text/event-stream"))
    echo.will("POST /b", Answer(200, b"x" * 1024, "text/event-stream", endless=True))
    echo.will("POST /c", Answer(429, headers={"Retry-After": "1"}))
    with client(echo, most_bytes_held=10_000) as one:
        assert list(one.lines(Request("POST", "/a", json={}))) == ['data: {"ü": 1}', "", "data: [DONE]"]
        with pytest.raises(GiveUp, match="larger than 10000 bytes"):
            list(one.lines(Request("POST", "/b", json={})))
        with pytest.raises(TryLater):
            list(one.lines(Request("POST", "/c", json={})))


def test_one_client_serves_many_threads(echo):
    found: list[str] = []
    with client(echo) as one:

        def ask(number: int) -> None:
            found.append(one.send(Request("GET", f"/{number}")).json()["route"])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == sorted(f"GET /{number}" for number in range(32))


def test_a_client_travels_to_another_process_without_its_connections(echo):
    with client(echo) as one, pickle.loads(pickle.dumps(one)) as other:
        assert other.send(Request("GET", "/a")).status == 200


def test_a_proxy_of_the_environment_is_not_for_this_machine(echo, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with client(echo) as one:
        assert one.send(Request("GET", "/a")).status == 200
