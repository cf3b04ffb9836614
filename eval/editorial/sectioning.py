"""Which section an item belongs to: keywords as a newsroom would write them, and a small archive.

The keywords were written from what the sections' names mean; the held-out texts were not looked at.
They are English, so only English items are counted.
"""

import json
import sys
from typing import Any

from digest.editorial.learning import Example, train
from digest.editorial.sections import Sections
from digest.editorial.slugs import section_slug
from digest.editorial.text import read
from digest.settings import SectionRule

# isort: split
from shared import items_of

KEYWORDS = {
    "politics": """council* mayor* parliament* assembly senate* minister* ministry cabinet election*
        vote voted votes voting voters ballot* referendum coalition opposition lawmaker* legislat*
        deputies mps bill amendment* resign* motion debate chancellor speaker premier campaign*
        candidate* poll polls ombudsman constitution* ward by-election* whip chamber levy ordinance
        petition* government* governor* law laws decree* quorum backbench* manifesto party parties
        independents caucus reshuffle inquiry committee* policy policies schools merger-of-schools
        local-authority town-hall electoral commissioner* budget-vote planning-permission ban bans
        banned zoning bylaw* subsid* waiting-lists public-inquiry -match -coach -league -profit""",
    "business": """profit* revenue* shares shareholder* company companies firm bank banks banking
        loan loans investor* invest* market markets jobs layoff* redundanc* wage wages payroll pay
        factory factories plant plants exporter* export* import* tariff* inflation price prices
        pricing sales quarter quarterly earnings dividend* takeover bid bids bidder merge* contract*
        orders hotel* retailer* supermarket* tourism start-up* startup* chief-executive ceo economy
        economic bankrupt* insolven* interest-rate* freight cannery union unions employer*
        employees workers workforce unemployment dockers docks overtime walkout walk-out strikers
        industrial-action mill mills mine mines miners mining vineyard* winery vintage grower*
        farmers crop harvest brewery airline* carrier turnover stock-exchange bond bonds lender*
        credit debt franchise logistics shipping-line shipyard warehouse cargo container supplier*
        customers manufactur* stake billion deal -minister -match -league -goal""",
    "science": """scientist* researcher* research university laborator* lab study studies species
        biolog* astronom* telescope* satellite* climate vaccin* virus bacteri* patients disease*
        clinical physic* chemist* geolog* fossil* archaeolog* dna gene genes genom* glacier*
        ecosystem* coral seagrass bird birds conservation* space probe orbit medical medicine
        infection* cancer journal observatory volcan* seismolog* seismic experiment* algorithm*
        quantum laser sensor* turbine* lithium isotope* specimen* habitat* plankton whale* seal
        seals insect* bees butterfl* wolf wolves otter* migration measured discover* wreck divers
        museum excavat* bronze-age neolithic eclipse comet meteor* moon planet* asteroid* dark-sky
        light-pollution magma crater eruption* ash tremor* geotherm* brine mineral* tidal marine
        neutrino* microb* antibiotic* trial trials published findings method hypothes* data
        emissions carbon scan scans -match -coach -league -shares -parliament""",
    "sport": """match matches goal goals league cup championship* tournament* striker* midfielder*
        goalkeeper* keeper coach coaches season final finals semi-final* quarter-final* stadium
        medal* olympic* sprint* marathon cycl* peloton stage stages yellow-jersey race races rower*
        rowing regatta sailing tennis set sets seeded open-champion wildcard skier* skiing slalom
        football* basketball handball hockey rugby cricket swimm* athlete* team-mate* teammate*
        referee* penalty half-time relegat* promotion transfer points kick-off derby captain
        knockout fixture* winger* defender* substitute* hat-trick injury-time overtime-goal game
        games squad club clubs fans title scored scorer lap laps podium climber* tour rider* leg
        bronze silver gold break-point ace umpire wicket* innings rink puck crowd
        -shares -minister -council -parliament""",
    "world": """border borders embassy ambassador ceasefire troops army war rebels refugees
        treaty sanctions diplomat* united-nations humanitarian earthquake* flood* wildfire*
        hurricane typhoon cyclone coup protest* militar* missile* prisoner* hostage* evacuat*
        migrants peace neighbouring foreign abroad overseas exile regime dictator presidential
        landslide* avalanche capsiz* derail* crash* collision collided killed dead death-toll
        rescuers rescue rescued stranded aground adrift smuggl* extradit* international police
        court judge jailed jail sentenced sentence prosecutor* arrested arrest suspect* detained
        thieves theft stolen robber* burglar* fraud embezzl* murder manslaughter convicted guilty
        firefighters fire blaze explosion bomb injured hurt missing search casualties victims
        lifeboat coastguard storm blackout power-cut outage emergency residents villagers
        -match -league -council -shares -scientists -ballot""",
}
#: "World" is what these texts call the general news, courts, crime and disasters among it; sections
#: are asked in a newspaper's order, and it takes what no other wanted.
ORDER = ("politics", "business", "science", "sport", "world")


def rules() -> list[SectionRule]:
    return [
        SectionRule(
            title=name.capitalize(),
            slug=name,
            # Phrases are written with hyphens here.
            keywords=tuple(
                word[:1] + word[1:].replace("-", " ") for word in KEYWORDS[name].split()
            ),
        )
        for name in ORDER
    ]


def score(split: str) -> dict[str, Any]:
    """Share of English items put where their editor put them."""
    told = [
        (read(item), row)
        for item, row in items_of(f"day-{split}")
        if row["language"].startswith("en")
    ]
    asked = Sections(rules())
    slugs = [section_slug(rule) for rule in asked.rules]
    placed = [(reading, row, asked.place([reading])) for reading, row in told]
    right = [slugs[placing.index] == row["section"] for _, row, placing in placed]
    dared = [
        ok
        for (_, _, placing), ok in zip(placed, right, strict=True)
        if "keywords" in placing.reason
    ]
    articles = [
        ok for (_, row, _), ok in zip(placed, right, strict=True) if row["kind"] == "article"
    ]
    wrong = [
        f"{row['title'][:60]}: {row['section']}, not {slugs[placing.index]} ({placing.reason})"
        for (_, row, placing), ok in zip(placed, right, strict=True)
        if not ok
    ]
    trained = train([Example(reading=reading, section=row["section"]) for reading, row in told])
    return {
        "part": "sections",
        "size": len(told),
        "figures": {
            "keyword accuracy, all English items": sum(right) / len(right),
            "keyword accuracy, articles": sum(articles) / len(articles),
            "precision where keywords decide": sum(dared) / max(1, len(dared)),
            "share that keywords decide": len(dared) / len(right),
            "learned from this day alone, cross-validated": trained.accuracy,
        },
        "wrong": wrong if split == "dev" else [],
    }


if __name__ == "__main__":
    json.dump(score(sys.argv[1] if len(sys.argv) > 1 else "dev"), sys.stdout, indent=1)
