from fractions import Fraction as F

from cutroom.planner.telling import Line, tell
from cutroom.time import Span


def label(place: int, seconds: str = "6/5") -> Line:
    return Line(place=place, text=f"Picture {place}", subject=place, seconds=F(seconds), spoken=False, label=True)


def spans(*lengths: str) -> dict[int, Span]:
    found, at = {}, F(0)
    for place, length in enumerate(lengths):
        found[place] = Span(start=at, length=F(length))
        at += F(length)
    return found


def test_a_name_stands_beside_its_own_picture_or_nowhere():
    """The title takes the first picture's time, the third is seen too briefly: neither name goes to the next picture."""
    seen = spans("1.9", "2", "0.9", "2.6", "2.6")
    told = tell([label(place) for place in range(5)], seen, first=F("1.6"), film=F(10), tail=F("0.7"))
    assert [one.line.place for one in told] == [1, 3, 4]
    for one in told:
        span = seen[one.line.place]
        # Captions stay three tenths of a second after their last word.
        assert span.start <= one.start and one.start + one.seconds + F("0.3") <= span.end


def test_what_is_more_than_a_name_is_told_though_its_picture_is_over():
    line = Line(place=0, text="We rowed out.", subject=0, seconds=F("6/5"), spoken=False)
    told = tell([line], spans("1.5", "4"), first=F("1.6"), film=F(6), tail=F("0.7"))
    assert [one.start for one in told] == [F("1.6")]
