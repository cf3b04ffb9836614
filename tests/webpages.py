"""Articles in six languages, and web pages around them, for tests of the page reader."""

from typing import Any

from digest.model import RawItem
from digest.reading.hints import Hints
from digest.reading.page import read_page

ENGLISH = [
    "The ferry to Lower Quay ran again on Sunday, after nine days in dock, with new bearings.",
    "Its captain said that the engine sounded better than it had in years, and that she slept.",
    "The fare stays at three crowns, as the council decided in March after a long debate.",
]
GERMAN = [
    "Die Fähre nach Untersand ist am Sonntag nach neun Tagen im Dock wieder ausgelaufen.",
    "Ihre Kapitänin sagte, die Maschine klinge besser als seit Jahren, und sie habe geschlafen.",
    "Der Fahrpreis bleibt bei drei Kronen, wie der Rat im März nach langer Debatte beschloss.",
]
SPANISH = [
    "El transbordador de Muelle Bajo volvió a salir el domingo, tras nueve días en el dique seco.",
    "Su capitana dijo que el motor sonaba mejor que en muchos años y que por fin había dormido.",
    "El billete seguirá costando tres coronas, como decidió el concejo en marzo tras un debate.",
]
UKRAINIAN = [
    "Пором до Нижньої пристані знову вийшов у неділю після дев’яти днів у доці, з новими валами.",
    "Капітанка розповіла, що двигун звучить краще, ніж за багато років, і що вона виспалася.",
    "Квиток і далі коштуватиме три крони: так ухвалила рада в березні після довгої суперечки.",
]
FRENCH = [
    "Le bac de Quai-Bas a repris la mer dimanche, après neuf jours passés en cale sèche au nord.",
    "Sa capitaine a dit que le moteur tournait mieux que jamais, et qu’elle avait enfin dormi.",
    "Le billet reste à trois couronnes, comme le conseil en a décidé en mars après un débat.",
]
POLISH = [
    "Prom na Dolne Nabrzeże znów wypłynął w niedzielę, po dziewięciu dniach spędzonych w doku.",
    "Jego kapitanka mówi, że silnik brzmi lepiej niż od lat, i że wreszcie się wyspała.",
    "Bilet nadal kosztuje trzy korony, jak postanowiła rada w marcu po długiej debacie.",
]


def ps(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(body: str, head: str = "", lang: str = "en") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">{head}</head>'
        f"<body><header><ul><li><a href='/'>A</a><li><a href='/b'>B</a></ul></header>{body}"
        "<footer><p>All rights reserved by nobody in particular, since 1953.</p></footer></body>"
    )


def article(markup: str, **hints: Any) -> RawItem:
    told = {"url": "https://quay.example/ferry"} | hints
    return read_page(markup.encode(), Hints(**told)).items[0]


def texts(item: RawItem) -> list[str]:
    return [block.text for block in item.blocks]
