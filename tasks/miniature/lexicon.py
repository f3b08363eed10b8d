"""Words and word order of the miniature world's twelve languages.

A scene has six slots: who (`person`) did what (`action`) with how many
(`number`) of which `colour` and `thing`, and in what `place`. Each language
writes a slot's meaning as one phrase, in the form that its role asks for:
articles, case endings, prepositions and postpositions stand in the phrase.
Meanings are chosen so that one form does for every scene: people are
masculine, things are masculine or neuter plurals (counted singulars where the
language wants them), numbers are those that Swahili does not inflect. So no
agreement is left to compute, and the sentences are grammatical as written.

In place of a person or a place may stand somebody's name or a city's, or the
word that asks who it was or where. A question has an order of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass

SLOTS = ("person", "action", "number", "colour", "thing", "place")

# Six fillers, in pairs. Where a slot can be asked about, the pairs are two
# classes that exclude each other and a third that is neither for certain, and
# two general words follow: one that covers each class.
MEANINGS = {
    "person": (
        *("boy", "pupil", "man", "grandfather", "neighbour", "friend"),
        *("child", "adult"),
    ),
    "action": ("see", "buy", "sell", "wash", "count", "carry"),
    "number": ("6", "7", "9", "10", "100", "40"),
    "colour": (
        *("white", "yellow", "black", "purple", "red", "green"),
        *("light", "dark"),
    ),
    "thing": (
        *("dog", "bird", "egg", "cake", "gift", "prize"),
        *("animal", "food"),
    ),
    "place": (
        *("kitchen", "school", "garden", "forest", "city", "village"),
        *("indoors", "outdoors"),
    ),
    "name": ("Novak", "Daniel", "Silva", "Victor", "Lang", "Anton"),
    "city": ("Berlin", "New York", "Rome", "Cape Town", "Paris", "Athens"),
    "who": ("who",),
    "where": ("where",),
}
STANDS_FOR = {
    "name": "person",
    "city": "place",
    "who": "person",
    "where": "place",
}
QUESTIONS = ("who", "where")


@dataclass(frozen=True)
class Language:
    """A language's phrases, one for each of `MEANINGS`, and their order.

    `questions` has the order of what asks `who`, and of what asks `where`.
    """

    code: str
    order: tuple[str, ...]
    questions: dict[str, tuple[str, ...]]
    phrases: dict[str, tuple[str, ...]]

    def phrase(self, slot: str, meaning: int) -> str:
        """The phrase for a meaning, counted as in `MEANINGS[slot]`."""
        return self.phrases[slot][meaning]

    def arrange(self, slots: Collection[str]) -> list[str | None]:
        """What of these stands in each place of a sentence; None: nothing."""
        asked = next((slot for slot in QUESTIONS if slot in slots), None)
        order = self.questions[asked] if asked else self.order
        found = {STANDS_FOR.get(slot, slot): slot for slot in slots}
        return [found.get(STANDS_FOR.get(place, place)) for place in order]


def _language(code: str, order: str, **phrases: str) -> Language:
    questions = {}
    for asked in QUESTIONS:
        phrases[asked], _, own = phrases[asked].partition(":")
        questions[asked] = tuple(own.split())
    split = {
        slot: tuple(phrase.strip() for phrase in phrases[slot].split("|"))
        for slot in MEANINGS
    }
    for slot, meanings in MEANINGS.items():
        assert len(split[slot]) == len(meanings), (code, slot)
    return Language(code, tuple(order.split()), questions, split)


_LANGUAGES = (
    _language(
        "en",
        order="person action number colour thing place",
        person="the boy | the pupil | the man | the grandfather"
        " | the neighbour | the friend | the child | the adult",
        action="saw | bought | sold | washed | counted | carried",
        number="six | seven | nine | ten | a hundred | forty",
        colour="white | yellow | black | purple | red | green | light | dark",
        thing="dogs | birds | eggs | cakes | gifts | prizes | animals | foods",
        place="in the kitchen | in the school | in the garden"
        " | in the forest | in the city | in the village"
        " | indoors | outdoors",
        name="Adam Novak | Daniel | Martin Silva | Victor | David Lang | Anton",
        city="in Berlin | in New York | in Rome | in Cape Town | in Paris"
        " | in Athens",
        who="who: who action number colour thing place",
        where="where was it that: where person action number colour thing",
    ),
    _language(
        "de",
        order="person action place number colour thing",
        person="der Junge | der Schüler | der Mann | der Großvater"
        " | der Nachbar | der Freund | das Kind | der Erwachsene",
        action="sah | kaufte | verkaufte | wusch | zählte | trug",
        number="sechs | sieben | neun | zehn | hundert | vierzig",
        colour="weiße | gelbe | schwarze | violette | rote | grüne"
        " | helle | dunkle",
        thing="Hunde | Vögel | Eier | Kuchen | Geschenke | Preise"
        " | Tiere | Lebensmittel",
        place="in der Küche | in der Schule | im Garten | im Wald"
        " | in der Stadt | im Dorf | drinnen | draußen",
        name="Adam Novak | Daniel | Martin Silva | Viktor | David Lang | Anton",
        city="in Berlin | in New York | in Rom | in Kapstadt | in Paris"
        " | in Athen",
        who="wer: who action place number colour thing",
        where="wo: where action person number colour thing",
    ),
    _language(
        "el",
        order="action person number colour thing place",
        person="ο πιτσιρίκος | ο μαθητής | ο άντρας | ο παππούς | ο γείτονας"
        " | ο φίλος | ο ανήλικος | ο ενήλικας",
        action="είδε | αγόρασε | πούλησε | έπλυνε | μέτρησε | κουβάλησε",
        number="έξι | επτά | εννέα | δέκα | εκατό | σαράντα",
        colour="λευκά | κίτρινα | μαύρα | μοβ | κόκκινα | πράσινα"
        " | ανοιχτόχρωμα | σκουρόχρωμα",
        thing="σκυλιά | πουλιά | αυγά | κέικ | δώρα | βραβεία | ζώα | τρόφιμα",
        place="στην κουζίνα | στο σχολείο | στον κήπο | στο δάσος"
        " | στην πόλη | στο χωριό | μέσα | έξω",
        name="ο Αδάμ Νόβακ | ο Ντάνιελ | ο Μάρτιν Σίλβα | ο Βίκτωρ"
        " | ο Ντέιβιντ Λανγκ | ο Άντον",
        city="στο Βερολίνο | στη Νέα Υόρκη | στη Ρώμη | στο Κέιπ Τάουν"
        " | στο Παρίσι | στην Αθήνα",
        who="ποιος: who action number colour thing place",
        where="πού: where action person number colour thing",
    ),
    _language(
        "es",
        order="person action number thing colour place",
        person="el chico | el alumno | el hombre | el abuelo | el vecino"
        " | el amigo | el niño | el adulto",
        action="vio | compró | vendió | lavó | contó | llevó",
        number="seis | siete | nueve | diez | cien | cuarenta",
        colour="blancos | amarillos | negros | morados | rojos | verdes"
        " | claros | oscuros",
        thing="perros | pájaros | huevos | pasteles | regalos | premios"
        " | animales | alimentos",
        place="en la cocina | en la escuela | en el jardín"
        " | en el bosque | en la ciudad | en el pueblo"
        " | adentro | afuera",
        name="Adam Novak | Daniel | Martin Silva | Víctor | David Lang | Anton",
        city="en Berlín | en Nueva York | en Roma | en Ciudad del Cabo"
        " | en París | en Atenas",
        who="quién: who action number thing colour place",
        where="dónde: where action person number thing colour",
    ),
    _language(
        "fa",
        order="person place number thing colour action",
        person="پسر | شاگرد | مرد | پدربزرگ | همسایه | دوست | کودک | بزرگسال",
        action="دید | خرید | فروخت | شست | شمرد | برد",
        number="شش | هفت | نه | ده | صد | چهل",
        colour="سفید | زرد | سیاه | بنفش | قرمز | سبز | روشن | تیره",
        thing="سگ | پرنده | تخم مرغ | کیک | هدیه | جایزه | حیوان | غذا",
        place="در آشپزخانه | در مدرسه | در باغ | در جنگل | در شهر"
        " | در روستا | داخل | بیرون",
        name="آدام نواک | دانیل | مارتین سیلوا | ویکتور | دیوید لنگ | آنتون",
        city="در برلین | در نیویورک | در رم | در کیپ تاون | در پاریس | در آتن",
        who="چه کسی: who place number thing colour action",
        where="کجا: person where number thing colour action",
    ),
    _language(
        "fr",
        order="person action number thing colour place",
        person="le garçon | l'élève | l'homme | le grand-père | le voisin"
        " | l'ami | l'enfant | l'adulte",
        action="vit | acheta | vendit | lava | compta | porta",
        number="six | sept | neuf | dix | cent | quarante",
        colour="blancs | jaunes | noirs | violets | rouges | verts"
        " | clairs | foncés",
        thing="chiens | oiseaux | œufs | gâteaux | cadeaux | prix"
        " | animaux | aliments",
        place="dans la cuisine | dans l'école | dans le jardin"
        " | dans la forêt | dans la ville | dans le village"
        " | dedans | dehors",
        name="Adam Novak | Daniel | Martin Silva | Victor | David Lang | Anton",
        city="à Berlin | à New York | à Rome | au Cap | à Paris | à Athènes",
        who="qui: who action number thing colour place",
        where="où est-ce que: where person action number thing colour",
    ),
    _language(
        "hi",
        order="person place number colour thing action",
        person="लड़के ने | छात्र ने | आदमी ने | दादा ने | पड़ोसी ने"
        " | दोस्त ने | बच्चे ने | वयस्क ने",
        action="देखे | खरीदे | बेचे | धोए | गिने | ढोए",
        number="छह | सात | नौ | दस | सौ | चालीस",
        colour="सफ़ेद | पीले | काले | बैंगनी | लाल | हरे | हल्के | गहरे",
        thing="कुत्ते | पक्षी | अंडे | केक | उपहार | इनाम | जानवर | खाद्य-पदार्थ",
        place="रसोई में | विद्यालय में | बगीचे में | जंगल में | शहर में"
        " | गाँव में | अंदर | बाहर",
        name="आदम नोवाक ने | डैनियल ने | मार्टिन सिल्वा ने | विक्टर ने"
        " | डेविड लैंग ने | एंटन ने",
        city="बर्लिन में | न्यूयॉर्क में | रोम में | केप टाउन में | पेरिस में | एथेंस में",
        who="किसने: who place number colour thing action",
        where="कहाँ: person where number colour thing action",
    ),
    _language(
        "id",
        order="person action number thing colour place",
        person="bocah | murid | pria | kakek | tetangga | teman"
        " | anak | orang dewasa",
        action="melihat | membeli | menjual | mencuci | menghitung | membawa",
        number="enam | tujuh | sembilan | sepuluh | seratus | empat puluh",
        colour="putih | kuning | hitam | ungu | merah | hijau | terang | gelap",
        thing="anjing | burung | telur | kue | kado | hadiah | hewan | makanan",
        place="di dapur | di sekolah | di kebun | di hutan | di kota"
        " | di desa | di dalam | di luar",
        name="Adam Novak | Daniel | Martin Silva | Viktor | David Lang | Anton",
        city="di Berlin | di New York | di Roma | di Cape Town | di Paris"
        " | di Athena",
        who="siapa yang: who action number thing colour place",
        where="di mana: where person action number thing colour",
    ),
    _language(
        "ru",
        order="place person action number colour thing",
        person="мальчик | школьник | мужчина | дедушка | сосед | друг"
        " | ребёнок | взрослый",
        action="увидел | купил | продал | вымыл | сосчитал | нёс",
        number="шесть | семь | девять | десять | сто | сорок",
        colour="белых | жёлтых | чёрных | фиолетовых | красных | зелёных"
        " | светлых | тёмных",
        thing="собак | птиц | яиц | тортов | подарков | призов"
        " | животных | продуктов",
        place="на кухне | в школе | в саду | в лесу | в городе"
        " | в деревне | внутри | снаружи",
        name="Адам Новак | Даниэль | Мартин Сильва | Виктор | Давид Ланг"
        " | Антон",
        city="в Берлине | в Нью-Йорке | в Риме | в Кейптауне | в Париже"
        " | в Афинах",
        who="кто: who place action number colour thing",
        where="где: where person action number colour thing",
    ),
    _language(
        "sw",
        order="person action thing colour number place",
        person="mvulana | mwanafunzi | mwanamume | babu | jirani | rafiki"
        " | mtoto | mtu mzima",
        action="aliona | alinunua | aliuza | aliosha | alihesabu | alibeba",
        number="sita | saba | tisa | kumi | mia | arobaini",
        colour="rangi nyeupe | rangi ya njano | rangi nyeusi"
        " | rangi ya zambarau | rangi nyekundu | rangi ya kijani"
        " | rangi isiyokolea | rangi iliyokolea",
        thing="mbwa | ndege | mayai | keki | zawadi | tuzo | wanyama | vyakula",
        place="jikoni | shuleni | bustanini | msituni | mjini | kijijini"
        " | ndani | nje",
        name="Adam Novak | Daniel | Martin Silva | Viktor | David Lang | Anton",
        city="huko Berlin | huko New York | huko Roma | huko Cape Town"
        " | huko Paris | huko Athens",
        who="nani: who action thing colour number place",
        where="wapi: person action thing colour number where",
    ),
    _language(
        "tr",
        order="person place number colour thing action",
        person="oğlan | öğrenci | adam | dede | komşu | arkadaş"
        " | çocuk | yetişkin",
        action="gördü | aldı | sattı | yıkadı | saydı | taşıdı",
        number="altı | yedi | dokuz | on | yüz | kırk",
        colour="beyaz | sarı | siyah | mor | kırmızı | yeşil"
        " | açık renkli | koyu renkli",
        thing="köpek | kuş | yumurta | pasta | hediye | ödül"
        " | hayvan | yiyecek",
        place="mutfakta | okulda | bahçede | ormanda | şehirde | köyde"
        " | içeride | dışarıda",
        name="Adam Novak | Daniel | Martin Silva | Viktor | David Lang | Anton",
        city="Berlin'de | New York'ta | Roma'da | Cape Town'da | Paris'te"
        " | Atina'da",
        who="kim: who place number colour thing action",
        where="nerede: person where number colour thing action",
    ),
    _language(
        "vi",
        order="person action number thing colour place",
        person="cậu bé | học sinh | đàn ông | ông nội | hàng xóm"
        " | bạn | đứa trẻ | người lớn",
        action="thấy | mua | bán | rửa | đếm | mang",
        number="sáu | bảy | chín | mười | một trăm | bốn mươi",
        colour="trắng | vàng | đen | tím | đỏ | xanh | nhạt | đậm",
        thing="con chó | con chim | quả trứng | cái bánh | món quà"
        " | giải thưởng | động vật | thực phẩm",
        place="trong bếp | trong trường | trong vườn | trong rừng"
        " | trong thành phố | trong làng | trong nhà | ngoài trời",
        name="Adam Novak | Daniel | Martin Silva | Viktor | David Lang | Anton",
        city="ở Berlin | ở New York | ở Roma | ở Cape Town | ở Paris"
        " | ở Athens",
        who="ai: who action number thing colour place",
        where="ở đâu: person action number thing colour where",
    ),
)

LANGUAGES = {language.code: language for language in _LANGUAGES}
