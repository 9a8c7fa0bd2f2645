"""Makes a Prefect server ready for migrations, as often as you like: what is there already is kept or renewed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from blocks import Notification, SourceProfile, TargetProfile
from deployments.automations import AlertTimes, apply, automations
from mysql_to_tidb.errors import InvalidJob, SetupFailed

WORK_POOL = "mysql-to-tidb"
RUNS_MAX = 200
"""Of the work pool at a time; how many jobs there may be is a matter of the target."""
ALERT_DEPLOYMENT = "alert/mysql-to-tidb"
PREFECT_FILE = Path(__file__).with_name("prefect.yaml")


def set_up(notification: str | None, times: AlertTimes | None = None) -> Iterator[str]:
    """Blocks, work pool with its limit, deployments and, with the name of a saved notification block, alerts.

    Gives a line for each thing that is as it should be. Raises InvalidJob and SetupFailed.
    """
    for block in (SourceProfile, TargetProfile, Notification):
        block.register_type_and_schema()
        yield f"block {block.get_block_type_slug()}: registered"
    with get_client(sync_client=True) as client:
        yield f"work pool {WORK_POOL}: {_work_pool(client)}"
        _deploy()
        yield "deployments: as in prefect.yaml"
        if notification is None:
            yield "alerts: none, as no notification block is named"
            return
        _check_notification(notification)
        deployment = client.read_deployment_by_name(ALERT_DEPLOYMENT)
        for automation in automations(notification, deployment.id, times or AlertTimes()):
            yield f"automation {automation.name}: {apply(client, automation)}"


def _work_pool(client: SyncPrefectClient) -> str:
    """A process pool, unless there is a pool of this name: Docker's and Kubernetes' will do as well."""
    try:
        client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process", concurrency_limit=RUNS_MAX))
        return "created"
    return "kept"


def _deploy() -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", PREFECT_FILE.name]
    done = subprocess.run(  # noqa: S603 - our own interpreter, and nothing of a user in it
        command, cwd=PREFECT_FILE.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SetupFailed(f"the deployments were refused: {done.stdout}{done.stderr}".strip())


def _check_notification(name: str) -> None:
    try:
        loaded: Any = Notification.load(name)
    except ValueError as error:
        block = f"{Notification.get_block_type_slug()}/{name}"
        raise InvalidJob(f"there is no block {block}", hint="save one, or see `prefect block ls`") from error
    if not loaded.recipients and not loaded.webhook_urls:
        raise InvalidJob(f"the notification block {name} has neither a recipient nor a webhook")
