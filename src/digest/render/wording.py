"""The few words of the frame, in the newsletter's language; English where we have no other."""

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language; braces are filled by the caller."""

    greeting: str
    greeting_named: str  # {name}
    in_brief: str
    #: Heads what sources changed in items of earlier editions; the marks of each.
    corrections: str
    correction: str
    update: str
    #: Of a running story.
    updated: str  # {time}
    #: Before what the newsroom adds to a story.
    note: str
    also: str
    #: Shown under a summary that a model wrote.
    machine: str
    photo: str  # {credit}
    more: str  # {n}
    view: str
    why: str  # {email} {title}
    leave: str
    nothing: str
    contents: str
    archive: str
    minutes: str  # {n}
    read_at: str  # {host}
    leave_ask: str  # {title}
    leave_note: str
    leave_done: str  # {title}
    leave_done_note: str
    leave_bad: str
    leave_bad_note: str
    # Mails.
    preferences: str = "Change what you get"
    rest: str = "The rest of this edition is on the web."
    # Pages of the archive.
    skip: str = "Skip to the content"
    older: str = "Previous edition"
    newer: str = "Next edition"
    latest: str = "Latest edition"
    edition_of: str = "Edition of {date}"
    whole_article: str = "Read the whole article at {source}"
    published: str = "Published {time}"
    corrected: str = "Corrected {time}"
    sections: str = "Sections"
    years: str = "Years"
    next_page: str = "Next page"
    page_before: str = "Previous page"
    missing: str = "There is nothing at this address."
    # Searching.
    search: str = "Search"
    search_label: str = "Search all editions"
    search_none: str = "Nothing found for “{query}”."
    search_hint: str = "All words must occur; words in quotation marks stand together."
    # Feeds.
    feeds: str = "Feeds"
    stories: str = "Stories"
    editions: str = "Editions"
    feed_note: str = "This is a feed. Copy its address into a feed reader to follow it."
    topic: str = "Topic: {topic}"
    told_by: str = "Source: {source}"
    # Preferences.
    wishes: str = "What you get of {title}"
    wished_sections: str = "Sections"
    wished_all: str = "None chosen means all of them."
    wished_language: str = "Language of the words around the stories"
    wished_form: str = "Form"
    form_full: str = "With pictures and summaries"
    form_compact: str = "Compact: headlines and a sentence each"
    form_text: str = "Text only"
    save: str = "Save"
    saved: str = "Saved. The next edition comes like this."

    # Numbers have their own grammar in each language.

    def more_on_web(self, n: int) -> str:
        """ "3 more on the web"."""
        return self.more.format(n=n)

    def minutes_read(self, n: int) -> str:
        """ "4 min read"."""
        return self.minutes.format(n=n)

    def found(self, n: int, query: str) -> str:
        """ "3 results for “ferry”"."""
        return f"{n} results for “{query}”"


_EN = Words(
    greeting="Hello, here is your edition.",
    greeting_named="Hello {name}, here is your edition.",
    in_brief="In brief",
    corrections="Corrections and updates",
    correction="Correction",
    update="Update",
    updated="updated {time}",
    note="Editor’s note",
    also="Also reported by",
    machine="Summary written by a machine and checked against the source",
    photo="Photo: {credit}",
    more="{n} more on the web",
    view="Read on the web",
    why="You get this mail because {email} is subscribed to {title}.",
    leave="Unsubscribe",
    nothing="There is nothing new in this edition.",
    contents="In this edition",
    archive="All editions",
    minutes="{n} min read",
    read_at="Read at {host}",
    leave_ask="Unsubscribe from {title}?",
    leave_note="One click, no password, no questions.",
    leave_done="You are unsubscribed from {title}.",
    leave_done_note="No further edition will be sent to you.",
    leave_bad="This link does not work.",
    leave_bad_note="It may have been cut in two. Use the whole link at the foot of your mail.",
)

_DE = Words(
    greeting="Guten Tag, hier ist Ihre Ausgabe.",
    greeting_named="Guten Tag, {name}, hier ist Ihre Ausgabe.",
    in_brief="Kurz gemeldet",
    corrections="Korrekturen und Aktualisierungen",
    correction="Korrektur",
    update="Aktualisierung",
    updated="aktualisiert {time}",
    note="Anmerkung der Redaktion",
    also="Es berichten auch",
    machine="Zusammenfassung maschinell geschrieben und mit der Quelle abgeglichen",
    photo="Foto: {credit}",
    more="Im Web noch {n}",
    view="Im Web lesen",
    why="Sie erhalten diese Mail, weil {email} „{title}“ abonniert hat.",
    leave="Abbestellen",
    nothing="In dieser Ausgabe gibt es nichts Neues.",
    contents="In dieser Ausgabe",
    archive="Alle Ausgaben",
    minutes="{n} Min. Lesezeit",
    read_at="Lesen bei {host}",
    leave_ask="„{title}“ abbestellen?",
    leave_note="Ein Klick, kein Passwort, keine Fragen.",
    leave_done="„{title}“ ist abbestellt.",
    leave_done_note="Sie erhalten keine weitere Ausgabe.",
    leave_bad="Dieser Link funktioniert nicht.",
    leave_bad_note="Vielleicht ist er unvollständig. Der ganze Link steht am Ende Ihrer Mail.",
)

_FR = Words(
    greeting="Bonjour, voici votre édition.",
    greeting_named="Bonjour {name}, voici votre édition.",
    in_brief="En bref",
    corrections="Corrections et mises à jour",
    correction="Correction",
    update="Mise à jour",
    updated="mis à jour : {time}",
    note="Note de la rédaction",
    also="Également rapporté par",
    machine="Résumé rédigé par une machine et vérifié d’après la source",
    photo="Photo : {credit}",
    more="Encore {n} sur le web",
    view="Lire sur le web",
    why="Vous recevez ce message parce que {email} est abonné à {title}.",
    leave="Se désabonner",
    nothing="Rien de nouveau dans cette édition.",
    contents="Dans cette édition",
    archive="Toutes les éditions",
    minutes="{n} min de lecture",
    read_at="Lire sur {host}",
    leave_ask="Se désabonner de {title} ?",
    leave_note="Un clic, sans mot de passe ni question.",
    leave_done="Vous êtes désabonné de {title}.",
    leave_done_note="Aucune autre édition ne vous sera envoyée.",
    leave_bad="Ce lien ne fonctionne pas.",
    leave_bad_note="Il a peut-être été coupé. Utilisez le lien entier au bas de votre message.",
)

_ES = Words(
    greeting="Hola, aquí está su edición.",
    greeting_named="Hola, {name}: aquí está su edición.",
    in_brief="En breve",
    corrections="Correcciones y actualizaciones",
    correction="Corrección",
    update="Actualización",
    updated="actualizado: {time}",
    note="Nota de la redacción",
    also="También lo cuentan",
    machine="Resumen escrito por una máquina y cotejado con la fuente",
    photo="Foto: {credit}",
    more="{n} más en la web",
    view="Leer en la web",
    why="Recibe este mensaje porque {email} está suscrito a {title}.",
    leave="Darse de baja",
    nothing="No hay nada nuevo en esta edición.",
    contents="En esta edición",
    archive="Todas las ediciones",
    minutes="{n} min de lectura",
    read_at="Leer en {host}",
    leave_ask="¿Darse de baja de {title}?",
    leave_note="Un clic, sin contraseña ni preguntas.",
    leave_done="Se ha dado de baja de {title}.",
    leave_done_note="No se le enviará ninguna edición más.",
    leave_bad="Este enlace no funciona.",
    leave_bad_note="Quizá se haya cortado. Use el enlace completo al pie de su mensaje.",
)

_IT = Words(
    greeting="Buongiorno, ecco la sua edizione.",
    greeting_named="Buongiorno {name}, ecco la sua edizione.",
    in_brief="In breve",
    corrections="Correzioni e aggiornamenti",
    correction="Correzione",
    update="Aggiornamento",
    updated="aggiornato: {time}",
    note="Nota della redazione",
    also="Ne scrivono anche",
    machine="Riassunto scritto da una macchina e verificato sulla fonte",
    photo="Foto: {credit}",
    more="Altre {n} sul web",
    view="Leggi sul web",
    why="Riceve questo messaggio perché {email} è iscritto a {title}.",
    leave="Annulla l’iscrizione",
    nothing="Non c’è nulla di nuovo in questa edizione.",
    contents="In questa edizione",
    archive="Tutte le edizioni",
    minutes="{n} min di lettura",
    read_at="Leggi su {host}",
    leave_ask="Annullare l’iscrizione a {title}?",
    leave_note="Un clic, senza password e senza domande.",
    leave_done="L’iscrizione a {title} è annullata.",
    leave_done_note="Non riceverà altre edizioni.",
    leave_bad="Questo link non funziona.",
    leave_bad_note="Forse è stato spezzato. Usi il link intero in fondo al messaggio.",
)

_EL = Words(
    greeting="Γεια σας, αυτή είναι η έκδοσή σας.",
    greeting_named="Γεια σας, {name}, αυτή είναι η έκδοσή σας.",
    in_brief="Με λίγα λόγια",
    corrections="Διορθώσεις και ενημερώσεις",
    correction="Διόρθωση",
    update="Ενημέρωση",
    updated="ενημερώθηκε: {time}",
    note="Σημείωση της σύνταξης",
    also="Το αναφέρουν επίσης",
    machine="Περίληψη γραμμένη από μηχανή και ελεγμένη με βάση την πηγή",
    photo="Φωτογραφία: {credit}",
    more="Ακόμη {n} στον ιστό",
    view="Ανάγνωση στον ιστό",
    why="Λαμβάνετε αυτό το μήνυμα επειδή το {email} είναι εγγεγραμμένο στο {title}.",
    leave="Διαγραφή",
    nothing="Δεν υπάρχει κάτι νέο σε αυτή την έκδοση.",
    contents="Σε αυτή την έκδοση",
    archive="Όλες οι εκδόσεις",
    minutes="{n} λεπτά ανάγνωση",
    read_at="Διαβάστε στο {host}",
    leave_ask="Διαγραφή από το {title};",
    leave_note="Ένα κλικ, χωρίς κωδικό, χωρίς ερωτήσεις.",
    leave_done="Διαγραφήκατε από το {title}.",
    leave_done_note="Δεν θα σας σταλεί άλλη έκδοση.",
    leave_bad="Αυτός ο σύνδεσμος δεν λειτουργεί.",
    leave_bad_note="Ίσως κόπηκε στα δύο. Όλος ο σύνδεσμος είναι στο τέλος του μηνύματος.",
)

_UK = Words(
    greeting="Вітаємо, ось ваш випуск.",
    greeting_named="Вітаємо, {name}, ось ваш випуск.",
    in_brief="Коротко",
    corrections="Виправлення та оновлення",
    correction="Виправлення",
    update="Оновлення",
    updated="оновлено о {time}",
    note="Примітка редакції",
    also="Про це також пишуть",
    machine="Підсумок написала машина, його звірено з джерелом",
    photo="Фото: {credit}",
    more="Ще {n} на сайті",
    view="Читати на сайті",
    why="Ви отримали цей лист, бо адресу {email} підписано на «{title}».",
    leave="Відписатися",
    nothing="У цьому випуску немає нічого нового.",
    contents="У цьому випуску",
    archive="Усі випуски",
    minutes="{n} хв читання",
    read_at="Читати на {host}",
    leave_ask="Відписатися від «{title}»?",
    leave_note="Один клік, без пароля і запитань.",
    leave_done="Вас відписано від «{title}».",
    leave_done_note="Наступні випуски вам не надсилатимуть.",
    leave_bad="Це посилання не працює.",
    leave_bad_note="Можливо, його розірвано. Скористайтеся повним посиланням наприкінці листа.",
)

_AR = Words(
    greeting="مرحبًا، إليكم عددكم.",
    greeting_named="مرحبًا {name}، إليكم عددكم.",
    in_brief="باختصار",
    corrections="تصحيحات وتحديثات",
    correction="تصحيح",
    update="تحديث",
    updated="حُدِّث: {time}",
    note="ملاحظة التحرير",
    also="نقلته أيضًا",
    machine="ملخّص كتبته آلة وروجع على المصدر",
    photo="الصورة: {credit}",
    more="المزيد على الويب: {n}",
    view="القراءة على الويب",
    why="تصلكم هذه الرسالة لأن {email} مشترك في {title}.",
    leave="إلغاء الاشتراك",
    nothing="لا جديد في هذا العدد.",
    contents="في هذا العدد",
    archive="كل الأعداد",
    minutes="مدة القراءة بالدقائق: {n}",
    read_at="القراءة في {host}",
    leave_ask="إلغاء الاشتراك في {title}؟",
    leave_note="نقرة واحدة، بلا كلمة مرور ولا أسئلة.",
    leave_done="أُلغي اشتراككم في {title}.",
    leave_done_note="لن يصلكم أي عدد بعد الآن.",
    leave_bad="هذا الرابط لا يعمل.",
    leave_bad_note="ربما انقطع إلى جزأين. استعملوا الرابط كاملًا في آخر رسالتكم.",
)

_PL = Words(
    greeting="Dzień dobry, oto Państwa wydanie.",
    greeting_named="Dzień dobry, {name}, oto Państwa wydanie.",
    in_brief="W skrócie",
    corrections="Sprostowania i aktualizacje",
    correction="Sprostowanie",
    update="Aktualizacja",
    updated="aktualizacja: {time}",
    note="Od redakcji",
    also="Piszą o tym także",
    machine="Streszczenie napisała maszyna, porównano je ze źródłem",
    photo="Fot. {credit}",
    more="W sieci jeszcze {n}",
    view="Czytaj w sieci",
    why="Wysyłamy tę wiadomość, bo adres {email} zapisano na {title}.",
    leave="Wypisz się",
    nothing="W tym wydaniu nie ma nic nowego.",
    contents="W tym wydaniu",
    archive="Wszystkie wydania",
    minutes="{n} min czytania",
    read_at="Czytaj na {host}",
    leave_ask="Wypisać się z {title}?",
    leave_note="Jedno kliknięcie, bez hasła i bez pytań.",
    leave_done="Wypisano z {title}.",
    leave_done_note="Nie wyślemy więcej żadnego wydania.",
    leave_bad="Ten odnośnik nie działa.",
    leave_bad_note="Może został przecięty. Cały odnośnik jest na końcu wiadomości.",
)

_LANGUAGES = {
    "en": _EN, "de": _DE, "fr": _FR, "es": _ES, "it": _IT, "el": _EL, "uk": _UK, "ar": _AR,
    "pl": _PL,
}  # fmt: skip


def words_for(language: str) -> Words:
    """The words of a BCP 47 *language*; English if we do not speak it."""
    return _LANGUAGES.get(language.lower().partition("-")[0], _EN)


def locale_for(language: str) -> Locale:
    """Babel's locale for a BCP 47 *language*, its nearest parent, or English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def reads_from_right(language: str) -> bool:
    return locale_for(language).text_direction == "rtl"
