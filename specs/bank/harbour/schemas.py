"""What goes over the wire. Clients may send exactly what the `...In` and `...Update` models list."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MAX_AMOUNT = 5_000_000  # cents: 50,000.00 EUR, the limit for a single booking

Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT, description="In cents.", examples=[1250])]
Line = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Iban = Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$", examples=["DE44500105175407324931"])]
Username = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{2,39}$", examples=["d.fischer"])]
Role = Literal["customer", "teller", "admin"]
KycLevel = Literal["none", "basic", "full"]
PreferenceKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,39}$", examples=["language"])]


def readonly(description: str | None = None) -> Any:
    return Field(description=description, json_schema_extra={"readOnly": True})


class Problem(BaseModel):
    detail: str


class Health(BaseModel):
    status: Literal["ok"]


class Stored(BaseModel):
    """Everything the bank keeps has an id and a date of creation."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID = readonly()
    created_at: datetime = readonly()


# --- sign-up, login ------------------------------------------------------------------------------------


class Registration(BaseModel):
    username: Username
    password: str = Field(min_length=8, max_length=128, json_schema_extra={"writeOnly": True})
    full_name: Line
    phone: str | None = Field(default=None, max_length=30)
    address: str | None = Field(default=None, max_length=200)
    tax_id: str | None = Field(default=None, max_length=20, json_schema_extra={"writeOnly": True})


class RegistrationWithRole(Registration):
    """What the back office's import of customers takes."""

    role: Role = "customer"


class Login(BaseModel):
    username: str = Field(max_length=100)
    password: str = Field(max_length=128, json_schema_extra={"writeOnly": True})


class RefreshRequest(BaseModel):
    refresh_token: str = Field(max_length=4096)


class TokenPair(BaseModel):
    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds until the access token expires.")


# --- customers -----------------------------------------------------------------------------------------


class CustomerOut(Stored):
    username: str
    full_name: str
    phone: str | None
    address: str | None
    tax_id: str | None = Field(
        validation_alias="masked_tax_id",
        description="Masked but for the last three characters, so that a customer recognises it.",
        json_schema_extra={"readOnly": True},
    )
    role: Role = Field(description="What this customer may do. Sign-up always makes a `customer`.")
    kyc_level: KycLevel = Field(description="How far the identity was verified. Set by an admin.")


class ProfileUpdate(BaseModel):
    full_name: Line | None = None
    phone: str | None = Field(default=None, max_length=30)
    address: str | None = Field(default=None, max_length=200)


class ProfileUpdateWithKyc(ProfileUpdate):
    """What the back office's form for customers takes."""

    kyc_level: KycLevel | None = None


class CustomerReview(BaseModel):
    role: Role | None = None
    kyc_level: KycLevel | None = None


class PreferenceIn(BaseModel):
    value: str = Field(max_length=500)


class PreferenceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    key: str
    value: str
    updated_at: datetime = readonly()


# --- accounts ------------------------------------------------------------------------------------------


class AccountIn(BaseModel):
    customer_id: uuid.UUID = Field(description="Whose account it will be: the caller's own id.")
    kind: Literal["current", "savings"] = "current"
    nickname: Line


class AccountUpdate(BaseModel):
    nickname: Line


class AccountRow(BaseModel):
    """An account as the ledger's own tools change it."""

    nickname: Line | None = None
    balance: int | None = Field(default=None, ge=-(10**12), le=10**12)


class AccountOut(Stored):
    customer_id: uuid.UUID
    kind: Literal["current", "savings"]
    nickname: str
    iban: str = readonly()
    balance: int = readonly("In cents. Moves by transfers, payments and adjustments only.")
    currency: Literal["EUR"] = Field(default="EUR", json_schema_extra={"readOnly": True})


class HolderInvitation(BaseModel):
    username: Username


class HolderInvited(BaseModel):
    username: str
    status: Literal["invited"] = "invited"


class HolderOut(BaseModel):
    customer_id: uuid.UUID
    full_name: str
    access: Literal["owner", "joint"]


def _last_month() -> date:
    return datetime.now(UTC).date() - timedelta(days=30)


def _today() -> date:
    return datetime.now(UTC).date()


class StatementIn(BaseModel):
    label: Line
    from_date: date = Field(default_factory=_last_month, description="30 days ago unless given.")
    to_date: date = Field(default_factory=_today, description="Today unless given.")

    @model_validator(mode="after")
    def _in_order(self) -> "StatementIn":
        if self.from_date > self.to_date:
            raise ValueError("from_date must not be after to_date")
        return self


class StatementEntry(BaseModel):
    transfer_id: uuid.UUID
    booked_at: datetime
    amount: int = Field(description="In cents; negative when money left the account.")
    counterparty: str = Field(description="Full name of the other side.")
    reference: str


class StatementSummary(Stored):
    account_id: uuid.UUID
    label: str
    from_date: date
    to_date: date
    closing_balance: int


class StatementOut(StatementSummary):
    entries: list[StatementEntry]


# --- payments ------------------------------------------------------------------------------------------


class TransferIn(BaseModel):
    from_account_id: uuid.UUID = Field(description="One of the caller's own accounts.")
    to_account_id: uuid.UUID = Field(description="Any open account at Harbour Bank, whoever owns it.")
    amount: Amount
    reference: Line


class TransferOut(Stored):
    from_account_id: uuid.UUID
    to_account_id: uuid.UUID
    from_name: str
    to_name: str
    amount: int
    reference: str


class TransferPage(BaseModel):
    items: list[TransferOut]
    next_cursor: str | None = Field(description="Pass it as `cursor` to get the next page.")


class BeneficiaryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line
    iban: Iban
    note: str = Field(default="", max_length=200)


class BeneficiaryOut(Stored):
    name: str
    iban: str
    note: str


class PayeeCheck(BaseModel):
    iban: Iban
    name: Line


class PayeeCheckResult(BaseModel):
    result: Literal["match", "no_match"]


class PaymentLinkIn(BaseModel):
    account_id: uuid.UUID = Field(description="The caller's own account that receives the money.")
    amount: Amount
    description: Line


class PaymentLinkUpdate(BaseModel):
    description: Line


class PaymentLinkOut(Stored):
    payee_name: str
    amount: int
    description: str
    status: Literal["open", "paid"]


class PaymentIn(BaseModel):
    from_account_id: uuid.UUID = Field(description="One of the caller's own accounts.")


# --- cards ---------------------------------------------------------------------------------------------


DailyLimit = Annotated[int, Field(ge=0, le=500_000, description="In cents.")]


class CardIn(BaseModel):
    account_id: uuid.UUID = Field(description="The caller's own account that the card draws on.")
    label: Line
    pin: str = Field(pattern=r"^[0-9]{4}$", examples=["4711"], json_schema_extra={"writeOnly": True})
    daily_limit: DailyLimit = 50_000


class CardUpdate(BaseModel):
    account_id: uuid.UUID | None = Field(
        default=None, description="Move the card to another of the caller's own accounts."
    )
    label: Line | None = None
    daily_limit: DailyLimit | None = None


class CardOut(Stored):
    account_id: uuid.UUID
    label: str
    masked_number: str = readonly()
    daily_limit: int
    status: Literal["active", "frozen"] = readonly("Changed by freezing and unfreezing the card.")


# --- support -------------------------------------------------------------------------------------------


MessageStatus = Literal["open", "answered"]


class MessageIn(BaseModel):
    subject: Line
    body: Text
    category: Literal["account", "card", "payment", "other"] = "other"


class ReplyIn(BaseModel):
    body: Text


class ReplyOut(Stored):
    author: Literal["customer", "support"]
    body: str


class CallbackIn(BaseModel):
    phone: str = Field(min_length=3, max_length=30, examples=["+49 40 555 0100"])
    reason: Line


class CallbackOut(BaseModel):
    call_at: datetime


class MessageOut(Stored):
    subject: str
    body: str
    category: Literal["account", "card", "payment", "other"]
    status: MessageStatus = Field(description="`open` until support has answered.")
    priority: Literal["normal", "high"] = Field(description="`high` for cards, otherwise `normal`.")
    replies: list[ReplyOut]


# --- staff, public -------------------------------------------------------------------------------------


class AdjustmentIn(BaseModel):
    amount: int = Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, description="In cents; negative to debit.")
    reason: Line


class AdjustmentOut(Stored):
    account_id: uuid.UUID
    amount: int
    reason: str
    balance: int = Field(description="The account's balance afterwards.")


class Rate(BaseModel):
    currency: str
    rate: float = Field(description="Units of the currency for one euro.")
    as_of: date


class QuotedRate(Rate):
    terms: Literal["public", "customer"] = Field(description="Customers who are logged in get a little more.")


class SampleNotice(BaseModel):
    event: Literal["transfer.received"]
    amount: int = Field(description="In cents.")
    jws: str = Field(description="The notice as a JSON Web Signature (HS256).")


class QuoteIn(BaseModel):
    principal: Annotated[int, Field(ge=10_000, le=10_000_000, description="In cents.", examples=[500_000])]
    months: int = Field(ge=6, le=120, examples=[36])


def _printable(text: str) -> str:
    # A lone surrogate is a str in Python but no text in UTF-8: it could not be sent back.
    text.encode("utf-8")
    return text


EchoText = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
EchoValue = bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | EchoText | None


class QuoteOut(BaseModel):
    request: dict[str, EchoValue] = Field(
        description="The plain fields as they were sent, for the client's own files. Nothing is stored."
    )
    monthly_payment: int = Field(description="In cents.")
    total_interest: int = Field(description="In cents.")
    annual_rate: float = Field(description="In percent.")
