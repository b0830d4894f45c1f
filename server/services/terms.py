"""How a party sells to those below it."""

from server.models.terms import SellerTerms


def terms_of(party_id: int) -> SellerTerms:
    """Return a party's terms; the defaults where it has said nothing."""
    return SellerTerms.get_or_none(SellerTerms.party == party_id) or SellerTerms(party=party_id)
