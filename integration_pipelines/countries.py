"""Countries as marketplaces write them → ISO-3166 alpha-2.

Codes and English names come first; then the names in every language that pycountry translates
("España", "Österreich"). A name that means two countries in two languages is not guessed.
"""

import gettext
from functools import cache, lru_cache
from pathlib import Path

import pycountry


@lru_cache(maxsize=4096)
def alpha_2(text: str) -> str:
    """The alpha-2 code for an alpha-3 or alpha-2 code or a country's name; "" when it is not certain."""
    wanted = text.strip()
    if not wanted:
        return ""
    try:
        return str(pycountry.countries.lookup(wanted).alpha_2)
    except LookupError:
        codes = _translated_names().get(wanted.casefold(), frozenset())
        return next(iter(codes)) if len(codes) == 1 else ""


@cache
def _translated_names() -> dict[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for folder in sorted(Path(pycountry.LOCALES_DIR).iterdir()):
        language = gettext.translation(
            "iso3166-1", pycountry.LOCALES_DIR, languages=[folder.name], fallback=True
        )
        for country in pycountry.countries:
            for name in {country.name, getattr(country, "common_name", country.name)}:
                translated = language.gettext(name).casefold()
                names[translated] = names.get(translated, frozenset()) | {country.alpha_2}
    return names
