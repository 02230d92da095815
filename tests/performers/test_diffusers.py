"""Diffusers: what a pipeline can do by its signature, sizes that it makes, and tiny real pipelines run from disk."""

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cutroom.configuration import Model
from cutroom.errors import Cancelled, GiveUp, Unavailable, WrongUse
from cutroom.media import clip as clips
from cutroom.media import kinds
from cutroom.media.picture import open_picture
from cutroom.media.store import Store
from cutroom.performers.diffusers import stills
from cutroom.performers.diffusers.canvas import Canvas, canvas_of
from cutroom.performers.diffusers.cast import performers_for
from cutroom.performers.diffusers.frames import write_clip
from cutroom.performers.diffusers.signature import Signature
from cutroom.performers.performer import Desk
from cutroom.performers.resident import forget, resident
from cutroom.performers.weights import fingerprint
from cutroom.plan.catalogue.edit import EditPicture
from cutroom.plan.catalogue.generate import AnimateStill, GenerateClip, GeneratePicture
from cutroom.plan.step import Ref
from cutroom.testing import colour_bars


@pytest.fixture
def desk(tmp_path):
    def make(inputs=None, **more):
        store = Store(tmp_path / "store")
        return Desk(store=store, inputs=inputs or {}, scratch=store.scratch(), **{"seed": 7, **more})

    return make


def kept(tmp_path, pixels, name="in.png"):
    Image.fromarray(pixels).save(tmp_path / name)
    blob = Store(tmp_path / "store").add(tmp_path / name, ".png")
    height, width = pixels.shape[:2]
    return kinds.Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=width, height=height)


# ── signatures ──


def called_with(call):
    return Signature.of(type("Pipeline", (), {"__call__": call}))


@pytest.mark.parametrize(
    ("call", "abilities"),
    [
        (lambda self, prompt=None, height=None, width=None: 0, {"image"}),
        (lambda self, image=None, prompt=None, height=None, width=None: 0, {"image", "edit"}),
        (lambda self, image, prompt=None, strength=0.8: 0, {"edit"}),
        (lambda self, prompt, image, mask_image: 0, {"edit"}),
        (lambda self, prompt=None, height=480, width=832, num_frames=81: 0, {"video"}),
        (lambda self, image, prompt=None, height=480, width=832, num_frames=81: 0, {"animate"}),
        (lambda self, image=None, prompt=None, num_frames=161, frame_rate=25: 0, {"video", "animate"}),
        (lambda self, image, height=576, width=1024, num_frames=None, fps=7: 0, {"animate"}),
        (lambda self, prompt=None, audio_end_in_s=None: 0, set()),
        (lambda self, video=None, prompt=None, height=480, width=832: 0, set()),
        (lambda self, prompt, control_image, height=None, width=None: 0, set()),
    ],
)
def test_abilities_are_read_from_the_call(call, abilities):
    assert called_with(call).abilities == abilities


def pipe(**attributes):
    patch = attributes.pop("patch", 1)
    return SimpleNamespace(transformer=SimpleNamespace(config=SimpleNamespace(patch_size=patch)), **attributes)


STILL = called_with(lambda self, prompt=None, height=None, width=None: 0)
MOVING = called_with(lambda self, prompt=None, height=480, width=832, num_frames=81: 0)


def test_sizes_are_multiples_near_what_was_asked_and_in_shape():
    wan = canvas_of(pipe(vae_scale_factor_spatial=16, vae_scale_factor_temporal=4, patch=(1, 2, 2)), MOVING, {})
    assert (wan.grid, wan.stride, wan.fps) == (32, 4, 16)
    assert wan.size(1280, 720) == (1280, 704)
    sd3 = canvas_of(pipe(vae_scale_factor=8, default_sample_size=64, patch=2), STILL, {})
    width, height = sd3.size(1920, 1080)
    assert (width % 16, height % 16) == (0, 0)
    assert width * height <= 2.1 * 512**2
    assert abs(width / height - 16 / 9) < 0.05
    assert canvas_of(pipe(vae_scale_factor=8), STILL, {}).size(10, 10) == (16, 16)


def test_lengths_are_no_shorter_than_asked_as_long_as_the_pipeline_can():
    canvas = canvas_of(pipe(vae_scale_factor_temporal=4), MOVING, {})
    assert canvas.frames(Fraction(2)) == 33
    assert canvas.frames(Fraction(5)) == 81
    assert canvas.frames(Fraction(20)) == 81, "it was trained for no more"
    assert canvas_of(pipe(vae_scale_factor_temporal=4), MOVING, {"most_frames": 161}).frames(Fraction(8)) == 129
    assert Canvas(grid=16, stride=1, most_pixels=None, most_frames=None, fps=Fraction(7)).frames(Fraction(2)) == 14


def test_options_count_more_than_what_the_pipeline_says():
    canvas = canvas_of(pipe(), MOVING, {"fps": "30000/1001", "most_pixels": 10_000})
    assert canvas.fps == Fraction(30000, 1001)
    assert canvas.size(400, 400) == (96, 96)


# ── weights ──


def test_the_fingerprint_tells_fine_tuned_weights_apart_and_copies_not(tmp_path):
    numbers = np.arange(3_000_000, dtype=np.uint8).tobytes()
    for name, body in (("a", numbers), ("copy", numbers), ("tuned", bytes(1_400_000) + numbers[1_400_000:])):
        (tmp_path / name / "unet").mkdir(parents=True)
        (tmp_path / name / "unet" / "model.safetensors").write_bytes(body)
        (tmp_path / name / "model_index.json").write_text("{}")
        (tmp_path / name / ".cache").mkdir()
        (tmp_path / name / ".cache" / "note").write_text(name)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "copy") != fingerprint(tmp_path / "tuned")
    before = fingerprint(tmp_path / "a")
    (tmp_path / "a" / "model_index.json").write_text('{"scheduler": 1}')
    assert fingerprint(tmp_path / "a") != before


# ── pictures ──


def test_a_still_fills_the_frame_from_its_midst():
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, 100:200] = 255
    seen = np.asarray(stills.covering(pixels, (64, 64)))
    assert seen.shape == (64, 64, 3)
    assert seen[:, 4:-4].min() == 255


def test_what_may_not_change_has_not_changed(tmp_path):
    mask = np.full((40, 80, 4), 255, np.uint8)
    mask[:, :40, 3] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    white = stills.changeable(tmp_path / "mask.png", (80, 40))
    before = Image.fromarray(np.full((40, 80, 3), 10, np.uint8))
    after = stills.put_back(np.full((40, 80, 3), 200, np.uint8), before, white)
    assert (after[:, :38] == 200).all()
    assert (after[:, 42:] == 10).all()


def test_numbers_out_of_range_are_no_picture():
    with pytest.raises(GiveUp, match="float32"):
        stills.pixels_of(np.full((4, 4, 3), np.nan, np.float32))
    assert (stills.pixels_of(np.full((4, 4, 3), 0.5, np.float32)) == 128).all()


def test_frames_become_a_clip_of_the_same_colours(tmp_path):
    bars = colour_bars(140, 64)
    write_clip(tmp_path / "clip.mp4", (bars for _ in range(17)), Fraction(16))
    info = clips.look(tmp_path / "clip.mp4")
    assert (info.width, info.height, info.fps, info.seconds) == (140, 64, 16, Fraction(17, 16))
    seen = next(iter(clips.frames(tmp_path / "clip.mp4"))).pixels
    for column in range(7):
        at = column * 20 + 10
        assert np.abs(seen[32, at].astype(int) - bars[32, at]).max() <= 6


# ── who performs ──


def test_the_cast_of_a_folder_and_of_named_abilities(tmp_path):
    (tmp_path / "flux").mkdir()
    whole = performers_for("local", Model(api="diffusers", folder=str(tmp_path)))
    assert [one.name for one in whole] == ["local/image", "local/edit", "local/video", "local/animate"]
    [named] = performers_for("local", Model(api="diffusers", folder=str(tmp_path), image="flux"))
    assert named.source == str(tmp_path / "flux")
    [cached] = performers_for("local", Model(api="diffusers", animate="somebody/some-model"))
    assert cached.source == "somebody/some-model"
    for wrong in (Model(api="diffusers"), Model(api="diffusers", folder="x", speech="y")):
        with pytest.raises(WrongUse, match="model local"):
            performers_for("local", wrong)


def test_a_folder_that_is_no_pipeline_performs_nothing_and_says_why(tmp_path, desk):
    step = GeneratePicture(prompt="x")
    performer = performers_for("local", Model(api="diffusers", folder=str(tmp_path), options={"device": "cpu"}))[0]
    assert not performer.performs(step)
    with pytest.raises(Unavailable, match=r"no model_index\.json"):
        performer.perform(step, desk())


def test_one_pipeline_at_a_time_stays_loaded():
    loads = []
    for key in ("a", "a", "b", "a"):
        with resident("test:0", key, lambda key=key: loads.append(key) or key) as held:
            assert held == key
    forget("test:0")
    assert loads == ["a", "b", "a"]


# ── tiny pipelines, built from configurations ──


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    pytest.importorskip("torch").set_num_threads(1)
    pytest.importorskip("diffusers")
    pytest.importorskip("ftfy")
    import torch

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("models")
    build_flux(root / "flux")
    build_sd3(root / "sd3")
    build_wan(root / "wan", root / "wan-i2v")
    yield root
    forget("cpu")


def tokenizer(longest):
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "</s>", "<unk>", "<s>", "a", "red", "kite", "over", "the", "sea", "it", "flies", "text"]
    built = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    built.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>", "bos_token": "<s>"}
    return PreTrainedTokenizerFast(tokenizer_object=built, model_max_length=longest, **names)


def clip_text(kind):
    from transformers import CLIPTextConfig

    return kind(
        CLIPTextConfig(
            vocab_size=64, hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
            projection_dim=32, bos_token_id=3, eos_token_id=1, pad_token_id=0,
        )
    )  # fmt: skip


def t5_text():
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4))


def autoencoder(channels):
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        sample_size=32, block_out_channels=(4, 8, 8, 8), layers_per_block=1, latent_channels=channels, norm_num_groups=2,
        use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.06, scaling_factor=1.5,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip


def build_flux(folder):
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
    from transformers import CLIPTextModel

    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4), transformer=transformer,
        text_encoder=clip_text(CLIPTextModel), tokenizer=tokenizer(77), text_encoder_2=t5_text(), tokenizer_2=tokenizer(48),
    ).save_pretrained(folder)  # fmt: skip


def build_sd3(folder):
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
    from transformers import CLIPTextModelWithProjection

    transformer = SD3Transformer2DModel(
        sample_size=32, patch_size=2, in_channels=8, num_layers=1, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=32, caption_projection_dim=32, pooled_projection_dim=64, out_channels=8,
    )  # fmt: skip
    StableDiffusion3Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(8), transformer=transformer,
        text_encoder=clip_text(CLIPTextModelWithProjection), tokenizer=tokenizer(77),
        text_encoder_2=clip_text(CLIPTextModelWithProjection), tokenizer_2=tokenizer(77),
        text_encoder_3=t5_text(), tokenizer_3=tokenizer(77),
    ).save_pretrained(folder)  # fmt: skip


def build_wan(from_words, from_picture):
    from diffusers import (
        AutoencoderKLWan,
        FlowMatchEulerDiscreteScheduler,
        WanImageToVideoPipeline,
        WanPipeline,
        WanTransformer3DModel,
    )
    from transformers import UMT5Config, UMT5EncoderModel

    parts = {
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=7.0),
        "vae": AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
        ),
        "text_encoder": UMT5EncoderModel(
            UMT5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
        ),
        "tokenizer": tokenizer(32),
    }

    def transformer(channels):
        return WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=channels, out_channels=16,
            text_dim=32, freq_dim=256, ffn_dim=32, num_layers=2, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
        )  # fmt: skip

    WanPipeline(**parts, transformer=transformer(16)).save_pretrained(from_words)
    WanImageToVideoPipeline(
        **parts, transformer=transformer(36), image_encoder=None, image_processor=None
    ).save_pretrained(from_picture)


def performer(folder, ability, **options):
    options = {"num_inference_steps": 2, "device": "cpu"} | options
    found = performers_for("local", Model(api="diffusers", folder=str(folder), options=options))
    return next(one for one in found if one.ability == ability)


libraries = pytest.mark.filterwarnings("default")
"""Warnings of the libraries among themselves are not ours to mend."""

KITE = GeneratePicture(prompt="a red kite over the sea", width=160, height=96)


@pytest.mark.slow
@libraries
def test_flux_makes_a_picture_the_same_for_the_same_seed(models, desk):
    flux, told = performer(models / "flux", "image"), []
    place = desk(progress=lambda done, total: told.append((done, total)))
    first = flux.perform(KITE, place)
    assert (first.width, first.height, first.suffix) == (160, 96, ".png")
    assert told == [(1, 2), (2, 2)]
    assert open_picture(place.store.path(first)).std() > 1
    assert flux.perform(KITE, desk()).digest == first.digest
    assert flux.perform(KITE, desk(seed=8)).digest != first.digest


@pytest.mark.slow
@libraries
def test_who_performs_what_is_told_by_the_pipelines_themselves(models, tmp_path):
    still = AnimateStill(still=Ref(id="s"), motion="", seconds=Fraction(1))
    edit = EditPicture(picture=Ref(id="s"), instruction="")
    clip = GenerateClip(prompt="", seconds=Fraction(1))
    expected = {"flux": {"image", "edit"}, "sd3": {"image", "edit"}, "wan": {"video"}, "wan-i2v": {"animate"}}
    for name, abilities in expected.items():
        cast = performers_for("local", Model(api="diffusers", folder=str(models / name)))
        steps = {"image": KITE, "edit": edit, "video": clip, "animate": still}
        assert {one.ability for one in cast if one.performs(steps[one.ability])} == abilities
    flux = performer(models / "flux", "image")
    terms = flux.terms(KITE)
    assert (terms.lane, terms.at_once, terms.price.free, dict(terms.resources)) == ("cpu", 1, True, {})
    assert flux.settings(KITE)["dtype"] == "float32"
    assert flux.settings(KITE)["options"] == {"num_inference_steps": 2}


@pytest.mark.slow
@libraries
def test_flux_changes_a_picture_and_leaves_alone_what_the_mask_covers(models, desk, tmp_path):
    bars = colour_bars(160, 96)
    mask = np.dstack([bars, np.full((96, 160), 255, np.uint8)])
    mask[:, :80, 3] = 0
    inputs = {"picture": kept(tmp_path, bars), "mask": kept(tmp_path, mask, "mask.png")}
    step = EditPicture(picture=Ref(id="picture"), instruction="a kite")
    place = desk(inputs)
    free = open_picture(place.store.path(performer(models / "flux", "edit", strength=0.9).perform(step, place)))
    assert np.abs(free.astype(int) - bars).mean() > 10, "it changed everywhere"
    masked = step.model_copy(update={"mask": Ref(id="mask")})
    held = open_picture(
        place.store.path(performer(models / "flux", "edit", strength=0.9).perform(masked, desk(inputs)))
    )
    assert np.abs(held[:, 84:].astype(int) - bars[:, 84:]).max() == 0
    assert np.abs(held[:, :76].astype(int) - bars[:, :76]).mean() > 10


@pytest.mark.slow
@libraries
def test_sd3_says_when_it_makes_another_size(models, desk):
    told = []
    place = desk(degrade=lambda *said: told.append(said))
    step = GeneratePicture(prompt="a kite", avoid="text", width=1000, height=500)
    made = performer(models / "sd3", "image", most_pixels=20_000).perform(step, place)
    assert (made.width, made.height) == (192, 96)
    assert [what for what, _ in told] == ["1000×500 asked, 192×96 made"]


@pytest.mark.slow
@libraries
def test_wan_makes_a_clip_from_words(models, desk):
    told = []
    place = desk(degrade=lambda *said: told.append(said))
    step = GenerateClip(prompt="a red kite", seconds=Fraction(1, 2), width=64, height=64)
    made = performer(models / "wan", "video").perform(step, place)
    assert (made.width, made.height, made.fps, made.seconds) == (64, 64, 16, Fraction(9, 16))
    assert len(list(clips.frames(place.store.path(made)))) == 9
    assert told == []


@pytest.mark.slow
@libraries
def test_wan_animates_a_still(models, desk, tmp_path):
    inputs = {"still": kept(tmp_path, colour_bars(300, 200))}
    step = AnimateStill(still=Ref(id="still"), motion="it flies", seconds=Fraction(1, 4), width=64, height=64)
    made = performer(models / "wan-i2v", "animate", fps=8).perform(step, desk(inputs))
    assert (made.width, made.height, made.fps, made.seconds) == (64, 64, 8, Fraction(5, 8))


@pytest.mark.slow
@libraries
def test_a_person_stops_it_between_two_steps(models, desk):
    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        performer(models / "flux", "image").perform(KITE, desk(progress=stop))


@pytest.mark.slow
@libraries
@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"guidanse_scale": 3}, GiveUp, r"options\.guidanse_scale: FluxPipeline takes .*guidance_scale"),
        ({"prompt": "mine"}, GiveUp, r"options\.prompt"),
        ({"num_inference_steps": "many"}, GiveUp, "."),
        ({"dtype": "float99"}, Unavailable, "bfloat16, float16 or float32"),
        ({"device": "cuda:7"}, Unavailable, "cuda:7 cannot be used here"),
    ],
)
def test_options_that_will_not_do_say_so(models, desk, options, error, says):
    with pytest.raises(error, match=says):
        performer(models / "flux", "image", **options).perform(KITE, desk())


@pytest.mark.slow
@libraries
def test_a_model_that_is_not_here_or_not_whole_says_what_to_do(models, desk, tmp_path):
    import shutil

    gone = performers_for("local", Model(api="diffusers", image="somebody/nothing", options={"device": "cpu"}))[0]
    assert not gone.performs(KITE)
    with pytest.raises(Unavailable, match="hf download somebody/nothing"):
        gone.perform(KITE, desk())
    shutil.copytree(models / "flux", tmp_path / "half")
    next((tmp_path / "half" / "transformer").glob("*.safetensors")).unlink()
    with pytest.raises(Unavailable, match="cannot be loaded"):
        performer(tmp_path / "half", "image").perform(KITE, desk())
    (tmp_path / "half" / "model_index.json").write_text(json.dumps({"_class_name": "NobodysPipeline"}))
    assert not performer(tmp_path / "half", "image").performs(KITE)
    with pytest.raises(Unavailable, match="NobodysPipeline, is none of diffusers"):
        performer(tmp_path / "half", "image").perform(KITE, desk())
