"""The alerts as Prefect automations, and how they are brought to a server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from mysql_to_tidb.stages.signs import Sign
from tasks.alert_text import AlertKind
from tasks.signs import EVENT_PREFIX

JOBS = {"prefect.resource.id": f"{EVENT_PREFIX}.job.*"}
RUNS = {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.mysql-to-tidb"}
ENDS = ["Completed", "Failed", "Cancelled", "Crashed"]
PARAMETERS = {
    "resource": {"__prefect_kind": "jinja", "template": "{{ event.resource.id }}"},
    "event": {"__prefect_kind": "jinja", "template": '{"payload": {{ event.payload | tojson }}}'},
}
"""Of the run of `alert` that an automation starts; with a proactive trigger the event is the last one that came."""


@dataclass(frozen=True, slots=True)
class AlertTimes:
    """How long something must last before somebody is told."""

    no_progress: timedelta = timedelta(minutes=20)
    paused: timedelta = timedelta(hours=6)
    no_heartbeat: timedelta = timedelta(minutes=9)
    """Prefect's runs give a sign of life every three minutes."""


def automations(notification: str, alert_deployment: UUID, times: AlertTimes) -> Iterator[AutomationCore]:
    """All of them. `notification` names a block, `alert_deployment` is that of the flow `alert`."""
    told = {
        AlertKind.FAILED: _when(Sign.FAILED),
        AlertKind.LAG_HIGH: _when(Sign.LAG_HIGH),
        AlertKind.LAG_OVER: _when(Sign.LAG_OVER),
        AlertKind.RETENTION_LOW: _when(Sign.RETENTION_LOW),
        AlertKind.RECOVERED: _when(Sign.RECOVERED),
        AlertKind.NO_PROGRESS: _unless(
            after=[Sign.PROGRESS, Sign.STARTED, Sign.RECOVERED, Sign.RESUMED],
            expected=[Sign.PROGRESS, Sign.PAUSED, Sign.FAILED, Sign.ENDED],
            within=times.no_progress,
        ),
        AlertKind.PAUSED_LONG: _unless(
            after=[Sign.PAUSED],
            expected=[Sign.RESUMED, Sign.STARTED, Sign.RECOVERED, Sign.FAILED],
            within=times.paused,
        ),
        AlertKind.CRASHED: EventTrigger(
            expect={"prefect.flow-run.Crashed"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=RUNS,
            posture=Posture.Reactive,
            threshold=1,
        ),
    }
    for kind, trigger in told.items():
        parameters = {"notification": notification, "kind": str(kind), **PARAMETERS}
        action = RunDeployment(source="selected", deployment_id=alert_deployment, parameters=parameters)
        yield AutomationCore(
            name=f"mysql-to-tidb: {kind}", description=f"Alert: {kind}", trigger=trigger, actions=[action]
        )
    yield _crash_of_lost_runs(times)


def _when(sign: Sign) -> EventTrigger:
    """Each time that the sign is given."""
    return EventTrigger(expect={f"{EVENT_PREFIX}.{sign}"}, match=JOBS, posture=Posture.Reactive, threshold=1)


def _unless(after: list[Sign], expected: list[Sign], within: timedelta) -> EventTrigger:
    """For each job, where after one of some signs none of those expected comes in time."""
    return EventTrigger(
        after={f"{EVENT_PREFIX}.{sign}" for sign in after},
        expect={f"{EVENT_PREFIX}.{sign}" for sign in expected},
        match=JOBS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _crash_of_lost_runs(times: AlertTimes) -> AutomationCore:
    """A run whose machine is gone looks as if it ran on; it is marked as crashed, which sets off that alert."""
    heartbeat = "prefect.flow-run.heartbeat"
    trigger = EventTrigger(
        after={heartbeat},
        expect={heartbeat, *(f"prefect.flow-run.{end}" for end in ENDS)},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=RUNS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=times.no_heartbeat,
    )
    action = ChangeFlowRunState(state=StateType.CRASHED, message="The run has given no sign of life")
    return AutomationCore(
        name="mysql-to-tidb: lost-runs", description="Mark lost runs as crashed", trigger=trigger, actions=[action]
    )


def apply(client: SyncPrefectClient, wanted: AutomationCore) -> str:
    """Bring one automation to the server; what was done: created, replaced or kept.

    It is replaced, never updated: an update through the client drops the types of actions, and the server
    then takes others. Raises RuntimeError where the server has not kept what it was given.
    """
    known = client.read_automations_by_name(wanted.name)
    if [_essence(found) for found in known] == [_essence(wanted)]:
        return "kept"
    for found in known:
        client.delete_automation(found.id)
    client.create_automation(wanted)
    if [_essence(found) for found in client.read_automations_by_name(wanted.name)] != [_essence(wanted)]:
        raise RuntimeError(f"the Prefect server did not keep the automation {wanted.name!r} as it was given")
    return "replaced" if known else "created"


def _essence(automation: AutomationCore) -> dict[str, Any]:
    """What an automation does, without what the server adds."""
    plain = automation.model_dump(mode="json", exclude_none=True)
    trigger = plain["trigger"]
    for key in ("after", "expect", "for_each"):  # sets, which come back in any order
        trigger[key] = sorted(trigger.get(key) or ())
    trigger.pop("id", None)
    return {key: plain[key] for key in ("enabled", "trigger", "actions")}
