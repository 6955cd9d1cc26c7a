"""Persons, companies and debtors: all members that the public API names, and what may be sent of them.

Owns: the shapes, with the API's own spellings (``dafualtPayerRule``). Does not own: the rules (persons.py, companies.py, debtors.py).
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from accord.sandbox.membercare.words_common import (
    COMPANY,
    PERSON,
    AddressRule,
    Anything,
    Contact,
    Distribution,
    FinanceType,
    ForeignSystemMapping,
    Identified,
    Naive,
    PayerRule,
    PostalAddress,
    Things,
    UnitType,
)

Gender = Literal[0, 1, 2, 3]


class Person(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A person, as read and as posted; the server keeps its own members whatever is posted."""

    url: str | None = None
    debtor_account_number: str | None = None
    name: str | None = None
    contacts: list[Contact] | None = field(default_factory=list)
    addresses: list[PostalAddress] | None = field(default_factory=list)
    custom_field_values: Things = field(default_factory=list)
    invoices_link: str | None = None
    member_type: UnitType = PERSON
    default_payer_link: str | None = None
    dafualt_payer_rule: PayerRule | None = 1
    close_date: Naive | None = None
    einvoice_ean: str | None = None
    einvoice_email: str | None = None
    close_reason: Identified | None = None
    default_address_type: AddressRule | None = None
    external_id: str | None = None
    last_change: Naive | None = None
    finance_type: FinanceType | None = 1
    relations_link: str | None = None
    firstname: str | None = None
    gender: Gender | None = 0
    birth_date: Naive | None = None
    age: int | None = None
    lastname: str | None = None
    name_history: Things = None
    honorific: str | None = None
    custom_field_values_link: str | None = None
    memberships_link: str | None = None
    boardmemberships_link: str | None = None
    password: str | None = None
    web_user_id: str | None = None
    social_security_number: Anything = None
    internal_user_info: Anything = None
    external_system_info: Anything = None
    login_token: Anything = None
    allow_sms: bool | None = False
    allow_email: bool | None = False
    union_representatives: Things = None
    union_groups: Things = None
    employments: Things = None
    memberships: Things = None
    board_memberships: Things = None
    identity: Anything = None
    anonymized_on: Naive | None = None
    text: str | None = None
    consents: Things = field(default_factory=list)
    accepted_terms: Anything = None
    foreign_system_mappings: list[ForeignSystemMapping] | None = field(default_factory=list)
    preferred_address: AddressRule | None = 1
    preferred_contact: Literal[1, 2] | None = 1
    salary_system_identification: str | None = None
    temporary: bool | None = False
    interests: Things = None
    bank_registration_number: str | None = None
    bank_account_number: str | None = None
    profile_picture_identification: str | None = None


class PersonPatch(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What PATCH /persons/{no} takes. Absent leaves a member alone, null empties it."""

    first_name: str | None | UnsetType = UNSET
    last_name: str | None | UnsetType = UNSET
    default_payer_rule: PayerRule | None | UnsetType = UNSET
    allow_contact_via_sms: bool | None | UnsetType = UNSET
    close_date: Naive | None | UnsetType = UNSET
    close_reason: Identified | None | UnsetType = UNSET
    einvoice_ean: str | None | UnsetType = UNSET
    einvoice_email: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    finance_type: FinanceType | None | UnsetType = UNSET
    gender: Gender | None | UnsetType = UNSET
    birth_date: Naive | None | UnsetType = UNSET
    honorific: str | None | UnsetType = UNSET
    salary_system_identification: str | None | UnsetType = UNSET
    temporary: bool | None | UnsetType = UNSET
    bank_registration_number: str | None | UnsetType = UNSET
    bank_account_number: str | None | UnsetType = UNSET
    start_date: Naive | None | UnsetType = UNSET
    end_date: Naive | None | UnsetType = UNSET
    civil_registration_pin: str | None | UnsetType = UNSET
    invoice_distribution_preference: Distribution | None | UnsetType = UNSET


class LenientPersonPatch(PersonPatch, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """The same, with the one consent that the public API cannot change."""

    allow_contact_via_email: bool | None | UnsetType = UNSET


RENAMED = {
    "first_name": "firstname",
    "last_name": "lastname",
    "default_payer_rule": "dafualt_payer_rule",
    "allow_contact_via_sms": "allow_sms",
    "allow_contact_via_email": "allow_email",
}
"""Attributes that a patch spells otherwise than the record."""


_ONLY_POSTED = {"default_address_type", "web_user_id", "social_security_number", "text", "preferred_address", "preferred_contact"}
_PATCHED = {RENAMED.get(name, name) for name in LenientPersonPatch.__struct_fields__} - {"close_date", "close_reason"}
PERSON_SERVER_KEPT = frozenset(Person.__struct_fields__) - _PATCHED - _ONLY_POSTED
"""Attributes of Person that a POST may carry and that are not taken from it."""


class RegistrationNumber(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A company's number in a public register."""

    url: str | None = None
    id: int | None = None
    number: str | None = None
    business_activities: Things = field(default_factory=list)
    start: Naive | None = None
    end: Naive | None = None


class BusinessNumbers(Struct, rename="camel", kw_only=True):
    """A company's numbers; this server keeps the Norwegian one."""

    url: str | None = None
    registration_number_norwegian_company_number: RegistrationNumber | None = None


class Company(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A company, as read."""

    url: str | None = None
    debtor_account_number: str | None = None
    name: str | None = None
    contacts: list[Contact] | UnsetType = field(default_factory=list)
    addresses: list[PostalAddress] | UnsetType = field(default_factory=list)
    custom_field_values: Things = field(default_factory=list)
    invoices_link: str | None = None
    member_type: UnitType = COMPANY
    default_payer_link: str | None = None
    dafualt_payer_rule: PayerRule | None = 1
    close_date: Naive | None = None
    einvoice_ean: str | None = None
    einvoice_email: str | None = None
    close_reason: Identified | None = None
    default_address_type: AddressRule | None = None
    external_id: str | None = None
    last_change: Naive | None = None
    finance_type: FinanceType | None = 1
    id: int | None = None
    category: Anything = None
    company_name: str | None = None
    company_name2: str | None = None
    name_history: Things = None
    business_numbers: BusinessNumbers = field(default_factory=BusinessNumbers)
    custom_field_values_link: str | None = None
    invoice_addresses: Things = None
    readdressings: Things = None
    default_agreement: Anything = None
    public_establishment: bool | None = False
    parent_company: Anything = None
    foreign_system_mappings: list[ForeignSystemMapping] = field(default_factory=list)


class CompanyPost(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What POST /companies takes and keeps; anything else that a company has is refused or ignored by name."""

    company_name: str | None = None
    company_name2: str | None = None
    dafualt_payer_rule: PayerRule | None = 1
    einvoice_ean: str | None = None
    einvoice_email: str | None = None
    default_address_type: AddressRule | None = None
    external_id: str | None = None
    finance_type: FinanceType | None = 1
    category: Anything = None
    default_agreement: Anything = None
    public_establishment: bool | None = False


class CompanyPatch(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What PATCH /companies/{no} takes. Absent leaves a member alone, null empties it."""

    company_name: str | None | UnsetType = UNSET
    company_name2: str | None | UnsetType = UNSET
    default_payer_rule: PayerRule | None | UnsetType = UNSET
    close_date: Naive | None | UnsetType = UNSET
    close_reason: Identified | None | UnsetType = UNSET
    einvoice_ean: str | None | UnsetType = UNSET
    einvoice_email: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    finance_type: FinanceType | None | UnsetType = UNSET
    start_date: Naive | None | UnsetType = UNSET
    end_date: Naive | None | UnsetType = UNSET
    invoice_distribution_preference: Distribution | None | UnsetType = UNSET


class Debtor(Struct, rename="camel", kw_only=True):
    """A person or a company, as the change feed shows it."""

    url: str | None = None
    debtor_account_number: str | None = None
    name: str | None = None
    contacts: list[Contact] | UnsetType | None = field(default_factory=list)
    addresses: list[PostalAddress] | UnsetType | None = field(default_factory=list)
    custom_field_values: Things = None
    invoices_link: str | None = None
    member_type: UnitType = PERSON
    default_payer_link: str | None = None
    dafualt_payer_rule: PayerRule | None = None
    close_date: Naive | None = None
    einvoice_ean: str | None = None
    einvoice_email: str | None = None
    close_reason: Identified | None = None
    default_address_type: AddressRule | None = None
    external_id: str | None = None
    last_change: Naive | None = None
    finance_type: FinanceType | None = None
    ean: str | None = None
    email_for_invoices: str | None = None
    business_numbers: BusinessNumbers | None = None
    invoice_distribution_preference: Distribution | None = None
    social_security_number: Anything = None
    anonymized_on: Naive | None = None
    honorific: str | None = None
    name1: str | None = None
    name2: str | None = None
    memberships: Things = field(default_factory=list)
    send_invoices_to: Anything = None
    send_mail_to: Anything = None
