"""Which addresses may be asked: the server itself, and for files the hosts that a person listed."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from cutroom.errors import GiveUp
from cutroom.net.exchange import Endpoint
from cutroom.net.secret import hide

_PORTS = {"http": 80, "https": 443}


def address(endpoint: Endpoint, path: str, *, linked: bool = False) -> tuple[str, bool]:
    """The whole address of `path` at `endpoint`, and whether it is the endpoint's own (only then the key goes along).

    A `path` is joined below the endpoint's address; a `linked` one, which came in an answer, is resolved as a browser
    does it, so that ``/files/1.png`` begins at the host's root. A whole address, or one that begins with ``//``, must be on the
    endpoint's own scheme, host and port, or on one of its `hosts`. Raises GiveUp otherwise: an answer of a server is
    data, and cannot send us to an address that nobody configured.
    """
    base = urlsplit(endpoint.url)
    whole_address = "://" in path.partition("?")[0] or path.startswith("//")
    if not whole_address and not (linked and path.startswith("/")):
        bare, _, query = path.partition("?")
        whole = base._replace(path=f"{base.path}/{bare.lstrip('/')}", query=_joined(base.query, query))
        return whole.geturl(), True
    return _checked(endpoint, endpoint.url, path)


def onward(endpoint: Endpoint, asked: str, location: str) -> tuple[str, bool]:
    """Where a redirect from `asked` to `location` leads, under the rules of `address`."""
    return _checked(endpoint, asked, location)


def _checked(endpoint: Endpoint, come_from: str, link: str) -> tuple[str, bool]:
    base = urlsplit(endpoint.url)
    try:
        url = urljoin(come_from, link)
        parts = urlsplit(url)
        there = (parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme))
    except ValueError as error:
        raise GiveUp(f"{endpoint.shown} names an address that is none: {hide(link)[:120]!r}") from error
    if there == (base.scheme, base.hostname, base.port or _PORTS[base.scheme]):
        return url, True
    safe = parts.scheme == "https" or (parts.scheme == "http" and base.scheme == "http")
    host = parts.hostname or ""
    if safe and any(_is(host, listed) for listed in endpoint.hosts):
        return url, False
    raise GiveUp(
        f"{endpoint.shown} sends us on to another place, {parts.scheme}://{parts.netloc.rpartition('@')[2][:100]}: refused; "
        f'if that is right, add hosts = ["{host[:80]}"] to the model in cutroom.toml'
    )


def _is(host: str, listed: str) -> bool:
    """True when `host` is the one listed, or lies below ``*.`` one."""
    listed = listed.lower()
    return host.endswith(listed[1:]) and host != listed[2:] if listed.startswith("*.") else host == listed


def _joined(*queries: str) -> str:
    return urlencode([pair for query in queries for pair in parse_qsl(query, keep_blank_values=True)])
