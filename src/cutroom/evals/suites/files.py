"""Files that are judged as they are: each becomes a take of the step that would have made it from words."""

from __future__ import annotations

from pathlib import Path

from cutroom.brief.reading import read
from cutroom.errors import BadInput
from cutroom.evals.task import Item
from cutroom.media.kinds import Image, Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.generate import GenerateClip, GeneratePicture
from cutroom.plan.step import AnyStep


def item_of(path: Path, store: Store, prompt: str = "") -> Item:
    """The file at `path` as a take, taken into `store`.

    Raises FileNotFoundError when it is not there, BadInput when it cannot be read, or is neither a picture nor a clip.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    found = read([path], store)
    if found.skipped:
        raise BadInput(path, found.skipped[0].reason, found.skipped[0].way_out)
    media = found.assets[0].media
    step: AnyStep
    if isinstance(media, Image):
        step = GeneratePicture(
            prompt=prompt, width=min(8192, max(64, media.width)), height=min(8192, max(64, media.height))
        )
    elif isinstance(media, Video):
        step = GenerateClip(prompt=prompt, seconds=media.seconds)
    else:
        raise BadInput(path, f"is {media.medium}", "only pictures and clips are judged here")
    return Item(name=path.name, step=step, media=media)
