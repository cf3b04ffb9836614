"""Abbreviations and what else decides, by language, whether a full stop ends a sentence.

Words are case folded and without their last full stop; "z. B." is listed as "z.b".  What is
done with them is in `sentences`.
"""

from dataclasses import dataclass
from functools import lru_cache

from digest.editorial.leaning import LEANING
from digest.editorial.wordlists import words as _words
from digest.editorial.words import STOP_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Abbreviations:
    """Those of one language, by what may follow them."""

    #: Never the end: what follows belongs to them ("Dr", "z.b").
    inner: frozenset[str] = frozenset()
    #: Not the end before a figure; words otherwise ("no", "fig").
    number: frozenset[str] = frozenset()
    #: The end only when a word that usually opens a sentence follows ("inc", "etc").
    soft: frozenset[str] = frozenset()
    #: After a figure like *soft*, otherwise like *inner* ("2024 р.", "р. Дніпро").
    year: frozenset[str] = frozenset()
    #: After a figure the end before any capital, otherwise like *inner* ("5 м.", "м. Київ").
    unit: frozenset[str] = frozenset()

    def __or__(self, other: "Abbreviations") -> "Abbreviations":
        return Abbreviations(
            inner=self.inner | other.inner,
            number=self.number | other.number,
            soft=self.soft | other.soft,
            year=self.year | other.year,
            unit=self.unit | other.unit,
        )


#: In any language: titles that travel.
_EVERYWHERE = Abbreviations(
    inner=_words("dr prof mr mrs ms st cf vs ing dipl h.c"),
    number=_words("no nr fig vol n° nº №"),
    soft=_words("inc ltd co corp llc plc jr sr etc al"),
)

_BY_LANGUAGE: dict[str, Abbreviations] = {
    "en": Abbreviations(
        inner=_words(
            """apt sta sto gen lt col maj capt sgt mx cpl pte pvt pfc adm cmdr comdr cdr brig rep
            reps sen sens gov govs gens lts cols drs profs pres rev fr hon ste mt ft messrs mme
            mlle supt insp det amb atty ald cllr asst assoc msgr ens vs viz ca approx a.k.a e.g
            i.e c.f vol v cmdt flt sqn dist mgr c/o w/o lt.gen maj.gen brig.gen vice-adm"""
        ),
        number=_words("nos figs art arts vols pp p para paras ch pt ext op cl tel"),
        soft=_words(
            """bros esq dept univ assn ave blvd rd est jan feb mar apr jun jul aug sept sep oct
            nov dec tues thurs ph.d m.d govt gov't intl mfg ed eds ibid tel incl sq hwy rte pty
            cie gmbh ag"""
        ),
        unit=_words("sec secs min mins hr hrs oz lb lbs yd yds mi"),
    ),
    "de": Abbreviations(
        inner=_words(
            """fa fam hr hrn fr frl dres med phil jur rer nat theol habil mag bzw sog zzgl inkl
            exkl einschl ggf ggfs evtl bspw vgl geb verh gest str tel ca mio.eur z.b z.t d.h
            u.a.m i.d i.d.r v.a s.o s.u o.g i.h.v i.v m.e u.u i.a z.h z.hd dt engl frz amtl kath
            evang bayr hrsg zit resp stellv städt staatl russ ehem sen gebr frhr mons röm geschw
            vors lt gr kl z.zt c.a abk allg betr gem lfd"""
        ),
        number=_words(
            """max min nrn abb abs art s kap bd bde tab ziff rn rdnr az lit anm aufl jg st hs bl
            pos pkt fn par"""
        ),
        soft=_words(
            """mio mrd bio tsd usw usf u.a a.d e.v o.ä u.ä u.dgl m.b.h n.chr v.chr chr jh jhd std
            okt dez jan feb febr apr aug sept nov jr hbf bhf pf kto ltd bros dgl ff hgb entspr"""
        ),
    ),
    "fr": Abbreviations(
        inner=_words(
            """lt cpt sgt gal m mm mme mlle mmes mlles mgr pr me dr drs prof ste env cf p.ex
            c.-à-d c.à.d c-à-d bd boul av fg fbg pl sq tél réf lieut cdt cne adj brig gén amb dép
            sén min rép vol v.g all apr ap bât comm imm rte ch.-l qqn qqch vve"""
        ),
        number=_words("max cap n nos art al p pp chap ch t fasc pl fig ann annexe alin par §"),
        soft=_words(
            """col hab éd janv févr fév avr juil sept oct nov déc cie s.a s.a.r.l sarl s.a.s j.-c
            jc ets éts frères fr min ex suiv sqq coll"""
        ),
    ),
    "es": Abbreviations(
        inner=_words(
            """gen col sgto sr sra srta sres sras srtas d dª dña dn dra dres dras lic licda arq
            abog profa gral cnel tte cap cptn cmte alm mons exc excmo excma ilmo ilma rvdo hno
            hna sto sta fr ud uds vd vds pdte pdta dir depto dpto prov av avda ctra pza pl c urb
            aprox máx mín p.ej p.e v.gr ee cc.ee tel tfno tlf núm apdo esq izq dcha ref atte fdo"""
        ),
        number=_words("ver n nº n.º núms pág págs p pp art arts cap caps sec fig figs vol tomo t"),
        soft=_words(
            """uu ee.uu eeuu cía cia hnos s.a s.l s.r.l s.a.b c.v a.c d.c a.c.n j.c ene feb abr
            jun jul ago sep sept set oct nov dic ss.mm cc.oo rr.hh ff.aa ff.cc s.m p.d e.p.d
            etcétera km kg"""
        ),
        year=_words("s"),
    ),
    "it": Abbreviations(
        inner=_words(
            """vers gen col lt sig sigg dott dr on onn avv avvti arch geom rag cav comm gr uff
            sen ten cap magg brig mar mons mgr mo gent spett egr ill rev fra s ss p.za p.zza v.le
            c.so l.go pza pzza vle cso tel cfr es p.es ad.es c.d cd cosidd max min ca circa dir
            pres sott on.le ed ing dep cons proc amb isp vicebrig app car comm.rio st ste frat
            madd pp"""
        ),
        number=_words("n nn num nr pag pagg p art artt co lett cap capp vol voll fig figg par sez"),
        soft=_words(
            """sett ecc s.p.a spa s.r.l srl s.n.c s.a.s f.lli flli a.c d.c sec genn febbr ott nov
            dic sgg segg ss.gg"""
        ),
        year=_words("sec"),
    ),
    "pt": Abbreviations(
        inner=_words(
            """gen col sr sra srs sras srta d dª dra drs dras profa profª exmo exma ilmo ilma cel
            cap ten sgt alm pe fr mons rev sto sta s av al pça pç trav rod r lgo eng arq adv des
            dep vers sen gov min pres dir enf aprox máx mín tel ex p.ex séc obs ref vsa v.exa exa"""
        ),
        number=_words("versão n nº n.º nos núm p pp pág págs art arts cap fig vol inc par"),
        soft=_words(
            """ltda lda cia s.a a.c d.c e.u.a eua jan fev mar abr mai jun jul ago set out nov dez
            etc"""
        ),
    ),
    "nl": Abbreviations(
        inner=_words(
            """gen lt maj sgt dhr mevr mej mw mr mrs drs ir ing ds kol kap burg bgm bijv bv m.b.t
            t.o.v i.p.v i.v.m m.u.v o.a o.m d.w.z d.m.v n.a.v t.g.v t.a.v i.s.m o.l.v m.i.v zgn
            z.g resp incl excl ca max min tel vgl jhr jkvr weth vz mgr z.k.h h.m a.s pres st vnl
            plm evt a.h.w"""
        ),
        number=_words("nrs blz p pp art artt afb hfdst par lid"),
        soft=_words(
            """enz e.d e.a e.v jl a.d b.v n.v v.o.f mln mld v.chr n.chr jan feb mrt apr aug sept
            okt nov dec jr sr a.u.b w.o m.m"""
        ),
    ),
    "pl": Abbreviations(
        inner=_words(
            """ul al pl os św śp płk ppłk gen kpt por ppor mjr sierż plut kpr st asp nadkom
            podkom podinsp mł bryg ks bp abp kard o s p pp hab inż mgr lek med mec adw red dyr
            kier prok pos prez wicem woj pow gm tzw tzn tj np m.in m.st ok ew godz tel zob wg ds
            dot maks pt pw pn zm ur zast rzecz kom hr ps d.s p.o kol ob kl zw j.w ww jw cdn nt
            sygn alb prof insp h.k dypl arch dh druh"""
        ),
        number=_words("nr art ust pkt poz par rozdz str s t tab rys ryc lit lok m wyd"),
        soft=_words(
            """sen itd itp etc im mln mld tys br ub b.r ub.r r.b o.o s.a sp j k zł gr min sek hab
            p.n.e n.e n.p.m in cd ha szt egz wt śr czw sob niedz pon"""
        ),
        year=_words("r rr w ww"),
    ),
    "uk": Abbreviations(
        inner=_words(
            """бл вул просп пров пл бул бульв наб буд корп оф під смт сел пос хут р-н ім акад
            проф доц канд гр св о оз преп ген полк підп лейт сержант кап майор ст.лейт ген.-лейт
            ген.-полк див пор напр наприкл т.зв т.з т т.є прим тов мол зав заст п пп а/с тел моб
            моск укр рос англ нім лат ред упоряд іл канд.наук д-р інж мін упр худ реж в.о"""
        ),
        number=_words("вер рис табл гл розд стор ст ч абз арк № кн вип кв ном іл"),
        soft=_words(
            """т.д т.п т.ін ін обл н.е чол руб січ лют бер квіт трав черв лип серп вер жовт лист
            груд"""
        ),
        year=_words("р рр ст в вв рок н"),
        unit=_words("м с г л год хв сек кг км"),
    ),
    "ru": Abbreviations(
        inner=_words(
            """ул просп пр-т пр-кт пер пл бул б-р наб ш корп стр дер пос им акад проф доц канд гр
            св о оз ген полк подп лейт кап майор ген.-лейт см ср напр т.н т.е т.к т тов г-н г-жа
            гос зам и.о пом тел моб ред рук англ нем лат р-н д-р инж"""
        ),
        number=_words("рис табл гл разд с ст ч абз кн вып кв д п пп №"),
        soft=_words("т.д т.п др пр проч н.э обл чел янв фев февр апр авг сент окт нояб дек"),
        year=_words("г гг в вв р рр"),
        unit=_words("м с л мин сек час"),
    ),
    "el": Abbreviations(
        inner=_words(
            """κ κα κκ κος δρ καθ αρ οδ λεωφ τηλ σελ βλ αγ στρ αντιστρ ταξ συντ λοχ υπ δηλ π.χ
            λ.χ αι δικ αρχιμ μητρ πρωθ μ.α σημ εκδ τ.κ τ.μ πρβλ ν"""
        ),
        number=_words("αριθ άρθ παρ κεφ εικ σ ν"),
        soft=_words(
            "κ.λπ κλπ κ.ά κ.α κ.ο.κ κτλ μ.χ εκατ δισ χιλ α.ε ε.π.ε ο.ε ιαν φεβ μαρ απρ αυγ"
        ),
        year=_words("π.χ"),
    ),
    "ar": Abbreviations(
        inner=_words("د أ م ود وأ أ.د ا.د د.م ت هاتف رقم"),
        number=_words("ص ج ق ط"),
        soft=_words("الخ إلخ ق.م ب.م هـ ه ر.س د.إ ج.م د.ك ص.ب ل.س ل.ل"),
        year=_words("م هـ ه"),
    ),
}

#: Months as they stand after the number of a day.
MONTHS = _words(
    """january february march april may june july august september october november december jan
    feb mar apr jun jul aug sept sep oct nov dec januar jänner februar feber märz mai juni juli
    oktober dezember okt dez ledna února března dubna května června července srpna září října
    listopadu prosince stycznia lutego marca kwietnia maja czerwca lipca sierpnia września
    października listopada grudnia januari februari mars maart mei augusti augustus tammikuuta
    kesäkuuta január február március április május június július augusztus szeptember október"""
)

#: Languages that write an ordinal with a full stop.
ORDINAL_LANGUAGES = _words("de cs sk pl hu fi da no nb nn et lv sl hr sr bs is")

#: Languages with words that have no vowel: elsewhere such a word is an abbreviation.
VOWELLESS = _words("cs sk hr sr sl bs mk bg ar he fa ur")

#: Measures, which end sentences like other words.
MEASURES = _words("kg km cm mm ml hl kwh mwh gwh mhz ghz грн км кг см мм млн млрд трлн гкал квт")

#: With these a Slavic sentence opens that begins with a date.
DATE_OPENINGS = _words(
    """w we z od do na po przed dnia latem zimą wiosną jesienią podczas wśród у в з із до на по
    від після перед протягом станом восени взимку влітку навесні ще зі с со к от после через
    летом зимой весной осенью начиная починаючи"""
)

#: Before an ordinal with a full stop, in those languages.
DETERMINERS = _words(
    """am der die das dem den des im zum zur vom beim bis ab seit und oder ein eine einem einen
    einer eines seinem seinen seiner ihrem ihren ihrer mit nach vor von in dne od do k w dnia
    jeder jede jedem dieser dieses"""
)

#: Nouns that are counted by ordinals; capitals say nothing in German.
ORDINAL_NOUNS = _words(
    """jahrhundert jahrhunderts jahrhunderten jahrtausend bundesliga liga runde spieltag minute
    klasse klassen stock stockwerk etage obergeschoss platz rang weltkrieg weltkriegs weltkrieges
    geburtstag geburtstags geburtstages jahrestag jahrestages jubiläum kapitel artikel quartal
    halbjahr halbzeit lebensjahr bezirk division kompanie armee bataillon brigade auflage ausgabe
    mal tag tages woche monat jahr hälfte viertel satz tor saison etappe stunde reihe sitzung
    wahlgang strafsenat senat kammer zivilsenat mai lidze ligi ligę dywizja dywizji pułk pułku
    brygada brygady korpus armii armia kompania batalion"""
)

#: After "9 a.m." these go on with the sentence.
AFTER_CLOCK = MONTHS | _words(
    """monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs
    fri sat sun est edt cst cdt mst mdt pst pdt et ct mt pt gmt utc bst cet cest eet eest ist jst
    eastern central pacific local kyiv london moscow"""
)

#: "Elm St.", "Harbour Dr.": before a name they are titles, after one they may end a sentence.
STREETS = _words("st dr mt ft")
#: What nobody is called: after "Elm St." such a word opens a sentence.
NO_NAMES = _words(
    """the he she it they we you i his her its their this that these those but and a an in on at
    no police nobody"""
)

#: "Plan B.", "vitamin C.": the letter is no initial.
LETTERED = _words(
    """plan vitamin vitamins hepatitis group type class category exhibit terminal gate block
    section point annex appendix row zone grade building platform letter witness division pool
    option hall gruppe typ klasse vitamine halle groupe classe hépatite annexe bâtiment grupo
    tipo clase vitamina anexo zona gruppo grupa grupie grupy witamina witaminy załącznik strefa
    klasa klasie hala група групі групи вітамін вітаміну гепатит клас класу зона зоні план блок
    корпус группа группе группы витамин витамина класс класса"""
)

#: They close a list, and mostly its sentence; German nouns have capitals too.
ENUMERATIONS = _words(
    "etc usw usf itd itp т.д т.п т.ін ін др проч enz e.d ecc etcétera κ.λπ κλπ κ.ά الخ إلخ"
)

#: Companies and sons: a lone capitalised word after them, then a small one, is a new sentence.
FIRMS = _words(
    """inc ltd co corp llc plc bros jr sr esq pty cie ph.d m.d s.a s.l s.r.l srl s.p.a spa s.a.s
    s.n.c s.a.r.l jan feb apr aug sept oct nov dec ltda lda cía cia b.v n.v a.g s.e f.lli sarl
    hnos ets"""
)

#: Words that open sentences and are not among the commonest of their language.
_OPENERS: dict[str, str] = {
    "en": """nobody none nothing everyone everything critics police officials investors residents
        voters workers today yesterday tomorrow tonight perhaps maybe nearly almost since despite
        following born asked prosecutors opponents supporters experts rescuers doctors witnesses
        only many several nine ten four five six seven eight twelve thirty forty fifty""",
    "de": """niemand alles nichts gestern heute morgen abends mehrere viele einige zuletzt
        insgesamt derzeit bisher künftig laut trotz statt neben während drei vier fünf sechs
        sieben acht neun zehn zwölf kritiker danach dazu dafür deshalb außerdem dort hier dabei
        ihm ihnen wer wo warum wieso welche manche gegner experten anwohner beobachter zeugen""",
    "fr": """personne rien tout hier aujourd demain plusieurs certains beaucoup quelques malgré
        chaque aucun aucune trois quatre cinq six sept huit neuf dix lors pendant depuis avant
        désormais cependant interrogé né née quand quelle quel pourquoi combien quelque chacun""",
    "es": """nadie nada todo todos ayer hoy mañana varios algunos muchos pocos tras mientras
        aunque tres cuatro cinco seis siete ocho nueve diez antes después luego entonces allí
        aquí ahora actualmente cada ningún ninguna quién qué cuándo dónde además ambos nació""",
    "it": """nessuno niente nulla tutto tutti ieri oggi domani alcuni molti pochi dopo mentre
        prima tre quattro cinque sei sette otto nove dieci adesso ora allora lì qui ogni quando
        perché dove quale tra fra durante secondo nato nata ecco quanto chi""",
    "pt": """ninguém nada tudo todos ontem hoje amanhã vários alguns muitos poucos após enquanto
        três quatro cinco seis sete oito nove dez antes depois então ali aqui agora cada nenhum
        quem quando onde segundo durante ambos nasceu""",
    "nl": """niemand niets alles gisteren vandaag morgen sommige veel enkele na tijdens drie vier
        vijf zes zeven acht negen tien daarna toen daar hier nu elke geen wie wat wanneer waar
        volgens ondanks ze we je ik""",
    "pl": """nikt nic wszystko wszyscy wczoraj dziś dzisiaj jutro kilka kilku wielu część dwa
        dwie dwóch trzy trzech cztery pięć obecnie teraz wtedy potem tam tu każdy żaden kto kiedy
        gdzie dlaczego według podczas mimo pod nad decyzja jednak obok zaś tymczasem""",
    "uk": """ніхто ніщо нічого все вчора сьогодні завтра торік цьогоріч кілька кількох багато
        частина троє двоє четверо три чотири п'ять шість зараз нині тоді потім там тут кожен
        жоден хто коли де чому згідно попри серед протягом понад більшість один одна раніше перед
        проте натомість наразі водночас загалом лише восени взимку влітку навесні""",
    "ru": """никто ничто ничего всё вчера сегодня завтра несколько много часть трое двое три
        четыре пять шесть сейчас тогда потом там тут здесь каждый кто где почему согласно среди
        более большинство один одна ранее перед однако сначала позже зимой летом осенью весной""",
    "el": """κανείς τίποτα όλα χθες σήμερα αύριο μερικοί πολλοί τρεις τέσσερις πέντε τώρα τότε
        εκεί εδώ κάθε ποιος πότε πού γιατί σύμφωνα κατά παρά μέχρι όταν""",
    "ar": """وقال وقالت وأضاف وأضافت وكان وكانت وفي ومن ولم ولا وقد هناك اليوم أمس غدا بينما رغم
        كما لكن ثم""",
}
#: Common, but after "the U.S." they say when.
_NO_OPENERS = AFTER_CLOCK | _words("times said saying people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What decides about a full stop in one language."""

    language: str | None
    abbreviations: Abbreviations
    #: Any of them.
    known: frozenset[str]
    openers: frozenset[str]
    #: "am 3. Mai"; a language that is not known may write so.
    ordinals: bool


@lru_cache(maxsize=32)
def habits(language: str | None) -> Habits:
    """Of *language*, a primary subtag; what all have in common for one that is not known."""
    found = _BY_LANGUAGE.get(language or "", Abbreviations()) | _EVERYWHERE
    return Habits(
        language=language,
        abbreviations=found,
        known=found.inner | found.number | found.soft | found.year | found.unit,
        openers=_openers(language),
        ordinals=language is None or language in ORDINAL_LANGUAGES,
    )


def _openers(language: str | None) -> frozenset[str]:
    chosen = [language] if language and language in STOP_WORDS else list(STOP_WORDS)
    found: set[str] = set()
    for one in chosen:
        found |= STOP_WORDS[one] | _words(_OPENERS.get(one, ""))
        found.update(opening for opening in LEANING[one] if " " not in opening)
    return frozenset(found) - (_NO_OPENERS if language in ("en", None) else frozenset())
