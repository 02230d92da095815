"""The client: sends requests, bounds the answers, and gives every kind of trouble its name.

This is the only file that opens connections. It goes to the configured address and to no other, and what a server
says is cut short and cleaned of secrets before anybody reads it.
"""

from __future__ import annotations

import ssl
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from cutroom.errors import Ambiguous, CutroomError, GiveUp, NoSpace, TryLater, Unavailable
from cutroom.net.addresses import address, onward
from cutroom.net.exchange import Endpoint, Part, Request, Response, beginning
from cutroom.net.refusals import refusal
from cutroom.net.secret import Secret, hide
from cutroom.version import VERSION

__all__ = ["Client", "Endpoint", "Part", "Request", "Response", "Secret"]

_CHUNK = 1 << 16
_FAILURE = 1 << 16
"""So much of a failed answer is read."""
_REDIRECTS = 5
_CONNECT = 20.0
"""In seconds."""
_IDLE = 2.0
"""How long a connection is kept for the next call, in seconds: less than servers keep theirs (uvicorn: 5), because a
call sent into a connection that the server is just closing cannot be told from one that was carried out."""


class Client:
    """Talks to one server. Safe to share between threads; in another process it opens connections of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        """A client for `endpoint`; connects when first used."""
        self.endpoint = endpoint
        # A proxy of the environment is for the world outside, never for this machine.
        self._http = httpx.Client(
            timeout=httpx.Timeout(endpoint.seconds, connect=min(_CONNECT, endpoint.seconds)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=_IDLE),
            headers={"User-Agent": f"cutroom/{VERSION}", "Accept-Encoding": "identity"},
            trust_env=not endpoint.local,
            follow_redirects=False,
        )
        self._closed = weakref.finalize(self, self._http.close)

    def __reduce__(self) -> tuple[Any, ...]:
        return Client, (self.endpoint,)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._closed()

    def send(self, request: Request) -> Response:
        """Ask, and return the answer: a status of success, or one of `request.takes`.

        Raises TryLater when the server cannot just now (or cannot be reached); Ambiguous when a paid call went out and
        no whole answer came; Unavailable when a person must set something right (key, address, model, credit); GiveUp
        when the call is refused, the answer is too large, or it leads to another host; NoSpace when the disk is full.
        """
        until = time.monotonic() + (request.seconds or self.endpoint.seconds)
        with self._asked(request) as (answer, shown):
            if not answer.is_success:
                return self._failed(answer, request, shown)
            if request.into is not None:
                self._into(answer, request.into, until, shown)
                return self._response(answer, b"", shown)
            held = bytearray()
            for chunk in self._chunks(answer, self.endpoint.most_bytes_held, until, shown):
                held += chunk
            return self._response(answer, bytes(held), shown)

    def lines(self, request: Request) -> Iterator[str]:
        """Ask, and return the lines of the answer as they come, without their ends (server-sent events: ``data: …``).

        Raises what `send` raises. Stops reading when it is closed.
        """
        with self.reading(request) as (_, lines):
            yield from lines

    @contextmanager
    def reading(self, request: Request) -> Iterator[tuple[Response, Iterator[str]]]:
        """Ask, and hand out the answer's head and then its lines as they come; reading stops when the block is left.

        One of `request.takes` comes with its body and without lines. Raises what `send` raises.
        """
        until = time.monotonic() + (request.seconds or self.endpoint.seconds)
        with self._asked(request) as (answer, shown):
            if not answer.is_success:
                yield self._failed(answer, request, shown), iter(())
            else:
                yield self._response(answer, b"", shown), self._lines(answer, until, shown)

    def _lines(self, answer: httpx.Response, until: float, shown: str) -> Iterator[str]:
        rest = b""
        for chunk in self._chunks(answer, self.endpoint.most_bytes_held, until, shown):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.rstrip(b"\r").decode("utf-8", "replace") for line in whole)
        if rest:
            yield rest.decode("utf-8", "replace")

    @contextmanager
    def _asked(self, request: Request) -> Iterator[tuple[httpx.Response, str]]:
        """The answer to `request`, its head read, redirects followed; and what was asked, for messages."""
        url, own = address(self.endpoint, request.path, linked=request.linked)
        shown = f"{request.method} {url.partition('?')[0]}"
        with ExitStack() as stack, self._named(request, shown):
            answer = self._once(request, url, stack, own=own)
            for _ in range(_REDIRECTS):
                if not (answer.is_redirect and _may_follow(request, answer)):
                    break
                url, own = onward(self.endpoint, url, answer.headers["location"])
                if not own and request.method not in ("GET", "HEAD"):
                    break
                answer = self._once(request, url, stack, own=own)
            yield answer, shown

    def _once(self, request: Request, url: str, stack: ExitStack, *, own: bool) -> httpx.Response:
        answer = self._http.send(self._built(request, url, stack, own=own), stream=True)
        stack.callback(answer.close)
        return answer

    def _built(self, request: Request, url: str, stack: ExitStack, *, own: bool) -> httpx.Request:
        headers = dict(request.headers)
        if own and self.endpoint.key is not None:
            headers.setdefault("Authorization", f"{self.endpoint.scheme} {self.endpoint.key.reveal()}")
        limit = request.seconds or self.endpoint.seconds
        timeout = httpx.Timeout(limit, connect=min(_CONNECT, limit))
        if request.form is None and not request.files:
            return self._http.build_request(request.method, url, json=request.json, headers=headers, timeout=timeout)
        parts: list[tuple[str, Any]] = [(name, (None, value.encode())) for name, value in (request.form or {}).items()]
        for name, content, file_name, kind in request.files:
            body = stack.enter_context(content.open("rb")) if isinstance(content, Path) else content
            parts.append((name, (file_name, body, kind)))
        return self._http.build_request(request.method, url, files=parts, headers=headers, timeout=timeout)

    def _failed(self, answer: httpx.Response, request: Request, shown: str) -> Response:
        """The answer when its status was expected; otherwise raises what it means."""
        body = bytearray()
        with suppress(httpx.TransportError):  # the status is the news, even when its text breaks off
            for chunk in answer.iter_bytes(_CHUNK):
                body += chunk
                if len(body) >= _FAILURE:
                    break
        response = self._response(answer, bytes(body[:_FAILURE]), shown)
        if answer.status_code in request.takes:
            return response
        key = self.endpoint.key.name if self.endpoint.key else ""
        raise refusal(response, paid=request.paid, key=key)

    def _into(self, answer: httpx.Response, path: Path, until: float, shown: str) -> None:
        try:
            with path.open("wb") as file:
                for chunk in self._chunks(answer, self.endpoint.most_bytes, until, shown):
                    file.write(chunk)
        except OSError as error:
            raise NoSpace(f"{path}: {error.strerror}; free some space, or choose another place with -o") from error
        except CutroomError:
            path.unlink(missing_ok=True)
            raise

    def _chunks(self, answer: httpx.Response, most: int, until: float, shown: str) -> Iterator[bytes]:
        """The body in pieces, up to `most` bytes and `until` then."""
        claimed = answer.headers.get("content-length", "")
        if claimed.isdecimal() and int(claimed) > most:
            raise _too_large(shown, most)
        seen = 0
        for chunk in answer.iter_bytes(_CHUNK):
            seen += len(chunk)
            if seen > most:
                raise _too_large(shown, most)
            if time.monotonic() > until:
                raise httpx.ReadTimeout("it keeps coming, but too slowly")
            yield chunk

    def _response(self, answer: httpx.Response, body: bytes, shown: str) -> Response:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, body, shown, (self.endpoint.key,) if self.endpoint.key else ())

    @contextmanager
    def _named(self, request: Request, shown: str) -> Iterator[None]:
        """Turns the transport's trouble into what it means for the work."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise self._unreached(error, shown) from None
        except httpx.TimeoutException:
            told = f"{shown}: no whole answer within {request.seconds or self.endpoint.seconds:g} s"
            raise self._unanswered(told, request) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._unanswered(f"{shown}: the answer broke off ({self._clean(error)})", request) from None
        except httpx.InvalidURL as error:
            raise GiveUp(f"{shown}: not an address ({self._clean(error)})") from None

    def _unreached(self, error: Exception, shown: str) -> CutroomError:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return Unavailable(
                    f"{shown}: its certificate is not valid here ({cause.verify_message}); if it is your own, "
                    "name its file in the environment variable SSL_CERT_FILE"
                )
            cause = cause.__cause__ or cause.__context__
        host = urlsplit(self.endpoint.url).netloc
        return TryLater(f"{shown}: cannot reach {host} ({self._clean(error)}); is the server running?")

    def _unanswered(self, told: str, request: Request) -> CutroomError:
        if request.paid:
            return Ambiguous(f"{told}; the work may have been done, and billed")
        return TryLater(told)

    def _clean(self, error: Exception) -> str:
        return beginning(hide(str(error), (self.endpoint.key,)).encode()) or type(error).__name__


def _may_follow(request: Request, answer: httpx.Response) -> bool:
    """What is sent is sent again only where the server says so (307, 308: RFC 9110, 15.4)."""
    return "location" in answer.headers and (request.method in ("GET", "HEAD") or answer.status_code in (307, 308))


def _too_large(shown: str, most: int) -> GiveUp:
    size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most} bytes"
    return GiveUp(f"{shown}: the answer is larger than {size}; refused", billed=None)
