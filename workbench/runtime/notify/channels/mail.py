"""Mail over SMTP with the standard library: TLS, or STARTTLS, before a password is said; plain only to this machine."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, Literal, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.runtime.notify.channels.base import PATIENCE_S, ChannelError, Message
from workbench.runtime.notify.channels.http import HERE
from workbench.runtime.notify.secrets import Redactor, Secret

Security = Literal["tls", "starttls", "none"]
MOST_SAID: Final = 200


class Server(NamedTuple):
    """Where mail is handed in."""

    host: str
    port: int
    security: Security
    user: str
    sender: str
    to: tuple[str, ...]


class Mail:
    """Hands one message in, to all who get it, over a connection of its own."""

    name = "smtp"

    def __init__(self, server: Server, password: Secret, redact: Redactor) -> None:
        if server.security == "none" and server.host not in HERE:
            raise ConfigError("notify.smtp.security: none is for a server on this machine; use tls or starttls")
        self._server, self._password, self._redact = server, password, redact

    def send(self, message: Message) -> None:
        why = self._try(message)
        if why is not None:  # raised here: what the library raised holds the conversation
            raise ChannelError(why)

    def _try(self, message: Message) -> str | None:
        at = self._server
        try:
            with self._connected() as line:
                if at.user:
                    line.login(at.user, self._password.reveal())
                refused = line.send_message(self._mail(message))
            return f"it does not take mail for {', '.join(refused)}" if refused else None
        except smtplib.SMTPRecipientsRefused as error:
            return f"it does not take mail for {', '.join(error.recipients)}"
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
            return f"it answered {error.smtp_code}: {self._redact(' '.join(said.split()))[:MOST_SAID]}"
        except ssl.SSLError as error:
            return f"no TLS with {at.host}:{at.port}: {error.reason or type(error).__name__}"
        except (OSError, smtplib.SMTPException) as error:
            return f"nothing came back from {at.host}:{at.port}: {type(error).__name__}"

    def _connected(self) -> smtplib.SMTP:
        at = self._server
        if at.security == "tls":
            return smtplib.SMTP_SSL(at.host, at.port, timeout=PATIENCE_S, context=ssl.create_default_context())
        line = smtplib.SMTP(at.host, at.port, timeout=PATIENCE_S)
        if at.security == "starttls":
            try:
                line.starttls(context=ssl.create_default_context())
            except BaseException:
                line.close()
                raise
        return line

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = message.title.replace("\n", " ")[:200]
        mail["From"], mail["To"] = self._server.sender, ", ".join(self._server.to)
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="workbench.invalid")
        mail["X-Priority"] = "1" if message.severity.value == "critical" else "3"
        mail.set_content(message.body)
        return mail
