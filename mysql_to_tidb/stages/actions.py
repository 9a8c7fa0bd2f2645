"""What a user asks of a job, wherever it runs; a running job looks once a second."""

from mysql_to_tidb.model.settings import ServerSettings
from mysql_to_tidb.model.states import Action, Status
from mysql_to_tidb.stages.running import is_alive, open_store


def is_running(target: ServerSettings, name: str) -> bool:
    """Whether a process holds the job right now, paused or not. Raises JobNotFound."""
    with open_store(target) as store:
        record = store.read_job(name)
    return record.status in {Status.RUNNING, Status.PAUSED} and is_alive(record)


def pause(target: ServerSettings, name: str) -> str:
    """Ask the job to pause behind its next commit; what to tell the user. Raises JobNotFound."""
    with open_store(target) as store:
        store.request(name, Action.PAUSE)
    return f"job {name} pauses behind its next commit" if is_running(target, name) else f"job {name} does not run"


def resume(target: ServerSettings, name: str) -> str:
    """Let a paused job go on; what to tell the user. Raises JobNotFound."""
    with open_store(target) as store:
        store.request(name, Action.RUN)
    return f"job {name} goes on"


def delete(target: ServerSettings, name: str) -> str:
    """Forget the job in whatever status; what it has migrated stays. Raises JobNotFound."""
    with open_store(target) as store:
        store.request(name, Action.DELETE)
        store.delete_job(name)
    return f"job {name} is deleted; its migrated data stays in the target"
