"""Who speaks: a mail server, a person, a machine that answers for a person, or a list.

Behind the door: return paths, senders, subjects and the marks of automatic mail (RFC 3834).
None of them proves anything; together they say which readers may look at a mail.  Pure.
"""

import re
from dataclasses import dataclass

from digest.returns.parts import Mail, plain

_MAILER_DAEMON = re.compile(r"mailer[-_. ]?daemon|mail[-_. ]?delivery[-_. ]?(?:sub)?system", re.I)
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|postmaster|mdaemon|microsoftexchange|mail[-_. ]?daemon"
    r"|bounce[-_. ]?handler"
    r"|mail[-_. ]?(?:delivery|system|subsystem|router|server|robot|admin)"
    r"|delivery[-_. ]?(?:sub)?system|exchange[-_. ]?(?:server|system)"
    r"|system[-_. ]?(?:administrator|attendant)|internet[-_. ]?mail[-_. ]?(?:service|connector)"
    r"|(?:^|[<\"\s])daemon@|smtp[-_. ]?(?:server|gateway|relay)",
    re.I,
)
_FAILURE_SUBJECT = re.compile(
    r"(?:re: )?(?:\[[^\]]{1,40}\] ?)?(?:"
    r"undeliver(?:able|ed)(?: mail| message)?\b|could not deliver|unable to deliver"
    r"|(?:e-?)?mail delivery (?:failed|failure|problem|status|error|system)"
    r"|mail (?:failure|could not be delivered|returned|system error)|returned mail|failure notice"
    r"|delivery (?:failure|status|notification|failed|has failed|report|error|problem|delayed)"
    r"|failed delivery|non[- ]?deliver(?:y|able)|your message (?:could not|was not|cannot)"
    r"|message (?:delivery|undeliverable|not delivered|status|could not|delayed)"
    r"|warning: (?:message|could not)|bounced? (?:mail|message|e-?mail)|e-?mail not delivered"
    r"|unzustellbar|zustellung|unbestellbar|nicht zustellbar|mail-?zustellung|nachricht nicht"
    r"|échec|non remis|message non|no se pudo|no se ha podido|devuelto|mensaje no|mancata consegna"
    r"|impossibile|niet bezorgd|onbestelbaar|nie dostarczono|zwrot|недоставлен|ошибка доставки"
    r"|сообщение не доставлено|не доставлено|недоставлене|olevererbart|kunde inte levereras|配信)",
    re.I,
)
_PASSED_ON = re.compile(r"(?:fwd?|wg|tr|rv|rif|i|vs|fs|aw|sv|antw|re|пересл)(?:\[\d+\])?\s*:", re.I)
_AWAY_SUBJECT = re.compile(
    r"(?:auto(?:matic|matische|matisch|mated)?[- ]?(?:reply|response|answer|antwort|respons)|auto:"
    r"|automatisch(?:e|es)? (?:antwort|antwoord)|out of (?:the )?office|out-of-office|ooo\b"
    r"|away from|on (?:vacation|holiday|leave)|vacation|abwesen|urlaub|réponse automatique|absence"
    r"|respuesta automática|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)"
    r"|afwezig|autosvar|frånvaro|автоответ|автоматическ|автоматична|nieobecn|autoodpowied"
    r"|(?:please )?confirm your|please confirm)",
    re.I,
)
_AWAY_MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-vacation",
    "auto-reply",
)
_LIST_MARKS = ("list-id", "list-unsubscribe", "list-post", "list-help", "x-mailman-version")


@dataclass(frozen=True, slots=True)
class Signs:
    """What the header says of who speaks."""

    subject: str
    #: The return path is <>, as RFC 3464 §2 wants of reports.
    no_return: bool
    #: There is a return path that an answer could go to.
    answerable: bool
    #: The sender has a mail server's name; the name that only mail servers have.
    daemon: bool
    mailer_daemon: bool
    #: Exim's and Gmail's list of failed recipients.
    failed: str
    failure_subject: bool
    #: Forwarded or answered by somebody.
    passed_on: bool
    #: Marked as an automatic answer, or called one.
    away: bool
    #: Auto-Submitted: auto-replied (RFC 3834 §5), as vacation notes have it, and Exim's bounces.
    auto_replied: bool
    listed: bool
    #: Written with a mail program.
    typed: bool

    @property
    def server(self) -> bool:
        """Whether a mail server is likely to have written it."""
        return bool(self.failed) or ((self.no_return or self.daemon) and not self.listed)

    @property
    def strength(self) -> int:
        """How much speaks for a failure that is told in words; from 2 on it is believed."""
        return (
            2 * bool(self.failed)
            + self.daemon
            + self.mailer_daemon
            + self.no_return
            + self.failure_subject
        )

    @property
    def likely(self) -> bool:
        """Whether it may be a failure that is told in words."""
        if self.failed:
            return True
        machine = self.daemon or (self.failure_subject and self.no_return)
        if self.listed or (self.away and not self.daemon) or (self.auto_replied and not machine):
            return False
        if self.passed_on and not (self.no_return or self.mailer_daemon):
            return False
        alone = not (self.daemon or self.no_return)
        if alone and (self.answerable or self.typed):
            return False
        return self.strength > 0


def signs(mail: Mail) -> Signs:
    """Read the header of *mail*."""
    head = mail.head
    subject = plain(head.first("subject"))[:500]
    sender = " ".join(
        plain(value)[:300] for value in (head.first("from"), head.first("sender")) if value
    )
    paths = [value.strip() for value in head.every("return-path")]
    submitted = head.first("auto-submitted").lower()
    precedence = head.first("precedence").lower()
    return Signs(
        subject=subject,
        no_return=any(path in ("<>", "", "< >") for path in paths),
        answerable=any("@" in path and not _DAEMON.search(path) for path in paths),
        daemon=_DAEMON.search(sender) is not None,
        mailer_daemon=_MAILER_DAEMON.search(sender) is not None,
        failed=head.first("x-failed-recipients"),
        failure_subject=_FAILURE_SUBJECT.match(subject) is not None,
        passed_on=_PASSED_ON.match(subject) is not None,
        away=(
            head.has(*_AWAY_MARKS)
            or precedence.startswith(("auto_reply", "auto-reply"))
            or _AWAY_SUBJECT.match(subject) is not None
        ),
        auto_replied=submitted.startswith("auto-replied"),
        listed=head.has(*_LIST_MARKS),
        typed=head.has("user-agent", "in-reply-to"),
    )
