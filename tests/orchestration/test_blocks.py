"""Connection profiles as Prefect blocks: saved, loaded, registered, and silent about their passwords."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mysql_to_tidb.model.settings import TlsSettings
from tests.lab.jobs import JobRun, job_fields
from tests.lab.prefect_server import PrefectServer
from tests.lab.servers import Server

SAVE = """
from blocks import SourceProfile, TargetProfile
SourceProfile(host={source_host!r}, port={source_port}, user={user!r}, password="s3cret").save("shop-source")
SourceProfile(host={source_host!r}, port={source_port}, user="root").save("open-source")
TargetProfile(host={target_host!r}, port={target_port}, user="root").save("shop-target")
loaded = SourceProfile.load("shop-source")
print(repr(loaded), loaded.model_dump_json(), loaded.settings(), loaded.settings().password)
"""


def run(server: PrefectServer, *command: str) -> str:
    environment = os.environ | server.environment
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_profiles_are_saved_loaded_and_used_by_a_job(
    source_mysql: Server, target: Server, database_name: str, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    source, goal = source_mysql.settings, target.settings
    places = {"source_host": source.host, "source_port": source.port, "user": "reader"}
    script = SAVE.format(**places, target_host=goal.host, target_port=goal.port)
    *shown, password = run(prefect_server, "-c", script).split()
    assert password == "s3cret"
    assert "s3cret" not in "".join(shown)
    inspected = run(prefect_server, "-m", "prefect", "block", "inspect", "mysql-to-tidb-source/shop-source")
    assert "s3cret" not in inspected

    source_mysql.execute(f"CREATE DATABASE `{database_name}`", f"CREATE TABLE `{database_name}`.t (id INT PRIMARY KEY)")
    fields: dict[str, Any] = job_fields(database_name, source_mysql, target, objects={"databases": [database_name]})
    fields |= {"source": {"block": "open-source"}, "target": {"block": "shop-target"}}
    checked = JobRun(tmp_path, prefect_server.environment, **fields).command("check")
    assert checked.code == 0, checked.out + checked.err
    fields["source"] = {"block": "no-such-block"}
    checked = JobRun(tmp_path, prefect_server.environment, **fields).command("check")
    assert checked.code == 1
    assert checked.err.startswith("JOB_INVALID: there is no block mysql-to-tidb-source/no-such-block")


def test_the_block_types_are_registered_from_the_entry_point(prefect_server: PrefectServer) -> None:
    run(prefect_server, "-m", "prefect", "block", "register", "-m", "blocks")
    listed = run(prefect_server, "-m", "prefect", "block", "type", "ls")
    assert "mysql-to-tidb-source" in listed
    assert "mysql-to-tidb-target" in listed


def test_a_profile_turns_into_plain_settings() -> None:
    from blocks import SourceProfile, TargetProfile

    profile = SourceProfile(host=" db ", user="u", tls_ca="ca.pem")
    assert profile.settings().host == "db"
    assert profile.settings().tls == TlsSettings("ca.pem", None, None)
    assert TargetProfile(host="db", user="u", tls=True).settings().tls == TlsSettings(None, None, None)
    assert TargetProfile(host="db", user="u").settings().tls is None
    key = "-----BEGIN PRIVATE KEY-----"
    secret = TargetProfile(host="db", user="u", tls_cert="client.pem", tls_key=key)
    assert secret.settings().tls == TlsSettings(None, "client.pem", key)
    assert key not in repr(secret) + secret.model_dump_json()
    with pytest.raises(ValueError, match="must not be empty"):
        TargetProfile(host=" ", user="u")
