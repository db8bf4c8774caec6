"""The weaknesses that can be switched on. With none on, the bank keeps every promise of its document."""

SWITCHES: dict[str, str] = {
    "beneficiary-read-any": "SF101: reading a beneficiary checks the login, not whose beneficiary it is",
    "account-on-behalf": "SF101: `customer_id` picks whose accounts are searched, for anybody",
    "card-update-settlement-check": "SF102: updating a card checks the settlement account, not the card",
    "message-delete-any": "SF103: deleting a message looks it up by id alone",
    "message-search-all": "SF104: searching messages drops the filter on the customer",
    "transfer-from-any": "SF105: a transfer checks that the source account is open, not whose it is",
    "statement-any-parent": "SF105: a statement is read by its own id, whatever account the path names",
    "staff-customers-no-role": "SF106: the staff's customer register asks for a login only",
    "adjustment-by-owner": "SF106: posting an adjustment reuses the account pages' check",
    "message-refusal-differs": "SF107: somebody else's message is refused in other words than an unknown one",
    "register-role": "SF201: sign-up takes over `role`",
    "profile-kyc": "SF201: updating the profile takes over `kyc_level`",
    "account-balance-write": "SF202: renaming an account takes over the read-only `balance`",
    "account-for-anyone": "SF203: opening an account trusts `customer_id`",
    "transfer-ledger-batch": "SF204: a transfer comes back with the ledger's internal batch",
    "me-password-hash": "SF205: the profile is the whole row, password hash included",
    "card-pin-echo": "SF206: issuing a card answers with the PIN",
    "card-freeze-open": "SF301: freezing a card needs no credentials",
    "statement-export-open": "SF302: the export of a statement needs no credentials",
    "card-read-any-credential": "SF303: reading a card wants an Authorization header, whatever is in it",
    "beneficiary-late-check": "SF304: replacing a beneficiary is committed before the owner is checked",
    "preference-declared-open": "SF305: the served document declares writing a preference open",
    "payment-link-override": "SF306: the guard of payment links judges the method before the override",
    "logout-keeps-token": "SF405: logout revokes the refresh token only",
    "jwt-alg-none": "SF411: the algorithm is taken from the token's own header, `none` included",
    "jwt-signature-ignored": "SF412: the signature of an access token is left to a gateway that is not there",
    "jwt-weak-secret": "SF413: tokens are signed with a word from the dictionary",
    "jwt-no-expiry": "SF414: access tokens have no `exp`",
    "jwt-whole-customer": "SF415: tax number and password hash are put into the access token",
    "transfer-402": "SF501: a transfer without funds is refused with 402, which is not declared",
    "rate-as-text": "SF502: the exchange rate is text where a number is declared",
    "cursor-unchecked": "SF503: a malformed cursor is decoded unchecked",
    "internal-metrics": "SF504: an internal route is served that the document does not know",
}

_active: frozenset[str] = frozenset()


def parse(text: str) -> frozenset[str]:
    """The switches that `--on` names: `none`, `all`, or names separated by commas."""
    if text == "all":
        return frozenset(SWITCHES)
    names = frozenset(name.strip() for name in text.split(",") if name.strip()) - {"none"}
    if unknown := sorted(names - SWITCHES.keys()):
        raise ValueError(f"no such switch: {', '.join(unknown)} (there are: {', '.join(SWITCHES)})")
    return names


def activate(names: frozenset[str]) -> None:
    """Set what is on for this process; one application runs at a time."""
    global _active
    _active = names


def on(name: str) -> bool:
    """Whether a switch is on; a misspelt name is an error, not a silent no."""
    if name not in SWITCHES:
        raise KeyError(name)
    return name in _active
