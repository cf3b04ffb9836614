"""The words around a quotation that tell whose it is, by language."""

from dataclasses import dataclass, field
from functools import lru_cache

from digest.editorial.wordlists import phrases as _phrases
from digest.editorial.wordlists import words as _words
from digest.editorial.words import ATTRIBUTION, ATTRIBUTIONS, PRONOUNS_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How one language hands the word to a speaker; all case folded."""

    #: "said", "sagte": the speaker stands beside them.
    verbs: frozenset[str]
    #: "called it a", "nennt": before a few quoted words, not after them.
    naming: frozenset[str] = frozenset()
    #: "according to": the speaker follows; a tuple of words each.
    source: tuple[tuple[str, ...], ...] = ()
    #: Prepositions and conjunctions that end a name.
    small: frozenset[str] = frozenset()
    #: Auxiliaries and adverbs between speaker and verb.
    between: frozenset[str] = frozenset()
    #: Who is meant was named before.
    pronouns: frozenset[str] = frozenset()
    #: Before words that nobody speaks: "so-called", "named".
    scare: frozenset[str] = frozenset()
    #: They open a clause and are no speaker.
    joins: frozenset[str] = field(default=frozenset())


def _sources(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in _phrases(text))


_SPEECH: dict[str, Speech] = {
    "en": Speech(
        verbs=_words(
            "quoted thundered roared sighed laughed mused swore raged growled whispers shouts"
        ),
        naming=_words(
            """call describe called calls calling described describes describing branded
            dismissed denounced labelled labeled termed terms spoke speak speaks speaking
            remembers remembered likened accused praised criticised criticized blamed hailed
            condemned rejected referred cited compared mocked attacked welcomed saw sees urged
            urging promised warning citing"""
        ),
        source=_sources("according to|in the words of|in the view of|in the opinion of|per"),
        small=_words(
            """read reads of for from at in on by with to into about after before during when
            while as who whose which that because since until over under against between through
            near outside inside amid via late early yesterday today and or but"""
        ),
        between=_words(
            """has have had is was were be been also later then once simply only even still just
            always often never added and did does would will who himself herself recently merely
            again quickly quietly"""
        ),
        pronouns=_words("he she it they i we who"),
        scare=_words(
            """so-called supposed supposedly alleged named titled entitled nicknamed dubbed known
            the a an its their his her of ship vessel film song book play boat"""
        )
        - _words("the a an its their his her of"),
        joins=_words("and but while as when then though although whereas if so where"),
    ),
    "de": Speech(
        verbs=_words("so"),
        naming=_words(
            """nannte nennt nannten nennen bezeichnete bezeichnet bezeichneten bezeichnen zeigte
            zeigten zeigt verweist verwies verweisen sprach spricht sprachen sprechen warf lobte
            kritisierte lehnte wies verurteilte beschrieb beschreibt verglich begrüßte sieht sah
            hat haben hatte"""
        )
        - _words("hat haben hatte"),
        source=_sources(
            "laut|nach angaben von|nach angaben|nach ansicht von|nach worten von|gemäß"
        ),
        small=_words(
            """von vom für aus bei beim in im an am auf mit nach vor über unter zu zum zur gegen
            während als wenn der die das den dem des und oder aber gegenüber hat habe hatte ist
            sei war wird seien dass ob"""
        )
        - _words("der die das den dem des"),
        between=_words("hat habe hatte haben auch später dann noch nur selbst dazu dabei schon"),
        pronouns=_words("er sie es ich wir"),
        scare=_words(
            """sogenannte sogenannten sogenannter sogenanntes sogenanntem angeblich angebliche
            angeblichen vermeintlich vermeintliche vermeintlichen genannt genannte namens benannt"""
        ),
        joins=_words("und aber doch nur während als wie wenn da denn so dann"),
    ),
    "fr": Speech(
        naming=_words(
            """qualifié qualifie qualifient parle parlé parlent évoque évoqué évoquent appelle
            appelé dénonce fustige salue salué juge jugé décrit compare accuse rejette réclame"""
        ),
        verbs=_words(
            "juré jure jurait prévient plaide plaidé avoue avoué tonne tonné soupire rétorque"
        ),
        source=_sources("selon|d'après|aux yeux de|pour|de l'avis de"),
        small=_words(
            """de du des d à au aux en dans par pour sur avec sans sous après avant pendant lors
            depuis devant chez contre vers entre qui que quand lorsque et ou mais dont hier a ont
            est"""
        )
        - _words("de du des d"),
        between=_words("a ont avait est s'est aussi ensuite encore lui elle-même ne pas l'a n'a"),
        pronouns=_words("il elle ils elles je nous on -t-il"),
        scare=_words(
            "dit dite dits dites soi-disant prétendu prétendue prétendument surnommé nommé"
        ),
        joins=_words("et mais tandis alors comme quand où puis que"),
    ),
    "es": Speech(
        naming=_words(
            """calificó califica llamó llama llaman conocen conoce describió describe tachó habló
            habla hablan acusó criticó rechazó denunció definió define considera consideran"""
        ),
        verbs=_words("cree"),
        source=_sources("según|de acuerdo con|en palabras de|a juicio de|para"),
        small=_words(
            """de del en a al por para con sin sobre tras desde hasta ante contra entre durante
            cuando mientras que quien y o pero ayer ha han es"""
        )
        - _words("de del"),
        between=_words("ha han había también luego después se lo le les la los no"),
        pronouns=_words("él ella ellos ellas yo"),
        scare=_words(
            "llamada llamado llamadas llamados supuesta supuesto presunta presunto apodado"
        ),
        joins=_words("y e pero mientras cuando aunque como que"),
    ),
    "it": Speech(
        naming=_words(
            """definisce definito definiscono chiama chiamato parla parlato parlano descrive
            bolla bollato accusa giudica considera critica tratta"""
        )
        - _words("tratta"),
        verbs=_words("così"),
        source=_sources(
            """secondo|per|stando a|a detta di|a parere di|secondo quanto riferito da"""
        ),
        small=_words(
            """di del della dei delle degli dello in a al alla ai alle per con su sul sulla da
            dal dalla tra fra dopo prima durante quando mentre che e o ma si ha hanno è ieri non"""
        )
        - _words("di del della dei delle degli dello"),
        between=_words("ha hanno aveva è anche poi lo la li le si gli ne ancora"),
        pronouns=_words("lui lei egli ella loro io"),
        scare=_words(
            "cosiddetta cosiddetto cosiddetti cosiddette presunta presunto soprannominato"
        ),
        joins=_words("e ed ma mentre quando come che poi"),
    ),
    "pt": Speech(
        naming=_words("chamou chama classificou descreveu descreve falou fala acusou considera"),
        verbs=_words("avalia avaliou"),
        source=_sources("segundo|de acordo com|conforme|para|nas palavras de|na opinião de"),
        small=_words(
            """em no na nos nas a ao à por pelo pela para com sem sobre após desde até contra
            entre durante quando enquanto que quem e ou mas ontem tem"""
        ),
        between=_words("tem também depois ainda já se o a lhe não"),
        pronouns=_words("ele ela eles elas eu"),
        scare=_words("chamada chamado chamadas chamados suposta suposto apelidado apelidada dita"),
        joins=_words("e mas enquanto quando embora como que"),
    ),
    "nl": Speech(
        naming=_words("noemde noemt noemen sprak spreekt spreken bestempelde omschreef beschreef"),
        verbs=_words("aldus"),
        source=_sources("volgens|aldus|naar zeggen van"),
        small=_words(
            """voor uit bij in op aan met na over onder tegen tijdens als toen die dat en of maar
            om door heeft had is was gisteren"""
        ),
        between=_words("heeft had hebben ook later toen nog zelf"),
        pronouns=_words("hij zij ze het ik"),
        scare=_words("zogenaamde zogeheten zogenoemde vermeende genaamd bijgenaamd"),
        joins=_words("en maar terwijl als toen en dus"),
    ),
    "pl": Speech(
        naming=_words(
            """nazwał nazwała nazwali nazywa nazywają określił określiła określa określają mówił
            mówiła mówi mówią zarzucił skrytykował opisał opisuje uznał uznała"""
        ),
        verbs=_words("zdaniem"),
        source=_sources("według|zdaniem|jak podaje|w opinii|w ocenie"),
        small=_words(
            """z ze w we na do od dla po przed przez przy o u pod nad za podczas gdy kiedy który
            która które oraz i a ale lub wczoraj nie jest"""
        ),
        between=_words("też także później potem jeszcze mu jej im nam się już"),
        pronouns=_words("on ona oni one ono ja my"),
        scare=_words(
            """zwana zwany zwane zwanych zwanej zwanego rzekomy rzekoma rzekome rzekomo nazwany
            nazwana pod tytułem imienia"""
        )
        - _words("pod imienia"),
        joins=_words("a i ale gdy kiedy podczas jak natomiast zaś"),
    ),
    "uk": Speech(
        naming=_words(
            """назвав назвала назвали називає називають описав описала описує звинуватив
            охарактеризував охарактеризувала вважає вважають"""
        ),
        verbs=_words("мовив мовила"),
        source=_sources("за словами|на думку|за даними|за інформацією|згідно з|на переконання"),
        small=_words(
            """з із зі в у на до від для по після перед про при через під над за о об між проти
            коли який яка яке які що і й та а але або вчора не є"""
        ),
        between=_words("також потім згодом ще йому їй їм нам вже там так"),
        pronouns=_words("він вона вони воно я ми"),
        scare=_words("звана званий зване звані званої званого нібито прозваний називається"),
        joins=_words("а і й та але коли проте однак як тоді"),
    ),
    "ru": Speech(
        naming=_words(
            """назвал назвала назвали называет называют описал описала обвинил охарактеризовал
            охарактеризовала считает считают"""
        ),
        verbs=_words("молвил"),
        source=_sources("по словам|по мнению|по данным|согласно|по информации"),
        small=_words(
            """с со в во на до от для по после перед о об при через под над за к между против
            когда который которая которые что и а но или вчера не"""
        ),
        between=_words("также потом затем ещё еще ему ей им нам уже там так"),
        pronouns=_words("он она они оно я мы"),
        scare=_words("называемая называемый называемые называемой называемого якобы мнимый"),
        joins=_words("а и но когда однако как тогда"),
    ),
    "el": Speech(
        naming=_words("χαρακτήρισε χαρακτηρίζει αποκάλεσε αποκαλεί μίλησε μιλά περιέγραψε"),
        verbs=_words("κατέληξε"),
        source=_sources("σύμφωνα με|κατά|όπως"),
        small=_words(
            """σε στο στη στην στον στους στις από για με μετά πριν κατά όταν που και ή αλλά χθες
            προς"""
        ),
        between=_words("έχει είχε επίσης μετά ακόμη του της τους"),
        pronouns=_words("αυτός αυτή αυτό αυτοί"),
        scare=_words("λεγόμενη λεγόμενο λεγόμενος λεγόμενες δήθεν"),
        joins=_words("και αλλά ενώ όταν όπως"),
    ),
    "ar": Speech(
        naming=_words("وصف وصفت ووصف ووصفت اعتبر اعتبرت سمى تحدث تحدثت وتحدث"),
        verbs=_words("وفقا"),
        source=_sources("بحسب|حسب|وفق|وفقا ل|على حد قول|وبحسب"),
        small=_words(
            """في من على إلى عن أن إن بأن بأنه بأنها إنه إنها أنه أنها أمام خلال يوم بعد قبل مع
            التي الذي بين حول عند لدى ثم بسبب منذ حتى وهو وهي قد"""
        ),
        between=_words("قد كان كانت لقد"),
        pronouns=_words("هو هي هم"),
        scare=_words("المسماة المسمى يسمى تسمى المزعوم المزعومة المزعومين"),
        joins=_words("و ف ثم لكن كما بينما"),
    ),
}


@lru_cache(maxsize=32)
def speech(language: str | None) -> Speech:
    """Of *language*, a primary subtag; of one that is not known, the verbs of all."""
    if language is None or language not in _SPEECH:
        return Speech(verbs=ATTRIBUTION)
    listed = _SPEECH[language]
    return Speech(
        verbs=(listed.verbs | ATTRIBUTIONS[language])
        - frozenset(phrase[0] for phrase in listed.source if len(phrase) == 1),
        naming=listed.naming,
        source=listed.source,
        small=listed.small,
        between=listed.between,
        pronouns=listed.pronouns | PRONOUNS_OF[language],
        scare=listed.scare,
        joins=listed.joins,
    )


#: Beginnings of words that stand before a name and are no part of it, in any language.
ROLE_STEMS: tuple[str, ...] = tuple(
    sorted(
        _words(
            """teacher farmer shopkeeper baker landlord organis organiz campaign activist
            historian geolog biolog scholar artist driver pilot sailor fisherm firefight
            paramedic surgeon headteach pastor lehrer rentner händler landwirt polizist fischer
            enseign agricult pêcheur maestr pescador pescator insegn nauczyc rolnik strażak rybak
            вчител рятувал рибал лікар учител спасател рыбак врач prosecutor procur prokur
            executive ombuds analyst expert economist scientist detective sheriff constable
            superintend marshal commander manag editor founder speaker treasur chancel kanzler
            attorney envoy ambassad botschaft embajad delegat archbishop erzbischof cardinal
            nurse chief vorstand geschäftsführ minist premier president präsident présid presid
            prezyd prezes captain kapit capit coach trainer trener entraîn entren allenat manager
            direct direkt dyrekt diret mayor bürgermeist burgemeest burmistrz alcald sindac
            sindic prefeit secretar sekret secrét segret sprecher woordvoer rzecz portavo spokes
            porte-parole general généra judge richter juge giudice sędz rechter profess doctor
            doktor docteur dottor senator sénat senad governor gouvern gobern governator wojew
            chair vorsitz przewodn inspec inspek ispett commis kommis komis officer sergeant
            lieutenant leutnant colonel oberst coron pułkown admiral amiral almirant ammirag
            bishop bischof évêque obispo vescov biskup pfarrer union winzer anwalt anwält lawyer
            avocat abogad avvocat adwok witness señor signor madame monsieur winger defender
            striker goalkeeper skipper midfielder deputy former councillor councilor deputat
            député diputad deputad posłan мініст минист президент капітан капитан тренер директор
            голова речни секретар генерал судд судья проф доктор сенатор губернатор полковн майор
            лейтенант депутат начальни керівни руководител єпископ епископ адвокат фермер
            стюардес чоловік дружина прем премьер прессекр υπουργ πρόεδρ πρωθυπ δήμαρχ καπετάν
            προπονητ διευθυντ δικαστ γραμματέ εκπρόσωπ καθηγητ"""
        )
    )
)
#: Such words in full: they are too short for a beginning.
ROLES = _words(
    """chief chef jefe capo mp mep rep sen gov hon rev dr prof mr mrs ms miss sir dame lord lady
    king queen prince princess mister frau herr herrn pan pani pana mme mlle st sr sra dhr mevr
    gen lt col maj capt sgt wójt maire mer ksiądz poseł juiz juez vice ex former her his their
    its our my ihr ihre ihrem sein seine seinem sa son leur su suo sua seu haar zijn її його їх
    его её ее їхній jej jego brother sister wife husband mother father uncle aunt colleague
    bruder schwester frère sœur hermano hermana fratello sorella brat siostra брат сестра син
    донька мать отец отець мати мер мэр глава судья κ κα council party κος"""
)
#: Before a noun they are no pronouns.
POSSESSIVES = _words(
    """her his its their my our ihr ihre ihrem ihren sein seine seinem su sus suo sua son sa leur
    його її їх їхній їхня jej jego ich его её ее их seu haar zijn hun του της τους"""
)
#: Inside a name: "Ludwig van Halm".
PARTICLES = _words("de la le van von der den del della di da do dos du al el bin ibn ter ten zu af")
#: Before a noun that is no name.
ARTICLES = _words(
    """the a an one another der die das dem den des ein eine einer einem einen le la les un une
    el los las una unos lo il i gli uno o os as um uma de het een ο η το οι τα τον την του της
    ένας μια"""
)
#: After a noun they go on telling who it is: "a spokeswoman for the port".
TIES = _words("of for who von für dla pour para per voor від для за")
