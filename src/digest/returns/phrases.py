"""The words of mail servers: those that say a mailbox is gone, and those that say it is not.

Measured words, not single ones: "relay" alone is in "user unknown in relay recipient table".
All patterns look at text that `squeezed` has made short and plain: single blanks, small letters.
What they let pass between two words is bounded and never given back (``++``), so each place of a
text is looked at a bounded number of times.
"""

import re

_CODES = re.compile(
    r"\b[245]\d\d[ -](?:#?[245]\.\d{1,3}\.\d{1,3}\b)?|#?\b[245]\.\d{1,3}\.\d{1,3}\b"
)
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "«": '"', "»": '"'})
#: The gateway writes it before whatever the other server said.
_HOLLOW = ("unknown address error", "blocked due to inactivity")


def squeezed(text: str) -> str:
    """*text* in small letters on one line, without codes, addresses and links."""
    lowered = text.lower().translate(_APOSTROPHES)
    kept = [
        "(address)" if "@" in token else token
        for token in lowered.split()
        if "://" not in token and not token.startswith("www.")
    ]
    bare = _CODES.sub(" ", " ".join(kept))
    bare = bare.replace(_HOLLOW[0], " ").replace(_HOLLOW[1], "inactive mailbox")
    return " ".join(bare.split())


#: Said of a whole word, and not of a part of a host's name.
def _whole(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.@/-])(?:{'|'.join(patterns)})(?![\w@/-]|\.\w)")


#: One, and not a token without end.
_WORD = r"\S{1,60}+"
_HOST = r"\S{1,260}+"
_WORDS = rf"(?: {_WORD}){{0,3}} "

_NOT_FOR_GOOD = _whole(
    # Full, or too much.
    r"(?:over ?|disk |mail |storage |mailbox )?quota",
    r"(?:mailbox|inbox|mailfolder|mail folder|account|user|disk|storage|folder) (?:is |too )?full",
    r"full (?:mailbox|inbox)",
    r"out of (?:storage|space|disk)",
    r"(?:insufficient|not enough|no) (?:system |disk |mailbox )*(?:storage|space)",
    r"exceed(?:s|ed|ing)?",
    r"too (?:large|big|many|much|busy|long|old|fast)",
    r"size limits?",
    # For now.
    r"temporar(?:y|ily)",
    r"try (?:again )?later",
    r"(?:found|error)[,.:;] try again",
    r"(?:will be|being) retried",
    r"retry time(?:out)?",
    r"not currently",
    r"(?:is|was|has been|mail|message) (?:deferred|delayed|postponed)",
    r"time[ds]?[ -]?out",
    r"delivery (?:time )?expired",
    r"message expired",
    r"gr[ae]y-?list(?:ed|ing)?",
    r"rates?(?: limit(?:ed|s)?)?",
    r"throttl(?:ed|ing)",
    r"soft error",
    r"servfail",
    r"connection (?:refused|reset|dropped|lost|closed)",
    r"(?:suspended|frozen|locked|on hold)",
    r"host found but",
    # Policy, ours or theirs.
    r"spam(?:mer|ming|trap|my)?",
    r"block(?:ed|ing)?",
    r"(?:block|black|deny)[ -]?list(?:ed|s)?",
    r"reputation",
    r"polic(?:y|ies)",
    r"prohibited",
    r"(?:dmarc|spf|dkim|arc)",
    r"authenticat(?:ed|ion|e)",
    r"un-?authori[sz]ed",
    r"not (?:authori[sz]ed|permitted|allowed)",
    r"(?:relay|relaying)(?: access)? (?:denied|prohibited|rejected|not)",
    r"(?:unable|not|cannot|refus\w+) to relay",
    r"access denied",
    r"(?:content|message|mail) (?:content )?(?:rejected|refused|filtered)",
    r"virus(?:es)?|malware|phishing",
    r"banned|filtered|suspicious|unsolicited|restricted|permission",
    r"recipient preferences",
    r"(?:unsafe|bad) content",
    r"tls|encryption|certificate",
    r"(?:mail )?loop(?:s|ing)?(?: detected)?",
    r"hop count|too many hops",
    # Not the recipient, but we.
    r"(?:invalid|unknown|bad|bogus|unrout?e?able|forged|envelope|empty|null) sender",
    r"sender(?:'s)? (?:address|domain|id|ip|host|mail|rejected|denied|verif\w+|unknown|invalid"
    r"|not|is|does|must|refused|verify)",
    r"(?:to|after) mail from",
    rf"mail from (?:domain|address|is|{_WORD} (?:rejected|refused|denied))",
    r"(?:helo|ehlo)",
    r"client host",
    r"reverse dns|ptr(?: record)?",
    r"your (?:ip|server|host|hostname|domain|network|address|mail server)",
    r"dns blacklist|rbl|dnsbl",
)

_WHO = (
    r"(?:user(?: ?id|name)?|recipients?(?: name| address(?:es)?)?|mail ?box(?:es)?|accounts?"
    r"|address(?:es|ee)?|alias|inbox|person|customer|local[ -]?part|e-?mail)"
)
#: Some words between who and what; none that would make it about something else.
_GAP = (
    r"(?:,? (?!(?:servers?|hosts?|systems?|mailer|message|file|page|polic\w+|sender|if|or|domain"
    r"|network|whether|may|might|either|perhaps|possibly)\b)(?:[^\s,]|,(?! )){1,60}+){0,6}?,? "
)
_CLOSED = (
    r"(?:disabled|deactivated|inactive|closed|terminated|cancell?ed|deleted|discontinued|expired"
    r"|retired|decommissioned|removed)"
)

_GONE = _whole(
    r"(?:unknown|invalid|non-?existent|inexistent|bad destination) (?:or "
    r"(?:illegal|invalid|inactive|unknown) )?(?:or missing )?"
    r"(?:(?:local|virtual|destination|e-?mail|remote|final|delivery|recipient|mailbox) )*"
    r"(?:user(?: ?id|name)?|recipients?|mail ?box|address|accounts?|alias|addressee"
    r"|local[ -]?part)",
    rf"{_WHO}{_GAP}(?:(?:is|was|are|were|be|has been) )?(?:unknown|not known|non-?existent|invalid"
    r"|not valid|not recogni[sz]ed|not found|not exist(?:s|ing)?|no longer exists?)",
    rf"{_WHO}:? (?:unknown|not known|non-?existent|invalid|not valid|not recogni[sz]ed|not found"
    r"|not exist(?:s|ing)?|no longer exists?)",
    # "could not be found, or takes no mail" leaves it open.
    rf"{_WHO}(?:{_GAP}| )(?:does|do|did|could|can)(?:n't| not) "
    r"(?:exists?|be (?:found|located)(?!,? or\b))",
    r"no (?:such|known) (?:an? )?(?:(?:local|e-?mail|mail|virtual|valid) )*"
    r"(?:user|mail ?box|recipient|address|account|person|alias|addressee|name|customer)",
    r"no (?:mail ?box|account|user|one|alias|person|address) (?:here|by|with|found|of|for|at this)",
    rf"(?:does not|doesn't|do not|don't) have an? (?:{_WORD} ){{0,2}}(?:account|mail ?box)",
    rf"{_WHO}{_GAP}(?:is|was|has been|have been|been)(?: now| permanently)? {_CLOSED}",
    rf"{_WHO} (?:is |was |has been |permanently )?{_CLOSED}",
    rf"{_WHO} (?:for |of )?\(address\) (?:is |was |has been )?{_CLOSED}",
    r"(?:inactive|deactivated|disabled|closed) (?:user|account|mail ?box|recipient)",
    rf"{_WHO}(?:{_GAP}| )(?:is |are |has )?no longer (?:active|available|in use|valid|in service"
    r"|works?|working|employed|accept(?:s|ing)? (?:e?-?mails?|messages?)|a valid|with us|here)",
    r"(?:not|isn't) (?:an? )?(?:valid|known|registered|existing|our) (?:(?:local|e-?mail) )?"
    r"(?:user|recipient|mail ?box|address|account|customer|alias)",
    rf"not listed in (?:the )?(?:domino |public |{_WORD} )?(?:directory|name|address book)",
    r"unroute?able (?:mail )?(?:recipient )?(?:address|domain)",
    # The domain.
    r"(?:no such|unknown|non-?existent) (?:recipient )?(?:domain|host)(?: name)?",
    r"(?:host|domain)(?: or domain)?(?: name)? (?:is |was )?(?:not found|unknown|non-?existent)",
    rf"domain(?: {_HOST})? (?:does not|doesn't|do not|could not|couldn't) (?:exist|be found)",
    r"(?:couldn't|could not|cannot|can't) find (?:any|a) host named",
    rf"'?mx'? lookup of {_HOST} responded with code nxdomain",
    r"\(mx\):? nxdomain",
    r"null[ -]?mx",
    r"mx records point to non-?existent hosts",
    rf"domain(?: {_HOST})? does not accept (?:any )?e?-?mail",
    r"record indicated no smtp service",
    # The words of some others.
    rf"(?:empfänger|benutzer|adresse|postfach|teilnehmer)\S{{0,20}}+{_WORDS}(?:unbekannt"
    r"|existiert nicht|nicht gefunden|nicht bekannt)",
    r"unbekannter (?:empfänger|benutzer)",
    rf"(?:utilisateur|destinataire|adresse|compte|boîte){_WORDS}(?:inconnue?|inexistante?"
    r"|n'existe pas|introuvable|invalide)",
    rf"(?:usuario|destinatario|buzón|cuenta|dirección){_WORDS}(?:desconocid[oa]|inexistente"
    r"|no existe|no encontrad[oa])",
    r"no existe (?:ese|el|dicho) (?:usuario|buzón|destinatario)",
    rf"(?:utente|destinatario|casella|indirizzo|account){_WORDS}(?:sconosciut[oa]|inesistente"
    r"|non esiste|non trovat[oa])",
    rf"(?:użytkownik|adres|konto|skrzynka){_WORDS}nie istnieje",
    r"(?:пользователь|адресат|почтовый ящик|ящик|получатель|користувач|скринька|адреса?)"
    rf"{_WORDS}(?:не найден|не существует|не знайден[оа]?|не існує|неизвест{_WORD}|невідом{_WORD})",
    r"(?:нет|немає) такого (?:пользователя|ящика|адреса|користувача)",
)

#: Of scripts that do without blanks, and of Exchange, which does too.
_GONE_UNSPACED = re.compile(
    r"recip(?:ient)?notfound|(?:用户|邮箱|地址|收件人|帐号|账号|使用者|信箱|帳號)[^。,，]{0,12}不存在|无此用户|無此用戶|查无此人"
    r"|(?:ユーザ|アドレス|宛先|メールボックス)[^。、]{0,16}(?:存在しません|見つかりません|不明)|宛先不明"
)

#: Guesses, for people to look for the reason themselves.
_HEDGED = _whole(
    r"(?:may|might|could) (?:be|have|not|no longer)",
    r"(?:possible|common|likely|usual) (?:reason|cause)s?",
    r"one (?:or more )?of (?:the following|these)",
    r"for example",
)

_VACANT = re.compile(
    r"requested (?:mail )?action (?:not taken|aborted):? mailbox unava?i?l?a?i?able"
)


def not_for_good(words: str) -> str:
    """The first words that leave room for the mailbox to be there, or ""."""
    found = _NOT_FOR_GOOD.search(words)
    return found[0] if found else ""


def gone(words: str) -> str:
    """The first words that say there is no such mailbox, or no such domain; or ""."""
    found = _GONE.search(words) or _GONE_UNSPACED.search(words)
    return found[0][:120] if found else ""


def hedged(words: str) -> bool:
    """Whether a text lists what the reasons could be."""
    return _HEDGED.search(words.replace("could not be", "")) is not None


def vacant(words: str) -> bool:
    """Whether these are the words of RFC 5321 for "no such mailbox, or no access to it"."""
    return _VACANT.search(words) is not None
