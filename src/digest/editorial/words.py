"""Word lists: the little that the composing room must know about particular languages.

Structure carries the decisions; these lists only sharpen them.  A language that is not
here still works: its summaries keep to the opening sentences in their order.
"""

from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


def _leaning(words: str, phrases: str) -> frozenset[str]:
    return _words(words) | frozenset(_phrases(phrases))


#: The commonest words: they tell the language, open sentences, and carry no news.
STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words(
            """a about after again against all also although am among an and another any are around
            as at be because been before being between both but by can could did do does doing
            down during each either even ever every few for from further had has have having he
            her here hers him his how however i if in into is it its itself just least less made
            make many may me might more most much must my near neither new no nor not now of off
            on once one only onto or other our out over own per rather s said same saying says she
            should since so some still such t than that the their them then there these they this
            those though through to too two three toward towards under until up upon us very via
            was we were what when where whether which while who whom whose why will with within
            without would yet you your according told added day days week month year years monday
            tuesday wednesday thursday friday saturday sunday first last next people time"""
        ),
        "de": _words(
            """aber alle als also am an auch auf aus bei beim bis da das dass dem den denn der des
            die dies diese dieser dieses doch dort durch ein eine einem einen einer eines er es
            etwa für gegen hat hatte hatten haben ihr ihre im in ins ist jedoch kann kein keine
            mehr mit nach nicht noch nun nur ob oder ohne sagte sagt sehr seit sei sein seine sich
            sie sind so sowie über um und uns unter vom von vor war waren was wegen weil wenn
            werden wie wieder will wir wird wurde wurden zu zum zur zwei zwischen jahr jahre
            jahren uhr"""
        ),
        "fr": _words(
            """a au aux avec ce ces cet cette comme dans de des deux dont du elle en entre est et
            été
            être il ils la le les leur lui mais même n ne nous on ont ou où par pas plus pour qu
            que qui sa sans se ses selon si son sont sous sur toute tous très un une vers était
            avait d l s c j après ainsi an ans"""
        ),
        "es": _words(
            """a al ante así aunque cada como con contra cual cuando de del desde dos durante e el
            ella en entre era es esta este esto está fue ha han hasta hay la las le les lo los más
            muy ni no o otro para pero por porque que quien se según ser si sin sobre son su sus
            también tiene un una uno unos y ya año años"""
        ),
        "it": _words(
            """a ad ai al alla alle anche che ci come con da dal dalla dei del della delle di dopo
            due e è era gli ha hanno i il in la le lo ma nei nel nella non o per più sono su sua
            sul sulla suo tra un una uno anni anno"""
        ),
        "pt": _words(
            """a ao aos as até com como da das de do dos e é ela ele em entre era está foi há já
            mais
            mas na nas não no nos o os ou para pela pelo por que se sem seu sua são também um uma
            anos ano"""
        ),
        "nl": _words(
            """aan als bij dat de deze die door dan een en er haar heeft het hij hun in is maar meer
            met na naar niet nog of om onder ook op over te tot uit van voor was werd wordt zich
            zijn zij jaar"""
        ),
        "pl": _words(
            """a ale bez być był była było były co czy dla do gdy go i ich jak jako jego jej jest
            już
            kiedy który która które lub ma może na nad nie o od oraz po pod przed przez przy się
            są ta tak także to tym tylko w we z za ze że roku"""
        ),
        "uk": _words(
            """а або але без біля був була було були в вже від він вона вони воно все всі для до
            його
            за зі з із й і їх її після під по при про проти та так також те тим то того тому у це
            цей ця ці через чи час що щоб як який яка які якої яких же на над не ні є року році ще
            лише понад"""
        ),
        "ru": _words(
            """а без более бы был была были было в во все всех вы где год года году да для до его ее
            её если еще ещё же за и из или им их к как когда которые который которая ли между мы
            на над не него ней нет но о об однако он она они оно от перед по под после при про с
            со так также там то того тоже только том у уже что чтобы это этого этот эта эти я"""
        ),
        "el": _words(
            """από αλλά αν αυτή αυτό αυτός για δεν ένα ένας είναι είχε επίσης η ήταν θα και κατά με
            μετά μια μία μας μην να ο οι όπως ότι που πριν προς σε σου στα στη στην στις στο στον
            στους τα τη την της τις το τον του τους των ως χρόνια"""
        ),
        "ar": _words(
            """أن أو إلى إن التي الذي الذين بعد بين ثم حتى حيث عن على في قال قالت قد كان كانت كما لا
            لم لن ما مع من منذ هذا هذه هو هي و وقال يوم خلال عند غير كل"""
        ),
    }
)

#: A sentence that opens with one of these leans on the sentence before it.
LEANING: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _leaning(
            """he she they it this these that those his her hers their theirs its him them but
            however and or so yet then also still instead meanwhile moreover furthermore
            additionally besides nevertheless nonetheless therefore thus hence consequently
            otherwise similarly likewise both neither such another others here there later earlier
            again""",
            """for example|for instance|in addition|as a result|in turn|at the same time
            |by contrast|in contrast|on the other hand|in response|in that case|after that
            |before that|the latter|the former|the pair|the two|the same|the suspect
            |the suspects|the move|the decision|the man|the woman|the boy|the girl|the victim
            |the victims|the incident|the attack|the statement|the document|one of them
            |most of them|some of them|none of them|all of them|not only that|that is|of these
            |of those|as such|in doing so|at that time|by then|since then|until then|the other
            |the others|the rest|even so|that said|what is more|the second|the third|a second
            |a third|the deal|the agreement|the announcement|the figure|the remarks|the comments
            |the measure""",
        ),
        "de": _leaning(
            """er sie es dies diese dieser dieses das sein seine ihr ihre aber doch jedoch dennoch
            allerdings dabei dadurch dafür dagegen damit danach daraufhin darüber darum deshalb
            deswegen daher zudem außerdem auch und oder denn so dann beide ebenso stattdessen
            trotzdem inzwischen""",
            """zum beispiel|im gegensatz""",
        ),
        "fr": _leaning(
            """il elle ils elles ce cette ces cela ceci c'est son sa ses leur leurs mais or donc
            cependant toutefois pourtant ainsi ensuite puis enfin également et ou celui celle ceux
            celles""",
            """en revanche|par ailleurs|en outre""",
        ),
        "es": _leaning(
            """él ella ellos ellas esto este esta estos estas eso ese esa su sus pero sin embargo
            además también y o así entonces luego después ambos""",
            """sin embargo|por ejemplo|por otro lado|no obstante""",
        ),
        "it": _leaning(
            """lui lei loro esso essa questo questa questi queste ciò ma però tuttavia inoltre
            quindi
            poi anche e o così entrambi""",
            """per esempio""",
        ),
        "uk": _leaning(
            """він вона воно вони це цей ця ці його її їх їхній але однак проте втім також та й і
            тому отже водночас натомість потім тоді крім обидва той ті""",
            """крім того|при цьому|до того ж|за його|за її""",
        ),
        "ru": _leaning(
            """он она оно они это этот эта эти его ее её их но однако также и а поэтому тогда затем
            потом впрочем при кроме оба тот та те""",
            """кроме того|при этом|в то же время|по его|по ее|по её""",
        ),
        "el": _leaning(
            """αυτός αυτή αυτό αυτοί αυτές αυτά αλλά όμως ωστόσο επίσης και έτσι τότε ενώ""",
            """εκτός αυτού|παρ' όλα αυτά""",
        ),
    }
)


def leaning(language: str | None) -> frozenset[str]:
    """Leaning openings of *language*; none that we know for a language that is not here."""
    return LEANING.get(language, frozenset()) if language else frozenset()


FIRST_PERSON = _words("i we our us my me ours mine ich wir unser je nous notre я ми мы наш")
PRONOUNS = _words(
    """he she they it him her them er sie il elle ils elles él ella він вона вони он она они"""
)

#: Verbs that hand the word to a speaker.
ATTRIBUTION = _words(
    """said says say saying told tells added adds wrote writes asked asks replied explained noted
    argued insisted recalled announced declared warned concluded admitted stated claimed continued
    remarked joked confirmed tweeted posted commented suggested promised according sagte sagt
    erklärte erklärt betonte teilte schrieb fügte meinte ergänzte kündigte warnte zufolge laut
    déclaré dit affirmé expliqué ajouté précisé indiqué assuré selon écrit dijo afirmó explicó
    añadió señaló aseguró declaró agregó según escribió detto dichiarato spiegato aggiunto afferma
    secondo сказав сказала заявив заявила повідомив повідомила додав додала зазначив зазначила
    написав написала розповів розповіла пояснив пояснила каже наголосив наголосила сказал заявил
    сообщил сообщила добавил добавила отметил отметила написал рассказал рассказала пояснил
    говорит подчеркнул подчеркнула είπε δήλωσε ανέφερε πρόσθεσε τόνισε قال قالت وقال وقالت أضاف
    وأضاف صرح"""
)

#: Never the end of a sentence: what follows belongs to them.
TITLES = _words(
    """mr mrs ms mx dr prof gen lt col maj capt cpl sgt adm cmdr rear brig sen rep gov pres rev fr
    hon st ste mt ft messrs mme mlle supt insp amb atty vs viz cf ca approx hr hrn dipl ing bzw
    sog zzgl inkl str bspw evtl sra dña dn srta sig dott avv vul вул просп пл бул буд кв им ім обл
    р-н пос сел гр св акад проф доц ген полк лейт кап майор см ст ул пр пер наб тел напр наприкл κ
    κα κος δρ αρ"""
)

#: Abbreviations before a number, words otherwise.
NUMBERED = _words("""no nos nr fig figs art arts vol pp p núm abb рис табл стр""")

#: May end a sentence, and then a word that usually opens one follows.
SOFT = _words(
    """inc ltd co corp llc plc bros jr sr esq al dept univ assn ave blvd rd est jan feb mar apr jun
    jul aug sept sep oct nov dec okt dez г гг р рр в вв ін др"""
)

#: Months as they stand after the number of a day.
MONTHS = _words(
    """january february march april may june july august september october november december jan feb
    mar apr jun jul aug sept sep oct nov dec januar jänner februar märz mai juni juli oktober
    dezember ledna února března dubna května června července srpna září října listopadu prosince
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada
    grudnia januari februari mars maart mei augusti augustus tammikuuta kesäkuuta január február
    március április május június július augusztus szeptember október"""
)

#: Languages that write the day as an ordinal with a full stop.
ORDINAL_LANGUAGES = _words("de cs sk pl hu fi da no nb nn et lv sl hr sr")

#: Before an ordinal with a full stop, in those languages.
DETERMINERS = _words(
    """am der die das dem den des im zum zur vom beim bis ab seit und oder ein eine einem einen
    einer
    seinem seinen seiner ihrem ihren ihrer mit nach vor von in dne od do k w dnia"""
)

#: After "9 a.m." these go on with the sentence.
AFTER_CLOCK = MONTHS | _words(
    """monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri
    sat sun est edt cst cdt mst mdt pst pdt et ct mt pt gmt utc bst cet cest eet eest ist jst
    eastern central pacific local kyiv london moscow"""
)

#: The first words of lines that are the page's, not the story's.
JUNK_OPENINGS = _phrases(
    """read also|read more|read next|read the full|also read|see also|related:|related article
    |watch:|watch also|listen:|subscribe|sign up|sign in|log in|join our|join us|follow us
    |support our|support us|become a member|become a supporter|donate|click here|tap here
    |share this|advertisement|photo:|photo by|photograph:|image:|picture:|video:|credit:
    |illustration:|file photo|this article was|this article is|this story was
    |this story has been|editor's note|editor’s note|correction:|updated:|update:|published:
    |last updated|reporting by|edited by|editing by|written by|story by|text by|author:|authors:
    |source:|sources:|copyright|all rights reserved|©|continue reading|more on this|more stories
    |get the latest|get our|we use cookies|our newsletter|have a tip|got a tip|to unsubscribe
    |don't miss|don’t miss|lesen sie auch|lesen sie mehr|mehr zum thema|auch interessant|foto:
    |bild:|quelle:|lire aussi|à lire aussi|abonnez-vous|inscrivez-vous|crédit photo|lea también
    |lee también|suscríbete|leggi anche|lees ook|czytaj też|czytaj także|читайте також
    |читати також|читайте также|читать также|підписуйтесь|підпишіться|подписывайтесь|подпишитесь
    |фото:|джерело:|источник:|διαβάστε επίσης|φωτογραφία:|اقرأ أيضا|اقرأ أيضاً"""
)

#: Anywhere in a line: a credit or an invitation, not the story.
JUNK_MARKS = _phrases(
    """getty images|via getty|(photo by|/reuters)|/ap)|/afp)|our newsletter|newsletter here
    |to your inbox|all rights reserved|click here"""
)
