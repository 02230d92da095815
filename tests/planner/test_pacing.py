from fractions import Fraction as F

from cutroom.planner.pacing import Wanted, cuts_on_beats, place_lines, shares
from cutroom.time import Rate

RATE = Rate(per_second=30)


def test_shares_add_up_and_keep_their_bounds():
    wanted = [Wanted(weight=1), Wanted(weight=2), Wanted(weight=1, longest=F(2)), Wanted(weight=1, shortest=F(6))]
    lengths = shares(wanted, F(20))
    assert sum(lengths) == 20
    assert lengths[2] == 2
    assert lengths[3] >= 6
    assert lengths[1] > lengths[0]


def test_bounds_that_cannot_be_kept_give_way_evenly():
    assert shares([Wanted(longest=F(2)), Wanted(longest=F(2))], F(10)) == [5, 5]
    assert shares([Wanted(shortest=F(4)), Wanted(shortest=F(4))], F(2)) == [1, 1]
    assert shares([], F(5)) == []


def test_a_short_shot_is_not_squeezed_for_the_sake_of_long_ones():
    lengths = shares([Wanted(shortest=F(10)), Wanted(shortest=F(6, 5)), Wanted(shortest=F(10))], F(12))
    assert sum(lengths) == 12
    assert min(lengths) == F(6, 5)


def test_cuts_move_onto_beats_and_the_sum_stays():
    beats = [F(n, 2) for n in range(1, 40)]
    lengths = cuts_on_beats([F(31, 10), F(42, 10), F(27, 10)], beats, RATE)
    assert lengths == [3, F(9, 2), F(5, 2)]
    assert sum(lengths) == 10


def test_a_cut_waits_for_no_beat_that_its_clip_cannot_reach():
    beats = [F(at) / 2 for at in range(40)]
    lengths = [F(42, 10), F(31, 10), F(47, 10)]

    free = cuts_on_beats(lengths, beats, RATE)
    bounded = cuts_on_beats(lengths, beats, RATE, longest=[F(9), F(31, 10), F(9)])

    assert free[1] == F(35, 10)
    assert bounded[1] == F(31, 10)
    assert sum(bounded) == sum(lengths)


def test_without_beats_cuts_fall_on_frames():
    lengths = cuts_on_beats([F(314, 100), F(271, 100)], [], RATE)
    assert sum(lengths) == F(585, 100)
    assert lengths[0] * 30 == int(lengths[0] * 30)


def test_lines_begin_with_their_shots_when_they_can():
    assert place_lines([F(3), F(8), None], [F(2), F(2), F(2)], F(1), F(20)) == [
        3,
        8,
        F(10) + F(7, 20) + place_lines_room(),
    ]


def place_lines_room():
    # The free time (20 - 1 - 6 - two pauses), shared out over four gaps.
    return (F(20) - 1 - 6 - 2 * F(7, 20)) / 4


def test_lines_never_overlap_and_never_outlast_the_film():
    starts = place_lines([F(9), F(9), F(9)], [F(2), F(2), F(2)], F(0), F(12))
    ends = [start + 2 for start in starts]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    assert ends[-1] <= 12


def test_too_many_words_are_refused():
    assert place_lines([None], [F(5)], F(0), F(4)) is None
