"""Real speech by espeak-ng, measured; flite and Piper by their absence and by stand-ins that make a known sound."""

import hashlib
import json
import stat
import sys
import threading
import types
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from cutroom.errors import GiveUp, Unavailable
from cutroom.measures import sound as measure
from cutroom.media import sound as files
from cutroom.media.store import Store
from cutroom.performers.house import espeak, speech
from cutroom.performers.house.speech import EspeakVoice, FliteVoice, PiperVoice
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import ComposeMusic, Speak

RATE = 48_000
LINE = "We drove up to the lake on Friday evening. The water was still, and nobody said a word."


@pytest.fixture
def desk(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Desk(store=Store(tmp_path / "store"), inputs={}, scratch=scratch)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without flite and Piper."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CUTROOM_PIPER_VOICE", raising=False)
    monkeypatch.setattr(speech, "_flite_libraries", dict)
    monkeypatch.setattr(speech, "find_spec", lambda name: None)


def heard(desk, audio):
    return files.samples(desk.store.path(audio))[:, 0]


def say(desk, text, language="en", **more):
    return EspeakVoice().perform(Speak(text=text, language=language, **more), desk)


LINES = {
    "en": "The heron stood in the shallow water.",
    "de": "Am Freitag fuhren wir an den See.",
    "es": "El viernes fuimos todos al lago.",
    "fr": "Vendredi, nous sommes allés au lac.",
    "hi": "शुक्रवार को हम झील गए।",
    "ar": "ذهبنا إلى البحيرة يوم الجمعة.",
    "zh": "星期五我们去了湖边。",
    "pt-BR": "Na sexta-feira fomos ao lago.",
}


@pytest.mark.parametrize("language", LINES)
def test_a_line_in_many_languages(desk, language):
    step = Speak(text=LINES[language], language=language)
    assert EspeakVoice().performs(step)
    audio = EspeakVoice().perform(step, desk)
    samples = heard(desk, audio)
    assert (audio.rate, audio.channels, audio.suffix, audio.seconds) == (RATE, 1, ".wav", Fraction(len(samples), RATE))
    assert Fraction(1) < audio.seconds < Fraction(5)
    assert measure.loudness(np.stack([samples, samples], axis=1), RATE).integrated == pytest.approx(-17, abs=1.1)
    assert measure.true_peak(samples) <= speech.CEILING + 0.05
    assert abs(measure.offset(samples)) < 1e-3
    joined = "".join(word.text for word in audio.words)
    assert joined == "".join(
        letter
        for letter in LINES[language]
        if letter.isalnum() or letter == "-" or not (letter.isspace() or letter in ".,।。")
    )


def test_words_are_in_order_and_inside_the_sound(desk):
    audio = say(desk, LINE)
    assert [word.text for word in audio.words] == LINE.replace(".", "").replace(",", "").split()
    for one, other in pairwise(audio.words):
        assert one.seconds > 0
        assert one.start + one.seconds <= other.start + Fraction(1, 100)
    assert audio.words[0].start < Fraction(1, 10)
    assert audio.words[-1].start + audio.words[-1].seconds <= audio.seconds


def test_a_word_after_a_pause_begins_when_it_is_heard(desk):
    audio = say(desk, LINE)
    level = measure.levels(heard(desk, audio), RATE)
    after = next(word for word in audio.words if word.text == "The")
    before = audio.words[audio.words.index(after) - 1]
    onset = round(float(after.start) * 100)
    assert level[onset - 12 : onset - 1].max() < -60
    assert level[onset : onset + 5].max() > -45
    end = round(float(before.start + before.seconds) * 100)
    assert level[end - 5 : end + 1].max() > -60
    assert level[end + 2 : onset - 1].max() < -50


def test_there_is_no_silence_before_or_after(desk):
    audio = say(desk, "Hello.")
    level = measure.levels(heard(desk, audio), RATE)
    assert level[:6].max() > -50
    assert level[-20:].max() > -50
    assert np.abs(heard(desk, audio)[[0, -1]]).max() < 1e-3


def test_pace_changes_the_length(desk):
    lengths = [say(desk, LINE, pace=pace).seconds for pace in (0.8, 1.0, 1.3)]
    assert lengths[0] > lengths[1] * Fraction(11, 10) > lengths[2] * Fraction(12, 10)
    assert 12.5 < len(LINE) / lengths[1] < 15.5  # characters a second: an unhurried reader


def test_the_same_words_give_the_same_bytes_in_any_company(desk):
    first = say(desk, LINE)
    say(desk, "Etwas anderes.", "de", pace=1.4)
    assert say(desk, LINE) == first


def test_many_threads_do_not_mix_their_words_up(desk, tmp_path):
    alone = {language: say(desk, LINES[language], language).digest for language in ("en", "de", "es", "fr")}
    together = {}

    def work(language):
        own = tmp_path / language
        own.mkdir()
        there = Desk(store=desk.store, inputs={}, scratch=own)
        together[language] = say(there, LINES[language], language).digest

    threads = [threading.Thread(target=work, args=(language,)) for language in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_captions_keep_the_spelling_of_the_author(desk):
    text = "**Day 2**: we paid $5.50 — at 9:05 😀 — on 2024-05-01, “really”! [Map](https://a.b/c) it’s café-style."
    audio = say(desk, text)
    assert [word.text for word in audio.words] == [
        "Day",
        "2",
        "we",
        "paid",
        "$5.50",
        "at",
        "9:05",
        "on",
        "2024-05-01",
        "really",
        "Map",
        "it’s",
        "café-style",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<speak><break time='9s'/>Hello</speak>",
        "<audio src='file:///etc/passwd'/>Hello",
        "Hello \x01\x1b[31m \x00 world",
        "Hello [[h@l'oU]] world",
        "Hello \ud800 world",
        "Hello \u202e world \u2066",
    ],
)
def test_text_is_never_an_instruction(desk, text):
    audio = say(desk, text)
    assert Fraction(3, 10) < audio.seconds < Fraction(5)
    assert audio.words[0].text == "Hello"


@pytest.mark.parametrize("text", ["", "   ", "😀 🎉", "…", "* * *", "—"])
def test_nothing_to_say_is_not_performed(desk, text):
    step = Speak(text=text)
    assert not EspeakVoice().performs(step)
    with pytest.raises(GiveUp, match="nothing to read"):
        EspeakVoice().perform(step, desk)


def test_a_line_without_end_is_refused(desk):
    with pytest.raises(GiveUp, match="too long"):
        say(desk, "word " * 10_000)


def test_what_espeak_cannot_read_it_does_not_claim(bare):
    voice = EspeakVoice()
    assert not voice.performs(Speak(text="金曜日に湖へ行きました。", language="ja"))
    assert not voice.performs(Speak(text="xyz", language="tlh-nowhere"))
    assert not voice.performs(ComposeMusic(mood="calm", seconds=Fraction(3)))


def test_words_in_another_script_are_read_in_a_language_that_has_it():
    assert EspeakVoice().settings(Speak(text="Привет, мир", language="en"))["voice"] == "zle/ru"
    assert EspeakVoice().settings(Speak(text="Привіт", language="uk"))["voice"] == "zle/uk"
    assert EspeakVoice().settings(Speak(text="Hello", language="hi"))["voice"] == "inc/hi"


@pytest.mark.parametrize(
    ("tag", "identifier"),
    [
        ("en", "gmw/en-US"),
        ("en-GB", "gmw/en"),
        ("en_gb", "gmw/en"),
        ("en-AU", "gmw/en-US"),
        ("de-AT", "gmw/de"),
        ("pt", "roa/pt-BR"),
        ("pt-PT", "roa/pt"),
        ("zh-Hans-CN", "sit/cmn"),
        ("es-MX", "roa/es-419"),
    ],
)
def test_language_tags_find_their_voice(tag, identifier):
    assert EspeakVoice().settings(Speak(text="a", language=tag))["voice"].split("+")[0] == identifier


def test_voices_are_chosen_by_name(desk, bare):
    one = say(desk, LINE, voice="espeak/en-gb+f3")
    other = say(desk, LINE, voice="en-gb")
    assert one.digest != other.digest
    assert EspeakVoice().settings(Speak(text="a", voice="de"))["voice"] == "gmw/de"
    assert not EspeakVoice().performs(Speak(text="Hello", voice="flite/slt"))


def test_a_voice_that_is_not_there_says_what_is(desk, bare):
    for name in ("bob", "flite/slt", "piper/amy", "espeak/klingonese"):
        assert not EspeakVoice().performs(Speak(text="Hello", voice=name))
        with pytest.raises(Unavailable, match="espeak/en-us") as told:
            say(desk, "Hello", voice=name)
        assert name in str(told.value)


def test_voices_lists_what_speak_takes(bare):
    names = speech.voices()
    assert {"espeak/en-us", "espeak/en-gb", "espeak/de", "espeak/hi"} <= set(names)
    for name in names[::10]:
        speech.require(name)


def test_without_espeak_nothing_breaks(monkeypatch, bare):
    def gone():
        raise Unavailable("espeak-ng is not on this machine; get it: pip install espeakng-loader")

    monkeypatch.setattr(espeak, "voices", gone)
    assert not EspeakVoice().performs(Speak(text="Hello"))
    assert speech.voices() == ()


def test_flite_and_piper_that_are_absent_are_not_offered(bare):
    assert not FliteVoice().performs(Speak(text="Hello"))
    assert not PiperVoice().performs(Speak(text="Hello"))


FLITE = """#!{python}
import sys, wave, struct, math
if sys.argv[1:] == ["-lv"]:
    print("Voices available: kal awb_time rms slt")
    sys.exit()
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
text = open(given["-f"], encoding="utf-8").read()
stretch = float(given["--setf"].split("=")[1])
pitch = {{"rms": 120, "slt": 210, "kal": 90}}[given["-voice"]]
if "crash" in text:
    sys.exit("boom")
with wave.open(given["-o"], "wb") as out:
    out.setparams((1, 2, 16000, 0, "NONE", ""))
    for word in text.split():
        count = int(16000 * stretch * 0.06 * len(word))
        turns = (6.28 * pitch * i / 16000 for i in range(count))
        out.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(turn))) for turn in turns))
        out.writeframes(bytes(2 * (9600 if word[-1] in ".!?" else 320)))
"""


@pytest.fixture
def flite(bare, monkeypatch, tmp_path):
    folder = tmp_path / "bin with spaces"
    folder.mkdir()
    program = folder / "flite"
    program.write_text(FLITE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_flite_reads_with_its_best_voice(flite, desk):
    step = Speak(text="One little line. Then another one; $(touch x) -o y `z`.")
    assert FliteVoice().performs(step)
    assert FliteVoice().settings(step) == {"voice": "rms", "through": "program"}
    audio = FliteVoice().perform(step, desk)
    assert [word.text for word in audio.words][:4] == ["One", "little", "line", "Then"]
    assert all(one.start <= other.start for one, other in pairwise(audio.words))
    assert audio.words[-1].start < audio.seconds
    faster = FliteVoice().perform(step.model_copy(update={"pace": 1.5}), desk)
    assert faster.seconds < audio.seconds * Fraction(9, 10)
    slt = FliteVoice().perform(step.model_copy(update={"voice": "flite/slt"}), desk)
    assert slt.digest != audio.digest
    assert not any(desk.scratch.iterdir())


def test_flite_reads_english_only_and_its_failure_is_told(flite, desk):
    assert not FliteVoice().performs(Speak(text="Hallo", language="de"))
    assert not FliteVoice().performs(Speak(text="Hello", voice="flite/bob"))
    assert speech.voices()[:2] == ("flite/kal", "flite/rms")
    with pytest.raises(GiveUp, match="flite could not read"):
        FliteVoice().perform(Speak(text="crash"), desk)


class _Config:
    def __init__(self, **given):
        self.given = given


class _Engine:
    @staticmethod
    def load(path):
        return _Engine()

    def synthesize(self, text, syn_config):
        seconds = 0.07 * len(text) * syn_config.given["length_scale"]
        wave = 0.3 * np.sin(2 * np.pi * 150 * np.arange(round(22_050 * seconds)) / 22_050)
        return [types.SimpleNamespace(audio_float_array=wave.astype(np.float32), sample_rate=22_050)]


@pytest.fixture
def piper(bare, monkeypatch, tmp_path):
    module = types.ModuleType("piper")
    module.PiperVoice, module.SynthesisConfig = _Engine, _Config
    monkeypatch.setitem(sys.modules, "piper", module)
    monkeypatch.setattr(speech, "find_spec", lambda name: object())
    path = tmp_path / "de_DE-anna.onnx"
    path.write_bytes(b"weights")
    (tmp_path / "de_DE-anna.onnx.json").write_text(json.dumps({"language": {"code": "de_DE"}}))
    monkeypatch.setenv("CUTROOM_PIPER_VOICE", str(path))
    return path


def test_a_piper_voice_file_is_used_for_its_language(piper, desk):
    step = Speak(text="Am Freitag fuhren wir an den See.", language="de")
    assert PiperVoice().performs(step)
    assert not PiperVoice().performs(Speak(text="Hello"))
    assert PiperVoice().settings(step)["sha256"] == hashlib.sha256(b"weights").hexdigest()
    audio = PiperVoice().perform(step, desk)
    assert len(audio.words) == 7
    assert float(audio.seconds) == pytest.approx(0.07 * len(step.text), abs=0.2)
    assert speech.voices()[0] == "piper/de_DE-anna"


def test_a_damaged_voice_file_is_said_so_by_the_real_piper(monkeypatch, tmp_path, desk):
    pytest.importorskip("piper")
    file = tmp_path / "en_GB-nobody.onnx"
    file.write_bytes(bytes(range(256)) * 16)
    told = {
        "language": {"code": "en_GB"}, "audio": {"sample_rate": 22050}, "espeak": {"voice": "en"}, "num_symbols": 10,
        "num_speakers": 1, "inference": {}, "phoneme_type": "espeak", "phoneme_id_map": {},
    }  # fmt: skip
    file.with_name(file.name + ".json").write_text(json.dumps(told))
    monkeypatch.setenv("CUTROOM_PIPER_VOICE", str(file))
    with pytest.raises(GiveUp, match=r"Piper could not read 'Hello there' with .*nobody"):
        PiperVoice().perform(Speak(text="Hello there"), desk)


def test_a_piper_voice_without_its_description_is_passed_over(piper):
    piper.with_name(piper.name + ".json").write_text("not json")
    assert not PiperVoice().performs(Speak(text="Hallo", language="de"))


def test_alignment_carries_word_times_over_to_another_reading():
    text = "The heron stood in the water. Nobody said a word, and then it flew away."
    one = espeak.speak(text, "gmw/en-US", espeak.Manner())
    other = espeak.speak(text, "gmw/en-US+f2", espeak.Manner(words_a_minute=125, pitch=60))
    path = speech.aligned(speech.spectra(one.samples, one.rate), speech.spectra(other.samples, other.rate))
    times = np.interp([mark.at for mark in one.marks], np.arange(len(path)) / 100, path)
    wrong = np.abs(times - [mark.at for mark in other.marks])
    assert np.median(wrong) < 0.04
    assert wrong.max() < 0.15


def test_resampling_keeps_pitch_level_and_place():
    wave = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050).astype(np.float32)
    result = speech.resampled(wave, 22_050, RATE)
    wanted = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert len(result) == RATE
    assert np.abs(result - wanted)[500:-500].max() < 1e-3
