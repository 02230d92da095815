import errno

import pytest

from cutroom.errors import BrokenProduction, NoSpace
from cutroom.media.kinds import Text
from cutroom.media.store import Store


def text(blob):
    return Text(digest=blob.digest, suffix=".txt", bytes=blob.bytes)


def test_what_is_taken_in_can_be_read_back(tmp_path):
    store = Store(tmp_path / "store")
    media = text(store.add_bytes("Grüße 🎈".encode(), ".txt"))
    assert store.path(media).read_text("utf-8") == "Grüße 🎈"
    assert store.has(media)


def test_equal_bytes_lie_there_once(tmp_path):
    store = Store(tmp_path / "store")
    source = tmp_path / "a file.txt"
    source.write_bytes(b"same")
    assert store.add(source, ".txt") == store.add_bytes(b"same", ".txt")
    assert len([path for path in store.root.rglob("*") if path.is_file()]) == 1


def test_a_lost_blob_is_named(tmp_path):
    store = Store(tmp_path / "store")
    media = text(store.add_bytes(b"gone", ".txt"))
    store.path(media).unlink()
    assert not store.has(media)
    with pytest.raises(BrokenProduction, match="the store has lost this text"):
        store.path(media)


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(NoSpace, match="free some space"):
        store.add_bytes(b"x" * 100, ".txt")
    assert [path for path in store.root.rglob("*") if path.is_file()] == []
