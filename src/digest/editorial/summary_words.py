"""Word lists of those who summarise: what to show only for want of better, and what figures count.

`words` has what the whole room must know about languages.
"""

from collections.abc import Mapping
from types import MappingProxyType

from digest.editorial.wordlists import words as _words

#: They speak to the reader.
READER = _words(
    """you your yours yourself vous votre vos usted ustedes voi vostro vostra você vocês jullie
    ви вас вам ваш ваша ваше ваші вы вами"""
)

#: There is one of each wherever the news is made: "the police" needs no sentence before it.
UNIQUE = _words(
    """government police army navy president premier minister ministry cabinet parliament assembly
    senate congress council mayor king queen pope court judge prosecutor prosecutors opposition
    world country nation capital economy public weather sun moon earth sea military stock market
    markets euro dollar internet press media national central european united foreign finance
    interior defence defense health education transport justice environment agriculture prime
    supreme constitutional federal local city state number price prices cost average coastguard
    coast fire unemployment inflation"""
)

#: Before a name they make it no fuller.
HONORIFICS = _words(
    """mr mrs ms miss dr prof sir dame lord lady frau herr hr fr mme mlle m madame monsieur señor
    señora don doña sr sra signor signora pan pani senhor senhora meneer mevrouw"""
)

#: "In a letter pinned up at the lamp room it promises": what opens before the subject does.
SUBJECTS = _words("he she it they")
#: Soon after the opening they set the sentence against the one before it.
CONTRASTS = _words(
    """however nevertheless nonetheless meanwhile instead therefore jedoch allerdings dagegen
    hingegen dennoch trotzdem zudem cependant toutefois pourtant néanmoins embargo tampoco tuttavia
    però invece inoltre porém contudo entretanto echter daarentegen bovendien jednak natomiast
    zaś однак проте натомість водночас однако зато όμως ωστόσο"""
)
#: "There were four minutes left" points nowhere.
EXISTS = _words(
    """is are was were be been has have had will would can could may might must should seems seemed
    remains remained appears appeared"""
)
PREPOSITIONS = _words("in on at by for from with without under over after before")
CONJUNCTIONS = _words(
    """that which who whose whom where when while because if as since until before after although
    though and but said says"""
)

#: What becomes of people, by the words that say so; the value is the newsroom's word for it.
FATES: Mapping[str, str] = MappingProxyType(
    {
        word: fate
        for fate, words in {
            "dead": """killed killing kills dead died deaths death fatalities tote toten todesopfer
                getötet starben morts tués tuées muertos muertas fallecidos morti mortos mortes
                doden zginęło zginęły zabitych загинули загинуло загиблих погибли погибло погибших
                νεκροί νεκρούς قتلى قتيل قتيلا قتيلاً""",
            "injured": """injured injuring hurt hurting wounded wounding treated verletzt verletzte
                verletzten blessés blessées heridos heridas feriti ferite feridos gewond gewonden
                rannych ranni ranne поранено поранені поранених травмовано травмованих постраждали
                пострадали пострадавших ранены раненых τραυματίες جريح جرحى جريحا جريحاً مصاب
                مصابا""",
            "missing": """missing unaccounted vermisst vermisste vermissten disparus desaparecidos
                dispersi vermist zaginionych зниклими зниклих пропавшими αγνοούμενοι مفقود مفقودا
                مفقودين""",
            "arrested": """arrested detained festgenommen interpellés interpellées arrêtés detenidos
                arrestati zatrzymano zatrzymanych затримано затриманих задержаны задержано""",
            "evacuated": """evacuated evakuiert évacués évacuées evacuados evacuadas evacuati
                ewakuowano евакуйовано евакуйованих эвакуированы эвакуировано""",
        }.items()
        for word in words.split()
    }
)

#: A figure with one of these says how much or how long, and texts measure many things.
MEASURES = _words(
    """second seconds minute minutes hour hours day days week weeks month months year years decade
    decades kilometre kilometres kilometer kilometers km mile miles metre metres meter meters feet
    degree degrees percent pct per crown crowns euro euros dollar dollars pound pounds times point
    points place goal goals am pm uhr tage tagen stunden minuten jahre jahren monate monaten
    wochen prozent jours heures mois ans años días horas meses anni giorni ore mesi lat dni godzin
    miesięcy roku років роки днів годин хвилин місяців лет года дней часов"""
)

#: Said of anybody: it takes more than this to be the same people, or who "he" is.
ANYBODY = _words(
    """people person men women persons nobody somebody everybody anybody everyone someone anyone
    menschen personen niemand jemand personnes personne quelqu'un personas nadie alguien nessuno
    qualcuno nikt ktoś ніхто хтось никто"""
)

#: "About 400" and "380" do not differ.
ROUGHLY = _words(
    """about around roughly some nearly almost over approximately estimated than circa rund etwa
    fast über knapp environ près plus quelque unos casi cerca más alrededor quasi oltre około ponad
    prawie близько майже понад приблизно около почти более نحو حوالي"""
)
