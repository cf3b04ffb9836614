"""Word lists: the little that the composing room must know about particular languages.

Structure carries the decisions; these lists only sharpen them.  A language that is not
here still works: its summaries keep to the opening sentences in their order.  What leans on
the sentence before is in `leaning`, what ends with a full stop in `abbreviations`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from digest.editorial.leaning import LEANING, leaning
from digest.editorial.wordlists import phrases as _phrases
from digest.editorial.wordlists import words as _words

__all__ = [
    "ATTRIBUTION",
    "ATTRIBUTIONS",
    "BYLINES",
    "FIRST_PERSON",
    "FIRST_PERSONS",
    "JUNK_MARKS",
    "JUNK_OPENINGS",
    "LEANING",
    "NOTES",
    "PRONOUNS",
    "PRONOUNS_OF",
    "STOP_WORDS",
    "leaning",
]

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

#: By language, because "i" is Polish for "and" and "il" an Italian article.
FIRST_PERSONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words(
            """i we our us my me ours mine myself ourselves i'm i've i'd i'll we're we've we'd
            we'll"""
        ),
        "de": _words(
            """ich wir uns mich mir unser unsere unseren unserem unserer mein meine meinen meinem
            meiner"""
        ),
        "fr": _words("je j'ai moi me nous notre nos mon ma mes"),
        "es": _words("yo me mi mis nosotros nosotras nos nuestro nuestra nuestros nuestras"),
        "it": _words("io mi mio mia miei mie noi ci nostro nostra nostri nostre"),
        "pt": _words("eu me meu minha meus minhas nós nosso nossa nossos nossas"),
        "nl": _words("ik mij mijn wij we ons onze"),
        "pl": _words(
            """ja mnie mną my nas nam nami mój moja moje mojego mojej nasz nasza nasze naszego
            naszej"""
        ),
        "uk": _words(
            """я мене мені мною ми нас нам нами мій моя моє мої мого моєї наш наша наше наші нашого
            нашої"""
        ),
        "ru": _words(
            """я меня мне мной мы нас нам нами мой моя моё мое мои моего моей наш наша наше наши
            нашего нашей"""
        ),
        "el": _words("εγώ μου εμένα εμείς μας εμάς"),
        "ar": _words("أنا نحن إننا إنني لدينا عندنا"),
    }
)
#: Of any language, for who does not know which.
FIRST_PERSON = _words("i we our us my me ours mine ich wir unser je nous notre я ми мы наш")

PRONOUNS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words("he she they it him her them"),
        "de": _words("er sie ihn ihm ihnen"),
        "fr": _words("il elle ils elles eux lui"),
        "es": _words("él ella ellos ellas"),
        "it": _words("lui lei loro egli ella essi esse"),
        "pt": _words("ele ela eles elas dele dela deles delas"),
        "nl": _words("hij zij ze hem hen"),
        "pl": _words("on ona oni one jego jej jemu niego niej nim nią ich nich"),
        "uk": _words("він вона вони воно його її їх йому їй ним нею ними них"),
        "ru": _words("он она они оно его её ее их ему ей им ним ней ними них"),
        "el": _words("αυτός αυτή αυτοί αυτές αυτόν αυτήν αυτούς εκείνος εκείνη εκείνοι"),
        "ar": _words("هو هي هم هما هن وهو وهي وهم"),
    }
)
#: Of any language, less what is a common word of another: "il", "on", "ich", "er".
PRONOUNS = frozenset().union(*PRONOUNS_OF.values()) - _words("il on one ich ze hen")

#: Verbs that hand the word to a speaker, and the words of "according to".
ATTRIBUTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": _words(
            """said says say saying told tells tell added adds wrote writes asked asks replied
            replies explained explains noted notes argued argues insisted insists recalled recalls
            announced announces declared declares warned warns concluded concludes admitted admits
            stated states claimed claims continued remarked joked jokes confirmed confirms tweeted
            posted commented comments suggested suggests promised promises answered answers
            responded responds acknowledged complained shouted yelled whispered muttered murmured
            quipped countered predicted testified observed reported reports urged urges pleaded
            vowed stressed emphasised emphasized cautioned lamented conceded alleged demanded
            contended maintained pointed asserted cried thanked reckons according"""
        ),
        "de": _words(
            """sagte sagt sagten sagen gesagt sage erklärte erklärt erklärten betonte betont
            betonten
            teilte teilten mitgeteilt schrieb schreibt schrieben fügte meinte meint meinten ergänzte
            ergänzt kündigte warnte warnt warnten berichtete berichtet berichteten fragte fragt
            fragten antwortete antwortet erzählte erzählt forderte fordert forderten behauptete
            behauptet bestätigte bestätigt bestätigten kritisierte kritisiert versicherte
            versichert äußerte rief murmelte flüsterte scherzte bemerkte verkündete erinnerte
            erinnert räumte entgegnete erwiderte urteilte mahnte lobte begründete kommentierte
            twitterte hieß findet zufolge laut"""
        ),
        "fr": _words(
            """déclaré déclare déclarait dit disait affirmé affirme affirmait expliqué explique
            expliquait ajouté ajoute précisé précise indiqué indique assuré assure assurait selon
            écrit annoncé annonce souligné souligne estimé estime estimait confié confie raconté
            raconte racontait répondu répond rappelé rappelle lancé lance demandé demande reconnu
            reconnaît admis admet insisté insiste martelé martèle regretté regrette dénoncé dénonce
            promis promet prévenu prévient averti avertit confirmé confirme poursuivi poursuit
            conclu conclut commenté commente témoigné témoigne soutenu soutient signalé signale
            ironisé plaisanté murmuré crié interrogé s'interroge s'exclame glissé résume"""
        ),
        "es": _words(
            """dijo dice dijeron dicho afirmó afirma explicó explica añadió añade señaló señala
            aseguró asegura declaró declara agregó agrega según escribió escribe indicó indica
            manifestó manifiesta comentó comenta anunció anuncia subrayó subraya destacó destaca
            sostuvo sostiene contó cuenta relató relata respondió responde replicó replica preguntó
            pregunta advirtió advierte confirmó confirma reconoció reconoce admitió insistió
            recordó recuerda denunció lamentó exclamó gritó apuntó apunta detalló precisó concluyó
            prometió pidió expresó reiteró bromeó informó"""
        ),
        "it": _words(
            """detto dice dicono disse dichiarato dichiara spiegato spiega spiegano aggiunto
            aggiunge afferma affermato secondo sostiene sostenuto scritto scrive raccontato racconta
            risposto risponde chiesto chiede ribadito ribadisce sottolineato sottolinea osservato
            osserva commentato commenta annunciato annuncia precisato precisa assicurato assicura
            confermato conferma ammesso ammette ricordato ricorda avvertito avverte concluso
            conclude insistito replicato replica denunciato gridato esclamato confidato riferito
            riferisce definito promesso mormorato"""
        ),
        "pt": _words(
            """disse diz disseram afirmou afirma explicou explica acrescentou acrescenta declarou
            declara segundo conforme contou conta escreveu escreve relatou respondeu responde
            perguntou pergunta garantiu garante ressaltou destacou destaca anunciou informou
            confirmou lembrou lembra admitiu reconheceu alertou criticou comentou comenta completou
            concluiu sublinhou frisou referiu adiantou lamentou defendeu apontou"""
        ),
        "nl": _words(
            """zei zegt zeggen zeiden gezegd vertelde vertelt verklaarde verklaart schreef schrijft
            aldus volgens voegde meldde meldt antwoordde antwoordt vroeg vraagt benadrukte
            waarschuwde waarschuwt legde stelde stelt reageerde reageert liet bevestigde erkende
            beaamde riep grapte noemde vindt denkt besloot concludeerde"""
        ),
        "pl": _words(
            """powiedział powiedziała powiedzieli mówi mówił mówiła mówią dodał dodała dodali dodaje
            stwierdził stwierdziła stwierdza zaznaczył zaznaczyła zaznacza podkreślił podkreśliła
            podkreśla oświadczył oświadczyła wyjaśnił wyjaśniła wyjaśnia tłumaczył tłumaczyła
            tłumaczy poinformował poinformowała poinformowali informuje przekazał przekazała
            przekazali przyznał przyznała przyznaje zapewnił zapewniła zapewnia zapytał zapytała
            pyta pytał odpowiedział odpowiedziała odpowiada ocenił oceniła ocenia opowiadał
            opowiadała opowiada wspomina wspominał wspominała napisał napisała ogłosił ogłosiła
            ostrzegł ostrzegła ostrzega zauważył zauważyła zauważa zapowiedział zapowiedziała
            skomentował skomentowała komentuje relacjonuje relacjonował krzyknął krzyknęła wołał
            żartował żartowała uważa twierdzi twierdził apelował podsumował podsumowała według
            zdaniem"""
        ),
        "uk": _words(
            """сказав сказала сказали каже кажуть говорить говорив говорила заявив заявила заявили
            заявляє повідомив повідомила повідомили повідомляє повідомляють додав додала додали
            додає зазначив зазначила зазначили зазначає написав написала пише розповів розповіла
            розповіли розповідає пояснив пояснила пояснили пояснює наголосив наголосила наголошує
            підкреслив підкреслила підкреслює запитав запитала питає спитав спитала відповів
            відповіла відповіли відповідає згадує згадував згадувала пригадує вважає стверджує
            стверджують попередив попередила попередили визнав визнала запевнив запевнила запевняє
            уточнив уточнила оголосив оголосила прокоментував прокоментувала коментує вигукнув
            пожартував пожартувала підсумував підсумувала закликав закликала пообіцяв пообіцяла
            скаржиться переконаний переконана словами думку даними інформацією"""
        ),
        "ru": _words(
            """сказал сказала сказали говорит говорят говорил говорила заявил заявила заявили
            заявляет
            сообщил сообщила сообщили сообщает сообщают добавил добавила добавили добавляет отметил
            отметила отметили отмечает написал написала пишет рассказал рассказала рассказали
            рассказывает пояснил пояснила поясняет объяснил объяснила подчеркнул подчеркнула
            подчеркивает спросил спросила ответил ответила ответили вспоминает вспомнил вспомнила
            считает утверждает утверждают предупредил предупредила признал признала заверил заверила
            уточнил уточнила объявил объявила прокомментировал прокомментировала воскликнул пошутил
            призвал призвала пообещал пообещала словам мнению данным"""
        ),
        "el": _words(
            """είπε είπαν λέει λένε δήλωσε δήλωσαν δηλώνει ανέφερε ανέφεραν αναφέρει πρόσθεσε
            προσθέτει τόνισε τονίζει υποστήριξε υποστηρίζει εξήγησε εξηγεί σημείωσε σημειώνει
            έγραψε γράφει ρώτησε ρωτά απάντησε απαντά ανακοίνωσε προειδοποίησε παραδέχθηκε
            διαβεβαίωσε επεσήμανε υπογράμμισε θυμάται σχολίασε φώναξε σύμφωνα"""
        ),
        "ar": _words(
            """قال قالت قالوا يقول تقول يقولون وقال وقالت وقالوا أضاف أضافت وأضاف وأضافت صرح صرحت
            وصرح وصرحت أكد أكدت يؤكد وأكد وأكدت أوضح أوضحت وأوضح وأوضحت أشار أشارت وأشار وأشارت
            ذكر ذكرت وذكر وذكرت أعلن أعلنت وأعلن وأعلنت كتب كتبت وكتب وكتبت سأل سألت وسأل تساءل
            تساءلت رد ردت ورد وردت أجاب أجابت وأجاب تابع تابعت وتابع وتابعت حذر حذرت وحذر شدد شددت
            وشدد وشددت اعتبر اعتبرت واعتبر وصف وصفت ووصف ووصفت روى روت يروي تروي لفت ولفت نفى نفت
            ونفى اعترف صاح صاحت هتف هتفت علق علقت بحسب وبحسب حسب وفق ووفق وفقا وفقاً ووفقا"""
        ),
    }
)
ATTRIBUTION = frozenset().union(*ATTRIBUTIONS.values())

#: Before the names in a line that says who wrote the text.
BYLINES = _words(
    """by words report story text von par texte por texto di testo door tekst autor autorka autore
    auteur author автор текст συντάκτης κείμενο بقلم كتب"""
)

#: What a newsroom says about its own text: no news, and yet not to be dropped unread.
NOTES = _phrases(
    """correction:|clarification:|updated:|update:|editor's note|editor’s note|this article was
    |this article is|this article has been|this story was|this story has been|an earlier version
    |a previous version|korrektur:|berichtigung:|richtigstellung:|aktualisiert:|aktualisierung:
    |anmerkung der redaktion|anm. d. red|in einer früheren version|dieser artikel wurde
    |dieser text wurde|rectificatif|correctif:|mise à jour:|mise à jour :|note de la rédaction
    |cet article a été|une version précédente|corrección:|fe de errores|actualización:|actualizado:
    |nota de la redacción|este artículo ha sido|una versión anterior|correzione:|rettifica:
    |aggiornamento:|aggiornato:|nota della redazione|questo articolo è stato|una versione precedente
    |correção:|errata:|atualização:|atualizado:|atualizada:|nota da redação|este artigo foi
    |esta reportagem foi|uma versão anterior|correctie:|rectificatie:|bijgewerkt:
    |noot van de redactie|dit artikel is|dit artikel werd|in een eerdere versie|sprostowanie:
    |korekta:|aktualizacja:|od redakcji|artykuł został|we wcześniejszej wersji|виправлення:
    |уточнення:|оновлено:|від редакції|примітка редакції|цю статтю|у попередній версії|исправление:
    |уточнение:|обновлено:|от редакции|примечание редакции|в предыдущей версии|διόρθωση:
    |ενημέρωση:|σημείωση της σύνταξης|تصحيح:|تحديث:|ملاحظة من المحرر|ملاحظة المحرر"""
)

#: The first words of lines that are the page's, not the story's.
JUNK_OPENINGS = _phrases(
    """read also|read more|read next|read the full|read our|also read|see also|related:
    |related article|related stories|recommended:|most read|watch:|watch also|watch live|listen:
    |listen to this|subscribe|sign up|sign in|log in|register now|join our|join us|follow us
    |support our|support us|become a member|become a supporter|donate|click here|tap here
    |share this|share on|advertisement|sponsored|photo:|photos:|photo by|photograph:|image:
    |picture:|video:|credit:|illustration:|graphic:|file photo|file image|courtesy of
    |this article was
    |this article is|this story was|this story has been|editor's note|editor’s note|correction:
    |updated:|update:|published:|posted:|last updated|reporting by|additional reporting
    |edited by|editing by|written by|story by|text by|author:|authors:|source:|sources:|copyright
    |all rights reserved|©|continue reading|more on this|more stories|get the latest|get our
    |we use cookies|this site uses cookies|our newsletter|have a tip|got a tip|do you have a story
    |to unsubscribe|don't miss|don’t miss|comments are closed|leave a comment|tags:|topics:
    |lesen sie auch|lesen sie mehr|lesen sie hier|lesen sie dazu|auch lesenswert|mehr zum thema
    |mehr dazu|mehr lesen|weiterlesen|weitere artikel|auch interessant|das könnte sie
    |foto:|fotos:|bild:|bilder:|grafik:|symbolbild|symbolfoto|archivbild|archivfoto|quelle:
    |quellen:|abonnieren sie|jetzt abonnieren|newsletter abonnieren|melden sie sich
    |jetzt anmelden|folgen sie|autor:|autorin:|autoren:|redaktion:|veröffentlicht:
    |zuletzt aktualisiert|anzeige:|alle rechte vorbehalten|kommentare:
    |lire aussi|à lire aussi|lire également|à lire également|lire la suite|lire plus|voir aussi
    |à voir aussi|sur le même sujet|pour aller plus loin|abonnez-vous|s'abonner|inscrivez-vous
    |recevez |suivez-nous|rejoignez-nous|partager cet article|crédit photo|crédits photo|crédit :
    |crédit:|crédits :|photo :|photos :|image :|illustration :|vidéo :|vidéo:|source :|sources :
    |auteur :|auteur:|publié le|mis à jour le|tous droits réservés|cliquez ici
    |lea también|lea además|lea más|lee también|leer más|leer también|ver también|vea también
    |seguir leyendo|te puede interesar|le puede interesar|más información|noticias relacionadas
    |suscríbete|suscríbase|regístrate|inscríbete|apúntate|síguenos|síganos|únete
    |fotografía:|foto de archivo|imagen:|imagen de archivo|vídeo:|fuente:|fuentes:|crédito:
    |créditos:|redacción:|publicado:|publicado el|actualizado el|todos los derechos
    |haz clic|haga clic
    |leggi anche|leggi tutto|leggi pure|leggi di più|vedi anche|guarda anche|guarda il video
    |per approfondire|potrebbe interessarti|iscriviti|abbonati|seguici|foto di|immagine:
    |immagini:|credit foto|crediti:|fonte:|fonti:|autore:|redazione:|pubblicato il
    |ultimo aggiornamento|aggiornato il|tutti i diritti|clicca qui|condividi
    |leia também|leia mais|leia ainda|ler mais|veja também|veja mais|saiba mais|ver mais
    |notícias relacionadas|assine |inscreva-se|subscreva|cadastre-se|siga-nos|siga o|receba
    |fotografia:|imagem:|crédito da foto|fontes:|publicado em|atualizado em|última atualização
    |todos os direitos|clique aqui|compartilhe
    |lees ook|lees meer|lees verder|lees hier|bekijk ook|zie ook|meer over|meer nieuws|abonneer
    |schrijf je in|schrijf u in|meld je aan|meld u aan|volg ons|beeld:|afbeelding:|bron:
    |bronnen:|auteur:|gepubliceerd|laatst bijgewerkt|alle rechten|klik hier
    |czytaj też|czytaj także|czytaj również|czytaj więcej|czytaj dalej|czytaj:|przeczytaj
    |zobacz też|zobacz także|zobacz również|zobacz:|polecamy|zapisz się|subskrybuj|obserwuj nas
    |śledź nas|dołącz do|fot. |fot.:|zdjęcie:|zdjęcia:|zdj.|grafika:|źródło:|źródła:|autorka:
    |autorzy:|opublikowano|ostatnia aktualizacja|wszelkie prawa|kliknij|udostępnij
    |читайте також|читати також|читайте нас|читайте ще|читати далі|читати більше|дивіться також
    |дивись також|більше новин|за темою:|підписуйтесь|підписуйтеся|підпишіться|підпишись|стежте за
    |слідкуйте за|приєднуйтесь|приєднуйтеся|долучайтесь|долучайтеся|реєструйтесь|поділитися
    |фото:|світлина:|зображення:|ілюстрація:|відео:|джерело:|джерела:|автор:|авторка:|автори:
    |опубліковано|останнє оновлення|усі права|всі права|натисніть
    |читать также|читайте также|читать далее|читать полностью|смотрите также|по теме:
    |подписывайтесь|подпишитесь|подписаться|присоединяйтесь|следите за|регистрируйтесь|поделиться
    |изображение:|иллюстрация:|видео:|источник:|источники:|авторы:|опубликовано|обновлено
    |все права|нажмите
    |διαβάστε επίσης|διαβάστε ακόμη|διαβάστε ακόμα|διαβάστε περισσότερα|δείτε επίσης|δείτε ακόμη
    |σχετικά άρθρα|εγγραφείτε|ακολουθήστε|φωτογραφία:|φωτογραφίες:|φωτό:|εικόνα:|βίντεο:|πηγή:
    |πηγές:|συντάκτης:|δημοσιεύτηκε|δημοσιεύθηκε|τελευταία ενημέρωση|διαφήμιση|κάντε κλικ
    |اقرأ أيضا|اقرأ أيضاً|اقرأ أيضًا|اقرأوا أيضا|اقرأ المزيد|إقرأ أيضا|شاهد أيضا|شاهد أيضاً|للمزيد
    |مواضيع ذات صلة|اشترك|اشتركوا|تابعونا|تابعنا|صورة:|الصورة:|تصوير:|فيديو:
    |المصدر:|مصدر:|الكاتب:|بقلم:|بقلم |آخر تحديث|جميع الحقوق|كل الحقوق|انقر هنا|اضغط هنا"""
)

#: Anywhere in a line: a credit or an invitation, not the story.
JUNK_MARKS = _phrases(
    """getty images|via getty|(photo by|(photo:|(foto:|(photo :|(fot.|(фото:|/reuters)|/ap)|/afp)
    |/dpa)|/ansa)|/efe)|/pap)|our newsletter|newsletter here|to your inbox|all rights reserved
    |click here|unserem newsletter|unseren newsletter|alle rechte vorbehalten|notre newsletter
    |nuestra newsletter|nuestro boletín|nostra newsletter|nossa newsletter|onze nieuwsbrief
    |naszego newslettera|нашу розсилку|нашу рассылку|نشرتنا البريدية"""
)
