"""Numbers and days as texts write them, so that two texts can be held against each other.

"1,200", "1 200" and, in German, "1.200" are one number; "three" is 3; "40 million" is not 40.
Values are text: nothing is reckoned with them.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

#: A run of digits with the marks inside it, as a pattern; bounded, so that it stays linear.
WRITTEN = r"\d{1,3}(?:[ \u00a0\u202f'’]\d{3}){1,6}(?!\d)|\d+(?:[.,:٫٬/–-]\d+){0,8}"
_POINT = frozenset({"en", "ar", "he", "hi", "ja", "ko", "th", "zh"})
#: Longer than this it is no number that anybody would read.
_LONGEST = 40
_MAGNITUDES = MappingProxyType(
    {
        "k": "thousand tausend mille mil mila tys тис тыс тисяч тысяч ألف آلاف duizend",
        "m": "million millionen millions milion milioni milione milionów miliony mln mio millón "
        "millones milhão milhões мільйон мільйони мільйонів млн миллион миллиона миллионов "
        "مليون ملايين miljoen",
        "bn": "billion milliarde milliarden milliard milliards miliard miliarda miliardi miliardo "
        "miliardów miliardy mrd mld bn мільярд мільярди мільярдів млрд миллиард миллиарда "
        "миллиардов مليار miljard",
        "%": "percent pct prozent procent proc відсоток відсотки відсотків процент процента "
        "процентів процентов بالمئة بالمائة",
    }
)
_MAGNITUDE: Mapping[str, str] = MappingProxyType(
    {word: sign for sign, words in _MAGNITUDES.items() for word in words.split()}
)
_PER_CENT = re.compile(r"\b(?:per|pour|por) ?(?:cento?|ciento)\b", re.IGNORECASE)

_COUNTED: Mapping[str, str] = MappingProxyType(
    {
        # From 2 on: "one" is as often no number.  A blank stands for "not written so".
        "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty",
        "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
        "fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig",
        "fr": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
        "seize dix-sept dix-huit dix-neuf vingt",
        "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
        "dieciséis diecisiete dieciocho diecinueve veinte",
        "it": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici "
        "quindici sedici diciassette diciotto diciannove venti",
        "pt": "dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze "
        "dezasseis dezassete dezoito dezanove vinte",
        "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien "
        "zestien zeventien achttien negentien twintig",
        "pl": "dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście "
        "trzynaście czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście "
        "dwadzieścia",
        "uk": "два три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять "
        "тринадцять чотирнадцять п'ятнадцять шістнадцять сімнадцять вісімнадцять дев'ятнадцять "
        "двадцять",
        "ru": "два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать "
        "тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать "
        "двадцать",
        "ar": "اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    }
)
_ALSO: Mapping[str, str] = MappingProxyType(
    {
        "en": "thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 "
        "hundreds=100s thousands=1000s millions=10^6s billions=10^9s dozen=12 dozens=12s half=1/2 "
        "twice=x2 double=x2 doubled=x2 triple=x3 tripled=x3 thrice=x3 third=3rd fourth=4th "
        "fifth=5th sixth=6th seventh=7th eighth=8th ninth=9th tenth=10th",
        "de": "dreißig=30 vierzig=40 fünfzig=50 sechzig=60 siebzig=70 achtzig=80 neunzig=90 "
        "hundert=100 hunderte=100s dutzend=12 hälfte=1/2 doppelt=x2 dritte=3rd dritten=3rd",
        "fr": "trente=30 quarante=40 cinquante=50 soixante=60 cent=100 centaines=100s "
        "milliers=1000s douzaine=12 dizaine=10 dizaines=10s moitié=1/2 double=x2 troisième=3rd",
        "es": "treinta=30 cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 noventa=90 "
        "cien=100 ciento=100 cientos=100s miles=1000s docena=12 decenas=10s mitad=1/2 doble=x2",
        "it": "trenta=30 quaranta=40 cinquanta=50 sessanta=60 settanta=70 ottanta=80 novanta=90 "
        "cento=100 centinaia=100s migliaia=1000s dozzina=12 decine=10s metà=1/2 doppio=x2",
        "pl": "dwóch=2 dwie=2 dwoje=2 trzech=3 czterech=4 pięciu=5 sześciu=6 siedmiu=7 ośmiu=8 "
        "trzydzieści=30 czterdzieści=40 pięćdziesiąt=50 sto=100 setki=100s tysiące=1000s "
        "połowa=1/2",
        "uk": "двох=2 дві=2 двоє=2 трьох=3 троє=3 чотирьох=4 четверо=4 п'яти=5 п'ятеро=5 шести=6 "
        "тридцять=30 сорок=40 п'ятдесят=50 сто=100 сотні=100s половина=1/2 половину=1/2",
        "ru": "двух=2 две=2 двое=2 трех=3 трёх=3 трое=3 четырех=4 пяти=5 шести=6 тридцать=30 "
        "сорок=40 пятьдесят=50 сто=100 сотни=100s половина=1/2 половину=1/2",
        "ar": "ثلاث=3 أربع=4 خمس=5 ست=6 سبع=7 ثماني=8 تسع=9 عشر=10 عشرين=20 ثلاثين=30 مئة=100 "
        "نصف=1/2",
    }
)


def _number_words() -> dict[str, dict[str, str]]:
    words = {
        language: {word: str(n) for n, word in enumerate(listed.split(), start=2)}
        for language, listed in _COUNTED.items()
    }
    for language, listed in _ALSO.items():
        for pair in listed.split():
            word, _, value = pair.partition("=")
            words[language][word] = value
    return words


_NUMBER_WORDS = _number_words()

#: Words that name a day where they are written small and nothing else would notice another.
DAYS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset(words.split())
        for language, words in {
            "en": "yesterday today tomorrow tonight",
            "de": "gestern heute vorgestern übermorgen",
            "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche hier aujourd'hui demain "
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "es": "lunes martes miércoles jueves viernes sábado domingo ayer hoy mañana enero "
            "febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica ieri oggi domani "
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
            "dicembre",
            "pt": "segunda terça quarta quinta sexta sábado domingo ontem hoje amanhã janeiro "
            "fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
            "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag gisteren vandaag "
            "januari februari maart april mei juni juli augustus september oktober november "
            "december",
            "pl": "poniedziałek wtorek środa środę czwartek piątek sobota sobotę niedziela "
            "niedzielę wczoraj dziś jutro stycznia lutego marca kwietnia maja czerwca lipca "
            "sierpnia września października listopada grudnia",
            "uk": "понеділок вівторок середа середу четвер п'ятниця п'ятницю субота суботу неділя "
            "неділю учора вчора сьогодні завтра січня лютого березня квітня травня червня липня "
            "серпня вересня жовтня листопада грудня",
            "ru": "понедельник вторник среда среду четверг пятница пятницу суббота субботу "
            "воскресенье вчера сегодня завтра января февраля марта апреля мая июня июля августа "
            "сентября октября ноября декабря",
            "ar": "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد أمس اليوم غدا يناير فبراير "
            "مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        }.items()
    }
)


def unify(text: str) -> str:
    """*text* with "per cent" in one word."""
    return _PER_CENT.sub("percent", text)


def value_of(written: str, language: str | None) -> str:
    """What digits say: "1,200" is "1200" in English, "7,50" is "7.5" in German."""
    digits = "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char for char in written[:_LONGEST]
    )
    digits = digits.replace("–", "-").replace("٫", ".").replace("٬", "")
    for joint in "-/:":
        if joint in digits:
            return joint.join(_single(part, language) for part in digits.split(joint))
    return _single(digits, language)


def _single(digits: str, language: str | None) -> str:
    digits = re.sub(r"[ \u00a0\u202f'’]", "", digits)
    if "." in digits and "," in digits:
        # The last mark is the decimal one, whatever the language.
        mark = max(".,", key=digits.rfind)
        digits = digits.replace("," if mark == "." else ".", "").replace(mark, ".")
        return _decimal(*digits.rpartition(".")[::2])
    parts = re.split("[.,]", digits)
    if len(parts) == 1:
        return _whole(digits)
    grouped = all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3
    mark = "." if "." in digits else ","
    decimal = "." if language is None or language in _POINT else ","
    if grouped and (len(parts) > 2 or mark != decimal):
        return _whole("".join(parts))
    if len(parts) > 2:
        return ".".join(map(_whole, parts))
    return _decimal(parts[0], parts[1])


def _whole(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _decimal(whole: str, part: str) -> str:
    part = part.rstrip("0")
    return f"{_whole(whole)}.{part}" if part else _whole(whole)


def number_word(word: str, language: str | None) -> str | None:
    """The value of a folded *word*: "3" of "three"; None if it is none in that language."""
    return _NUMBER_WORDS.get(language or "", {}).get(word)


def magnitude(word: str) -> str | None:
    """ "m" of "million": what makes another number of the one before it."""
    return _MAGNITUDE.get(word)
