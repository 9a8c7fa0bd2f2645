"""Which signs looks at a job give: seldom, and each when it must."""

from dataclasses import replace

from mysql_to_tidb.model.progress import JobProgress
from mysql_to_tidb.model.states import Mode, Stage, Status
from mysql_to_tidb.stages.signs import Observer, Sign, SignLimits

LOADING = JobProgress("shop", Mode.BOTH, Stage.LOAD, Status.RUNNING, rows=1000)
FOLLOWING = replace(LOADING, stage=Stage.SYNC, position="log:4", lag_seconds=0.0)


def test_progress_is_said_at_most_once_a_minute() -> None:
    observer = Observer()
    said = [observer.look(replace(LOADING, rows=second), second) for second in range(0, 200, 10)]
    assert [number * 10 for number, signs in enumerate(said) if Sign.PROGRESS in signs] == [0, 60, 120, 180]


def test_a_job_that_stands_still_says_nothing() -> None:
    observer = Observer()
    observer.look(LOADING, 0)
    assert [observer.look(LOADING, second) for second in range(10, 3000, 10)] == [[]] * 299


def test_a_job_that_moved_between_two_signs_says_so_when_the_next_is_due() -> None:
    observer = Observer()
    observer.look(LOADING, 0)
    observer.look(replace(LOADING, rows=2000), 30)
    assert observer.look(replace(LOADING, rows=2000), 60) == [Sign.PROGRESS]
    assert observer.look(replace(LOADING, rows=2000), 120) == []


def test_an_idle_job_without_lag_is_not_hanging() -> None:
    observer = Observer()
    observer.look(FOLLOWING, 0)
    assert observer.look(FOLLOWING, 60) == [Sign.PROGRESS]


def test_a_lag_that_is_high_and_grows_is_said_once_and_so_is_its_end() -> None:
    observer = Observer(SignLimits(progress_seconds=1e9))
    observer.look(FOLLOWING, 0)
    lags = {60: 500.0, 120: 650.0, 180: 700.0, 240: 680.0, 300: 400.0, 360: 200.0, 420: 0.0}
    said = {now: observer.look(replace(FOLLOWING, lag_seconds=lag), now) for now, lag in lags.items()}
    assert {now: signs for now, signs in said.items() if signs} == {120: [Sign.LAG_HIGH], 360: [Sign.LAG_OVER]}


def test_a_high_lag_that_shrinks_wakes_nobody() -> None:
    observer = Observer(SignLimits(progress_seconds=1e9))
    said = [observer.look(replace(FOLLOWING, lag_seconds=5000.0 - now), now) for now in range(0, 2000, 60)]
    assert all(Sign.LAG_HIGH not in signs for signs in said)


def test_pauses_are_said_with_their_end() -> None:
    observer = Observer(SignLimits(progress_seconds=1e9))
    observer.look(FOLLOWING, 0)
    paused = replace(FOLLOWING, status=Status.PAUSED)
    assert observer.look(paused, 10) == [Sign.PAUSED]
    assert observer.look(paused, 20) == []
    assert observer.look(FOLLOWING, 30) == [Sign.RESUMED]


def test_binary_logs_that_may_be_removed_are_said_before_they_are() -> None:
    observer = Observer(SignLimits(progress_seconds=1e9), retention_seconds=1000.0)
    observer.look(replace(LOADING, seconds=10.0), 0)
    assert observer.look(replace(LOADING, seconds=501.0), 10) == [Sign.RETENTION_LOW]
    assert observer.look(replace(LOADING, seconds=600.0), 20) == []
    assert observer.look(FOLLOWING, 30) == []
    assert observer.look(replace(FOLLOWING, lag_seconds=700.0), 40) == [Sign.RETENTION_LOW]
    unlimited = Observer(SignLimits(progress_seconds=1e9))
    unlimited.look(LOADING, 0)
    assert unlimited.look(replace(LOADING, seconds=1e9), 10) == []
