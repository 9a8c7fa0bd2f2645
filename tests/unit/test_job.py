"""The job file: what is accepted, what is refused and how, and that no password gets out."""

from pathlib import Path
from typing import Any

import pytest

from mysql_to_tidb.errors import InvalidJob
from mysql_to_tidb.job import Job, load_job, parse_job
from mysql_to_tidb.model.names import TableName
from mysql_to_tidb.model.settings import TlsSettings
from mysql_to_tidb.model.states import Mode

FIELDS: dict[str, Any] = {
    "name": "shop",
    "mode": "full+incremental",
    "source": {"url": "mysql://reader:${SHOP_PASSWORD}@db.example:3307", "kind": "mysql"},
    "target": {"url": "mysql://root@tidb.example:4000"},
    "objects": {"databases": ["shop"], "exclude": ["shop.log"]},
}


def changed(**fields: Any) -> dict[str, Any]:
    return FIELDS | fields


def test_a_whole_job_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "p@ss/w:rd%41")
    path = tmp_path / "job.yaml"
    path.write_text(
        "name: shop\nsource: {url: 'mysql://reader:${SHOP_PASSWORD}@db.example:3307', tls: {ca: ca.pem}}\n"
        "target: {url: 'mysql://root@tidb.example:4000'}\nobjects: {databases: [shop], exclude: [shop.log]}\n"
    )
    job = load_job(path)
    settings = job.source_settings()
    assert (settings.host, settings.port, settings.user) == ("db.example", 3307, "reader")
    assert settings.password == "p@ss/w:rd%41"
    assert settings.tls is not None
    assert settings.tls.ca == "ca.pem"
    assert job.mode is Mode.BOTH
    assert job.choice.selects(TableName("shop", "orders"), fold_case=False)
    assert not job.choice.selects(TableName("shop", "log"), fold_case=False)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (changed(name="1shop"), "name: a job name starts with a letter"),
        (changed(name="s" * 60), "name: a job name starts with a letter"),
        (changed(surprise=1), "surprise: no such field"),
        (changed(source={"url": "mysql://u@h", "paswort": "x"}), "source.paswort: no such field"),
        (changed(source={"url": "postgres://u@h"}), "not a server URL"),
        (changed(source={"url": "mysql://u@h:port"}), "no valid port"),
        (changed(source={"url": "mysql://u@h", "block": "b"}), "either url or block"),
        (changed(target={}), "either url or block"),
        (changed(mode="both"), "mode"),
        (changed(objects={"tables": ["orders"]}), "`orders` is not a table"),
        (changed(objects={"databases": ["mysql"]}), "never migrated"),
        (changed(start={"file": "binlog.000001", "position": 4}), "start is for incremental jobs"),
        (changed(spec={"chunk_rows": 0}), "greater than or equal to 100"),
        (changed(source={"url": "mysql://u@h", "tls": {"cert": "c.pem"}}), "cert and key go together"),
    ],
)
def test_bad_input_is_refused_in_one_line(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job(fields)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_name_of_59_characters_is_accepted() -> None:
    assert parse_job(changed(name="s" * 59)).name == "s" * 59


def test_a_refused_url_does_not_repeat_its_password() -> None:
    with pytest.raises(InvalidJob) as caught:
        parse_job(changed(source={"url": "mysql://u:hunter2@h:port"}))
    assert "hunter2" not in "\n".join(caught.value.lines())


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(InvalidJob, match="SHOP_PASSWORD"):
        parse_job(FIELDS).source_settings()


def test_a_literal_password_is_concealed_but_still_used() -> None:
    job = parse_job(changed(source={"url": "mysql://u:hunter%32@h"})).concealed()
    assert "hunter" not in job.model_dump_json()
    assert "hunter" not in repr(job.source_settings())
    again = Job.model_validate(job.model_dump(mode="json"))
    assert again.source_settings().password == "hunter2"


def test_certificates_come_by_path_by_content_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "-----BEGIN PRIVATE KEY-----\n100%41\n-----END PRIVATE KEY-----\n"
    monkeypatch.setenv("CLIENT_KEY", key)
    for given in (key, "${CLIENT_KEY}"):
        tls = {"ca": "/etc/50%41.pem", "cert": "client.pem", "key": given}
        job = parse_job(changed(source={"url": "mysql://u@h", "tls": tls})).concealed()
        assert "PRIVATE KEY" not in job.model_dump_json() + str(job.described())
        settings = Job.model_validate(job.model_dump(mode="json")).source_settings()
        assert settings.tls == TlsSettings("/etc/50%41.pem", "client.pem", key)
        assert "PRIVATE KEY" not in repr(settings)


def test_the_description_for_the_records_has_no_password() -> None:
    described = parse_job(changed(source={"url": "mysql://u:hunter2@h"})).described()
    assert described["source"] == {"url": "mysql://u@h:3306"}
    assert "hunter2" not in str(described)


def test_the_fingerprint_changes_with_what_is_migrated_only() -> None:
    job = parse_job(FIELDS)
    assert job.fingerprint == parse_job(changed(spec="large", ignore_warnings="all")).fingerprint
    assert job.fingerprint != parse_job(changed(objects="all")).fingerprint
