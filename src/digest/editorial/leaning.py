"""Openings that lean on the sentence before: such a sentence cannot stand without it.

Words as `text.tokens` gives them: case folded, and "c'est" has lost its "c'".  A language that
is not here is one of which we cannot tell: its summaries keep to the opening sentences.
"""

from collections.abc import Mapping
from types import MappingProxyType

from digest.editorial.wordlists import phrases as _phrases
from digest.editorial.wordlists import words as _words


def _leaning(words: str, phrases: str) -> frozenset[str]:
    return _words(words) | frozenset(_phrases(phrases))


#: A sentence that opens with one of these leans on the sentence before it.
LEANING: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _leaning(
            """he she they it this these that those his hers her their theirs its him them but
            however and or so yet then also still instead meanwhile moreover furthermore
            additionally besides nevertheless nonetheless therefore thus hence consequently
            otherwise similarly likewise both neither such another others here there later earlier
            again he'd he'll she'd she'll they're they've they'd they'll it'd it'll that'll
            accordingly conversely afterwards afterward elsewhere regardless plus""",
            """for example|for instance|in addition|as a result|in turn|at the same time|by contrast
            |in contrast|on the other hand|in response|in that case|after that|before that
            |the latter|the former|the pair|the two|the same|the suspect|the suspects|the move
            |the decision|the man|the woman|the boy|the girl|the victim|the victims|the incident
            |the attack|the statement|the document|one of them|most of them|some of them
            |none of them|all of them|not only that|that is|of these|of those|as such|in doing so
            |at that time|by then|since then|until then|the other|the others|the rest|even so
            |that said|what is more|the second|the third|a second|a third|the deal|the agreement
            |the announcement|the figure|the remarks|the comments|the measure|because of this
            |because of that|despite this|despite that|in this case|for this reason
            |for that reason|as for|in other words|on top of that|to that end|with this|with that
            |many of them|two of them|each of them|the duo|the trio|not so|as of then|from there""",
        ),
        "de": _leaning(
            """er sie es dies diese dieser dieses diesen diesem sein seine seinen seinem seiner ihr
            ihre ihren ihrem ihrer ihm ihn ihnen aber doch jedoch dennoch allerdings dabei dadurch
            dafür dagegen damit damals danach dann daran darauf daraufhin daraus darin darüber
            darum darunter davon davor dazu deshalb deswegen daher demnach demgegenüber zudem
            außerdem ferner überdies auch und oder denn so beide beides ebenso ebenfalls
            gleichzeitig zugleich stattdessen trotzdem hingegen vielmehr inzwischen mittlerweile
            unterdessen währenddessen anschließend später zuvor vorher seither seitdem schließlich
            dort hier hierbei hierzu letzterer letztere letzteres ersterer erstere solche solcher
            solches jene jener jenes derselbe dieselbe dasselbe andere sonst somit folglich indes
            indessen dessen deren dementsprechend""",
            """zum beispiel|im gegensatz|im gegenzug|in diesem fall|aus diesem grund|der mann
            |die frau|der junge|das mädchen|der verdächtige|die verdächtige|der tatverdächtige
            |das opfer|die opfer|der vorfall|der angriff|die entscheidung|der schritt|das abkommen
            |die maßnahme|einer von ihnen|eine von ihnen|keiner von ihnen|viele von ihnen
            |die beiden|der andere|die andere|die anderen|der rest|kurz darauf|kurz zuvor
            |wenig später|nicht nur das|zum einen|zum anderen|auf der anderen seite|bis dahin
            |vor diesem hintergrund|das ist|das war|das sind|das waren|das sagte|das teilte
            |das hat|das habe|das sei|das gilt|das geht|das ging|das bedeutet|das heißt|das wird
            |das wurde|das wäre|das zeigt|das berichtet|das bestätigte|das erklärte|das gab
            |das könne|das kann|das müsse|das soll|das macht|das führt|das reicht""",
        ),
        # "c'est" and "c'était" arrive as "est" and "était", "l'homme" as "homme".
        "fr": _leaning(
            """il elle ils elles ce cette cet ces cela ceci ça est était son sa ses leur leurs lui
            eux mais or donc car cependant toutefois pourtant néanmoins ainsi aussi ensuite puis
            enfin également et ou celui celle ceux celles celui-ci celle-ci ceux-ci celles-ci
            autre autres autrement parallèlement inversement idem là ici homme attaque incident
            agresseur accord opération""",
            """en revanche|par ailleurs|en outre|de plus|par exemple|au contraire|à l'inverse
            |dans ce cas|pour cette raison|en effet|de même|du coup|d'où|le suspect|les suspects
            |la victime|les victimes|la femme|le garçon|la fille|la décision|la mesure|les deux
            |tous deux|toutes deux|les autres|un autre|une autre|aucun entre eux|un entre eux
            |certains entre eux|plusieurs entre eux|en même temps|à ce moment|depuis lors
            |dans la foulée|peu après|peu avant|ce dernier|cette dernière|autre part|de son côté
            |de leur côté|pour sa part|après cela|après quoi|à son tour|le reste|sans cela
            |malgré cela|c'est|c'était""",
        ),
        "es": _leaning(
            """él ella ellos ellas ello esto este esta estos estas eso ese esa esos esas aquel
            aquella aquellos su sus pero además también tampoco y e o u así entonces luego después
            ambos ambas asimismo igualmente entretanto posteriormente anteriormente finalmente
            allí aquí ahí dicho dicha dichos dichas tal tales otro otra otros otras mismo misma
            sino pues""",
            """sin embargo|por ejemplo|por otro lado|por otra parte|no obstante|en cambio
            |en consecuencia|por lo tanto|por tanto|por eso|por ello|al mismo tiempo|a su vez
            |por su parte|de hecho|en este caso|en ese caso|en ese momento|desde entonces
            |hasta entonces|el hombre|la mujer|el joven|la joven|el sospechoso|los sospechosos
            |la víctima|las víctimas|el incidente|el ataque|la decisión|la medida|el acuerdo
            |los dos|las dos|uno de ellos|una de ellas|ninguno de ellos|el otro|la otra|los otros
            |los demás|las demás|el resto|este último|esta última|a pesar de ello|pese a ello
            |tras ello|con ello|es decir|el mismo|la misma""",
        ),
        "it": _leaning(
            """lui lei loro egli ella esso essa essi esse questo questa questi queste quello quella
            quelli quelle ciò ma però tuttavia inoltre quindi dunque perciò poi anche e ed o
            oppure così entrambi entrambe infine infatti invece intanto successivamente altrimenti
            ugualmente pertanto suo sua suoi sue lì là qui qua quest'ultimo quest'ultima altri
            altre altro altra uomo aggressore incidente accordo tale tali stesso stessa""",
            """per esempio|ad esempio|al contrario|d'altra parte|d'altro canto|in più|di più
            |a sua volta|da parte sua|nel frattempo|allo stesso tempo|in questo caso|in quel caso
            |in quel momento|da allora|fino ad allora|per questo|per questa ragione|la donna
            |il ragazzo|la ragazza|il sospettato|i sospettati|la vittima|le vittime|la decisione
            |la misura|i due|le due|uno di loro|una di loro|nessuno di loro|gli altri|le altre
            |il resto|nonostante ciò|dopo di che|in seguito|poco dopo|non solo|il suo|la sua
            |i suoi|le sue|il loro|la loro""",
        ),
        "pt": _leaning(
            """ele ela eles elas isto isso aquilo este esta estes estas esse essa esses essas aquele
            aquela aqueles aquelas seu sua seus suas lhe lhes dele dela deles delas mas porém
            contudo todavia entretanto também e ou então ambos ambas assim portanto logo pois
            posteriormente anteriormente finalmente ali lá aqui aí tal tais outro outra outros
            outras mesmo mesma nele nela disso disto""",
            """no entanto|por exemplo|por outro lado|além disso|ao mesmo tempo|em contrapartida
            |por isso|por sua vez|nesse caso|neste caso|nesse momento|desde então|até então
            |como resultado|em consequência|o homem|a mulher|o jovem|a jovem|o suspeito
            |os suspeitos|a vítima|as vítimas|o incidente|o ataque|a decisão|a medida|o acordo
            |os dois|as duas|um deles|uma delas|nenhum deles|muitos deles|o outro|a outra
            |os outros|os demais|o resto|este último|esta última|apesar disso|com isso|ou seja
            |da mesma forma|o mesmo|a mesma|em seguida|de facto|de fato|depois disso""",
        ),
        "nl": _leaning(
            """hij zij ze dit dat deze die hem haar hen hun zijn maar echter toch en of dus want ook
            daarom daarnaast daarna daardoor daarbij daarmee daarover daarvoor daartoe daarop
            daarvan daarin daartegen hierdoor hierbij hierna hiervoor hiermee bovendien verder
            vervolgens toen dan niettemin desondanks desalniettemin immers intussen ondertussen
            inmiddels tegelijkertijd tevens eveneens beide beiden sindsdien uiteindelijk later
            eerder daar hier zo anders andere anderen zulke dergelijke laatstgenoemde
            eerstgenoemde diens""",
            """bij voorbeeld|aan de andere kant|in dat geval|in dit geval|om die reden|de man
            |de vrouw|de jongen|het meisje|de verdachte|de verdachten|het slachtoffer
            |de slachtoffers|het incident|de aanval|de beslissing|het besluit|de maatregel
            |de overeenkomst|de twee|het tweetal|een van hen|geen van hen|velen van hen|de ander
            |de anderen|de rest|als gevolg|op zijn beurt|ten slotte|tot slot|niet alleen
            |in plaats daarvan|op dat moment|kort daarna|dat is|dat was|met andere woorden|het is
            |het was|het gaat|het ging|het gaat om|het wordt|het werd|het heeft""",
        ),
        "pl": _leaning(
            """on ona ono oni one jego jej ich jemu mu im nim nią nimi go ją to ten ta te ci tego
            tej
            tych temu tym tę taki taka takie tacy ale lecz jednak jednakże a i oraz lub albo więc
            zatem dlatego ponadto także też również wtedy wówczas potem następnie później
            wcześniej tymczasem natomiast zaś niemniej inny inna inne inni oboje obaj obie obydwaj
            tam tu tutaj stąd dotąd odtąd jeszcze nadto swój swoją swoje ów owa owe pozostali
            podobnie inaczej zresztą""",
            """na przykład|poza tym|mimo to|przy tym|z kolei|z drugiej strony|w związku z tym
            |w odpowiedzi|w tym czasie|w tym przypadku|w takim razie|od tego czasu|do tego czasu
            |w rezultacie|w efekcie|oprócz tego|w dodatku|co więcej|po czym|po tym|tym samym
            |jednocześnie|z tego powodu|podejrzany|podejrzana|podejrzani|decyzja ta|jeden z nich
            |jedna z nich|żaden z nich|większość z nich|ten sam|ta sama|to samo|drugi z nich
            |jak dodał|jak dodała|dodał|dodała|dodali""",
        ),
        "uk": _leaning(
            """він вона воно вони йому їй їм ним нею ними це цей ця ці цього цьому цим цією цих та
            той ті того тому тим таке такий така такі але однак проте втім також теж й і а або чи
            отже тож водночас натомість потім тоді згодом пізніше раніше обидва обидві обоє його
            її їх їхній їхня їхнє їхні там тут звідти туди інший інша інше інші решта адже зокрема
            зрештою навпаки відтак відтоді причому так сам саме свій підозрюваний підозрювана
            підозрюваного потерпілий потерпіла додав додала додали""",
            """крім того|окрім того|окрім цього|крім цього|при цьому|до того ж|за його|за її
            |за їхніми|за його словами|за її словами|за їхніми словами|в той же час|у той же час
            |тим часом|після цього|після того|перед цим|до цього|з цього|через це|через те
            |у відповідь|наприклад|таким чином|тим не менш|попри це|незважаючи на це|з іншого боку
            |у цьому|у свою чергу|у зв'язку з цим|один із них|одна з них|жоден із них
            |більшість із них|той самий|та сама|з того часу|на додачу|не лише це""",
        ),
        "ru": _leaning(
            """он она оно они ему ей им ними это этот эта эти этого этому этим этой этих тот та те
            того тому тем такой такая такое такие но однако также тоже и а или поэтому тогда затем
            потом впрочем оба обе его её ее их там тут здесь оттуда туда другой другая другие
            остальные ведь наоборот притом причем причём позже ранее раньше подозреваемый
            подозреваемая пострадавший свой сам добавил добавила добавили""",
            """кроме того|при этом|в то же время|по его|по её|по ее|по их|по его словам|по её словам
            |по ее словам|по их словам|тем временем|между тем|после этого|после чего|перед этим
            |до этого|из-за этого|в ответ|например|таким образом|тем не менее|несмотря на это
            |с другой стороны|в свою очередь|в связи с этим|один из них|одна из них|ни один из них
            |большинство из них|тот же|та же|с тех пор|в этом|вместо этого|не только это""",
        ),
        "el": _leaning(
            """αυτός αυτή αυτό αυτοί αυτές αυτά αυτού αυτής αυτών εκείνος εκείνη εκείνο εκείνοι
            τούτο
            αλλά όμως ωστόσο επίσης και κι ή έτσι τότε ενώ επομένως άρα συνεπώς επιπλέον ακόμη
            εξάλλου παράλληλα αντίθετα αργότερα νωρίτερα έπειτα ύστερα κατόπιν εκεί εδώ άλλος άλλη
            άλλο άλλοι άλλες αμφότεροι παρόμοια διαφορετικά μάλιστα δηλαδή άλλωστε""",
            """εκτός αυτού|παρ' όλα αυτά|για παράδειγμα|από την άλλη|την ίδια στιγμή|στη συνέχεια
            |ως αποτέλεσμα|ο άνδρας|η γυναίκα|ο ύποπτος|οι ύποπτοι|το θύμα|τα θύματα|η απόφαση
            |το περιστατικό|η επίθεση|η συμφωνία|οι δύο|ένας από αυτούς|μία από αυτές|ο ίδιος
            |η ίδια|το ίδιο|οι υπόλοιποι|από τότε|μέχρι τότε|για αυτό|γι' αυτό|σε αυτή|σε αυτό
            |μετά από αυτό|από την πλευρά του|από την πλευρά της|με αυτό""",
        ),
        # A leading "and" is written with its word: "and he added" is one word.
        "ar": _leaning(
            """هو هي هم هن هما وهو وهي وهم هذا هذه هذان هؤلاء وهذا وهذه ذلك تلك وذلك وتلك أولئك لكن
            ولكن لكنه لكنها ولكنه ولكنها كما كذلك وكذلك أيضا أيضاً ثم لذلك ولذلك لذا ولذا فيما
            بينما وبينما هناك وهناك هنا وأضاف وأضافت وأضافوا أضاف أضافت وتابع وتابعت تابع تابعت
            وأردف وأردفت واستدرك ولفت ولفتت وأوضح وأوضحت وأشار وأشارت وزاد وختم وكان وكانت وقد
            وسيكون وستكون وبذلك وعليه ومنها ومنهم بعدها وبعدها حينها وحينها عندها وعندها إنه إنها
            وإنه وإنها فهو فهي الرجل المرأة الضحية الضحايا المشتبه""",
            """غير أن|إلا أن|مع ذلك|ومع ذلك|رغم ذلك|ورغم ذلك|على الرغم من ذلك|بعد ذلك|وبعد ذلك
            |قبل ذلك|في المقابل|وفي المقابل|بالإضافة إلى ذلك|إضافة إلى ذلك|إلى جانب ذلك
            |على سبيل المثال|من جهته|من جهتها|ومن جهته|ومن جهتها|من جانبه|من جانبها|ومن جانبه
            |ومن جانبها|بدوره|بدورها|وبدوره|وبدورها|في الوقت نفسه|وفي الوقت نفسه|في هذا السياق
            |وفي هذا السياق|لهذا السبب|ولهذا السبب|نتيجة لذلك|منذ ذلك الحين|حتى ذلك الحين
            |في تلك الأثناء|في غضون ذلك|وفي غضون ذلك|من ناحية أخرى|ومن ناحية أخرى|أحدهم|إحداهن
            |معظمهم|بعضهم|جميعهم|كلاهما|الاثنان|وقال إن|وقالت إن|وذكر أن""",
        ),
    }
)


def leaning(language: str | None) -> frozenset[str]:
    """Leaning openings of *language*; none that we know for a language that is not here."""
    return LEANING.get(language, frozenset()) if language else frozenset()
