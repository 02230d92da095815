from pathlib import Path

import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.media import cube
from cutroom.media.cube import Table, colours


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "look.cube"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def tetrahedral(values: np.ndarray, rgb: tuple[float, float, float]) -> np.ndarray:
    """The textbook's six cases, one colour at a time: what `Table` is compared to."""
    size = values.shape[0]
    at = np.array(rgb) * (size - 1)
    low = np.minimum(np.floor(at).astype(int), size - 2)
    r, g, b = at - low

    def corner(red: int, green: int, blue: int) -> np.ndarray:
        return values[low[2] + blue, low[1] + green, low[0] + red].astype(float)

    black, white = corner(0, 0, 0), corner(1, 1, 1)
    if r > g > b:
        return (1 - r) * black + (r - g) * corner(1, 0, 0) + (g - b) * corner(1, 1, 0) + b * white
    if r > b >= g:
        return (1 - r) * black + (r - b) * corner(1, 0, 0) + (b - g) * corner(1, 0, 1) + g * white
    if b >= r > g:
        return (1 - b) * black + (b - r) * corner(0, 0, 1) + (r - g) * corner(1, 0, 1) + g * white
    if b > g >= r:
        return (1 - b) * black + (b - g) * corner(0, 0, 1) + (g - r) * corner(0, 1, 1) + r * white
    if g >= b > r:
        return (1 - g) * black + (g - b) * corner(0, 1, 0) + (b - r) * corner(0, 1, 1) + r * white
    return (1 - g) * black + (g - r) * corner(0, 1, 0) + (r - b) * corner(1, 1, 0) + b * white


def test_a_table_is_read_as_programs_write_it(tmp_path):
    rows = "\r\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 0.5) for r in (0.25, 1.0))
    head = '\ufeffTITLE "Warm # 1 & évening"\r\n# made by hand\r\n\r\nLUT_3D_SIZE 2\r\nDOMAIN_MIN 0 0 0\r\nDOMAIN_MAX 1 1 1\r\n'
    table = cube.read(written(tmp_path, head + rows + "  # the last one\r\n\r\n"))
    assert (table.size, table.solid, table.title) == (2, True, "Warm # 1 & évening")
    # Red counts fastest.
    assert table(np.array([1.0, 0, 0])) == pytest.approx([1, 0, 0])
    assert table(np.array([0, 1.0, 0])) == pytest.approx([0.25, 0.5, 0])
    assert table(np.array([0, 0, 1.0])) == pytest.approx([0.25, 0, 1])


def test_colours_between_entries_lie_in_their_tetrahedron():
    random = np.random.default_rng(3)
    table = Table(random.random((5, 5, 5, 3)).astype(np.float32))
    asked = np.vstack([random.random((300, 3)), [(0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5), (0.3, 0.3, 0.9), (1, 0, 1)]])
    expected = [tetrahedral(table.values, tuple(rgb)) for rgb in asked]
    assert table(asked) == pytest.approx(np.array(expected), abs=1e-9)


def test_greys_stay_grey_where_the_table_has_them_so():
    values = colours(9) ** 1.3
    values[..., 0] += 0.2 * (values[..., 0] - values[..., 2])
    greys = np.repeat(np.linspace(0, 1, 500)[:, None], 3, axis=1)
    assert np.ptp(Table(values.astype(np.float32))(greys), axis=1).max() < 1e-6


@pytest.mark.parametrize("size", [2, 17, 33, 65])
def test_a_table_that_changes_nothing_changes_nothing(tmp_path, size):
    path = written(tmp_path, Table(colours(size).astype(np.float32)).text())
    asked = np.random.default_rng(size).random((200, 3))
    assert cube.read(path)(asked) == pytest.approx(asked, abs=1e-6)


def test_a_one_dimensional_table_bends_each_channel(tmp_path):
    table = cube.read(written(tmp_path, "LUT_1D_SIZE 3\n0 0 0\n0.25 0.5 0.75\n1 1 1\n"))
    assert not table.solid
    assert table(np.array([0.5, 0.5, 0.25])) == pytest.approx([0.25, 0.5, 0.375])


@pytest.mark.parametrize("domain", ["DOMAIN_MIN -1 -1 -1\nDOMAIN_MAX 3 3 3", "LUT_3D_INPUT_RANGE -1 3"])
def test_a_domain_of_its_own_is_kept(tmp_path, domain):
    rows = "\n".join(" ".join(f"{part:.6f}" for part in row) for row in (colours(33) * 4 - 1).reshape(-1, 3))
    table = cube.read(written(tmp_path, f"LUT_3D_SIZE 33\n{domain}\n{rows}\n"))
    asked = np.random.default_rng(1).random((200, 3))
    assert table(asked) == pytest.approx(asked, abs=1e-5)
    plain = table.plain()
    assert (plain.low, plain.high) == ((0, 0, 0), (1, 1, 1))
    assert plain(asked) == pytest.approx(asked, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing in it says LUT_3D_SIZE"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "ends after 1 colours where LUT_3D_SIZE 2 wants 8"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 1\n0 0 0\n", "line 4: there are more colours"),
        ("LUT_3D_SIZE 66\n", "line 1: 'LUT_3D_SIZE 66': the size must be a whole number from 2 to 65"),
        ("LUT_3D_SIZE two\n", "line 1: 'LUT_3D_SIZE two'"),
        ("# x\nLUT_1D_SIZE 2\n0 0\n1 1 1\n", "line 3: '0 0' holds 2 numbers where 3 are wanted"),
        ("LUT_1D_SIZE 2\n0 0 0x1\n1 1 1\n", "line 2: '0x1' is no number"),
        ("LUT_1D_SIZE 2\n0 0 -inf\n1 1 1\n", "line 2: '-inf' is no number"),
        ("LUT_1D_SIZE 2\nnan 0 0\n1 1 1\n", "line 2: 'nan 0 0' is no word"),
        ("0 0 0\n", "line 1: colours stand here before"),
        ("LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n", "line 2: 'LUT_3D_SIZE 2', but the table's size was given before"),
        ("LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\n0 0 0\n1 1 1\n", "each end must lie above its start"),
        ("SHAPER 3\n", "line 1: 'SHAPER 3' is no word of a .cube file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "holds bytes that are no text"),
    ],
)
def test_a_bad_table_says_what_is_wrong_and_where(tmp_path, text, says):
    with pytest.raises(BadInput) as caught:
        cube.read(written(tmp_path, text))
    assert "look.cube" in str(caught.value) and says in str(caught.value)
