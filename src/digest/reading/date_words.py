"""The words of printed dates: months in two dozen languages, zones, halves of a day.

Tables only; `dates` reads with them.  Words are casefolded and have no final dot.
"""

import unicodedata
from types import MappingProxyType

#: One word a month, in its order; "/" parts the forms of one month.
_MONTH_LINES = {
    "en": "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug "
    "september/sept/sep october/oct november/nov december/dec",
    "uk": "січня/січень/січ лютого/лютий/лют березня/березень/бер/берез квітня/квітень/квіт/кві "
    "травня/травень/трав/тра червня/червень/черв/чер липня/липень/лип серпня/серпень/серп/сер "
    "вересня/вересень/вер/верес жовтня/жовтень/жовт/жов листопада/листопад/лист "
    "грудня/грудень/груд/гру",
    "ru": "января/январь/янв февраля/февраль/фев/февр марта/март/мар апреля/апрель/апр мая/май "
    "июня/июнь/июн июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент "
    "октября/октябрь/окт ноября/ноябрь/ноя/нояб декабря/декабрь/дек",
    "de": "januar/jan/jänner/jän februar/feb/feber märz/mär/mrz/maerz april/apr mai juni/jun "
    "juli/jul august/aug september/sept/sep oktober/okt november/nov dezember/dez",
    "fr": "janvier/janv/jan février/févr/fév/fevrier/fevr mars avril/avr mai juin juillet/juil "
    "août/aout septembre/sept octobre/oct novembre/nov décembre/déc/decembre",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago "
    "septiembre/setiembre/sept/sep/set octubre/oct noviembre/nov diciembre/dic",
    "it": "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug "
    "agosto/ago settembre/set/sett ottobre/ott novembre/nov dicembre/dic",
    "pt": "janeiro/jan fevereiro/fev março/marco/mar abril/abr maio/mai junho/jun julho/jul "
    "agosto/ago setembro/set outubro/out novembro/nov dezembro/dez",
    "pl": "stycznia/styczeń/sty lutego/luty/lut marca/marzec/mar kwietnia/kwiecień/kwi maja/maj "
    "czerwca/czerwiec/cze lipca/lipiec/lip sierpnia/sierpień/sie września/wrzesień/wrz "
    "października/październik/paź listopada/listopad/lis grudnia/grudzień/gru",
    "cs": "ledna/leden/led února/únor/úno března/březen/bře dubna/duben/dub května/květen/kvě "
    "června/červen/čvn července/červenec/čvc srpna/srpen/srp září/zář října/říjen/říj "
    "listopadu/listopad/lis prosince/prosinec/pro",
    "sk": "januára/január februára/február marca/marec apríla/apríl mája/máj júna/jún júla/júl "
    "augusta/august septembra/september októbra/október novembra/november decembra/december",
    "hr": "siječnja/siječanj veljače/veljača ožujka/ožujak travnja/travanj svibnja/svibanj "
    "lipnja/lipanj srpnja/srpanj kolovoza/kolovoz rujna/rujan listopada/listopad "
    "studenoga/studenog/studeni prosinca/prosinac",
    "sr": "januar/јануар/јануара februar/фебруар/фебруара mart/март/марта april/април/априла "
    "maj/мај/маја jun/јун/јуна jul/јул/јула avgust/август/августа septembar/септембар/септембра "
    "oktobar/октобар/октобра novembar/новембар/новембра decembar/децембар/децембра",
    "bg": "януари/ян февруари/февр март април май юни юли август септември октомври ноември "
    "декември",
    "be": "студзеня лютага сакавіка красавіка мая/траўня чэрвеня ліпеня жніўня верасня "
    "кастрычніка лістапада снежня",
    "nl": "januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug "
    "september/sept/sep oktober/okt november/nov december/dec",
    "sv": "januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug "
    "september/sept/sep oktober/okt november/nov december/dec",
    "da": "januar/jan februar/feb marts/mar april/apr maj juni/jun juli/jul august/aug "
    "september/sept/sep oktober/okt november/nov december/dec",
    "no": "januar/jan februar/feb mars/mar april/apr mai juni/jun juli/jul august/aug "
    "september/sept/sep oktober/okt november/nov desember/des",
    "fi": "tammikuuta/tammikuu helmikuuta/helmikuu maaliskuuta/maaliskuu huhtikuuta/huhtikuu "
    "toukokuuta/toukokuu kesäkuuta/kesäkuu heinäkuuta/heinäkuu elokuuta/elokuu "
    "syyskuuta/syyskuu lokakuuta/lokakuu marraskuuta/marraskuu joulukuuta/joulukuu",
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november "
    "detsember",
    "hu": "január/jan február/febr/feb március/márc április/ápr május/máj június/jún július/júl "
    "augusztus/aug szeptember/szept október/okt november/nov december/dec",
    "ro": "ianuarie/ian februarie/feb martie/mar aprilie/apr mai iunie/iun iulie/iul august/aug "
    "septembrie/sept/sep octombrie/oct noiembrie/nov/noi decembrie/dec",
    "tr": "ocak/oca şubat/şub mart/mar nisan/nis mayıs/may haziran/haz temmuz/tem ağustos/ağu "
    "eylül/eyl ekim/eki kasım/kas aralık/ara",
    "el": "ιανουαρίου/ιανουάριος/ιαν φεβρουαρίου/φεβρουάριος/φεβ μαρτίου/μάρτιος/μαρ "
    "απριλίου/απρίλιος/απρ μαΐου/μάιος/μαΐ/μαι ιουνίου/ιούνιος/ιουν ιουλίου/ιούλιος/ιουλ "
    "αυγούστου/αύγουστος/αυγ σεπτεμβρίου/σεπτέμβριος/σεπ/σεπτ οκτωβρίου/οκτώβριος/οκτ "
    "νοεμβρίου/νοέμβριος/νοε δεκεμβρίου/δεκέμβριος/δεκ",
    "ar": "يناير/كانون_الثاني/جانفي فبراير/شباط/فيفري مارس/آذار أبريل/ابريل/إبريل/نيسان/أفريل "
    "مايو/أيار/ماي يونيو/يونيه/حزيران/جوان يوليو/يوليه/تموز/جويلية أغسطس/اغسطس/آب/أوت "
    "سبتمبر/أيلول أكتوبر/اكتوبر/تشرين_الأول نوفمبر/تشرين_الثاني ديسمبر/كانون_الأول",
    "he": "ינואר/בינואר פברואר/בפברואר מרץ/במרץ אפריל/באפריל מאי/במאי יוני/ביוני יולי/ביולי "
    "אוגוסט/באוגוסט ספטמבר/בספטמבר אוקטובר/באוקטובר נובמבר/בנובמבר דצמבר/בדצמבר",
    "hi": "जनवरी फ़रवरी/फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर/सितम्बर अक्टूबर/अक्तूबर "
    "नवंबर/नवम्बर दिसंबर/दिसम्बर",
    "id": "januari/jan februari/feb maret/mar april/apr mei juni/jun juli/jul agustus/agu/agt "
    "september/sep oktober/okt november/nov desember/des",
}


def fold(word: str) -> str:
    """The form in which words are looked up: casefolded NFC, no dots at the end."""
    return unicodedata.normalize("NFC", word.casefold()).rstrip(".")


def _months() -> dict[str, dict[str, int]]:
    return {
        language: {
            fold(form).replace("_", " "): number
            for number, forms in enumerate(line.split(), 1)
            for form in forms.split("/")
        }
        for language, line in _MONTH_LINES.items()
    }


_MONTHS = _months()
#: For pages whose language is not known: the first language of the table wins, and Croatian
#: is left out ("listopada" is its October and Poland's November).
_ANY_MONTH = {
    word: number
    for language in reversed(_MONTHS)
    if language != "hr"
    for word, number in _MONTHS[language].items()
}


def month(word: str, language: str | None = None) -> int | None:
    """Number of the month *word* names, its own language first; None for any other word."""
    word = fold(word)
    own = _MONTHS.get((language or "").split("-")[0].lower(), {})
    return own.get(word) or _ANY_MONTH.get(word)


#: What an abbreviation means when the site's own zone does not know it: minutes east of UTC.
#: American ones as RFC 822 has them.
ZONE_MINUTES = MappingProxyType(
    {
        **dict.fromkeys(("z", "gmt", "utc", "ut", "wet"), 0),
        **dict.fromkeys(("bst", "cet", "mez", "west", "wat", "hec"), 60),
        **dict.fromkeys(("cest", "mesz", "eet", "cat", "sast"), 120),
        **dict.fromkeys(("eest", "msk", "мск", "trt", "eat", "idt"), 180),
        **dict.fromkeys(("samt", "gst", "get"), 240),
        **dict.fromkeys(("pkt", "uzt", "yekt"), 300),
        "irst": 210,
        "aft": 270,
        "ist": 330,
        "npt": 345,
        **dict.fromkeys(("wib", "ict"), 420),
        **dict.fromkeys(("hkt", "sgt", "pht", "awst", "wita"), 480),
        **dict.fromkeys(("jst", "kst", "wit"), 540),
        "acst": 570,
        "aest": 600,
        **dict.fromkeys(("acdt",), 630),
        "aedt": 660,
        "nzst": 720,
        "nzdt": 780,
        "nst": -210,
        **dict.fromkeys(("adt", "brt", "art", "ndt"), -180),
        **dict.fromkeys(("edt", "clt"), -240),
        **dict.fromkeys(("est", "cdt"), -300),
        **dict.fromkeys(("cst", "mdt"), -360),
        **dict.fromkeys(("mst", "pdt"), -420),
        **dict.fromkeys(("pst", "akdt"), -480),
        "akst": -540,
        "hst": -600,
    }
)

#: Names of zones that follow the season by themselves.
ZONE_PLACES = MappingProxyType(
    {
        "et": "America/New_York",
        "ct": "America/Chicago",
        "mt": "America/Denver",
        "pt": "America/Los_Angeles",
        "eastern time": "America/New_York",
        "kyiv time": "Europe/Kyiv",
    }
)

#: Abbreviations with several homes and no likeliest one: only the site's zone can tell.
UNDECIDED_ZONES = frozenset({"ast", "amt", "ect", "sst", "wst", "lmt", "bdt", "mmt", "cct"})

MORNING_WORDS = frozenset(
    {"am", "a.m", "a. m", "صباحا", "صباحًا", "ص", "上午", "午前", "오전", "π.μ", "πμ", "पूर्वाह्न"}
)
EVENING_WORDS = frozenset(
    {"pm", "p.m", "p. m", "مساء", "مساءً", "م", "下午", "午後", "오후", "μ.μ", "μμ", "अपराह्न"}
)

#: Beginnings of the words that say a text was changed, in the languages above.
UPDATED_STEMS = (
    "updat", "modif", "aktualisi", "aktualiz", "zaktualiz", "mis à jour", "mise à jour",
    "actualiz", "atualiz", "aggiorn", "оновлен", "обновл", "изменен", "bijgewerkt", "uppdater",
    "oppdater", "opdater", "päivitetty", "frissít", "güncel", "ενημερώ", "تحديث", "محدث", "עודכן",
    "更新", "수정", "diperbarui", "edited", "revised",
)  # fmt: skip

#: Words before a bare hour: "kl. 9", "godz. 18".
HOUR_WORDS = (
    r"klo|kello|kl\.?|klokka|klockan|kell|godz\.?|godzina|ore|ora|saat|hod\.?|pukul|jam"
    r"|الساعة|الساعه"
)
#: Dutch and Swedish "middag" is left out: it is the afternoon, or a meal.
NOON_WORDS = (
    "noon|midday|midi|mittag|mediodía|mediodia|mezzogiorno|meio-dia|południe|południu|полудень"
    "|опівдні|полдень|poledne|poledni|dél|délben|amiază|μεσημέρι|öğle|ظهر[اً]*|正午|정오"
)
MIDNIGHT_WORDS = (
    "midnight|minuit|mitternacht|medianoche|mezzanotte|meia-noite|północ|опівночі|північ|полночь"
    "|middernacht|midnatt|midnat|půlnoc|éjfél|μεσάνυχτα|gece yarısı|منتصف الليل|자정|真夜中"
)

#: What sites call their own time where the zone database has only numbers: "BST" is British
#: in London and Bangladeshi in Dhaka.
HOME_ZONES = MappingProxyType(
    {
        place: frozenset(names.split())
        for place, names in {
            "Asia/Dhaka": "bst bdt",
            "Asia/Dubai": "gst uae",
            "Asia/Muscat": "gst",
            "Asia/Riyadh": "ast ksa",
            "Asia/Kuwait": "ast",
            "Asia/Baghdad": "ast",
            "Asia/Qatar": "ast",
            "Asia/Bahrain": "ast",
            "Asia/Aden": "ast",
            "Asia/Tehran": "irst",
            "Asia/Kabul": "aft",
            "Asia/Kathmandu": "npt",
            "Asia/Colombo": "slst ist",
            "Asia/Yangon": "mmt mst",
            "Asia/Bangkok": "ict",
            "Asia/Ho_Chi_Minh": "ict",
            "Asia/Singapore": "sgt sst",
            "Asia/Kuala_Lumpur": "myt",
            "Asia/Yerevan": "amt",
            "Asia/Tbilisi": "get",
            "Asia/Baku": "azt",
            "Asia/Tashkent": "uzt",
            "Asia/Almaty": "almt ast",
            "Europe/Istanbul": "trt",
            "America/Sao_Paulo": "brt bst",
            "America/Manaus": "amt",
            "America/Argentina/Buenos_Aires": "art",
            "America/Bogota": "cot cst",
            "America/Lima": "pet",
            "America/Guayaquil": "ect",
            "America/Caracas": "vet",
            "America/La_Paz": "bot bst",
            "America/Montevideo": "uyt",
            "America/Santiago": "clt clst",
            "Pacific/Apia": "wst",
            "Pacific/Fiji": "fjt",
        }.items()
    }
)

#: Years before the first of the eras that Japan and Taiwan count in.
ERAS = MappingProxyType({"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911})

#: Words that tell from now, enough to let `dateparser` look at what our tables do not have
#: ("3 months ago").
RELATIVE_STEMS = (
    "ago", "vor ", "il y a", "hace", "fa", "há", "temu", "тому", "назад", "geleden", "sedan",
    "siden", "önce", "منذ", "قبل",
)  # fmt: skip
