"""Who is told of alerts, and how: by e-mail and by webhook."""

import smtplib
import ssl
from email.message import EmailMessage
from enum import StrEnum
from typing import Any

import httpx
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

TIMEOUT_SECONDS = 30.0


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class Notification(Block):
    """Subscribers of alerts. Leave out what you do not use."""

    _block_type_name = "MySQL to TiDB notification"
    _block_type_slug = "mysql-to-tidb-notification"
    _description = "Who is told when a migration needs somebody: mail addresses and webhooks."

    recipients: list[str] = Field(default_factory=list, description="Mail addresses")
    sender: str = Field(default="mysql-to-tidb@localhost", description="Mail address that alerts come from")
    smtp_host: str = Field(default="localhost", description="Mail server")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="TCP port of the mail server")
    smtp_security: MailSecurity = Field(default=MailSecurity.STARTTLS, description="Protection of that connection")
    smtp_user: str = Field(default="", description="User at the mail server; empty for none")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Password of this user")
    webhook_urls: list[SecretStr] = Field(
        default_factory=list, description="Addresses that get each alert as JSON with a `text`, as Slack takes it"
    )

    def send_mail(self, subject: str, text: str) -> None:
        """One mail to all recipients. Raises smtplib.SMTPException or OSError."""
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = subject, self.sender, ", ".join(self.recipients)
        message.set_content(text)
        encrypted = self.smtp_security is MailSecurity.TLS
        with (
            smtplib.SMTP_SSL(self.smtp_host, self.smtp_port, timeout=TIMEOUT_SECONDS, context=_tls())
            if encrypted
            else smtplib.SMTP(self.smtp_host, self.smtp_port, timeout=TIMEOUT_SECONDS)
        ) as server:
            if self.smtp_security is MailSecurity.STARTTLS:
                server.starttls(context=_tls())
            if self.smtp_user:
                server.login(self.smtp_user, self.smtp_password.get_secret_value())
            server.send_message(message)

    def post(self, url: SecretStr, text: str, details: dict[str, Any]) -> None:
        """One alert to one webhook. Raises RuntimeError, which does not tell the address: that is a secret."""
        try:
            answer = httpx.post(url.get_secret_value(), json={"text": text, **details}, timeout=TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise RuntimeError(f"a webhook cannot be reached: {type(error).__name__}") from None
        if answer.is_error:
            raise RuntimeError(f"a webhook answered {answer.status_code}")


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
