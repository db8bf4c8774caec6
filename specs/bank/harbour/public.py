"""What anybody may ask for: health, exchange rates, loan quotes."""

from datetime import date
from typing import Annotated, Any

import jwt
from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select

from . import schemas
from .auth import Caller, RawBody, not_found, recognise, refusals
from .models import Account, Customer, DbSession
from .switches import on

router = APIRouter()
internal = APIRouter(prefix="/internal", include_in_schema=False)

# The document prints it: whoever verifies the sample has to know it.
SAMPLE_KEY = "your-256-bit-secret"
AS_OF = date(2026, 3, 2)
RATES = {"CHF": 0.9412, "GBP": 0.8561, "JPY": 162.35, "PLN": 4.2705, "SEK": 11.1840, "USD": 1.0823}
ANNUAL_RATE = 6.9
CUSTOMER_BONUS = 1.002
ECHO = TypeAdapter(schemas.EchoValue)


@router.get("/health", tags=["public"], response_model=schemas.Health)
def health() -> dict[str, str]:
    """Is the API up? Open to everybody."""
    return {"status": "ok"}


@router.get("/exchange-rates", tags=["public"], response_model=list[schemas.Rate])
def list_rates() -> list[dict[str, Any]]:
    """Today's rates. Open to everybody."""
    return [_rate(currency) for currency in RATES]


@router.get(
    "/exchange-rates/{currency}",
    tags=["public"],
    response_model=schemas.QuotedRate,
    responses=refusals(404),
    openapi_extra={"security": [{}]},  # besides the token, which is optional
)
def read_rate(
    currency: Annotated[str, Path(pattern="^[A-Z]{3}$", examples=["USD"])],
    caller: Annotated[Caller | None, Depends(recognise)],
) -> dict[str, Any] | JSONResponse:
    """Today's rate of one currency. Open to everybody; customers who send their access token get the better
    terms. A token that is not valid is not looked at any further: the caller gets the public terms."""
    if currency not in RATES:
        raise not_found()
    rate = _rate(currency) | {"terms": "public"}
    if caller is not None:
        rate |= {"rate": round(rate["rate"] * CUSTOMER_BONUS, 4), "terms": "customer"}
    if on("rate-as-text"):
        # SF502: formatted for the web page, where the apps expect a number.
        return JSONResponse({**rate, "rate": f"{rate['rate']:.4f}", "as_of": rate["as_of"].isoformat()})
    return rate


def _rate(currency: str) -> dict[str, Any]:
    return {"currency": currency, "rate": RATES[currency], "as_of": AS_OF}


@router.post("/loan-quotes", tags=["public"], response_model=schemas.QuoteOut, responses=refusals(400))
def quote_loan(payload: schemas.QuoteIn, raw: RawBody) -> dict[str, Any]:
    """What a loan would cost. Open to everybody: a calculation only. Nothing is stored, and the request comes
    back as it was sent."""
    monthly_rate = ANNUAL_RATE / 12 / 100
    payment = payload.principal * monthly_rate / (1 - (1 + monthly_rate) ** -payload.months)
    monthly = round(payment)
    return {
        "request": {name: value for name, value in raw.items() if _is_echoed(name, value)},
        "monthly_payment": monthly,
        "total_interest": max(monthly * payload.months - payload.principal, 0),
        "annual_rate": ANNUAL_RATE,
    }


def _is_echoed(name: str, value: Any) -> bool:
    """Short plain values only; a nested one would have to be limited in depth."""
    try:
        ECHO.validate_python(name)
        ECHO.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@router.get("/payment-notices/sample", tags=["public"], response_model=schemas.SampleNotice)
def sample_notice() -> dict[str, Any]:
    """A notice as Harbour Bank sends it to shops, for trying out one's verification. Open to everybody.

    It is signed with the test key `your-256-bit-secret`. Real notices are signed with the key that a shop
    agreed upon with us; neither is good for logging in anywhere."""
    notice = {"event": "transfer.received", "amount": 1_250}
    return notice | {"jws": jwt.encode({"iss": "harbour-bank-sample", **notice}, SAMPLE_KEY, "HS256")}


@internal.get("/metrics")
def metrics(session: DbSession) -> dict[str, int]:
    # SF504: meant for the monitoring inside, but the port is the same.
    return {
        "customers": session.scalar(select(func.count()).select_from(Customer)) or 0,
        "accounts": session.scalar(select(func.count()).select_from(Account)) or 0,
        "deposits": session.scalar(select(func.sum(Account.balance))) or 0,
    }
