"""Gates of readability, counted on finished summaries from the source's text alone.

Word lists and rules are of their own on purpose: nothing of the code that makes summaries is
asked whether a sentence dangles, is orphaned, cut or junk.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import sqrt
from types import MappingProxyType

from digest.model import Item, Sentence, Summary

# isort: split
from rouge import words

#: Two sentences more alike than this say the same.
ALIKE = 0.5

_OPENINGS: Mapping[str, str] = MappingProxyType(
    {
        "en": """he she they it this these that those his her hers their its him them but however
            and or nor so yet then therefore thus hence consequently moreover furthermore meanwhile
            nevertheless nonetheless instead otherwise likewise similarly both neither others
            also still besides afterwards""",
        "de": """er sie es dies diese dieser dieses das sein seine seiner ihr ihre ihrer aber doch
            jedoch dennoch allerdings dabei dadurch dafür dagegen damit danach daraufhin darüber
            darum deshalb deswegen daher zudem außerdem und oder denn stattdessen trotzdem beide
            letzterer letztere""",
        "fr": """il elle ils elles ce cette ces cet cela ceci celui celle ceux celles son sa ses
            leur leurs mais or donc cependant toutefois pourtant ainsi ensuite puis également et
            néanmoins""",
        "es": """él ella ellos ellas ello esto este esta estos estas eso ese esa esos esas su sus
            pero además también y entonces luego después ambos ambas tampoco""",
        "it": """egli lui lei loro esso essa essi esse questo questa questi queste quello quella
            ciò ma però tuttavia inoltre quindi poi anche e entrambi entrambe suo sua suoi""",
        "pt": """ele ela eles elas isto isso este esta esse essa aquele seu sua seus suas mas porém
            contudo entretanto também e então ambos além""",
        "nl": """hij zij ze het dit dat deze die zijn haar hun maar echter toch ook en of dus daarom
            daarna daarbij bovendien beide""",
        "pl": """on ona ono oni one to ten ta te ci jego jej ich ale jednak lecz też również i oraz
            a dlatego zatem więc następnie potem wtedy ponadto natomiast obaj obie""",
        "uk": """він вона воно вони це цей ця ці його її їх їхній їхня але однак проте втім також
            та і а тому отже водночас натомість потім тоді обидва обидві той ті""",
        "ru": """он она оно они это этот эта эти его ее её их но однако также и а поэтому тогда
            затем потом впрочем оба обе тот те""",
        "el": """αυτός αυτή αυτό αυτοί αυτές αυτά αλλά όμως ωστόσο επίσης και έτσι τότε""",
        "ar": """هو هي هم هما وهو وهي هذا هذه ذلك تلك لكن ولكن لكنه لكنها كما وأضاف وأضافت وتابع
            وتابعت وأوضح وأوضحت وأشار وأشارت وأكد وأكدت وقال وقالت""",
    }
)
_OPENS = {language: frozenset(listed.split()) for language, listed in _OPENINGS.items()}
#: After these a verb with the name of who speaks is no leaning: "وقال الوزير".
_SPEECH = re.compile(
    r"\b(?:sa(?:id|ys|ying)|told|tells|added|adds|wrote|writes|asked|replied|explained|noted|argued"
    r"|insisted|recalled|announced|warned|admitted|stated|claimed|continued|remarked|confirmed"
    r"|according|suggested|promised|called|joked|shouted|complained|pointed"
    r"|sagte|sagt|erklärte|betonte|teilte|schrieb|fügte|meinte|ergänzte|warnte|zufolge|laut|so"
    r"|berichtete|erzählte|versicherte|kritisierte|forderte|kommentierte"
    r"|dit|déclaré|affirm\w+|expliqu\w+|ajout\w+|précis\w+|indiqu\w+|assur\w+|selon|écrit|estim\w+"
    r"|lâch\w+|confi\w+|raconte\w*|soulign\w+|résum\w+|rappel\w+|témoign\w+|regrett\w+|prom\w+"
    r"|dijo|afirmó|explicó|añadió|señaló|aseguró|declaró|agregó|según|escribió|advirtió|contó"
    r"|relató|recordó|reconoció|subrayó|apuntó|comentó|insistió|lamentó|detto|dichiarato|spiegato"
    r"|aggiunto|afferm\w+|secondo|dice|spiega|racconta|ha|commenta|avvert\w+|osserv\w+|sottoline\w+"
    r"|powiedzia\w+|mówi\w*|doda\w+|stwierdzi\w+|podkreśli\w+|zapowiedzia\w+|oświadczy\w+|według"
    r"|zaznaczy\w+|wyjaśni\w+|przyzna\w+|tłumaczy\w*|napisa\w+|ocenił\w*|skomentowa\w+|relacjon\w+"
    r"|disse|afirmou|explicou|acrescentou|declarou|segundo|zei|zegt|vertelde|aldus|volgens"
    r"|сказа\w+|заяви\w+|повідоми\w+|дода\w+|зазначи\w+|написа\w+|розпові\w+|поясни\w+|каже|кажуть"
    r"|наголоси\w+|розповіда\w+|за словами|визна\w+|запевни\w+|говорит\w*|сообщи\w+|добави\w+"
    r"|отмети\w+|рассказа\w+|подчеркну\w+|είπε|δήλωσε|ανέφερε|πρόσθεσε|τόνισε"
    r"|و?قال\w*|و?أضاف\w*|و?أكد\w*|و?أوضح\w*|و?صر[ّ]?ح\w*|و?أشار\w*|و?ذكر\w*|و?أعلن\w*|بحسب|وفق\w*"
    r"|و?تابع\w*|و?ختم\w*|و?يقول|و?تقول)\b",
    re.IGNORECASE,
)
_PAIRS = {"“": "”", "«": "»", "„": "“”"}
_QUOTED = re.compile(r"“[^”]*”|„[^“”]*[“”]|«[^»]*»|»[^«»]*«|\"[^\"]*\"|”[^”]*”")
_MARKS = re.compile(r"[\"“”„«»]")
_SPEAKERS = """he she they it er sie es il elle ils elles él ella ellos lui lei egli on ona oni він
    вона вони он она они hij zij ele ela αυτός αυτή"""
_PRONOUN_SPEAKER = frozenset(_SPEAKERS.split())
_JUNK = re.compile(
    r"^(?:read (?:also|more|next)|see also|sign up|subscribe|photo|picture|image|video|watch|listen"
    r"|follow us|updated|this article was|this story was|published|correction|advertisement"
    r"|by [A-Z][\w.'’-]+ [A-Z][\w.'’-]+(?:,? (?:and|in) .{1,40})?$|share this|click here"
    r"|write to us"
    r"|reporting by|editing by|lesen sie auch|mehr zum thema|lire aussi|à lire aussi|abonnez"
    r"|inscrivez|photo ?:|foto|lea también|lee también|suscríb|czytaj (?:też|także|również)|zdjęcie"
    r"|zapisz się|leggi anche|iscriviti|читайте також|фото|підпис|читайте также|подпис|اقرأ أيض"
    r"|اشترك|صورة|تم تحديث)",
    re.IGNORECASE,
)
_JUNK_WITHIN = re.compile(r"newsletter|in(?:to)? your inbox|all rights reserved|getty images", re.I)
_TERMINAL = re.compile(r"[.!?…؟。！？][\"'”’»“)\]」]*$")
#: What may stand between a sentence and the one that leans on it: a subhead, a photo line.
_BETWEEN_WORDS = 9


def fold(text: str) -> str:
    """*text* with its white space folded."""
    return " ".join(text.split())


def is_verbatim(sentence: Sentence, item: Item) -> bool:
    """The sentence stands where its offsets say, or in the standfirst when it has none."""
    if sentence.item_id != item.id:
        return False
    if sentence.start < 0:
        return sentence.text in fold(item.standfirst or "") or sentence.text == fold(item.title)
    return fold(item.text[sentence.start : sentence.end]) == sentence.text


def is_cut(sentence: Sentence, item: Item) -> bool:
    """It does not begin or end where a sentence of the source does."""
    if not _TERMINAL.search(sentence.text):
        return True
    if sentence.start < 0:
        return False
    text = item.text
    before, after = text[: sentence.start], text[sentence.end : sentence.end + 1]
    if after and not after.isspace() and not _MARKS.match(after):
        # Scripts without blanks between sentences.
        return not sentence.text.endswith(("。", "！", "？"))
    tail = before.rstrip()
    return (
        bool(tail)
        and "\n\n" not in before[len(tail) :]
        and not re.search(r"[.!?…؟。！？:][\"'”’»“)\]」]*$|[—–-]$", tail)
    )


def follows(later: Sentence, earlier: Sentence | None, item: Item) -> bool:
    """*later* stands right after *earlier* in the source, but for a subhead between them."""
    if earlier is None or earlier.item_id != later.item_id:
        return False
    if later.start < 0 or earlier.start < 0:
        return later.start < 0 and earlier.start < 0
    between = item.text[earlier.end : later.start]
    return earlier.end <= later.start and len(between.split()) <= _BETWEEN_WORDS


def dangles(text: str, language: str) -> bool:
    """It opens with a word that points back."""
    found = words(text)
    if not found or found[0] not in _OPENS.get(language, frozenset()):
        return False
    if language == "ar" and found[0].startswith("و") and _SPEECH.match(text):
        # "وقال الوزير": the conjunction is how Arabic sentences begin; the speaker is named.
        return len(found) < 3 or found[1] in ("إن", "أن", "إنه", "إنها", "أنه", "أنها")
    return True


def is_orphan(sentence: Sentence, earlier: Sentence | None, item: Item) -> bool:
    """A quotation whose marks do not close, or of which nobody says whose it is."""
    text = sentence.text
    rest = _QUOTED.sub(" ", text)
    if _MARKS.search(rest):
        return True
    quoted = sum(len(words(found)) for found in _QUOTED.findall(text))
    outside = words(rest)
    if quoted < 5 or (len(outside) >= 6 and len(outside) >= quoted / 2):
        return False
    spoken = bool(_SPEECH.search(rest)) or ":" in rest or "—" in rest or "–" in rest
    named = len(outside) >= 2 and not (set(outside) & _PRONOUN_SPEAKER and len(outside) <= 4)
    if spoken and named:
        return False
    return not follows(sentence, earlier, item)


def is_junk(text: str) -> bool:
    """The page's words, not the story's."""
    short = len(words(text)) <= 4 and not re.search(r"[\u3040-\u9fff]", text)
    return short or bool(_JUNK.search(text) or _JUNK_WITHIN.search(text))


def cosine(one: str, other: str) -> float:
    """Of the counts of the words of four letters and more."""
    a, b = (Counter(w for w in words(text) if len(w) > 3 or w.isdigit()) for text in (one, other))
    norm = sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return sum(n * b[w] for w, n in a.items()) / norm if norm else 0.0


def likeness(summary: Summary) -> Iterator[float]:
    """For each sentence but the first: its greatest cosine to one before it."""
    texts = [sentence.text for sentence in summary.sentences]
    for at in range(1, len(texts)):
        yield max(cosine(texts[at], text) for text in texts[:at])
