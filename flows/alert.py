"""The flow `alert`: tells the subscribers of a notification block what has happened to a job."""

import json
from typing import Any
from uuid import UUID

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import get_current_settings

from blocks import Notification
from tasks.alert_text import Alert, alert_of

RETRY_DELAYS = [2.0, 10.0, 30.0, 120.0]


@task(name="send-mail", retries=len(RETRY_DELAYS), retry_delay_seconds=RETRY_DELAYS)
def send_mail(notification: Notification, alert: Alert) -> None:
    """One mail to all recipients."""
    notification.send_mail(alert.subject, alert.text)


@task(name="call-webhook", retries=len(RETRY_DELAYS), retry_delay_seconds=RETRY_DELAYS)
def call_webhook(notification: Notification, number: int, alert: Alert) -> None:
    """One call of one webhook."""
    notification.post(notification.webhook_urls[number], f"{alert.subject}\n{alert.text}", alert.details)


@flow(name="alert", flow_run_name="alert {kind}")
def alert(notification: str, kind: str, resource: str = "", event: str = "{}") -> None:
    """Send one alert: its `kind`, the resource that it is about, and the JSON of the event that set it off."""
    loaded: Any = Notification.load(notification)
    told = json.loads(event) or {}
    payload: dict[str, Any] = told.get("payload") or {}
    job, run = _about(resource, payload)
    made = alert_of(kind, job, payload, _link(run))
    if loaded.recipients:
        send_mail(loaded, made)
    for number in range(len(loaded.webhook_urls)):
        call_webhook(loaded, number, made)


def _about(resource: str, payload: dict[str, Any]) -> tuple[str, str]:
    """The job's name and the id of its newest run, whichever of both the resource is."""
    kind, _, name = resource.rpartition(".")
    with get_client(sync_client=True) as client:
        if kind == "prefect.flow-run":
            job: dict[str, Any] = client.read_flow_run(UUID(name)).parameters.get("job") or {}
            return str(job.get("name", "")), name
        if payload.get("run"):
            return name, str(payload["run"])
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[f"migrate {name}"])),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
    return name, str(runs[0].id) if runs else ""


def _link(run: str) -> str:
    ui = get_current_settings().ui_url
    return f"{ui}/runs/flow-run/{run}" if ui and run else ""
