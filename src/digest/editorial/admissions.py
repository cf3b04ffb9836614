"""How sources say that they were wrong: labels and phrases, in the languages that we read.

A list, not a judgement: who finds one of these words in a *new* sentence decides what it means.
"""

import re

_LABELS = (
    "correction|corrections|corrected|clarification|clarifications|erratum|errata"
    "|korrektur|korrigiert|richtigstellung|berichtigung|berichtigt|klarstellung"
    "|rectificatif|rectification|précision|mise au point|corrigé"
    "|corrección|correcciones|corregido|rectificación|aclaración|fe de erratas|fe de errores"
    "|correzione|errata corrige|rettifica|precisazione|chiarimento"
    "|sprostowanie|korekta|poprawka|wyjaśnienie|poprawiono"
    "|виправлення|виправлено|уточнення|уточнено|спростування|исправление|исправлено|уточнение"
    "|поправка|διόρθωση|διευκρίνιση|correção|rectificatie|correctie|تصحيح|تصويب|توضيح|استدراك"
)
_BARE = re.compile(rf"\W*(?:{_LABELS})\W*", re.IGNORECASE)
#: "Correction:", "Correction (12 May):", "CORRECTED-", "Korrektur vom 12. Mai:"
_LABELLED = re.compile(
    rf"\W{{0,4}}(?:{_LABELS})(?!\w)(?:\s?\([^)]{{0,60}}\))?"
    r"(?:\s?[:–—|-]|\.\s|(?:,|\s(?:on|of|le|du|vom|am|del|de|z|від|от))\s(?:[^:.!?]|(?<=\d)\.){0,40}:)"
    r"|\W{0,4}corrected\s(?:at|by|on|to)\b",
    re.IGNORECASE,
)

_EN = (
    "article|story|headline|post|dispatch|newsletter|page|piece|column|video|photo caption|caption"
)
_DE = "artikels?|textes|beitrags?|berichts?|meldung|überschrift|schlagzeile|texts?"
_FR = "article|dépêche|texte|titre|papier|reportage|brève"
_ES = "artículo|noticia|texto|nota|titular|información|pieza|reportaje"
_IT = "articolo|testo|titolo|notizia|pezzo|servizio"
_PL = "artykułu|artykuł|tekstu|tekst|materiału|materiał|depeszy|tytułu|tytuł|notatki|publikacji"
_UK = (
    "статті|статтю|новини|новину|новині|матеріалу|матеріалі|матеріал|тексту|тексті|текст|публікації"
    "|публікацію|заголовка|заголовку|заголовок|допису|замітки"
)
_RU = "статьи|новости|материала|текста|публикации|заголовка|заметки"
_AR = "هذا|هذه|المقال|التقرير|الخبر|المادة|النص|العنوان|القصة"

_PHRASES = (
    rf"\b(?:an?|the)\s(?:earlier|previous|prior|original|older)\sversions?\sof\s"
    rf"(?:(?:this|our|the)\s(?:{_EN})|this\s(?:report|text|item))\b",
    rf"\bthis\s(?:{_EN}|report|text|item)\s(?:has\sbeen|was|is)\s(?:\w+\s)?(?:corrected|amended"
    r"|clarified|(?:updated|changed|edited|revised)\sto\s(?:correct|clarify|fix|reflect\sthat))\b",
    r"\bthis\s(?:version|story|article)\scorrects\b|\bwe\s(?:have\s)?corrected\b|\(corrects\b",
    r"\b(?:in\seiner|eine)\s(?:früheren?|vorherigen?|ersten?|ursprünglichen?|älteren?)\s(?:version"
    rf"|fassung)\s(?:(?:dieses|dieser|des|der|unseres|unserer)\s(?:{_DE})\b|hieß\ses"
    r"|(?:war|stand|hatten?|haben|wurde)\s(?:wir|fälschlich|irrtümlich))",
    rf"\b(?:{_DE}|artikel|beitrag|bericht)\swurde\s(?:\w+\s)?(?:korrigiert|berichtigt)\b",
    r"\bwir\shaben\s(?:das|dies|den\sfehler|die\sangabe|die\sstelle)\s(?:\w+\s)?(?:korrigiert"
    r"|berichtigt)\b",
    r"\bune\s(?:première\s)?version\s(?:(?:précédente|antérieure|initiale)\s)?de\s(?:cet|cette|notre"
    rf"|l)\W(?:{_FR})\b",
    rf"\b(?:cet|cette|ce|notre)\s(?:{_FR})\sa\sété\s(?:corrigée?|rectifiée?|modifiée?\spour)\b",
    r"\b(?:una|la)\s(?:primera\s)?versión\s(?:(?:anterior|previa|original)\s)?de\s(?:este|esta"
    rf"|nuestr[oa])\s(?:{_ES})\b",
    rf"\b(?:este|esta)\s(?:{_ES})\s(?:ha\ssido|fue)\s(?:corregid[oa]|modificad[oa]\spara)\b",
    r"\buna\s(?:precedente\sversione|versione\sprecedente|prima\sversione)\s(?:di\squest[oa]"
    rf"|del|dell|della)\W{{1,2}}(?:{_IT})\b",
    rf"\bquest[oa]\s(?:{_IT})\sè\sstat[oa]\s(?:corrett[oa]|rettificat[oa]|modificat[oa]\sper)\b",
    r"\b(?:we|w)\s(?:wcześniejszej|poprzedniej|pierwotnej|pierwszej)\swersji\s(?:\w+\s)?"
    rf"(?:{_PL})\b",
    rf"\b(?:{_PL})\szostał[ao]?\s(?:poprawion|skorygowan|sprostowan)\w{{1,2}}\b",
    r"\b(?:у|в)\s(?:попередній|першій|початковій|ранішій|первісній)\sверсії\s(?:\w+\s)?"
    rf"(?:{_UK})\b",
    rf"\b(?:{_UK})\s(?:було\s)?(?:виправлено|уточнено|скориговано)\b|\bредакція\s(?:виправила"
    r"|уточнила)\b",
    rf"\b(?:в|во)\s(?:предыдущей|первой|первоначальной|ранней)\sверсии\s(?:\w+\s)?(?:{_RU})\b",
    r"\bσε\sπροηγούμενη\s(?:έκδοση|εκδοχή)\s(?:του|της|αυτού\sτου)\s(?:άρθρου|κειμένου|είδησης"
    r"|ρεπορτάζ|δημοσιεύματος)",
    rf"(?:نسخة\sسابقة|النسخة\sالسابقة|نسخة\sأولى)\s(?:من\s)?(?:{_AR})",
    rf"(?:تم|جرى)\s(?:تصحيح|تصويب)\s(?:{_AR})|صُحّ?ح(?:ت)?\s(?:{_AR})",
)
_SAID = re.compile("|".join(_PHRASES), re.IGNORECASE)
#: Every phrase has one of these, and few other sentences do: the patterns are slow.
_HINTS = (
    "version", "fassung", "versión", "wersji", "верси", "версії", "έκδοση", "εκδοχή", "نسخة",
    "correct", "amended", "clarif", "updated to", "changed to", "edited to", "revised to",
    "korrig", "berichtigt", "corrig", "rectifi", "modifié", "correg", "modificad", "corrett",
    "rettific", "modificat", "został", "виправ", "уточн", "скориг", "تصحيح", "تصويب", "صح", "صُح",
)  # fmt: skip


def admits(sentence: str) -> bool:
    """Does *sentence* say that something was corrected or made clearer?"""
    if is_label(sentence) or _LABELLED.match(sentence):
        return True
    low = sentence.casefold()
    return any(hint in low for hint in _HINTS) and bool(_SAID.search(sentence))


def is_label(text: str) -> bool:
    """Is *text* only a label, "Correction", over what is said next?"""
    return len(text) < 40 and bool(_BARE.fullmatch(text))
