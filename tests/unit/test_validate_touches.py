"""Whatever was changed in between, the source can be taken back to the target's position."""

from hypothesis import given
from hypothesis import strategies as st

from mysql_to_tidb.model.changes import ChangeKind
from mysql_to_tidb.validate.touches import FirstTouches

Rows = dict[int, int]
Change = tuple[ChangeKind, int | None, int | None, int | None]


def history(rows: Rows, moves: list[tuple[int, int, int]]) -> tuple[list[Rows], list[Change]]:
    """The states that random moves lead through, and what a log would say of each: kind, old key, row, new key."""
    states, log = [dict(rows)], []
    for number, (action, key, other) in enumerate(moves):
        now = dict(states[-1])
        if key not in now:
            now[key] = 100 + number
            log.append((ChangeKind.INSERT, None, None, key))
        elif action == 0:
            log.append((ChangeKind.DELETE, key, now.pop(key), None))
        else:
            new = other if action == 1 and other not in now else key
            log.append((ChangeKind.UPDATE, key, now.pop(key), new))
            now[new] = 100 + number
        states.append(now)
    return states, log


@given(
    rows=st.dictionaries(st.integers(0, 5), st.integers(), max_size=6),
    moves=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 5)), max_size=20),
    data=st.data(),
)
def test_a_later_reading_is_taken_back_exactly(
    rows: Rows, moves: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    states, log = history(rows, moves)
    target_at = data.draw(st.integers(0, len(log)))
    read_at = data.draw(st.integers(target_at, len(log)))
    wanted = data.draw(st.sets(st.integers(0, 5)))
    touches = FirstTouches[int, int](wanted)
    # The log is read up to where it ended after the reading, which may be later than what the reading shows.
    for change in log[target_at:]:
        touches.take(*change)
    read = {key: row for key, row in states[read_at].items() if key in wanted}
    assert touches.taken_back(read) == {key: row for key, row in states[target_at].items() if key in wanted}
