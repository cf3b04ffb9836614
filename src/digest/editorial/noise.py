"""What changes on a page while its news does not: clocks, counters, typography, invitations.

`fold` reduces a sentence to what it tells, so that two of one meaning fold alike.  A clock or a
date inside a sentence is news ("opens at 14:00") and stays; one that only stamps the page goes.
"""

import re

from digest.editorial.text import count_words, tokens
from digest.editorial.words import JUNK_MARKS, JUNK_OPENINGS

#: What a sentence tells: its words, then the signs that change what a figure says.
Fold = tuple[str, ...]


def _any(words: str) -> str:
    """The phrases of *words*, parted by "|", as an alternation; blanks may be wide."""
    phrases = (" ".join(phrase.split()) for phrase in words.split("|"))
    ordered = sorted(filter(None, phrases), key=len, reverse=True)
    return "(?:" + "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in ordered) + ")"


#: Names of months are also what no misspelling is: June and July are a letter apart.
MONTHS = """january|february|march|april|may|june|july|august|september|october|november|december
|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec|januar|jänner|februar|märz|mai|juni|juli|oktober
|dezember|okt|dez|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre
|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio
|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|stycznia|lutego|marca|kwietnia
|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|січня|лютого|березня|квітня
|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня|января|февраля|марта|апреля|мая|июня
|июля|августа|сентября|октября|ноября|декабря|ιανουαρίου|φεβρουαρίου|μαρτίου|απριλίου|μαΐου
|ιουνίου|ιουλίου|αυγούστου|σεπτεμβρίου|οκτωβρίου|νοεμβρίου|δεκεμβρίου|يناير|فبراير|مارس|أبريل
|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"""
WEEKDAYS = """monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur
thurs fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag lundi mardi
mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo lunedì
martedì mercoledì giovedì venerdì sabato domenica poniedziałek wtorek środa czwartek piątek sobota
niedziela понеділок вівторок середа четвер п'ятниця субота неділя понедельник вторник среда пятница
суббота воскресенье δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή الاثنين الثلاثاء الأربعاء
الخميس الجمعة السبت الأحد"""

_ZONE = r"(?:\s?(?:uhr|gmt|utc|[ce]es?t|bst|msk|мск|[ecmp][sd]t)\b)"
_HALF = r"(?:\s?[ap]\.?\s?m\b\.?)"
_STRICT_CLOCK = (
    rf"(?<![\d.,:])\d{{1,2}}(?::\d{{2}}(?::\d{{2}})?|\s?h\s?\d{{2}})(?!\d){_HALF}?{_ZONE}?"
)
_SPOKEN_CLOCK = rf"(?<![\d.,:])\d{{1,2}}(?:[.:]\d{{2}})?(?:{_HALF}|\s?uhr\b)"
_LOOSE_CLOCK = rf"(?:{_STRICT_CLOCK}|{_SPOKEN_CLOCK}|(?<![\d.,:])\d{{1,2}}\.\d{{2}}(?![.\d]))"
_MONTH = rf"(?<!\w){_any(MONTHS)}(?!\w)\.?"
_YEAR = r"(?:,?\s+(?:de\s+|del\s+)?\d{4}\b)?"
_DATE = (
    rf"(?:\b\d{{1,2}}(?:\.|st|nd|rd|th|er|º)?\s+(?:de\s+|of\s+)?{_MONTH}{_YEAR}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b{_YEAR}"
    r"|\b\d{4}-\d{2}-\d{2}(?:t(?=\d))?|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b)"
)
_WHEN = re.compile(rf"{_DATE}|{_STRICT_CLOCK}|{_SPOKEN_CLOCK}", re.IGNORECASE)

_FEW = r"(?:\d{1,3}|an?|one|two|few)"
_AGO = re.compile(
    rf"\b(?:about\s|around\s|just\s|less\sthan\s)?{_FEW}\s?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?"
    r"|hours?|d|days?)\sago\b|\bjust\snow\b|\bmoments\sago\b"
    r"|\bvor\s(?:etwa\s|rund\s|knapp\s|über\s)?(?:\d{1,3}|einer?|einem|zwei|wenigen)\s(?:sekunden?"
    r"|min(?:uten?)?\b\.?|stunden?|std\b\.?|tag(?:en)?)"
    r"|\bil\sy\sa\s(?:environ\s)?(?:\d{1,3}|une?|quelques)\s?(?:s|secondes?|min(?:utes?)?|h|heures?"
    r"|j|jours?)\b"
    r"|\bhace\s(?:unos\s|unas\s)?(?:\d{1,3}|una?|pocos|pocas)\s?(?:s|segundos?|min(?:utos?)?|h|horas?"
    r"|días?)\b"
    r"|\b(?:\d{1,3}\s?|un['’]\s?|una?\s|poch[ie]\s)(?:second[oi]|min(?:ut[oi])?|or[ae]|giorn[oi])\sfa\b"
    r"|(?<!\w)(?:\d{1,3}\s|kilka\s)?(?:sekund[ęy]?|minut[ęy]?|min\.?|godzin[ęy]?|godz\.?|dni|dzień)"
    r"\stemu\b"
    r"|(?<!\w)(?:\d{1,3}\s|кілька\s|декілька\s)?(?:секунд\w{0,2}|хвилин\w{0,2}|хв\.?|годин\w{0,2}"
    r"|год\.?|дні\w?|день)\sтому\b|\bщойно\b"
    r"|(?<!\w)(?:\d{1,3}\s|несколько\s)?(?:секунд\w?|минут\w?|мин\.?|час(?:а|ов)?|дн(?:я|ей)|день)"
    r"\sназад\b|\bтолько\sчто\b"
    r"|\bπριν\s(?:από\s)?(?:\d{1,3}|ένα|μία|μια|λίγα|λίγες)\s(?:δευτερόλεπτ\w{1,2}|λεπτ\w{1,2}|ώρ\w{1,2}"
    r"|η?μέρ\w{1,2})"
    r"|(?<!\w)(?:منذ|قبل)\s(?:\d{1,3}\s)?(?:ثانية|ثوان|ثوانٍ|دقيقة|دقيقتين|دقائق|ساعة|ساعتين|ساعات|يوم"
    r"|يومين|أيام)(?!\w)",
    re.IGNORECASE,
)

_STAMPS = """last updated|updated|update|published|first published|posted|last modified|modified
|aktualisiert|zuletzt aktualisiert|veröffentlicht|erstellt|mis à jour|mise à jour|publié|modifié
|actualizado|actualizada|publicado|publicada|última actualización|aggiornato|aggiornata|pubblicato
|pubblicata|ultimo aggiornamento|zaktualizowano|aktualizacja|ostatnia aktualizacja|opublikowano
|оновлено|оновлення|опубліковано|обновлено|обновление|опубликовано|ενημερώθηκε|ενημέρωση
|τελευταία ενημέρωση|δημοσιεύθηκε|δημοσιεύτηκε|تحديث|آخر تحديث|تم التحديث|نشر|نُشر|تاريخ النشر"""
_JOIN = _any("at|on|am|um|le|la|à|el|a las|il|alle|ore|o|godz.|о|в|у|στις|ώρα|في|الساعة|and|und")
_MONTH_WORDS = frozenset(tokens(MONTHS.replace("|", " ")))
_STAMP_WORDS = frozenset(tokens(_STAMPS.replace("|", " ")))
_AS_OF_WORDS = frozenset(tokens("as stand stan станом по état ore"))
_AGO_WORDS = frozenset(tokens("ago now vor il hace fa temu тому щойно назад что πριν منذ قبل"))
#: Where a stamp begins: a line, a bracket, after a dot in the middle.
_STAMPED = re.compile(
    rf"(?:^|[(\[|·•])\s*{_any(_STAMPS)}\s?[:,.]?\s*(?:{_JOIN}\s+){{0,2}}"
    rf"(?:(?:{_DATE}|{_LOOSE_CLOCK})[\s,|·–—-]*(?:{_JOIN}\s+){{0,2}}){{1,3}}",
    re.IGNORECASE,
)
_AS_OF = re.compile(
    rf"(?<!\w){_any('as of|as at|stand|stan na|станом на|по состоянию на|état à|ore')}\s?:?\s+"
    rf"(?:{_JOIN}\s+)?(?:{_DATE},?\s+(?:{_JOIN}\s+)?)?{_LOOSE_CLOCK}",
    re.IGNORECASE,
)
#: "14:05 – Tug alongside"; "Tug alongside (14:05)".
_EDGE_CLOCK = re.compile(
    rf"^\W{{0,3}}(?:{_STRICT_CLOCK}|{_SPOKEN_CLOCK})\s*(?:[-–—|•:]+\s*|(?=[^\W\d_]))"
    rf"|[(\[]\s*{_LOOSE_CLOCK}\s*[)\]]\W{{0,3}}$",
    re.IGNORECASE,
)
#: "KYIV, May 12 — "
_DATELINE = re.compile(
    rf"^(?P<place>[^.!?–—]{{2,30}}?),?\s+{_DATE}(?=[^.!?–—]{{0,20}}\s[–—-]\s)", re.I
)
_LABEL = re.compile(
    "^"
    + _any(
        """update|updated|live|breaking|breaking news|just in|developing|eilmeldung|eil|liveticker
|en direct|direct|alerte info|última hora|en directo|directo|diretta|in diretta|ultim'ora
|aktualizacja|na żywo|pilne|оновлено|наживо|терміново|обновлено|срочно|έκτακτο|ζωντανά|عاجل|مباشر"""
    )
    + r"\s*[:|–—-]+\s+",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(https?://[^\s?#]{1,300})[?#]\S*", re.IGNORECASE)
_SIGN = re.compile(r"[%‰°$€£¥₴₽₹]|(?<![\w)])[-−](?=\d)")
_NUMBER = re.compile(r"\d+[kmbтк]?")

#: Words that stand beside a figure which only counts or stamps.
_FURNITURE = frozenset(
    tokens(
        f"""{WEEKDAYS} {_STAMPS.replace("|", " ")}
        last first updated at on of am pm a m p gmt utc cet cest eet eest est edt pst pdt bst live
        comment comments view views viewed share shares shared like likes read reads reader readers
        reaction reactions reply replies min mins minute minutes time times listen retweets
        followers viewers watching k uhr um stand zuletzt kommentar kommentare aufrufe ansichten
        mal geteilt teilen gelesen lesezeit minuten mis mise à jour le la h commentaire
        commentaires vue vues partage partages fois lecture temps de el a las comentario
        comentarios vistas visitas compartido compartidos veces lectura minutos tiempo il alle ore
        commento commenti visualizzazioni condivisioni lettura minuti tempo di o godz godzina
        komentarz komentarze komentarzy wyświetleń wyświetlenia odsłon udostępnień czytania czas о
        об в у коментар коментарі коментарів перегляди переглядів поширень поширення читання хв
        хвилин час комментарий комментарии комментариев просмотров просмотры репостов чтения минут
        мин σχόλιο σχόλια προβολές κοινοποιήσεις ανάγνωση λεπτά ώρα στις τελευταία آخر تم في الساعة
        تعليق تعليقات مشاهدة مشاهدات مشاركة مشاركات إعجاب قراءة دقيقة دقائق بتوقيت"""
    )
)

#: Openings that may be news, or say that something was corrected.
_NO_JUNK = (
    "correction:", "updated:", "update:", "editor's note", "editor’s note", "this article was",
    "this article is", "this story was", "this story has been", "related:", "source:", "sources:",
)  # fmt: skip
_INVITATIONS = (
    *(opening for opening in JUNK_OPENINGS if opening not in _NO_JUNK),
    "abonnieren sie", "jetzt abonnieren", "melden sie sich", "folgen sie", "weiterlesen",
    "mehr dazu", "lire la suite", "suivez-nous", "plus d’infos", "leer más", "seguir leyendo",
    "síguenos", "inscríbete", "apúntate", "iscriviti", "seguici", "leggi tutto",
    "zapisz się", "subskrybuj", "obserwuj nas", "czytaj dalej", "czytaj więcej", "стежте за",
    "слідкуйте за", "приєднуйтесь", "приєднуйтеся", "читати далі", "подписаться", "читать далее",
    "εγγραφείτε", "διαβάστε περισσότερα", "ακολουθήστε", "اشترك", "تابعونا", "اقرأ المزيد", "tags:",
    "topics:", "tag:", "schlagwörter:", "schlagworte:", "themen:", "mots-clés", "etiquetas:",
    "temas:", "tagi:", "теги:", "мітки:", "ετικέτες:", "الوسوم:", "كلمات مفتاحية",
)  # fmt: skip
#: An invitation is short; what is longer tells something.
_LONGEST_INVITATION = 30

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "0123456789" * 2)
# What Arabic writers mend most: hamza seats, final yeh and teh, vowel signs, stretching.
_SPELLING = str.maketrans("أإآٱىة", "اااايه") | dict.fromkeys([0x640, *range(0x64B, 0x653)])


def fold(text: str) -> Fold:
    """What one sentence tells; empty if that is nothing but when, or how many looked."""
    told = text if text.isascii() else text.translate(_DIGITS)
    words = tokens(told)
    plain = told
    if "://" in told:
        told = _ADDRESS.sub(r"\1", told)
    if label := _LABEL.match(told):
        told = told[label.end() :]
    # Nearly all sentences have none of these words: the patterns cost ten times as much.
    if not _AGO_WORDS.isdisjoint(words):
        told = _AGO.sub(" ", told)
    if any(map(str.isdigit, words)):
        told = _without_stamps(told, words)
    if told is not plain:
        words = tokens(told)
    if _is_furniture(told, words):
        return ()
    if not told.isascii():
        words = tokens(told.translate(_SPELLING))
    return (*words, *_SIGN.findall(told))


def _without_stamps(told: str, words: list[str]) -> str:
    if not _STAMP_WORDS.isdisjoint(words):
        told = _STAMPED.sub(" ", told)
    if (
        told[:5].strip("( [+").isalnum()
        or told.rstrip(" .").endswith((")", "]"))
        or ":" in told[:6]
    ):
        told = _EDGE_CLOCK.sub(" ", told)
    if not _AS_OF_WORDS.isdisjoint(words):
        told = _AS_OF.sub(" ", told)
    return _DATELINE.sub(r"\g<place> ", told, count=1)


def _is_furniture(told: str, words: list[str]) -> bool:
    # Only figures and the names of months can be part of a date or clock.
    if not all(w in _FURNITURE or w in _MONTH_WORDS or w[0].isdigit() for w in words):
        return False
    left = tokens(_WHEN.sub(" ", told))
    figures_only = all(map(_NUMBER.fullmatch, words))
    return not (left and figures_only) and all(
        word in _FURNITURE or _NUMBER.fullmatch(word) for word in left
    )


def is_invitation(text: str) -> bool:
    """The page's own words: read more, sign up, a list of tags, a credit."""
    low = text.casefold().lstrip("•·*-–—>→▶| ([")
    if count_words(low) > _LONGEST_INVITATION:
        return False
    return low.startswith(_INVITATIONS) or any(mark in low for mark in JUNK_MARKS)
