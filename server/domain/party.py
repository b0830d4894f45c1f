"""The parties of the hierarchy and what they are. Pure."""

from server.domain.sentence import N_, Word


class PartyKind(Word):
    """The four levels, from the top."""

    OPERATOR = "operator", N_("Operator")
    DISTRIBUTOR = "distributor", N_("Distributor")
    RESELLER = "reseller", N_("Reseller")
    CUSTOMER = "customer", N_("Customer")

    @property
    def below(self) -> "PartyKind | None":
        """The kind that a party of this kind creates; None for a customer."""
        return _BELOW.get(self)

    @property
    def height(self) -> int:
        """How many levels lie below: 3 for the operator, 0 for a customer."""
        return _LEVELS.index(self)


class SalesMode(Word):
    """Who sells to a reseller's customers."""

    RESALE = "resale", N_("Resale: the reseller sells and collects")
    AGENCY = "agency", N_("Agency: the distributor sells, the reseller gets a commission")


class TaxStatus(Word):
    """How a party is taxed."""

    STANDARD = "standard", N_("Standard taxation")
    SMALL_BUSINESS = "small_business", N_("Small business (§ 19 UStG)")
    EU = "eu", N_("Business in another EU country")
    THIRD_COUNTRY = "third_country", N_("Outside the EU")


_LEVELS = (PartyKind.CUSTOMER, PartyKind.RESELLER, PartyKind.DISTRIBUTOR, PartyKind.OPERATOR)
_BELOW = dict(zip(_LEVELS[1:], _LEVELS, strict=False))
