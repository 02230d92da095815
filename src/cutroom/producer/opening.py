"""From a command to a brief: where the production lies, and every file read into its store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cutroom.brief.brief import Asset, Brief, Codec
from cutroom.errors import BadInput, WrongUse
from cutroom.ledger.production import Production
from cutroom.media.kinds import Audio, Text
from cutroom.media.store import digest_of
from cutroom.plan.catalogue.assemble import SUFFIXES
from cutroom.producer.options import Options


def with_codec(options: Options, out: Path) -> Options:
    """The options with a codec that fits the film's name. Raises WrongUse for a name that does not fit."""
    suffix = out.suffix.lower()
    named: Codec | None = next((codec for codec, name in SUFFIXES.items() if name == suffix), None)
    codec = options.codec or named
    if codec is None:
        raise WrongUse(f"-o {out}: films are written as .mp4, .webm or .mov; name it {out.with_suffix('.mp4').name}")
    if SUFFIXES[codec] != suffix:
        right = out.with_suffix(SUFFIXES[codec]).name
        raise WrongUse(f"-o {out}: {codec} is written as {SUFFIXES[codec]}; name it {right}")
    return options.model_copy(update={"codec": codec})


def preview_beside(out: Path) -> Path:
    """Where the preview of a film goes: ``lake.mp4`` → ``lake.preview.mp4``."""
    return out.with_name(f"{out.stem}.preview.mp4")


def production_for(out: Path, files: Sequence[str | Path], *, force: bool, store: str | None = None) -> Production:
    """Where the production goes, after all that can be wrong with `out` has been checked.

    `store` is where takes are shared with other productions; the environment variable CUTROOM_STORE when it is left out.
    """
    folder = out.parent
    if not folder.is_dir():
        raise WrongUse(f"-o {out}: there is no folder {folder}; make it first")
    if out.is_dir():
        raise WrongUse(f"-o {out} is a folder; give the film a name of its own")
    production = Production.beside(out, store or os.environ.get("CUTROOM_STORE") or None)
    if out.exists() and any(Path(file).exists() and out.samefile(file) for file in files):
        raise WrongUse(f"-o {out} is one of the files that the film is made of; give the film another name")
    if out.exists() and not production.ledger.exists() and not force:
        raise WrongUse(f"-o {out} exists and was not made by Cutroom here; give the film another name, or say --force")
    if production.folder.exists() and not production.folder.is_dir():
        raise WrongUse(f"{production.folder} is in the way of the production's folder; give the film another name")
    return production


def brief_of(request: str, files: Sequence[str | Path], options: Options, production: Production, out: Path) -> Brief:
    """The brief, with every file read into the production's store."""
    from cutroom.brief.reading import read

    if not files and request.strip() and _is_path(request):
        raise WrongUse(
            f"{request} is a file or folder; say what you want first: cutroom make 'A film of our day' {request}"
        )
    paths = [Path(file) for file in files]
    music = Path(options.music) if options.music not in (None, "none") else None
    if music is not None and not music.is_file():
        raise WrongUse(f"--music {music}: no such file; name a sound file, or say none")
    # A second run over the same folder must not take in the film that the first one left there.
    reading = read([*paths, music] if music else paths, production.store, leave_out=(out, preview_beside(out)))
    if files and not reading.assets:
        reasons = [f"  {skipped.name}: {skipped.reason}; {skipped.way_out}" for skipped in reading.skipped]
        reasons = reasons or [f"  {path}: no picture, clip, sound or text in it" for path in paths]
        raise WrongUse("\n".join(["nothing among the files can be used", *reasons]))
    return Brief(
        request=request,
        assets=reading.assets,
        skipped=reading.skipped,
        music=_music_asset(music, reading.assets) if music else options.music,
        lut=_lut(options.lut, production) if options.lut is not None else None,
        film=out.name,
        **{
            name: getattr(options, name)
            for name in (
                "seconds",
                "shape",
                "fps",
                "mood",
                "voice",
                "captions",
                "caption_style",
                "mark",
                "label",
                "destination",
                "codec",
                "hardware",
                "match",
                "loudness",
                "progress_bar",
                "lower_thirds",
                "language",
                "seed",
                "budget",
            )
        },
    )


def _is_path(request: str) -> bool:
    try:
        return Path(request).exists()
    except (OSError, ValueError):  # longer than a name may be, or with a NUL in it: words
        return False


def _lut(file: str, production: Production) -> Text:
    """The table in the file, in the production's store. Raises WrongUse when it is none."""
    from cutroom.media import cube

    try:
        table = cube.read(Path(file)).plain()
    except FileNotFoundError as error:
        raise WrongUse(f"--lut {file}: no such file; name a .cube file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise WrongUse(f"--lut {file}: it cannot be opened ({error.strerror}); name a .cube file") from error
    except BadInput as error:
        raise WrongUse(f"--lut {error}") from error
    # Written anew: the same colours are the same table, whatever stood in its comments.
    blob = production.store.add_bytes(table.text().encode(), ".cube")
    return Text(digest=blob.digest, bytes=blob.bytes, suffix=".cube")


def _music_asset(path: Path, assets: Sequence[Asset]) -> str:
    digest = digest_of(path).digest
    for asset in assets:
        if asset.media.digest == digest and isinstance(asset.media, Audio):
            return asset.id
    raise WrongUse(
        f"--music {path}: no sound in it that can be read; name a sound file such as .mp3 or .wav, or say none"
    )
