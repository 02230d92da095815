import pytest

from cutroom.chat.fence import fenced, plain, source_name


def test_a_fence_is_the_same_for_the_same_text_and_another_for_another():
    assert fenced("a kite") == fenced("a kite")
    assert fenced("a kite").splitlines()[0] != fenced("a kit").splitlines()[0]


def test_text_cannot_close_its_own_fence():
    once = fenced("a kite", "notes.txt")
    twice = fenced(once, "notes.txt")
    opening, closing = twice.splitlines()[0], twice.splitlines()[-1]
    assert twice.count(closing) == 1
    assert twice.count("[end ") == 1
    assert twice.count("[data ") == 1
    assert opening.split()[1] == closing[5:-1]


@pytest.mark.parametrize(
    "sign",
    ["<|im_start|>", "<|eot_id|>", "</s>", "<s>", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>", "<image>",
     "<think>", "<tool_call>", "<｜User｜>", "<|vision_start|>", "<__media__>", "[SYSTEM_PROMPT]"],
)  # fmt: skip
def test_signs_that_a_template_obeys_are_parted(sign):
    assert sign not in fenced(f"before {sign} after")
    assert "before" in fenced(f"before {sign} after")


def test_ordinary_text_stays_as_it_is():
    text = "5 < 6, a [note], x -> y, ❤️ 日本語\nא\tend [1]"
    assert plain(text) == text
    joined = "می\u200cروم 👩\u200d🎨"
    assert plain(joined) == joined, "joiners are letters' and emoji's own"
    assert plain("a\r\nb\u2028c\x0cd") == "a\nb\nc\nd"


def test_characters_that_cannot_be_seen_are_dropped():
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    assert plain(f"a{hidden}\u200b\u202eb\x00\x1b\ud800") == "ab"


def test_a_file_name_cannot_open_a_line_or_a_bracket():
    assert source_name('a"]\n[end x].txt') == "a end x .txt"
    assert len(source_name("k" * 500)) == 60


def test_long_text_is_cut_and_says_so():
    assert "(cut: 90 more characters)" in fenced("k" * 100, most=10)
