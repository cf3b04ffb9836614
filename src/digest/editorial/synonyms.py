"""What different outlets call by different words: events, and who and what has part in them.

One line is one notion; "fire*" stands for every word that begins so.  Only words that news uses in
little else, so that a line never joins what is not the same.
"""

from collections.abc import Mapping
from functools import lru_cache

_LINES: Mapping[str, str] = {
    "en": """
        fire fires blaze* flames ablaze burn burned burning burnt arson* inferno* firefighter*
        quake* earthquake* tremor* aftershock*
        flood* inundat* deluge*
        storm* hurricane* cyclone* typhoon* gale gales
        landslide* landslip* mudslide* rockslide*
        crash* collision* collid*
        dead death* died dying kill* fatal* perish*
        injur* hurt wound*
        arrest* detain* custody apprehend*
        jail* prison* imprison* sentenc*
        rob robs robbed robber* heist* burgl* thief thieves theft* stole* steal*
        murder* homicide* manslaughter
        shooting* gunman gunmen gunfire gunshot*
        explosion* explod* blast* detonat*
        strike strikes walkout* stoppage*
        protest* demonstrat* rally rallies rallied
        resign* quit quits quitting
        sack sacked sacks dismiss* oust*
        appoint* successor* succeed*
        election* elected ballot* poll polls polling voter*
        reject* rebuff* spurn*
        ban bans banned banning prohibit* outlaw*
        takeover* bid bids bidder* acquisition* buyout* acquire*
        doctor* physician* surgeon* medic medics
        ship ships vessel* boat* ferry ferries
        plane planes aircraft airliner* jet jets
        lorry lorries truck*
        pupil* schoolchild* student*
        minister* cabinet
        outbreak* infect* virus* epidemic*
        vaccin* jab jabs immunis* immuniz* inoculat*
        win wins winning winner* won beat beats beaten defeat* victor* triumph*
        rescu* saved
        missing vanish* disappear*
        blackout* outage*
        wage* salar*
        share shares stocks shareholder*
        jobless* unemploy*
        tax taxes taxation levy levies
    """,
    "de": """
        brand brände brandes feuer* flammen* grossbrand* brandstift* gebrannt brennt
        beben* erdbeben* nachbeben* erdstoss* erdstöss*
        flut* hochwasser* überschwemm* überflut*
        sturm* stürme* unwetter* orkan* zyklon* hurrikan*
        erdrutsch* hangrutsch* hangabbruch* schlammlawine*
        unfall* unfälle* zusammenstoss* kollision* kollidier* crash*
        tote toter toten getötet* gestorben* starb starben todesopfer*
        verletzt* schwerverletzt* leichtverletzt*
        festgenommen festnahme* verhaftet* verhaftung*
        haft haftstrafe* gefängnis* verurteil*
        raub* überfall* überfiel*
        gestohlen* diebstahl* dieb diebe dieben
        mord* totschlag* ermordet*
        explosion* explodier* detonation* detonier*
        streik* warnstreik* ausstand* arbeitsniederlegung*
        protest* demonstr* kundgebung*
        rücktritt* zurückgetreten zurücktreten
        gewählt wahl wahlen stimmzettel* wähler*
        abgelehnt* ablehn* zurückgewiesen*
        übernahme* gebot* kaufangebot*
        arzt* ärzt* mediziner*
        schiff* fähre* boot boote frachter*
        flugzeug* jet
        lastwagen* lkw laster
        schüler* schulkind*
        minister* kabinett*
        impf* geimpft*
        sieg* gewinn* gewann gewonnen besieg* bezwang*
        gerettet* rettung* retter*
        vermisst* verschwunden* verschollen*
        stromausfall* blackout*
        lohn* löhne* gehalt* gehälter*
        aktie* anteile anteilseigner*
        arbeitslos* erwerbslos*
        steuer* abgabe*
    """,
    "fr": """
        incendie* feu feux flammes brûl* pompier*
        séisme* tremblement* réplique* secousse*
        inondation* crue* inondé*
        tempête* ouragan* cyclone* orage* intempérie*
        accident* collision* percut*
        mort morts morte mortes décès décéd* tué tués tuée tuées mortel*
        bless*
        arrêté* arrestation* interpell*
        prison* condamn* incarcér*
        vol vols volé* braquage* cambriol* voleur*
        meurtre* assassin* homicide*
        explos* déflagration*
        grève* débrayage* grévist*
        manifest* protest*
        démission*
        élection* scrutin* élu élue élus électeur*
        rejet* refus*
        rachat* offre* opa
        médecin* chirurgien* docteur*
        navire* bateau* ferry* traversier*
        avion* appareil
        camion*
        élève* écolier*
        ministre* cabinet
        victoire* vainqueur* gagn* remport* battu* bat
        disparu* disparition*
        panne* coupure*
        salaire* salari*
        chômage* chômeur*
        impôt* taxe* taxation redevance*
    """,
    "es": """
        incendio* fuego* llamas bombero*
        terremoto* sismo* seísmo* temblor* réplica*
        inundaci* riada* crecida*
        tormenta* huracán* ciclón* temporal*
        accidente* choque* colisi*
        muerto* muerta* muerte* falleci* murió murieron mortal*
        herido* herida* lesionad*
        detenid* detención* arrest*
        cárcel* prisión* condena*
        robo* robó robaron atraco* atracador* ladrón ladrones
        asesin* homicid*
        explosi* estall*
        huelga* paro paros
        protesta* manifest*
        dimisi* dimit* renunci*
        elección elecciones comicio* votante* electoral*
        rechaz*
        compra* opa oferta* adquisici*
        médico* cirujan* doctor*
        barco* buque* ferry* transbordador*
        avión* avion* aeronave*
        camión* camion*
        alumno* escolar* estudiante*
        ministro* ministra*
        victoria* gana ganó ganaron venc* derrot* triunf*
        desaparecid* desapari*
        apagón* apagon*
        salario* sueldo*
        desemple* parado parados
        impuesto* tasa tasas gravamen*
    """,
    "it": """
        incendio* incendi rogo fiamme pompier*
        terremoto* sisma* scossa* scosse
        alluvion* inondazion* esondazion* piena
        tempesta* uragano* ciclone* maltempo*
        incidente* incidenti schianto* scontro collision*
        morto morti morta morte vittim* decedut* ucciso uccisi uccisa
        ferit*
        arrest* fermat*
        carcere* prigion* condann*
        furto* furti rapin* ladr* rubat*
        omicid* assassin*
        esplos*
        sciopero* sciopera* scioperi
        protest* manifest*
        dimission* dimess* dimett*
        elezion* elettor* scrutin*
        medico medici chirurg* dottor*
        nave navi traghett* barca imbarcazion*
        aereo aerei velivol*
        camion* tir autocarr*
        alunn* student* scolar*
        ministr*
        vittoria* vinc* vinto battut* sconfi*
        scompars* dispers*
        blackout* interruzion*
        salari* stipend*
        disoccup*
        tassa tasse impost* tribut*
    """,
    "pl": """
        pożar* ogień ognia płomien* spłon* strażac* strażak*
        trzęsieni* wstrząs*
        powód* powodz* zalan* zalał*
        burza burze burzy wichur* nawałnic* huragan* cyklon* sztorm*
        wypad* kraks* zderzen* zderzy*
        zgin* śmier* zabit* ofiar* zmarł*
        ranny ranna ranni rannych obrażen*
        zatrzyma* aresztow*
        więzien* skazan*
        kradzie* ukrad* włama* napad* złodziej*
        zabójstw* morder* zamordow*
        eksploz* wybuch*
        strajk*
        protest* demonstr*
        dymisj* rezygn* ustąpi*
        wybor* głosowan*
        odrzuc*
        przejęc* wezwanie oferta ofertę
        lekarz* lekark* chirurg*
        statek statk* prom promu promem łódź łodzi
        samolot*
        ciężarów*
        uczeń uczni* uczennic*
        minister* ministr*
        zwycięst* wygra* pokona* triumf*
        zagin*
        płac płace pensj* wynagrodz*
        bezroboc* bezrobot*
        podatek podatk* opłat*
    """,
    "uk": """
        пожеж* вогон* вогню займан* згорі* підпал*
        землетрус* поштовх* афтершок*
        повін* повен* паводк* паводок затоп*
        буря бурі буревій* шторм* негод* ураган* циклон*
        зсув* обвал*
        дтп аварі* зіткнен* зіткнул*
        загин* загибл* помер* смерт* вбит* жертв*
        поранен* травмован* постражда*
        затрим* арешт*
        в'язниц* ув'язнен* засудж* ґрат*
        краді* вкрал* украл* викра* пограбу* грабіж* злоді*
        вбивств* убивств*
        вибух*
        страйк*
        протест* мітинг* демонстрац*
        відстав*
        вибор* голосуван*
        відхил* відмов*
        лікар* хірург* медик*
        вчител* учител* педагог*
        корабел* корабл* судно судна пором*
        літак*
        вантажів*
        учень учні* школяр*
        міністр*
        щеплен* вакцин*
        перемог* перемаг* здола* обігра*
        врят* порят* рятувальник*
        зник*
        зарплат* платн*
        безробіт*
        подат* збір збору
    """,
}


#: The shortest beginning has so many letters.
_SHORTEST = 3


@lru_cache(maxsize=32)
def _notions(language: str) -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Whole words → notion; the first letters of beginnings → beginnings and their notions."""
    whole: dict[str, str] = {}
    beginnings: dict[str, list[tuple[str, str]]] = {}
    for line in _LINES.get(language, "").strip().splitlines():
        words = line.split()
        # A notion goes by its first word; "=" keeps it from being that word.
        name = f"={words[0].rstrip('*')}"
        for word in words:
            if word.endswith("*"):
                beginnings.setdefault(word[:_SHORTEST], []).append((word[:-1], name))
            else:
                whole[word] = name
    return whole, beginnings


def notion(word: str, language: str | None) -> str | None:
    """The notion that *word* stands for in *language*; None for most words."""
    whole, beginnings = _notions(language or "")
    if found := whole.get(word):
        return found
    for beginning, name in beginnings.get(word[:_SHORTEST], ()):
        if word.startswith(beginning):
            return name
    return None
