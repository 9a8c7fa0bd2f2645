"""Every refusal by a server has a cure of its own, without a server to refuse."""

import pymysql
import pytest

from mysql_to_tidb.model.settings import ServerSettings, TlsSettings
from mysql_to_tidb.refusals import REFUSED_LOGIN, hint_for, reachability_hint

SETTINGS = ServerSettings("db.example", 3306, "mover", "hunter2", TlsSettings("ca.pem"))


@pytest.mark.parametrize("number", sorted(REFUSED_LOGIN))
def test_a_refused_login_never_blames_the_network(number: int) -> None:
    hint = hint_for(pymysql.err.OperationalError(number, "Host '10.0.0.7' said no"), SETTINGS)
    assert hint
    assert "db.example" not in hint
    assert "hunter2" not in hint


def test_a_host_that_may_not_connect_is_named_as_the_server_sees_it() -> None:
    error = pymysql.err.OperationalError(1130, "Host '10.0.0.7' is not allowed to connect to this MySQL server")
    assert "CREATE USER ...@'10.0.0.7'" in hint_for(error, SETTINGS)


@pytest.mark.parametrize(
    ("connectivity", "words"),
    [
        ("public", "allow this machine in its firewall or allow list"),
        ("vpc-peering", "check the peering's routes"),
        ("private-link", "accept the endpoint request"),
    ],
)
def test_each_way_to_a_server_has_its_own_gate(connectivity: str, words: str) -> None:
    assert words in reachability_hint(ServerSettings("192.0.2.1", 3306, "u", connectivity=connectivity))
