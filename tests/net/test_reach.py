"""Whether anybody listens at an address."""

import socket

import pytest

from cutroom.net.reach import listens


def test_an_open_door_and_a_closed_one():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        assert listens(f"127.0.0.1:{port}")
        assert listens(f"ray://127.0.0.1:{port}")
    assert not listens(f"127.0.0.1:{port}", 1)


@pytest.mark.parametrize("address", ["127.0.0.1", "cluster", ":80", "host:port"])
def test_what_is_no_address_is_said_so(address):
    with pytest.raises(ValueError):
        listens(address)
