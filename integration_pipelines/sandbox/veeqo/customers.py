"""Customers (contract 6). No delete, no exact search, and a list that never gets beyond page 100.

What a second record with a known e-mail does is undocumented: the account's settings choose.
"""

from integration_pipelines.sandbox.veeqo import account_json
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.records import ADDRESS_FIELDS, Address, Customer
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Page,
    Routes,
    answer,
    invalid,
    list_answer,
    matches,
    order_not_found,
    page_of,
    render,
    rooted,
    text,
)
from integration_pipelines.sandbox.wire import Answer, Request

_LONGEST_NOTES = 255
_LAST_PAGE = 100  # later pages repeat it


def list_customers(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Newest first; `query` looks in e-mail, name, phone and notes."""
    page = page_of(request)
    found = list(reversed(company.customers.values()))
    if query := (request.first("query") or "").strip():
        found = [customer for customer in found if matches(customer.haystack, query)]
    rows = found[Page(min(page.index, _LAST_PAGE), page.size).rows]
    shown = (render(account_json.customer_json(customer)) for customer in rows)
    return list_answer(shown, page, len(found))


def get_customer(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, account_json.customer_json(_find(company, ids[0])))


def post_customer(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(201, account_json.customer_json(create_customer(company, rooted(request, "customer"))))


def put_customer(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Needs the e-mail even when it stays the same."""
    customer = _find(company, ids[0])
    sent = rooted(request, "customer")
    email = _email(sent)
    fresh = _read(company, sent, email, customer.id)
    if email.lower() != (customer.email or "").lower():
        _unlist(company, customer)
        customer.email = email
        company.customer_ids_by_email.setdefault(email.lower(), []).append(customer.id)
    for name in ("phone", "mobile", "notes", "customer_type"):
        if name in sent:
            setattr(customer, name, getattr(fresh, name))
    customer.billing = fresh.billing or customer.billing
    customer.index_words()
    customer.revision += 1
    return answer(200, account_json.customer_json(customer))


def create_customer(company: Company, sent: Json) -> Customer:
    """The customer for these attributes: new, or the known one where the account reuses e-mails.

    Raises:
        RefusalError: no e-mail, notes too long, or the e-mail is taken where the account refuses that.
    """
    email = _email(sent)
    known = company.customer_ids_by_email.get(email.lower())
    if known and company.settings.email_uniqueness == "refuse":
        raise invalid("Customers email has already been taken")
    if known and company.settings.email_uniqueness == "reuse":
        return company.customers[known[0]]
    customer = _read(company, sent, email, company.next_id("customer"))
    customer.index_words()
    company.customers[customer.id] = customer
    company.customer_ids_by_email.setdefault(email.lower(), []).append(customer.id)
    return customer


def read_address(company: Company, sent: Json) -> Address:
    """An address as sent: nothing is required, nothing is checked."""
    return Address(company.next_id("address"), {name: text(sent.get(name)) for name in ADDRESS_FIELDS})


def _read(company: Company, sent: Json, email: str, customer_id: int) -> Customer:
    notes = text(sent.get("notes"))
    if notes is not None and len(notes) > _LONGEST_NOTES:
        raise invalid("Notes is too long (maximum is 255 characters)")
    billing = sent.get("billing_address_attributes")
    return Customer(
        id=customer_id,
        email=email,
        phone=text(sent.get("phone")),
        mobile=text(sent.get("mobile")),
        notes=notes,
        customer_type=text(sent.get("customer_type")) or "retail",
        billing=read_address(company, billing) if isinstance(billing, dict) else None,
    )


def _email(sent: Json) -> str:
    email = (text(sent.get("email")) or "").strip()
    if not email:
        raise invalid("Email can't be blank")
    return email


def _unlist(company: Company, customer: Customer) -> None:
    company.customer_ids_by_email.get((customer.email or "").lower(), []).remove(customer.id)


def _find(company: Company, customer_id: int) -> Customer:
    customer = company.customers.get(customer_id)
    if customer is None:
        raise order_not_found()
    return customer


ROUTES: Routes = {
    ("GET", "/customers"): list_customers,
    ("POST", "/customers"): post_customer,
    ("GET", "/customers/{}"): get_customer,
    ("PUT", "/customers/{}"): put_customer,
}
