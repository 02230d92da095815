import errno
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from cutroom.errors import BrokenProduction, Damaged, NoSpace
from cutroom.media import store as stores
from cutroom.media.holder import Holder, left_behind, own_name
from cutroom.media.kinds import Text
from cutroom.media.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def text(blob):
    return Text(digest=blob.digest, suffix=".txt", bytes=blob.bytes)


def files(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


def as_another_process(store):
    """What a process that has read nothing yet would see."""
    stores._INTACT.clear()
    return Store(store.root)


def test_what_is_taken_in_can_be_read_back(store):
    media = text(store.add_bytes("Grüße 🎈".encode(), ".txt"))
    assert store.path(media).read_text("utf-8") == "Grüße 🎈"
    assert store.has(media)


def test_equal_bytes_lie_there_once(store, tmp_path):
    source = tmp_path / "a file.txt"
    source.write_bytes(b"same")
    assert store.add(source, ".txt") == store.add_bytes(b"same", ".txt")
    assert len(files(store.root)) == 1


def test_a_lost_blob_is_named(store):
    media = text(store.add_bytes(b"gone", ".txt"))
    store.path(media).unlink()
    assert not store.has(media)
    with pytest.raises(BrokenProduction, match="the store has lost this text"):
        store.path(media)


@pytest.mark.parametrize("damage", [b"thy words", b"my wor", b""], ids=["flipped", "truncated", "empty"])
def test_damaged_bytes_are_never_handed_out_and_are_set_aside(store, damage):
    media = text(store.add_bytes(b"my words!", ".txt"))
    place = store.path(media)
    place.write_bytes(damage)
    with pytest.raises(Damaged, match=r"set aside as .*\.damaged.*run the same command again"):
        as_another_process(store).path(media)
    assert not store.has(media)
    assert place.with_name(f"{place.name}.damaged").read_bytes() == damage


def test_damage_is_seen_while_the_process_runs_too(store):
    media = text(store.add_bytes(b"my words", ".txt"))
    place = store.path(media)
    place.write_bytes(b"no words")
    os.utime(place, ns=(1, 1))
    with pytest.raises(Damaged):
        store.path(media)


def test_bytes_are_compared_once_in_a_process(store, monkeypatch):
    media = text(store.add_bytes(b"read often", ".txt"))
    store = as_another_process(store)
    store.path(media)
    monkeypatch.setattr(stores, "digest_of", lambda path: pytest.fail(f"{path} was read again"))
    assert store.path(media).read_bytes() == b"read often"


@pytest.mark.parametrize("way", ["a file", "bytes", "a result"])
def test_whatever_is_taken_in_again_mends_the_damage(store, tmp_path, way):
    source = tmp_path / "photo.txt"
    source.write_bytes(b"as it was")
    media = text(store.add(source, ".txt"))
    store.path(media).write_bytes(b"as it is!")
    store = as_another_process(store)
    if way == "a file":
        store.add(source, ".txt")
    elif way == "bytes":
        store.add_bytes(b"as it was", ".txt")
    else:
        store.move_in(source, ".txt")
    assert store.path(media).read_bytes() == b"as it was"


def refusing(code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    return refuse


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
def test_what_cannot_be_read_is_not_taken_for_missing(store, monkeypatch, code):
    media = text(store.add_bytes(b"behind a bad cable", ".txt"))
    store = as_another_process(store)
    with monkeypatch.context() as patch:
        patch.setattr("os.stat", refusing(code))
        with pytest.raises(BrokenProduction, match="cannot be read") as told:
            store.has(media)
        assert not isinstance(told.value, Damaged)
    with monkeypatch.context() as patch:
        patch.setattr(stores, "digest_of", refusing(code))
        with pytest.raises(BrokenProduction, match="cannot be read"):
            store.path(media)
    assert store.path(media).read_bytes() == b"behind a bad cable"


def ways_to_write(store, tmp_path):
    """Every way into the store, made ready; each is called with the disk full."""
    source = tmp_path / "source.txt"
    source.write_bytes(b"x" * 100)
    return {
        "add": lambda: store.add(source, ".txt"),
        "add_bytes": lambda: store.add_bytes(b"y" * 100, ".txt"),
        "move_in": lambda: store.move_in(source, ".txt"),
        "scratch": store.scratch,
        "keep_note": lambda: store.keep_note("takes/ab/abcd.json", b"{}", text(stores.Blob("0" * 64, 0))),
    }


class Disk:
    """Counts the calls that write, and refuses one of them, and all later ones."""

    CALLS = (
        "os.mkdir",
        "os.replace",
        "os.fsync",
        "os.chmod",
        "pathlib.Path.mkdir",
        "pathlib.Path.chmod",
        "pathlib.Path.write_bytes",
    )

    def __init__(self, patch, full_at):
        self.count = 0
        self.full_at = full_at
        for name in self.CALLS:
            self._guard(patch, name)
        # Writing through an open file: refused by the file itself.
        real = Path.open

        def opened(path, mode="r", *args, **more):
            if set(mode) & set("wxa"):
                self.called()
            return real(path, mode, *args, **more)

        patch.setattr(Path, "open", opened)

    def _guard(self, patch, name):
        owner, _, attribute = name.rpartition(".")
        module = {"os": os, "pathlib.Path": Path}[owner]
        real = getattr(module, attribute)

        def call(*args, **more):
            self.called()
            return real(*args, **more)

        patch.setattr(module, attribute, call)

    def called(self):
        self.count += 1
        if self.count >= self.full_at:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("way", ["add", "add_bytes", "move_in", "scratch", "keep_note"])
def test_a_disk_that_is_full_at_any_write_leaves_nothing_half_made(tmp_path, monkeypatch, way):
    write = ways_to_write(Store(tmp_path / "enough"), tmp_path)[way]
    with monkeypatch.context() as patch:
        disk = Disk(patch, 1 << 30)
        write()
        calls = disk.count
    assert calls >= 1
    for number in range(1, calls + 1):
        store = Store(tmp_path / f"full at {number}")
        write = ways_to_write(store, tmp_path)[way]
        with monkeypatch.context() as patch:
            Disk(patch, number)
            with pytest.raises(NoSpace, match="free some space, or choose another place with -o"):
                write()
        for path in files(store.root):
            # What is there is whole: at most the last sync of the folder was refused.
            assert path.suffix == ".json" or stores.digest_of(path).digest == path.stem
        if way != "move_in":  # the result itself was given away
            write()
        assert not list(store.root.rglob("new-*"))


def test_a_store_that_cannot_be_written_says_so_and_can_still_be_read(store, monkeypatch):
    media = text(store.add_bytes(b"on a disc", ".txt"))
    monkeypatch.setattr(Path, "write_bytes", refusing(errno.EROFS))
    monkeypatch.setattr(Path, "mkdir", refusing(errno.EROFS))
    with pytest.raises(NoSpace, match="Read-only"):
        store.add_bytes(b"more", ".txt")
    with pytest.raises(NoSpace):
        store.scratch()
    assert store.path(media).read_bytes() == b"on a disc"


def test_damage_on_a_disk_that_cannot_be_written_is_told_all_the_same(store, monkeypatch):
    media = text(store.add_bytes(b"on a disc", ".txt"))
    store.path(media).write_bytes(b"on a bisc")
    store = as_another_process(store)
    monkeypatch.setattr("os.replace", refusing(errno.EROFS))
    with pytest.raises(Damaged):
        store.path(media)


def test_work_of_a_process_that_was_killed_is_swept_and_that_of_a_living_one_is_not(store):
    killed = (
        "import os, sys; from pathlib import Path; from cutroom.media.store import Store\n"
        "store = Store(Path(sys.argv[1])); (store.scratch() / 'half.mp4').write_bytes(b'x')\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(store.root)], check=False)
    mine = store.scratch()
    assert len(list(store.under_way())) == 2
    assert store.sweep() == 1
    assert list(store.under_way()) == [mine]


def test_a_name_tells_its_process_apart_from_a_later_one_with_the_same_number():
    name = own_name("work")
    assert not left_behind(name)
    me = Holder.myself()
    assert left_behind(name.replace(f"-{me.started}-", f"-{int(me.started) - 1}-"))
    assert not left_behind(name.replace(me.host, "another-host", 1))
    assert not left_behind("work-abc")


def test_another_process_opens_a_store_of_its_own(store):
    media = text(store.add_bytes(b"sent over", ".txt"))
    assert pickle.loads(pickle.dumps(store)).path(media).read_bytes() == b"sent over"
