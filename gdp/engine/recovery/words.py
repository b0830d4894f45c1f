"""The sentences of a recovery sheet, in the reader's language; paper and terminal show the same."""

import time
from typing import NamedTuple

from gdp.core.language import N_, translate
from gdp.model.recovery_sheet import RecoverySheet

SHORT_NAME = 10  # characters of a key's name; as the lists of keys show it


class SheetWords(NamedTuple):
    """What stands where."""

    title: str
    purpose: str
    password_label: str
    password_note: str
    qr_note: str
    facts: list[tuple[str, str]]
    """label and value"""
    with_gdp_title: str
    with_gdp: list[str]
    without_title: str
    without: list[str]
    about_title: str
    about: list[str]


def sheet_words(sheet: RecoverySheet) -> SheetWords:
    """Return everything a sheet says but password, code and commands."""
    pattern = translate(N_("%Y-%m-%d"))
    facts = {
        N_("Computer"): sheet.host,
        N_("Backup set"): sheet.set_name,
        N_("Made on"): time.strftime(pattern, time.localtime(sheet.made_ns // 1_000_000_000)),
        N_("Repository"): str(sheet.repo),
        N_("Host key of the server"): sheet.host_key,
        N_("Key"): sheet.key_name[:SHORT_NAME],
    }
    without = [translate(N_("Any computer with the free program restic (restic.net) will do:"))]
    if sheet.host_key:
        with_server = N_("Besides the password you need a login on the server. At the first contact, compare its host key.")
        without.insert(0, translate(with_server))
    about = translate(N_("Remove its key with 'gdp key remove {key}', and make a new sheet. Nothing has to be backed up again."))
    return SheetWords(
        title=translate(N_("Recovery sheet")),
        purpose=translate(
            N_(
                "Whoever holds this sheet and can reach the repository can read every backup in it. Keep it like a key: "
                "in a safe place, and not beside the computer."
            )
        ),
        password_label=translate(N_("Password")),
        password_note=translate(
            N_(
                "No 0, O, 1, I, L, B, G, Q, S, U or Z occurs. The last character of each group finds typing errors. "
                "Other programs need dashes and capitals as printed."
            )
        ),
        qr_note=translate(N_("All of this, for 'gdp recover'")),
        facts=[(translate(label), value) for label, value in facts.items() if value],
        with_gdp_title=translate(N_("Restore on a new computer")),
        with_gdp=[
            translate(N_("Get GlobalDataProtect, type 'gdp recover', and answer with the password or the text of the QR code.")),
        ],
        without_title=translate(N_("Restore without us")),
        without=without,
        about_title=translate(N_("If this sheet was lost or seen")),
        about=[about.format(key=sheet.key_name[:SHORT_NAME])],
    )
