"""Invented buyers and addresses, some of them with text that breaks careless software.

Nobody here exists. The hostile texts are what real name and address fields have held: quotes, markup,
SQL, right-to-left script, combining marks, emoji, line breaks, kilobytes.
"""

from dataclasses import dataclass
from random import Random

HOSTILE_TEXTS = (
    'O\'Brien-"Quote"',
    "<script>alert('x')</script>",
    "Robert'); DROP TABLE orders;--",
    "محمد عبد الله",
    "Zoë 🧁👩\u200d👩\u200d👧 Müller",
    "Line\nbreak\tand tab",
    "=cmd|'/c calc'!A1",
    "Ｆｕｌｌ－ｗｉｄｔｈ",
    "Z̴̡a̷l̶g̵o̷",
    "\u202egnp.txt",
    "%s %d {0} ${HOME} {{7*7}}",
    "A" * 4000,
)
_FIRST = (
    "Ada",
    "Bruno",
    "Carla",
    "Deniz",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Katya",
    "Liam",
)
_LAST = (
    "Marlow",
    "Novak",
    "Oakes",
    "Petit",
    "Quist",
    "Roux",
    "Sommer",
    "Tanaka",
    "Ueda",
    "Vidal",
    "Weiss",
    "Yildiz",
)
_STREETS = ("Example Street", "rue de l'Exemple", "Musterweg", "Calle Muestra", "Via Prova", "Samplelaan")


@dataclass(frozen=True, slots=True)
class Country:
    """How an operator writes a country: label, alpha-3 code, and the alpha-2 code some put in the label."""

    label: str
    alpha3: str
    alpha2: str
    locale: str
    city: str
    zip_code: str
    dialling: str


COUNTRIES = {
    country.alpha3: country
    for country in (
        Country("France", "FRA", "FR", "fr_FR", "Paris", "75001", "+331"),
        Country("Deutschland", "DEU", "DE", "de_DE", "Berlin", "10115", "+4930"),
        Country("United Kingdom", "GBR", "GB", "en_GB", "Leeds", "LS1 1AA", "+44113"),
        Country("España", "ESP", "ES", "es_ES", "Madrid", "28001", "+3491"),
        Country("Italia", "ITA", "IT", "it_IT", "Torino", "10121", "+39011"),
        Country("Österreich", "AUT", "AT", "de_AT", "Wien", "1010", "+431"),
    )
}


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as the marketplace shows them; `country_code` may be missing, `email` empty or shared."""

    customer_id: str
    first_name: str
    last_name: str
    civility: str | None
    company: str | None
    street_1: str
    street_2: str | None
    zip_code: str
    city: str
    state: str | None
    country: str
    country_code: str | None
    phone: str | None
    additional_info: str | None
    locale: str
    email: str | None


def make_buyer(random: Random, home: str, *, hostile: float) -> Buyer:
    """A buyer in `home` (alpha-3) or, now and then, elsewhere; `hostile` is the share of bad text."""
    country = (
        COUNTRIES[home]
        if home in COUNTRIES and random.random() < 0.85
        else random.choice([*COUNTRIES.values()])
    )
    first, last = random.choice(_FIRST), random.choice(_LAST)
    street_2: str | None = None if random.random() < 0.7 else f"Floor {random.randrange(1, 9)}"
    if random.random() < hostile:
        first, last = random.choice(HOSTILE_TEXTS), random.choice(HOSTILE_TEXTS)
        street_2 = random.choice(HOSTILE_TEXTS)
    label, code = _country_as_written(random, country)
    return Buyer(
        customer_id=f"C-{random.randrange(1, 4000)}",
        first_name=first,
        last_name=last,
        civility=random.choice((None, None, "Mr", "Mrs")),
        company=None if random.random() < 0.9 else "Example Trading",
        street_1=f"{random.randrange(1, 200)} {random.choice(_STREETS)}",
        street_2=street_2,
        zip_code=country.zip_code,
        city=country.city,
        state=None,
        country=label,
        country_code=code,
        phone=None if random.random() < 0.1 else f"{country.dialling}{random.randrange(10**6, 10**7)}",
        additional_info=None if random.random() < 0.8 else "Ring twice",
        locale=country.locale,
        email=_email(random),
    )


def _country_as_written(random: Random, country: Country) -> tuple[str, str | None]:
    chance = random.random()
    if chance < 0.06:
        return country.alpha2, None
    if chance < 0.12:
        return country.label, None
    return country.label, country.alpha3


def _email(random: Random) -> str | None:
    chance = random.random()
    if chance < 0.05:
        return ""
    if chance < 0.08:
        return None
    if chance < 0.16:
        return "shared-relay@notification.example"
    return f"relay-{random.getrandbits(48):012x}@notification.example"
