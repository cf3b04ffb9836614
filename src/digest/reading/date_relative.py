"""Days and hours told from now: "yesterday at 6:40 PM", "il y a 12 min", "3時間前".

Behind the door: which word is which day and which unit, in thirty languages.  Everything on
the line has to be accounted for: "several hours ago" and "3 hours 20 minutes ago" are None.
Pure; "now" is an argument.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from digest.reading.date_clocks import Clock, find_clock

#: Of each language, parted by ";": today, yesterday, the day before ("/" parts their forms,
#: "-" is none); how "ago" is said of "#"; beginnings of minute, hour, day and week; forms that
#: need no number, with their minutes.
_LINES: Final = {
    "en": "today yesterday day_before_yesterday; # ago; min/m hour/hr/h day/d week/wk/w;"
    "a_minute/one_minute=1 an_hour/one_hour=60 half_an_hour=30 a_day/one_day=1440 a_week=10080"
    " just_now/moments=0",
    "de": "heute gestern vorgestern; vor #; min stund/std/h tag woche;"
    "einer_minute=1 einer_stunde=60 einer_halben_stunde=30 einem_tag=1440 einer_woche=10080"
    " gerade_eben/soeben=0",
    "fr": "aujourd'hui hier avant-hier; il y a #; min heure/h jour/j semaine;"
    "une_minute=1 une_heure=60 une_demi-heure=30 un_jour=1440 une_semaine=10080 à_l'instant=0",
    "es": "hoy ayer anteayer/antes_de_ayer/antier; hace #; min hora/h día/dia/d semana;"
    "un_minuto=1 una_hora=60 media_hora=30 un_día=1440 una_semana=10080 ahora_mismo=0",
    "it": "oggi ieri l'altro_ieri/altroieri/avantieri; # fa; min ora/ore/h giorn settiman;"
    "un_minuto=1 un'ora=60 un_ora=60 mezz'ora=30 un_giorno=1440 una_settimana=10080",
    "pt": "hoje ontem anteontem; há #|# atrás; min hora/h dia/d semana;"
    "um_minuto=1 uma_hora=60 meia_hora=30 um_dia=1440 uma_semana=10080 agora_mesmo=0",
    "nl": "vandaag gisteren eergisteren; # geleden; min uur/uren/u dag we;"
    "een_minuut=1 een_uur=60 een_half_uur=30 een_dag=1440 een_week=10080 zojuist=0",
    "pl": "dziś/dzisiaj wczoraj przedwczoraj; # temu; min godzin/godz/h dni/dzień/dnia tygodn;"
    "minutę=1 godzinę=60 pół_godziny=30 dzień=1440 tydzień=10080",
    "uk": "сьогодні вчора/учора позавчора; # тому; хв годин/год дн/день тиж;"
    "хвилину=1 годину=60 півгодини/пів_години=30 день=1440 тиждень=10080 щойно=0",
    "ru": "сегодня вчера позавчера; # назад; мин час/ч дн/день недел;"
    "минуту=1 час=60 полчаса=30 день=1440 неделю=10080 только_что=0",
    "be": "сёння учора/ўчора пазаўчора; # таму; хв/мін гадзін/гадз дн/дзён тыдн;"
    "хвіліну=1 гадзіну=60 паўгадзіны=30 дзень=1440",
    "bg": "днес вчера завчера; преди #; мин час/ч дни/ден седмиц;"
    "минута=1 час=60 половин_час=30 ден=1440 седмица=10080",
    "sr": "danas/данас juče/јуче prekjuče/прекјуче; pre #|пре #; min/мин sat/сат/h dan/дан nedelj;"
    "minut=1 sat=60 сат=60 pola_sata=30 dan=1440",
    "hr": "danas jučer prekjučer; prije #; min sat/h dan tjed; minutu=1 sat=60 pola_sata=30",
    "cs": "dnes včera předevčírem; před #; min hodin/h dn/den týdn;"
    "minutou=1 hodinou=60 půl_hodinou=30 dnem=1440 týdnem=10080",
    "sk": "dnes včera predvčerom; pred #; min hodin/h dň/dn týžd; minútou=1 hodinou=60 dňom=1440",
    "sv": "idag/i_dag igår/i_går i_förrgår; för # sedan|# sedan; min tim/h dag/dygn veck;"
    "en_minut=1 en_timme=60 en_halvtimme=30 en_dag=1440 en_vecka=10080 nyss=0",
    "da": "i_dag i_går i_forgårs; for # siden|# siden; min time/t dag/døgn uge;"
    "et_minut=1 en_time=60 en_halv_time=30 en_dag=1440 en_uge=10080",
    "no": "i_dag i_går i_forgårs; for # siden|# siden; min time/t dag/døgn uke;"
    "ett_minutt=1 en_time=60 en_halv_time=30 en_dag=1440 en_uke=10080",
    "fi": "tänään eilen toissapäivänä; # sitten; min tunti/h päiv viikko;"
    "minuutti=1 tunti=60 puoli_tuntia=30 päivä=1440 viikko=10080",
    "et": "täna eile üleeile; # tagasi; min tund/tunni päev nädal; tund_aega=60",
    "hu": "ma tegnap tegnapelőtt; # ezelőtt; perc ór nap hét; egy_órával=60 egy_perccel=1",
    "ro": "azi/astăzi ieri alaltăieri; acum #; min or zi/de_zi săpt;"
    "un_minut=1 o_oră=60 o_jumătate_de_oră=30 o_zi=1440 o_săptămână=10080",
    "tr": "bugün dün evvelsi_gün/önceki_gün; # önce; dakika/dk saat/sa gün hafta;"
    "bir_dakika=1 bir_saat=60 yarım_saat=30 az=0",
    "el": "σήμερα χθες/χτες προχθές; πριν από #|πριν #; λεπτ ώρ ημέρ/μέρ εβδομ;"
    "μία_ώρα/μια_ώρα=60 ένα_λεπτό=1 μία_ημέρα/μια_μέρα=1440",
    "ar": "اليوم أمس/امس أول_أمس/أول_من_أمس; قبل #|منذ #; دقيق/دقائق ساع"
    " يوم/أيام/ايام أسبوع/أسابيع;"
    "دقيقة=1 دقيقتين=2 ساعة=60 ساعتين=120 نصف_ساعة=30 يوم=1440 يومين=2880 أسبوع=10080"
    " أسبوعين=20160",
    "fa": "امروز دیروز پریروز; # پیش; دقیقه ساعت روز هفته; یک_ساعت=60",
    "he": "היום אתמול שלשום; לפני #; דק שע ימים/יום שבוע;"
    "דקה=1 שעה=60 שעתיים=120 חצי_שעה=30 יום=1440 יומיים=2880 שבוע=10080",
    "hi": "आज - -; # पहले; मिनट घंट दिन सप्ताह/हफ़्त; एक_घंटा=60",
    "ja": "今日/本日 昨日 一昨日/おととい; #前; 分 時間 日 週間; たった今=0",
    "zh": "今天/今日 昨天/昨日 前天; #前; 分钟/分鐘 小时/小時/个小时/個小時 天/日 周/週/星期;"
    "刚刚/剛剛=0 半小时=30",
    "ko": "오늘 어제 그제/그저께; # 전|#전; 분 시간 일 주; 방금=0",
    "id": "hari_ini kemarin -; # yang lalu|# lalu; menit jam hari minggu; sejam=60",
    "vi": "hôm_nay hôm_qua hôm_kia; # trước; phút giờ/tiếng ngày tuần; một_giờ=60",
}
_UNITS: Final = (1, 60, 24 * 60, 7 * 24 * 60)
_A_DAY: Final = 24 * 60
#: Scripts that do not part words with blanks.
_RUN_ON: Final = frozenset(("ja", "zh", "ko"))
#: More words beside it than this ("Published", "Last updated:") make a sentence.
_MOST_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class _Words:
    """The table of one language, ready to search with."""

    days: re.Pattern[str]
    back: dict[str, int]
    ago: tuple[re.Pattern[str], ...]
    lone: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ago:
    """How long before now, and the characters that say so."""

    start: int
    end: int
    minutes: int
    #: Only days are told; a clock may stand beside them.
    days: bool


def read_relative(
    text: str, *, home: ZoneInfo, language: str | None, now: datetime
) -> tuple[datetime, bool] | None:
    """The instant (UTC) that *text* tells from *now*, and whether it tells only its day.

    Args:
        text: digits made plain.
        home: zone of a clock beside a day, and of midnight.
        language: BCP 47; English is tried as well.  None: English, and any other language
            whose words are the whole of the text.
    """
    tag = (language or "").split("-")[0].lower()
    others = () if tag in _LINES else tuple(one for one in _LINES if one != "en")
    for place, one in enumerate(dict.fromkeys((*((tag,) if tag in _LINES else ()), "en", *others))):
        ago = find_ago(text, one)
        if ago is None:
            continue
        told = _told(text, ago, home, now, whole=place > 0 and one != "en")
        if told is not None:
            return told
    return None


def tells_from_now(text: str, language: str | None = None) -> bool:
    """Whether *text* holds something like "5 minutes ago" in its language or English."""
    tag = (language or "").split("-")[0].lower()
    return any(find_ago(text, one) for one in {tag, "en"} & _LINES.keys())


def find_ago(text: str, language: str) -> Ago | None:
    """The first words of *text* that tell a time from now, in a *language* of the table."""
    words = _words(language)
    folded = text.casefold().replace("’", "'")
    if len(folded) != len(text):
        return None
    for pattern in words.ago:
        match = pattern.search(folded)
        if match is None:
            continue
        if match["lone"]:
            minutes = words.lone[match["lone"].replace(" ", "_")]
        else:
            unit = next(place for place in range(4) if match[f"u{place}"])
            minutes = int(match["n"]) * _UNITS[unit]
        told_in_days = (match["u2"] or match["u3"]) if not match["lone"] else minutes >= _A_DAY
        return Ago(start=match.start(), end=match.end(), minutes=minutes, days=bool(told_in_days))
    match = words.days.search(folded)
    if match is None:
        return None
    back = words.back[match[0].replace(" ", "_")]
    return Ago(start=match.start(), end=match.end(), minutes=back * _A_DAY, days=True)


def _told(
    text: str, ago: Ago, home: ZoneInfo, now: datetime, *, whole: bool
) -> tuple[datetime, bool] | None:
    before, after = text[: ago.start], text[ago.end :]
    clock: Clock | None = None
    if ago.days:
        clock = find_clock(after, beside_day=True)
        if clock:
            after = after[: clock.start] + " " + after[clock.end :]
        else:
            clock = find_clock(before, beside_day=True)
            before = before[: clock.start] + " " + before[clock.end :] if clock else before
    rest = re.findall(r"[^\W\d_]+", f"{before} {after}")
    # A number that nobody accounts for may be the clock.
    if re.search(r"\d", before + after) or len(rest) > (0 if whole else _MOST_WORDS):
        return None
    if clock is not None and clock.zone:
        return None
    if not ago.days:
        return (now - timedelta(minutes=ago.minutes)).astimezone(UTC), False
    day = (now.astimezone(home) - timedelta(minutes=ago.minutes)).date()
    local = datetime.combine(day, clock.at if clock else time(), tzinfo=home)
    return local.astimezone(UTC), clock is None


@lru_cache(maxsize=64)
def _words(language: str) -> _Words:
    days, ago, units, lone = (part.strip() for part in _LINES[language].split(";"))
    back = {
        form: count
        for count, forms in enumerate(days.split())
        for form in forms.split("/")
        if form != "-"
    }
    alone = {
        form: int(minutes)
        for entry in lone.split()
        for forms, minutes in [entry.split("=")]
        for form in forms.split("/")
    }
    now = {form for form, minutes in alone.items() if minutes == 0}
    edge, inner = ("", "") if language in _RUN_ON else (r"(?<!\w)", r"(?!\w)")
    tail = "" if language in _RUN_ON else r"[^\W\d_]{0,6}"
    unit = "|".join(
        f"(?P<u{place}>{_stems(stems, tail)})" for place, stems in enumerate(units.split())
    )
    amount = rf"(?:(?P<n>\d{{1,3}})\s?(?:{unit})\.?|(?P<lone>{_forms(alone)}))"
    patterns = [
        re.compile(edge + _said(form).replace(r"\#", "#").replace("#", amount) + inner)
        for form in ago.split("|")
    ]
    if now:
        empty = "".join(f"(?P<u{place}>(?!))?" for place in range(4))
        patterns.append(re.compile(rf"{edge}(?P<lone>{_forms(now)})(?P<n>(?!))?{empty}{inner}"))
    return _Words(re.compile(edge + f"(?:{_forms(back)})" + inner), back, tuple(patterns), alone)


def _stems(stems: str, tail: str) -> str:
    # "3h", but not "3 months" for "3m".
    longest_first = sorted(stems.split("/"), key=len, reverse=True)
    return "|".join(re.escape(stem) + (tail if len(stem) > 1 else "") for stem in longest_first)


def _forms(forms: dict[str, int] | set[str]) -> str:
    longest_first = sorted(forms, key=len, reverse=True)
    return "|".join(re.escape(form.replace("_", " ")) for form in longest_first)


def _said(form: str) -> str:
    return r"\s".join(re.escape(word) for word in form.split())
