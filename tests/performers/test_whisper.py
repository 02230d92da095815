"""Whisper: what it needs to be here, and a tiny model taught one sentence, converted, and heard through the real library."""

import json
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from cutroom.configuration import Model
from cutroom.errors import GiveUp, Unavailable, WrongUse
from cutroom.media import kinds
from cutroom.media.sound import write_wav
from cutroom.media.store import Store
from cutroom.performers.performer import Desk
from cutroom.performers.resident import forget
from cutroom.performers.whisper.cast import performers_for
from cutroom.performers.whisper.performer import _language, _transcript
from cutroom.plan.catalogue.understand import LookAtClip, Transcribe
from cutroom.plan.facts import Transcript
from cutroom.plan.step import Ref

STEP = Transcribe(sound=Ref(id="sound"))


def heard(tmp_path, samples, rate=16_000):
    write_wav(tmp_path / "in.wav", samples, rate)
    blob = Store(tmp_path / "store").add(tmp_path / "in.wav", ".wav")
    seconds = Fraction(len(samples), rate)
    return kinds.Audio(digest=blob.digest, bytes=blob.bytes, suffix=".wav", seconds=seconds, rate=rate, channels=1)


@pytest.fixture
def desk(tmp_path):
    def make(sound, **more):
        store = Store(tmp_path / "store")
        return Desk(store=store, inputs={"sound": sound}, scratch=store.scratch(), **more)

    return make


def test_the_cast_names_a_folder(tmp_path):
    (tmp_path / "small").mkdir()
    [one] = performers_for("ears", Model(api="whisper", folder=str(tmp_path), transcribe="small"))
    assert (one.name, one.folder) == ("ears/transcribe", tmp_path / "small")
    [other] = performers_for("ears", Model(api="whisper", folder=str(tmp_path), transcribe="whatever"))
    assert other.folder == tmp_path
    with pytest.raises(WrongUse, match=r"\[models\.ears\]"):
        performers_for("ears", Model(api="whisper"))


def test_a_folder_without_a_model_performs_nothing_and_says_what_to_do(tmp_path, desk):
    [one] = performers_for("ears", Model(api="whisper", folder=str(tmp_path), options={"device": "cpu"}))
    assert not one.performs(STEP)
    with pytest.raises(Unavailable, match="faster-whisper"):
        one.perform(STEP, desk(heard(tmp_path, np.zeros(1600, np.float32))))
    with pytest.raises(GiveUp):
        one.perform(LookAtClip(clip=Ref(id="c")), desk(None))
    terms = one.terms(STEP)
    assert (terms.lane, terms.at_once, terms.price.free, terms.elsewhere) == ("cpu", 1, True, False)


@pytest.mark.parametrize(
    ("tag", "code"), [(None, None), ("", None), ("de-AT", "de"), ("nb_NO", "no"), ("zh-Hant", "zh"), ("fil", "tl")]
)
def test_languages_by_whispers_own_codes(tag, code):
    assert _language(tag) == code


def test_times_are_exact_and_in_order():
    def word(text, start, end):
        return SimpleNamespace(word=text, start=start, end=end)

    segments = [
        SimpleNamespace(text=" A red", start=0.1, end=0.9, words=[word(" A", 0.1, 0.5), word(" red", 0.4, 0.9)]),
        SimpleNamespace(text="  ", start=0.9, end=0.9, words=[]),
        SimpleNamespace(text=" kite.", start=0.85, end=0.8, words=[word(" kite.", 0.85, 0.8), word(" ", 1, 1)]),
    ]
    told = _transcript(segments, "en")
    assert told.text == "A red kite."
    assert [(one.text, one.start, one.seconds) for one in told.words] == [
        ("A", Fraction(1, 10), Fraction(2, 5)),
        ("red", Fraction(1, 2), Fraction(2, 5)),
        ("kite.", Fraction(9, 10), Fraction(0)),
    ]
    assert [line.span.end for line in told.lines] == [Fraction(9, 10), Fraction(9, 10)]


# ── a tiny model that was taught one sentence ──

WORDS = ("a", "red", "kite", "flies")
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>",
    "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip


def vocabulary():
    """Words with the byte-level mark for a space, the special tokens, and the time stamps from 0 to 30 s."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    return [*letters, *(f"Ġ{word}" for word in WORDS), *SPECIAL, *(f"<|{step * 0.02:.2f}|>" for step in range(1501))]


def sentence():
    """Four tones, one for each word, half a second each: float32 of 2 s at 16 kHz."""
    at = np.arange(8000) / 16_000
    return np.concatenate([0.3 * np.sin(2 * np.pi * hertz * at) for hertz in (300, 600, 1200, 2400)]).astype(np.float32)


def taught(folder):
    """Whisper's own classes, 30 000 parameters, and one sentence to learn by heart."""
    import torch
    from faster_whisper.feature_extractor import FeatureExtractor
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(0)
    names = vocabulary()
    ids = {name: number for number, name in enumerate(names)}
    config = WhisperConfig(
        vocab_size=len(names), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, num_mel_bins=80, max_target_positions=448,
        pad_token_id=ids["<|endoftext|>"], bos_token_id=ids["<|endoftext|>"], eos_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"], begin_suppress_tokens=None, suppress_tokens=None,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    mel = FeatureExtractor()(sentence())
    mel = np.pad(mel, ((0, 0), (0, 3000 - mel.shape[1])))[None]
    said = [
        ids[name]
        for name in ("<|startoftranscript|>", "<|0.00|>", *(f"Ġ{word}" for word in WORDS), "<|2.00|>", "<|endoftext|>")
    ]
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(40):
        logits = model(torch.tensor(mel), decoder_input_ids=torch.tensor([said[:-1]])).logits
        loss = torch.nn.functional.cross_entropy(logits[0], torch.tensor(said[1:]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.generation_config.alignment_heads = [[0, 0], [0, 1]]
    model.save_pretrained(folder)
    save_tokenizer(folder, ids)


def save_tokenizer(folder, ids):
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    plain = {name: number for name, number in ids.items() if not name.startswith("<|")}
    built = Tokenizer(BPE(vocab=plain, merges=[]))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens([AddedToken(name, special=True) for name in ids if name.startswith("<|")])
    assert built.token_to_id("<|2.00|>") == ids["<|2.00|>"]
    PreTrainedTokenizerFast(
        tokenizer_object=built, eos_token="<|endoftext|>", unk_token="<|endoftext|>"
    ).save_pretrained(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    for name in ("torch", "transformers", "faster_whisper", "ctranslate2"):
        pytest.importorskip(name)
    import torch
    from ctranslate2.converters import TransformersConverter

    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("whisper")
    taught(root / "taught")
    TransformersConverter(str(root / "taught"), copy_files=["tokenizer.json"]).convert(str(root / "model"))
    (root / "model" / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    yield root / "model"
    forget("cpu")


def ears(folder, **options):
    options = {"device": "cpu", "compute_type": "float32", "vad_filter": False, "temperature": 0.0} | options
    [one] = performers_for("ears", Model(api="whisper", folder=str(folder), options=options))
    return one


libraries = pytest.mark.filterwarnings("default")


@pytest.mark.slow
@libraries
def test_what_is_said_is_written_down_word_by_word_with_times(model, desk, tmp_path):
    told = []
    place = desk(heard(tmp_path, sentence()), progress=lambda done, total: told.append((done, total)))
    made = ears(model).perform(STEP, place)
    assert made.schema_name == "cutroom.transcript.1"
    transcript = Transcript.model_validate_json(place.store.path(made).read_bytes())
    assert transcript.text == "a red kite flies"
    assert transcript.language == "en"
    assert [word.text for word in transcript.words] == ["a", "red", "kite", "flies"]
    ends = [word.start + word.seconds for word in transcript.words]
    assert all(end <= word.start for end, word in zip(ends, transcript.words[1:], strict=False))
    assert ends[-1] <= Fraction(21, 10)
    assert told == [(2, 2)]


@pytest.mark.slow
@libraries
def test_options_and_languages_that_will_not_do_say_so(model, desk, tmp_path):
    sound = heard(tmp_path, sentence())
    with pytest.raises(GiveUp, match=r"options\.beamsize: faster-whisper takes .*beam_size"):
        ears(model, beamsize=2).perform(STEP, desk(sound))
    with pytest.raises(GiveUp, match="does not know the language 'tlh'"):
        ears(model).perform(STEP.model_copy(update={"language": "tlh"}), desk(sound))
    with pytest.raises(Unavailable, match="cannot be loaded"):
        ears(model, compute_type="int99").perform(STEP, desk(sound))
    assert ears(model).performs(STEP)
    assert ears(model).settings(STEP)["options"]["compute_type"] == "float32"


@pytest.mark.slow
@libraries
def test_nobody_speaks(model, desk, tmp_path):
    place = desk(heard(tmp_path, np.zeros(32_000, np.float32)))
    made = ears(model, vad_filter=True).perform(STEP, place)
    assert Transcript.model_validate_json(place.store.path(made).read_bytes()).text == ""
