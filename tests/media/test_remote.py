"""Stores that several productions share: folders, and places behind a URL."""

import errno
import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest

from cutroom.errors import BrokenProduction, Damaged, NoSpace, TryLater, Unavailable, WrongUse
from cutroom.ledger.production import Production
from cutroom.media import store as stores
from cutroom.media.claims import Claims
from cutroom.media.kinds import Text
from cutroom.media.share import Folder, open_share, without_secrets
from cutroom.media.store import Store
from cutroom.media.takes import Known

fsspec = pytest.importorskip("fsspec")

KEY = "ab" * 32


@pytest.fixture(params=["folder", "file", "memory"])
def url(request, tmp_path):
    """A place to share: by path, by URL, and one that is no folder at all."""
    if request.param == "memory":
        return f"memory://shared-{uuid4().hex}"
    return str(tmp_path / "shared") if request.param == "folder" else (tmp_path / "shared here").as_uri()


@pytest.fixture
def two(url, tmp_path):
    return [Store(tmp_path / name, open_share(url)) for name in ("one", "two")]


def text(blob):
    return Text(digest=blob.digest, suffix=".txt", bytes=blob.bytes)


def known(media, key=KEY, **more):
    return Known(key=key, media=media, performer="p", version="1", currency="USD", wall_seconds=Fraction(1, 2), **more)


def test_what_one_takes_in_the_other_has(two):
    one, two = two
    media = text(one.add_bytes(b"made once", ".txt"))
    assert two.has(media)
    assert two.path(media).read_bytes() == b"made once"
    # From now on it lies here: the share is not needed to read it.
    assert Store(two.root).path(media).read_bytes() == b"made once"


def test_nobody_can_be_handed_damaged_bytes_by_the_other(two):
    one, two = two
    media = text(one.add_bytes(b"made once", ".txt"))
    name = f"{media.digest[:2]}/{media.digest}.txt"
    one.share.write(name, b"maid once")
    with pytest.raises(Damaged):
        two.path(media)
    assert not two.has(media)
    # Whoever makes it again puts it right for both.
    two.add_bytes(b"made once", ".txt")
    assert one.share.read(name) == b"made once"


def test_damage_here_is_mended_from_there(two):
    one, two = two
    media = text(one.add_bytes(b"made once", ".txt"))
    place = two.path(media)
    place.unlink()  # it may be a second name of the very file that is shared
    place.write_bytes(b"maid once")
    stores._INTACT.clear()
    assert two.path(media).read_bytes() == b"made once"


def test_a_take_is_known_to_the_other_once_its_bytes_are_there(two):
    one, two = two
    media = text(one.add_bytes(b"dear", ".txt"))
    assert two.takes.find(KEY) is None
    one.takes.keep(known(media, cost=Decimal("1.20")))
    found = two.takes.find(KEY)
    assert (found.media, found.cost, found.wall_seconds) == (media, Decimal("1.20"), Fraction(1, 2))


def test_the_first_record_stays_while_its_bytes_are_there(two):
    one, two = two
    first, second = (
        text(store.add_bytes(words, ".txt")) for store, words in zip(two_of(one, two), (b"1", b"2"), strict=True)
    )
    one.takes.keep(known(first))
    two.takes.keep(known(second))
    assert one.takes.find(KEY).media == first


def two_of(*stores):
    return stores


@pytest.mark.parametrize("written", [b"", b"{", b"[]", b'{"key": "other"}', b"\xff\xfe"])
def test_a_record_that_cannot_be_read_is_as_if_there_were_none(two, written):
    one, two = two
    one.share.write(f"takes/ab/{KEY}.json", written)
    assert two.takes.find(KEY) is None
    media = text(two.add_bytes(b"anew", ".txt"))
    two.takes.keep(known(media))
    assert one.takes.find(KEY).media == media


def test_a_key_that_is_no_key_opens_no_file(two):
    one, _ = two
    assert one.takes.find("../../ledger") is None


def test_names_tell_everything_that_is_shared(two):
    one, _ = two
    blob = one.add_bytes(b"12345", ".txt")
    assert list(one.share.names()) == [(f"{blob.digest[:2]}/{blob.digest}.txt", 5)]


# -- claims --------------------------------------------------------------------------------------------------------


def quick(store, patience=0.2):
    """The claims of a store, for people in a hurry."""
    return Claims(store.share.claims()._book, beat=0.02, patience=patience)


@pytest.fixture
def claims(two):
    both = [quick(store) for store in two]
    yield both
    for one in both:
        one.close()


def test_a_key_is_held_by_one_at_a_time(claims):
    one, two = claims
    held = one.take(KEY)
    assert two.take(KEY) is None
    held.let_go(settled=True)
    later = two.take(KEY)
    assert later.fence > held.fence
    assert one.take("cd" * 32) is not None


def test_a_holder_that_beats_is_waited_for_however_long_it_takes(claims):
    one, two = claims
    held = one.take(KEY)
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        assert two.take(KEY) is None
        time.sleep(0.05)
    held.let_go(settled=True)


def test_a_holder_that_is_silent_loses_its_key_and_cannot_harm_the_next(claims):
    one, two = claims
    held = one.take(KEY)
    held.note("job-7")
    one.close()  # its machine is gone: no beat any more
    while (taken := two.take(KEY)) is None:
        time.sleep(0.05)
    assert taken.job == "job-7"  # asked for its result, not called again
    held.let_go(settled=True)
    assert quick_look(two, KEY).fence == taken.fence
    assert quick_look(two, KEY).holder is not None


def quick_look(claims, key):
    return claims._book.read(key)


def test_of_many_at_once_one_gets_the_key(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from cutroom.media.share import Folder\n"
        "Path(sys.argv[2]).touch()\n"
        "while not Path(sys.argv[1], 'go').exists(): time.sleep(0.005)\n"
        f"claim = Folder(Path(sys.argv[1])).claims().take('{KEY}')\n"
        "print('mine' if claim else 'not mine', flush=True); time.sleep(1 if claim else 0)"
    )
    shared = tmp_path / "shared"
    shared.mkdir()
    started = [tmp_path / f"started{number}" for number in range(4)]
    crowd = [
        subprocess.Popen([sys.executable, "-c", code, shared, mark], stdout=subprocess.PIPE, text=True)
        for mark in started
    ]
    while not all(mark.exists() for mark in started):
        time.sleep(0.01)
    (shared / "go").touch()
    said = sorted(process.communicate(timeout=30)[0].strip() for process in crowd)
    assert said == ["mine", "not mine", "not mine", "not mine"]


def test_a_dead_process_of_this_machine_is_not_waited_for(two):
    store = two[0]
    dead = subprocess.run(
        [
            sys.executable,
            "-c",
            "from cutroom.media.holder import Holder; print(Holder.myself())",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert store.claims._book.take(KEY, None, dead)
    assert store.claims.take(KEY) is not None
    store.claims.close()


# -- what goes wrong -----------------------------------------------------------------------------------------------


def away(*_, **__):
    raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))


def test_a_share_that_is_away_costs_the_sharing_and_not_the_work(two, monkeypatch):
    one, two = two
    one.has(text(stores.Blob("0" * 64, 1)))  # it could be reached at first
    with monkeypatch.context() as patch:
        patch.setattr(type(one.share), "put", away)
        media = text(one.add_bytes(b"paid for", ".txt"))
        one.takes.keep(known(media, cost=Decimal(1)))
        assert one.path(media).read_bytes() == b"paid for"
        assert len(one.unsent()) == 2
        assert two.takes.find(KEY) is None  # never a record without its bytes
    assert Store(one.root, one.share).send_rest() == ()
    assert two.path(two.takes.find(KEY).media).read_bytes() == b"paid for"


def test_a_share_that_cannot_be_read_is_not_taken_for_empty(two, monkeypatch):
    one, _ = two
    media = text(stores.Blob("0" * 64, 1))
    monkeypatch.setattr(type(one.share), "size", away)
    monkeypatch.setattr(type(one.share), "fetch", away)
    with pytest.raises(TryLater, match=r"shared store .* cannot be reached"):
        one.has(media)
    with pytest.raises(TryLater, match="run the same command again"):
        one.path(media)


def test_a_folder_without_a_parent_is_a_slip(tmp_path):
    with pytest.raises(WrongUse, match=r"--store .*/typo/takes: there is no folder .*typo; make it first"):
        Store(tmp_path / "own", Folder(tmp_path / "typo" / "takes")).add_bytes(b"x", ".txt")


def test_a_kind_of_url_that_nobody_knows_says_what_to_install(tmp_path):
    with pytest.raises(Unavailable, match="--store nosuch://bucket"):
        Store(tmp_path, open_share("nosuch://bucket")).add_bytes(b"x", ".txt")


# -- the production knows its store --------------------------------------------------------------------------------


def test_a_production_remembers_its_store(tmp_path):
    shared = tmp_path / "takes"
    with Production(tmp_path / "lake.cutroom", str(shared)).journal():
        pass
    assert Production.existing(tmp_path / "lake.cutroom").store.share.url == str(shared)
    with pytest.raises(WrongUse, match=r"shares its takes at .*takes, not at .*elsewhere"):
        Production(tmp_path / "lake.cutroom", str(tmp_path / "elsewhere"))


def test_a_disk_that_is_full_when_the_store_is_written_down_leaves_the_production_free(tmp_path, monkeypatch):
    production = Production(tmp_path / "lake.cutroom", str(tmp_path / "takes"))
    with monkeypatch.context() as patch:
        patch.setattr("cutroom.media.share.os.replace", away)
        with pytest.raises(NoSpace, match="free some space"):
            production.journal()
    assert sorted(path.name for path in production.folder.glob("*.part")) == []
    with production.journal():
        assert Production(production.folder).store.share is not None


@pytest.mark.parametrize("written", ["", "[]", '{"url": 7}'])
def test_a_store_json_that_cannot_be_read_is_named(tmp_path, written):
    (tmp_path / "lake.cutroom").mkdir()
    (tmp_path / "lake.cutroom" / "store.json").write_text(written, "utf-8")
    with pytest.raises(BrokenProduction, match=r"store\.json: .*name the store again: --store"):
        Production(tmp_path / "lake.cutroom")


def test_passwords_are_never_written_down(tmp_path):
    url = "sftp://me:secret@example.com/takes?token=hidden"
    with pytest.raises((Unavailable, TryLater)) as told, Production(tmp_path / "lake.cutroom", url).journal():
        Production(tmp_path / "lake.cutroom").store.add_bytes(b"x", ".txt")
    written = (tmp_path / "lake.cutroom" / "store.json").read_text("utf-8")
    assert json.loads(written)["url"] == without_secrets(url) == "sftp://example.com/takes"
    assert "secret" not in f"{written}{told.value}"
