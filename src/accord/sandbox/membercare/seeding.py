"""Putting the seeded data into a tenant.

Owns: turning data.py's plain values into Membercare's records. Does not own: which there are (seeds/right.py).
"""

from datetime import datetime

from accord.sandbox.clock import SECOND
from accord.sandbox.data import Bill, Goods, Member, moment, right_data
from accord.sandbox.membercare.members import complete
from accord.sandbox.membercare.persons import age_at
from accord.sandbox.membercare.products import new_product
from accord.sandbox.membercare.tenant import Tenant, naive_time, new_company, new_person
from accord.sandbox.membercare.words_common import Contact, ContactType, Country, FinanceDimensions, PostalAddress, PostalCode
from accord.sandbox.membercare.words_members import BusinessNumbers, Company, Person, RegistrationNumber
from accord.sandbox.membercare.words_sales import CreationInfo, Invoice, InvoiceItem, InvoiceText, Who

EMAIL: ContactType = 1
PHONE: ContactType = 3
MOBILE: ContactType = 5
WEBSITE: ContactType = 8
FINANCE = {"new": 0, "read": 1, "handled": 2, "card": 3, "error": -1}


class Seeding:
    """Fills a tenant once. ``numbers`` remembers which left record has which debtorAccountNumber, until it is done."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._size = tenant.settings.size
        self._count = 0
        self._numbers: dict[tuple[str, int], int] = {}

    def run(self) -> None:
        """The technical person, then everything."""
        self._technical()
        data = right_data(self._size, self._tenant.settings.seed)
        for member in data.persons():
            self._person(member)
        for member in data.companies():
            self._company(member)
        for goods in data.products():
            self._product(goods)
        for bill in data.bills():
            self._invoice(bill)

    def _technical(self) -> None:
        """The person on whose behalf callers act; real tenants list such persons too."""
        number = int(self._tenant.settings.person)
        person = new_person(self._tenant, number, Person(firstname="CRM", lastname="Integration", finance_type=0))
        self._tenant.put_person(number, person, self._second())

    def _second(self) -> int:
        self._count += 1
        return moment(self._count, max(self._size, 1)) // SECOND

    def _numbered(self, member: Member) -> int:
        number = self._tenant.next_member()
        if member.left is not None:
            self._numbers.setdefault(member.left, number)
        return number

    def _person(self, member: Member) -> None:
        second, number = self._second(), self._numbered(member)
        born = datetime.fromisoformat(member.born) if member.born else None
        person = Person(
            firstname=member.first, lastname=member.last, birth_date=born, allow_sms=member.allow_sms, allow_email=member.allow_email
        )
        person.gender = next(value for value in (0, 1, 2, 3) if value == member.gender)
        person.age = age_at(born, naive_time(second))
        person.contacts, person.addresses = self._contacts(member, second), self._addresses(member, second)
        self._tenant.put_person(number, new_person(self._tenant, number, person), second)

    def _company(self, member: Member) -> None:
        second, number = self._second(), self._numbered(member)
        company = Company(company_name=member.first, einvoice_email=member.invoice_email)
        company.contacts, company.addresses = self._contacts(member, second), self._addresses(member, second)
        if member.organisation_number:
            at = naive_time(second)
            registered = RegistrationNumber(id=self._tenant.next_id("registration"), number=member.organisation_number, start=at)
            company.business_numbers = BusinessNumbers(registration_number_norwegian_company_number=registered)
        self._tenant.put_company(number, new_company(self._tenant, number, company), second)

    def _contacts(self, member: Member, second: int) -> list[Contact]:
        at = naive_time(second)
        given = ((EMAIL, member.email), (PHONE, member.phone), (MOBILE, member.mobile), (WEBSITE, member.website))
        return [
            Contact(id=self._tenant.next_id("contact"), type=kind, value=value, start=at, last_change=at) for kind, value in given if value
        ]

    def _addresses(self, member: Member, second: int) -> list[PostalAddress]:
        home, at = member.home, naive_time(second)
        if home is None:
            return []
        address = PostalAddress(id=self._tenant.next_id("address"), street=home.street, number=home.number, letter=home.letter)
        address.postal_code = PostalCode(zip_code=home.zip_code, city=home.city)
        address.country = Country(iso2_letter=home.iso2)
        address.start = address.last_change = at
        complete(address)
        return [address]

    def _product(self, goods: Goods) -> None:
        product = new_product(self._tenant)
        product.name, product.vat_percent, product.valid = goods.name, goods.vat_percent, goods.valid
        product.finance_dimensions = FinanceDimensions(product_identification=goods.number)
        self._tenant.products.put(product.id, product)

    def _invoice(self, bill: Bill) -> None:
        tenant, order = self._tenant, bill.order
        when, due = (datetime.fromisoformat(order[name]) for name in ("OrderDate", "DueDate"))
        invoice = Invoice(id=tenant.next_id("invoice"), payer=tenant.payer(str(self._numbers[bill.payer])), finance_date=when)
        invoice.pay_due_date, invoice.income_date = due, when
        invoice.url = f"{tenant.base}/invoices/{invoice.id}"
        invoice.finance_status = next(value for value in (-1, 0, 1, 2, 3) if value == FINANCE[order["FinanceStatus"]])
        invoice.invoice_items = [self._line(line) for line in order["Lines"]]
        invoice.invoice_texts = [tenant.labelled(InvoiceText(label="OrderNumber", value=order["Number"]))]
        who = Who(debtor_account_number=tenant.settings.person, first_name="CRM", last_name="Integration")
        invoice.creation_info = CreationInfo(when=when, who=who)
        if not tenant.settings.strict:
            invoice.external_id = None
        tenant.put_invoice(invoice)

    def _line(self, line: dict[str, float]) -> InvoiceItem:
        total = round(line["Quantity"] * line["UnitPrice"], 2)
        return InvoiceItem(
            id=self._tenant.next_id("item"),
            sequence=int(line["LineNumber"]),
            description=str(line["Description"]),
            quantity=line["Quantity"],
            unit_price=line["UnitPrice"],
            total_price=total,
            total_vat=round(total * line["VatPercent"] / 100, 2),
            finance_dimensions=FinanceDimensions(product_identification=str(line["ProductNumber"])),
        )
