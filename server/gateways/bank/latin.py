"""Text as banks carry it: the letters, digits and few signs of SEPA's basic character set.

German umlauts become what Germans write for them, so that a holder recognizes its name; other letters lose their accents; what is
left becomes a full stop, or a space where it is one.
"""

import re
import unicodedata

_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"}
    | {
        "æ": "ae",
        "Æ": "Ae",
        "ø": "oe",
        "Ø": "Oe",
        "œ": "oe",
        "Œ": "Oe",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "þ": "th",
    }
    | {
        "&": "+",
        "@": "(at)",
        "€": "EUR",
        "_": "-",
        "–": "-",
        "—": "-",
        "’": "'",
        "‘": "'",
        "„": "'",
        "“": "'",
        "”": "'",
        '"': "'",
    }
)
_FOREIGN = re.compile(r"[^A-Za-z0-9+?/\-:().,' ]")


def latin(text: str, most: int) -> str:
    """Return a text of at most so many characters, all of which any bank in the euro area carries, without spaces around it."""
    composed = unicodedata.normalize("NFC", text).translate(_GERMAN)
    bare = "".join(one for one in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(one))
    plain = _FOREIGN.sub(".", " ".join(bare.split()))
    # Two slashes, or one at either end, are reserved.
    return re.sub(r"/{2,}", "/", plain).strip("/ ")[:most].rstrip("/ ")
