"""Which language words are of, judged by the commonest ones of each and by their letters."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from digest.editorial.wordlists import words as _words
from digest.editorial.words import STOP_WORDS

#: Scripts that do not put blanks between words: Thai, Lao, Khmer, kana, Han.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")

_STOP_WORDS = frozenset().union(*STOP_WORDS.values())


def is_stop_word(word: str) -> bool:
    """One of the commonest words of any language known."""
    return word in _STOP_WORDS


#: More words that tell a language, not common enough or too meaningful to be stop words; and
#: languages that are often taken for one of ours.
_MORE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words("the of and that has been will would were their which police been"),
        "de": _words(
            """der die das und wurde worden ihren ihrem ihrer seinen seinem seiner dieser diesen
            zwischen gegen rund etwa laut bereits derzeit wo welche jetzt gibt sollen soll müssen
            konnte konnten seien habe hätten beiden drei vier fünf mehrere mit ins vom zum zur
            dabei dafür davon damit darauf gestern heute morgen montag dienstag mittwoch donnerstag
            freitag samstag sonntag polizei"""
        ),
        "fr": _words(
            """les des une dans pour avec sur qui est été ont sont cette aux ses leurs depuis
            pendant alors avant aussi encore selon trois quatre cinq lundi mardi mercredi jeudi
            vendredi samedi dimanche ville deux heures avoir fait faire plusieurs lors mis elles
            ainsi avaient étaient chez doit peut devrait sera seront"""
        ),
        "es": _words(
            """los las del una por con para que está están fue fueron han había sido ayer hoy
            años lunes martes miércoles jueves viernes sábado domingo hasta desde tras también
            más horas personas después antes podría será tres cuatro cinco gobierno ministerio
            policía unas ellos ellas donde mientras tres hacia pero ante"""
        ),
        "it": _words(
            """il gli della delle dello degli dei nel nella nelle negli sul sulla sulle dal dalla
            dalle alla alle agli allo che è sono stato stata stati state hanno anche dopo ieri oggi
            lunedì martedì mercoledì giovedì venerdì sabato domenica anni ore tre quattro cinque
            più perché questa questo questi quando mentre secondo era erano sarà dove verso circa
            ed ai dai nei sui polizia"""
        ),
        "pt": _words(
            """os das dos uma não são está estão foi foram ao aos pelo pela pelos pelas na nas no
            nos em com para que seu sua mais também já ainda após segunda terça quarta quinta
            sexta feira sábado domingo ontem hoje anos horas três quatro cinco disse até isso esta
            este essa esse ser ter houve às é num numa deve pode será polícia"""
        ),
        "nl": _words(
            """het een van voor zijn wordt worden werd werden niet ook naar bij uit aan deze dit
            geen nog heeft hebben had hadden zal zullen kan kunnen moet moeten jaar twee drie vier
            vijf volgens maandag dinsdag woensdag donderdag vrijdag zaterdag zondag gisteren
            vandaag tussen tegen tijdens uur mensen onder wie waar toen tot na als dat die zich
            politie"""
        ),
        "pl": _words(
            """się nie jest są był była było były przez przed został została zostało zostali zostały
            oraz także jednak tylko już jeszcze przy według roku lat dwa dwie trzy cztery pięć
            poniedziałek wtorek środę środa czwartek piątek sobotę sobota niedzielę niedziela
            wczoraj dziś godz ma mają może mogą będzie będą pod nad ze we od jej ich po policja
            który która które których"""
        ),
        "uk": _words(
            """що не на та із для він вона вони це було були буде будуть також вже через після
            під час року році років який яка які якого яких або але від до у в з за по при щодо
            понад близько внаслідок людей один двоє два дві три чотири п'ять понеділок вівторок
            середу четвер п'ятницю суботу неділю вчора сьогодні зараз її його їх їхній місті
            області поліція може можуть має мають де коли ще й і є"""
        ),
        "ru": _words(
            """что не на как для он она они это было были будет будут также уже после во время
            года году лет который которая которые которого которых или но от до из у в с за по при
            более около результате человек людей один двое два две три четыре пять понедельник
            вторник среду четверг пятницу субботу воскресенье вчера сегодня сейчас её ее его их
            городе области полиция может могут где когда ещё еще и об из-за со своих"""
        ),
        "el": _words("και το του της την τα στο στη στην από για με που είναι θα δεν"),
        "ar": _words(
            """في من على إلى عن أن إن التي الذي هذا هذه ذلك كان كانت قال قالت وقال وقالت بعد قبل
            خلال بين مع كما لم لن لا قد منذ عام يوم أمس اليوم الاثنين الثلاثاء الأربعاء الخميس
            الجمعة السبت الأحد أي كل غير وفي ومن وأضاف وكان أكثر نحو بسبب حول عند أو ثم ما"""
        ),
        "cs": _words(
            """je se na v že s z o i k ve který která které jsou byl byla bylo byli pro jako po ale
            podle však také jeho její jejich už až při za před mezi by má mají bude roku let ze
            když nebo ani jen"""
        ),
        "sk": _words(
            """je sa na v že s z o i k vo ktorý ktorá ktoré sú bol bola bolo boli pre ako po ale
            podľa však tiež jeho jej ich už až pri za pred medzi by má majú bude roku rokov zo
            keď alebo ani len"""
        ),
        "sv": _words(
            """och att det som en på är av för med till den har inte om ett han men var sig från vi
            så kan när år under också efter eller nu sin där vid mot ska skulle kommer ut får hon
            enligt de"""
        ),
        "da": _words(
            """og at det som en på er af for med til den har ikke om et han men var sig fra vi så
            kan når år under også efter eller nu sin der ved mod skal ville kommer ud får hun
            ifølge de blev bliver"""
        ),
        "no": _words(
            """og at det som en på er av for med til den har ikke om et han men var seg fra vi så
            kan når år under også etter eller nå sin der ved mot skal ville kommer ut får hun
            ifølge de ble blir"""
        ),
        "fi": _words(
            """ja on ei että se oli ovat mutta hän joka myös kun sen mukaan ole vuoden jälkeen
            kuin ollut olisi sekä tai nyt vain jo niin tämä"""
        ),
        "hu": _words(
            """a az és hogy nem is egy meg volt ez de el már csak van kell mint még szerint után
            azt lesz ki ha vagy ezt sem több éves"""
        ),
        "ro": _words(
            """și în de la cu pe din că nu a au este sunt pentru care mai o un fost fi s-a ale al
            după prin sau dar către această acest fiind între anul"""
        ),
        "tr": _words(
            """ve bir bu da de için ile olarak olan daha çok gibi kadar sonra en ise ancak göre
            var oldu olduğunu yıl ya her ne dedi"""
        ),
        "ca": _words(
            """els les una amb per que és ha de la el i del dels als més però també han aquest
            aquesta són va van fins segons ser als ens seva seu"""
        ),
        "bg": _words(
            """на и в за от да се е с не по че са до при като това което който които след бе ще
            има но или той тя те още през към само между си най"""
        ),
        "be": _words(
            """і ў у на што не з за да як ён яна яны гэта было былі будзе таксама ужо пасля пры
            для або але ад год годзе які якая якія паводле"""
        ),
        "sr": _words(
            """и је у да на се су за од са као али није би који која које били био била после код
            до или из то још што ће о"""
        ),
        "fa": _words("و در به از که این را با است برای آن یک تا بر هم شد شده می کرد گفت خود او"),
    }
)

#: Letters that only some languages write: for them, and against all others of the script.
_LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "uk": "іїєґищ", "be": "іўыэё", "ru": "ыэёъищ", "bg": "ъищ", "sr": "јљњћђџи",
        "de": "äöüß", "fr": "àâçéèêëîïôùûœ", "es": "áéíóúñü", "it": "àèéìòù",
        "pt": "áâãàçéêíóôõú", "nl": "éëïöü", "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž",
        "sk": "áäčďéíĺľňóôŕšťúýž", "sv": "åäöé", "da": "æøåé", "no": "æøåéò", "fi": "äöå",
        "hu": "áéíóöőúüű", "ro": "ăâîșțşţ", "tr": "çğıöşüâî", "ca": "àçèéíïòóúü",
        "en": "", "fa": "پچژگیک",
    }
)  # fmt: skip
_CYRILLIC = _words("uk be ru bg sr")
_LATIN = frozenset(_LETTERS) - _CYRILLIC - {"fa"}
_SPECIAL = re.compile("[" + "".join(sorted(set("".join(_LETTERS.values())))) + "]")

#: What a word adds to its language when no other has it; shared among those that have it.
_WEIGHT = 1.0
_LETTER = 0.7
#: Against a language that does not write a letter of the word.
_FOREIGN = -0.5

_LANGUAGES_OF: dict[str, list[str]] = {}
for _language in sorted(STOP_WORDS.keys() | _MORE.keys()):
    for _word in STOP_WORDS.get(_language, frozenset()) | _MORE.get(_language, frozenset()):
        _LANGUAGES_OF.setdefault(_word, []).append(_language)


_INITIALS = frozenset("cdjlnst")

_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "HANGUL", "DEVANAGARI", "THAI")


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    for script in _SCRIPTS:
        if name.startswith(script):
            return script.lower()
    if UNSPACED.match(letter):
        return "han"
    return name.split(" ", 1)[0].lower() or "none"


def script_of(words: Sequence[str]) -> str:
    """The script that most of *words* begin with: "latin", "cyrillic", "han"; "none"."""
    scripts = Counter(_script(word[0]) for word in words[:200] if word[0].isalpha())
    return min(scripts, key=lambda name: (-scripts[name], name)) if scripts else "none"


@lru_cache(maxsize=1 << 15)
def _votes(word: str) -> tuple[tuple[str, float], ...]:
    """What *word* says for and against languages."""
    votes: dict[str, float] = {}
    # Initials, not words: "L. Amberg" is no French article.
    having = () if word in _INITIALS else _LANGUAGES_OF.get(word, ())
    for language in having:
        votes[language] = _WEIGHT / len(having) ** 0.5
    if not word.isascii():
        for letter in set(_SPECIAL.findall(word)):
            _vote_by_letter(letter, votes)
    return tuple(votes.items())


def _vote_by_letter(letter: str, votes: dict[str, float]) -> None:
    script = _script(letter)
    among: Iterable[str] = _CYRILLIC if script == "cyrillic" else _LATIN
    if script == "arabic":
        votes["fa"] = votes.get("fa", 0.0) + _LETTER
        votes["ar"] = votes.get("ar", 0.0) + _FOREIGN
        return
    writing = [language for language in among if letter in _LETTERS[language]]
    if not writing:
        return
    for language in among:
        change = _LETTER / len(writing) if language in writing else _FOREIGN
        votes[language] = votes.get(language, 0.0) + change


#: Fewer points than this, or points a word, are no evidence.
_FEWEST_POINTS = 0.9
_SHARE = 0.06
#: What has to be said against the language that the source declares.
_CONTRADICTION = 1.4
_LEAD = 1.2
#: A script that only one of the usual languages is written in.
_OWN_SCRIPT = MappingProxyType({"greek": "el", "hangul": "ko", "hebrew": "he", "thai": "th"})


def language_of(words: Sequence[str], declared: str | None) -> str | None:
    """Primary subtag of the language of *words*, judged by their commonest words and letters.

    What the source declares holds unless the words clearly say otherwise: many sites leave
    their software's "en" in place.  None when neither is known.
    """
    head = words[:200]
    said = declared.split("-")[0].lower() if declared else None
    points: dict[str, float] = {}
    for word in head:
        for language, vote in _votes(word):
            points[language] = points.get(language, 0.0) + vote
    best = _clear_winner(points, len(head), said)
    if best is not None:
        return best
    if said and said not in STOP_WORDS:
        return said
    script = script_of(head)
    if said and _writes(said) == script:
        return said
    if script == "arabic":
        return "fa" if points.get("fa", 0.0) > points.get("ar", 0.0) else "ar"
    return _OWN_SCRIPT.get(script) or _clear_winner(points, len(head), None)


def _clear_winner(points: dict[str, float], words: int, said: str | None) -> str | None:
    if not points:
        return None
    best = min(points, key=lambda name: (-points[name], name))
    if best == said:
        return said
    second = max((points[name] for name in points if name != best), default=0.0)
    enough = points[best] >= max(_FEWEST_POINTS, _SHARE * words)
    clear = points[best] >= _LEAD * second
    against = said is None or points[best] >= _LEAD * points.get(said, 0.0) + _CONTRADICTION
    return best if enough and clear and against else None


def _writes(language: str) -> str:
    special = {"uk": "cyrillic", "ru": "cyrillic", "el": "greek", "ar": "arabic"}
    return special.get(language, "latin")
