"""Films say what was generated in them: signed, in XMP, and in words; and whoever changes them is found out."""

from __future__ import annotations

import hashlib
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from cutroom.errors import BadInput
from cutroom.render import signing
from cutroom.render.atoms import boxes, is_mp4, xmp_of
from cutroom.render.detecting import hash_name, read, source_of
from cutroom.render.marking import Component, Deed, Story, mark, whole

CAPTURE, RULES, TRAINED = "digitalCapture", "algorithmicMedia", "trainedAlgorithmicMedia"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("CUTROOM_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CUTROOM_CERTIFICATE", raising=False)
    monkeypatch.delenv("CUTROOM_KEY", raising=False)
    return tmp_path / "data"


@pytest.fixture
def film(make_clip) -> Path:
    return make_clip("film.mp4", sound=True, metadata={"title": "Lake"}, container_options={"movflags": "+faststart"})


@pytest.fixture
def photograph(make_picture) -> Path:
    return make_picture("lake & <hills>.jpg")


def component(
    title: str, source: str | None = RULES, by: tuple[str, str] | None = ("house/composer", "1"), **more
) -> Component:
    return Component(
        title, "ab" * 32, "audio/wav", heard_or_seen=True, source=source, about="Compose it.", by=by, **more
    )


def photo(path: Path, source: str | None = CAPTURE) -> Component:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Component(path.name, digest, "image/jpeg", heard_or_seen=True, source=source, path=path)


def story(*components: Component) -> Story:
    notes = Component("notes.md", "cd" * 32, "text/markdown", heard_or_seen=False)
    return Story("Lake", "0.1.0", (*components, notes), (Deed("c2pa.edited", "Put shots in a row"),))


def streams(path: Path) -> list[tuple]:
    with av.open(str(path)) as container:
        return [(p.stream_index, p.pts, p.dts, p.duration, bytes(p)) for p in container.demux() if p.size]


def test_a_marked_film_says_what_it_is_made_of(film, photograph, tmp_path):
    out = tmp_path / "marked.mp4"
    assert mark(film, out, story(photo(photograph), component("music"))) is None

    marks = read(out)
    assert (marks.status, marks.problems, marks.generator) == ("valid", (), "Cutroom 0.1.0")
    assert marks.source == marks.iptc == "composite"
    assert marks.comment == "Made with Cutroom 0.1.0. Made by software: music."
    placed = {action.of: action for action in marks.actions if action.action == "c2pa.placed"}
    assert placed["lake & <hills>.jpg",].source == CAPTURE
    assert (placed["music",].source, placed["music",].by, placed["music",].about) == (
        RULES,
        "house/composer 1",
        "Compose it.",
    )
    assert [action.action for action in marks.actions] == ["c2pa.created", "c2pa.placed", "c2pa.placed", "c2pa.edited"]
    told = {one.title: (one.relationship, one.sha256) for one in marks.ingredients}
    assert told["notes.md"] == ("inputTo", "cd" * 32)
    assert told["lake & <hills>.jpg"] == ("componentOf", hashlib.sha256(photograph.read_bytes()).hexdigest())


def test_picture_and_sound_keep_their_bytes_and_the_index_stays_first(film, photograph, tmp_path):
    out = tmp_path / "marked.mp4"
    mark(film, out, story(photo(photograph), component("music")))

    assert streams(out) == streams(film)
    with av.open(str(out)) as container:
        assert container.metadata["title"] == "Lake"
        assert len(list(container.decode(video=0))) == 30
    kinds = [box.kind for box in boxes(out.read_bytes())]
    assert kinds.index(b"moov") < kinds.index(b"mdat")


@pytest.mark.parametrize("movflags", ["+faststart", ""])
def test_a_second_marking_replaces_comment_and_xmp(make_clip, tmp_path, movflags):
    film = make_clip("film.mp4", sound=True, container_options={"movflags": movflags} if movflags else {})
    mark(film, tmp_path / "one.mp4", story(component("music")))
    mark(tmp_path / "one.mp4", tmp_path / "two.mp4", story(component("voice", TRAINED, ("net", "2"))))

    marks = read(tmp_path / "two.mp4")
    assert (marks.status, marks.iptc) == ("valid", TRAINED)
    assert marks.comment is not None
    assert "music" not in marks.comment
    assert (tmp_path / "two.mp4").read_bytes().count(b"<x:xmpmeta") == 1
    assert b'Iptc4xmpExt:AISystemUsed="net 2"' in (xmp_of(tmp_path / "two.mp4") or b"")
    assert streams(tmp_path / "two.mp4") == streams(film)


def test_one_changed_byte_is_found_wherever_it_is(film, photograph, tmp_path):
    out = tmp_path / "marked.mp4"
    mark(film, out, story(photo(photograph), component("music")))
    whole_film = out.read_bytes()
    parts = {box.kind: box for box in boxes(whole_film) if box.kind in (b"moov", b"mdat")}
    manifest, packet = (box for box in boxes(whole_film) if box.kind == b"uuid")
    places = [
        *(box.content + (box.end - box.content) * tenth // 10 for box in parts.values() for tenth in (2, 5, 9)),
        whole_film.index(b"composite", packet.start),
        *(manifest.content + (manifest.end - manifest.content) * tenth // 10 for tenth in (2, 4, 6)),
        whole_film.index(b"jumdc2pa") + 3,
    ]

    for place in places:
        changed = bytearray(whole_film)
        changed[place] ^= 1
        out.write_bytes(changed)
        marks = read(out)
        assert marks.status == "broken", f"byte {place} of {len(whole_film)}"
        assert marks.problems


def test_a_film_that_is_cut_short_or_longer_is_broken(film, tmp_path):
    out = tmp_path / "marked.mp4"
    mark(film, out, story(component("music")))
    whole_film = out.read_bytes()

    for other in (whole_film[:-200], whole_film + b"\0\0\0\x10free12345678" + whole_film[-3000:]):
        out.write_bytes(other)
        assert read(out).status == "broken"


def test_what_is_exported_anew_is_no_longer_signed(film, tmp_path):
    mark(film, tmp_path / "marked.mp4", story(component("music")))
    with av.open(str(tmp_path / "marked.mp4")) as old, av.open(str(tmp_path / "anew.mp4"), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)

    assert read(tmp_path / "anew.mp4").status == "absent"


def test_a_manifest_that_an_ingredient_brought_is_kept(film, photograph, tmp_path):
    mark(film, tmp_path / "inner.mp4", story(photo(photograph), component("voice", TRAINED, ("net", "2"))))
    assert source_of(tmp_path / "inner.mp4") == "compositeWithTrainedAlgorithmicMedia"
    inner = Component("inner.mp4", "ef" * 32, "video/mp4", heard_or_seen=True, path=tmp_path / "inner.mp4")
    mark(film, tmp_path / "outer.mp4", story(inner))

    (kept,) = [one for one in read(tmp_path / "outer.mp4").ingredients if one.title == "inner.mp4"]
    assert kept.manifest == "kept"
    changed = bytearray((tmp_path / "inner.mp4").read_bytes())
    changed[changed.index(b"mdat") + 100] ^= 1
    (tmp_path / "inner.mp4").write_bytes(changed)
    mark(film, tmp_path / "outer.mp4", story(inner))
    marks = read(tmp_path / "outer.mp4")
    (kept,) = [one for one in marks.ingredients if one.title == "inner.mp4"]
    assert (marks.status, kept.manifest) == ("valid", "broken")


def test_an_ingredient_that_cannot_be_read_is_named_all_the_same(film, tmp_path):
    (tmp_path / "strange.jpg").write_bytes(b"\xff\xd8 not much of a picture")
    mark(film, tmp_path / "out.mp4", story(replace(photo(tmp_path / "strange.jpg")), photo_gone(tmp_path)))

    assert {one.title for one in read(tmp_path / "out.mp4").ingredients} == {"strange.jpg", "gone.jpg", "notes.md"}


def photo_gone(folder: Path) -> Component:
    return Component("gone.jpg", "12" * 32, "image/jpeg", heard_or_seen=True, path=folder / "gone.jpg")


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([CAPTURE, RULES], "composite"),
        ([None, None], "composite"),
        ([], "composite"),
        ([RULES, RULES], "algorithmicMedia"),
        ([TRAINED, TRAINED], "trainedAlgorithmicMedia"),
        ([TRAINED, RULES], "compositeWithTrainedAlgorithmicMedia"),
        ([CAPTURE, TRAINED], "compositeWithTrainedAlgorithmicMedia"),
        ([None, "compositeSynthetic"], "compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_the_whole_is_what_its_parts_make_it(sources, expected):
    assert whole(sources) == expected


# ── what signs ──


def test_the_certificate_is_made_once_and_for_its_owner_only(film, data, tmp_path):
    mark(film, tmp_path / "one.mp4", story(component("music")))
    mark(film, tmp_path / "two.mp4", story(component("music")))
    one, two = (read(tmp_path / name).signature for name in ("one.mp4", "two.mp4"))

    assert one is not None
    assert one == two
    assert (one.own, one.trusted, one.algorithm) == (True, False, "Es256")
    (kept,) = data.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    anchors = "-----BEGIN" + signing.credentials().chain.split("-----BEGIN")[-1]
    trusted = read(tmp_path / "one.mp4", anchors=anchors).signature
    assert trusted is not None
    assert trusted.trusted


def test_a_home_that_cannot_be_written_signs_all_the_same(film, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("CUTROOM_DATA", str(tmp_path / "file" / "data"))

    assert mark(film, tmp_path / "out.mp4", story(component("music"))) is None
    marks = read(tmp_path / "out.mp4")
    assert marks.status == "valid"
    assert marks.signature is not None
    assert not marks.signature.own


def test_a_damaged_key_is_made_anew(film, data, tmp_path):
    data.mkdir()
    (data / "signing.pem").write_text("-----BEGIN nonsense")

    assert mark(film, tmp_path / "out.mp4", story(component("music"))) is None
    assert read(tmp_path / "out.mp4").status == "valid"


def give(monkeypatch, folder: Path, key, *, days: int = 10, algorithm=hashes.SHA256) -> None:
    """A chain as an authority would give it, and the environment that names it."""
    above = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hill Films"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        for name in ("authority", "signer")
    ]
    now = datetime.now(UTC)
    start, end = now - timedelta(days=30), now + timedelta(days=days)

    def build(subject, public):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[0])
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    others = [
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    ]
    usage = dict.fromkeys(others, False)
    authority = (
        build(names[0], above.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        .sign(above, hashes.SHA256())
    )
    leaf = (
        build(names[1], key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
        .sign(above, algorithm())
    )
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(leaf.public_bytes(pem) + authority.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    monkeypatch.setenv("CUTROOM_CERTIFICATE", str(folder / "chain.pem"))
    monkeypatch.setenv("CUTROOM_KEY", str(folder / "key.pem"))


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()])
def test_a_given_certificate_signs(film, tmp_path, monkeypatch, data, key):
    give(monkeypatch, tmp_path, key)

    assert mark(film, tmp_path / "out.mp4", story(component("music"))) is None
    marks = read(tmp_path / "out.mp4")
    assert marks.status == "valid"
    assert marks.signature is not None
    assert marks.signature.issuer == "Hill Films"
    assert not data.exists()


@pytest.mark.parametrize("wrong", ["expired", "another key", "no file", "only one", "secp256k1"])
def test_a_certificate_that_cannot_sign_costs_the_signature_and_nothing_else(film, tmp_path, monkeypatch, wrong):
    key = ec.generate_private_key(ec.SECP256K1() if wrong == "secp256k1" else ec.SECP256R1())
    give(monkeypatch, tmp_path, key, days=-1 if wrong == "expired" else 10)
    if wrong == "another key":
        (tmp_path / "key.pem").write_text(_another_key())
    elif wrong == "no file":
        (tmp_path / "key.pem").unlink()
    elif wrong == "only one":
        monkeypatch.delenv("CUTROOM_KEY")

    left_undone = mark(film, tmp_path / "out.mp4", story(component("music")))

    assert left_undone is not None
    assert "CUTROOM_CERTIFICATE" in left_undone[1]
    marks = read(tmp_path / "out.mp4")
    assert (marks.status, marks.iptc) == ("unsigned", "algorithmicMedia")
    assert streams(tmp_path / "out.mp4") == streams(film)


def _another_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def test_without_c2pa_the_other_marks_are_there_and_it_is_said(film, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "c2pa", None)

    left_undone = mark(film, tmp_path / "out.mp4", story(component("music")))
    marks = read(tmp_path / "out.mp4")

    assert left_undone is not None
    assert "pip install c2pa-python" in left_undone[1]
    assert (marks.status, marks.iptc) == ("unsigned", "algorithmicMedia")
    assert "pip install c2pa-python" in marks.abstained["manifest"]


# ── bad input ──


@pytest.mark.parametrize(
    "data_of_it", [b"", b"\0\0\0\x08ftyp", b"\0\0\0\x18ftypisom" + bytes(12) + b"\xff\xff\xff\xffmoov", b"hello"]
)
def test_what_is_no_film_is_refused_by_name(tmp_path, data_of_it):
    path = tmp_path / "broken.mp4"
    path.write_bytes(data_of_it)

    with pytest.raises(BadInput, match=r"broken\.mp4"):
        mark(path, tmp_path / "out.mp4", story(component("music")))
    assert not (tmp_path / "out.mp4").exists()
    assert read(path).status in ("absent", "broken")


def test_every_cut_of_a_film_is_refused_or_marked_but_never_a_crash(film, tmp_path):
    whole_film = film.read_bytes()
    for size in range(0, len(whole_film), max(1, len(whole_film) // 40)):
        (tmp_path / "cut.mp4").write_bytes(whole_film[:size])
        with pytest.raises(BadInput):
            mark(tmp_path / "cut.mp4", tmp_path / "out.mp4", story(component("music")))


def test_webm_is_refused_with_a_way_out(tmp_path):
    (tmp_path / "film.webm").write_bytes(b"\x1a\x45\xdf\xa3")

    with pytest.raises(BadInput, match=r"ask for \.mp4 or \.mov"):
        mark(tmp_path / "film.webm", tmp_path / "out.webm", story(component("music")))


def test_reading_what_is_not_there(tmp_path):
    with pytest.raises(BadInput):
        read(tmp_path / "nothing.mp4")


# ── what others wrote ──


@pytest.mark.parametrize("form", ['{name}="{value}"', "<{name}>{value}</{name}>"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_source_type_of_pictures_is_read_from_their_xmp(tmp_path, form, kind):
    value = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    said = form.format(name="Iptc4xmpExt:DigitalSourceType", value=value)
    inside = said if said.startswith("<") else ""
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {"" if inside else said}>{inside}</rdf:Description></x:xmpmeta>'
    path = tmp_path / f"picture.{kind.lower()}"
    more = (
        {"pnginfo": png_text(packet)}
        if kind == "PNG"
        else {"tiffinfo": {700: packet.encode()}}
        if kind == "TIFF"
        else {"xmp": packet.encode()}
    )
    Image.new("RGB", (40, 30), "teal").save(path, kind, **more)

    assert source_of(path) == TRAINED
    assert (read(path).status, read(path).iptc) == ("unsigned", TRAINED)


def png_text(packet: str):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    return info


def test_a_plain_picture_says_nothing(photograph, film):
    assert source_of(photograph) is None
    assert read(photograph).status == "absent"
    assert is_mp4(film)
    assert not is_mp4(photograph)


def test_hashes_are_named_as_rfc_6920_does():
    digest = hashlib.sha256(b"Hello World!").hexdigest()
    assert hash_name(digest) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"
