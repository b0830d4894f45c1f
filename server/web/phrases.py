"""What the codes of the rules are called on a page. One table per kind of code; the words are translated where they are shown."""

from typing import Final

from server.domain.sentence import N_

KINDS: Final = {
    "operator": N_("Operators"),
    "distributor": N_("Distributors"),
    "reseller": N_("Resellers"),
    "customer": N_("Customers"),
}
NEW: Final = {
    "distributor": N_("New distributor"),
    "reseller": N_("New reseller"),
    "customer": N_("New customer"),
}
CREATE: Final = {
    "distributor": N_("Create the distributor"),
    "reseller": N_("Create the reseller"),
    "customer": N_("Create the customer"),
}
NONE_YET: Final = {
    "distributor": N_("There is no distributor yet. Create the first one; then invite the people who work there."),
    "reseller": N_("There is no reseller yet. Create the first one; then invite the people who work there."),
    "customer": N_("There is no customer yet. Create the first one with its address and contacts."),
}
ROLE_MEANING: Final = {
    "owner": N_("may do everything, and decides who else may"),
    "sales": N_("creates and changes those below, sets prices, may work as those below"),
    "billing": N_("changes customers, sets prices, sees who changed what"),
    "support": N_("sees those below, may work as them, sees who changed what"),
    "read_only": N_("sees parties, people and prices, and changes nothing"),
}
LANGUAGE: Final = {"de": "Deutsch", "en": "English"}
