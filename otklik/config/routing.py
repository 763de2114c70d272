"""Mistakes in who gets what by when that no single value shows."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from incidents.calendar import Calendar, MissingYear
from incidents.config import Term, fits_wherever
from incidents.route import covers
from otklik.clock import now
from otklik.config.document import Document
from otklik.config.messages import docs_of
from otklik.config.problems import Problem


def shadowed(document: Document, file: Any, group_of: Mapping[str, str]) -> Iterator[Problem]:
    """Rules that can never decide, since an earlier one fits wherever they do."""
    rules = file.routing.rules
    for index, rule in enumerate(rules):
        first = next((n for n in range(index) if covers(rules[n], rule, group_of)), None)
        if first is None:
            continue
        path = ("routing", "rules", index)
        at, earlier = document.place(path), document.place(("routing", "rules", first))
        message = (
            f"Это правило никогда не сработает: всё, что ему подходит, раньше забирает правило в строке "
            f"{earlier.line if earlier else '?'} (для «{rules[first].to}»)."
        )
        hint = "Поставьте более узкое правило выше или удалите его."
        yield Problem(document.file, message, path, at, hint=hint, docs=docs_of(path))


def shadowed_terms(document: Document, file: Any, group_of: Mapping[str, str]) -> Iterator[Problem]:
    """Terms that never count, since an earlier one fits wherever they do."""
    terms = list(file.deadlines.named())
    for index, (name, term) in enumerate(terms):
        first = next((earlier for earlier, one in terms[:index] if fits_wherever(one, term, group_of)), None)
        if first is not None:
            path = ("deadlines", name)
            message = f"Этот срок никогда не сработает: всему, чему он подходит, раньше подходит срок «{first}»."
            hint = "Поставьте более узкий срок выше или удалите его."
            yield Problem(document.file, message, path, document.key(path), hint=hint, docs=docs_of(path))


def unknown_years(document: Document, file: Any, calendar: Calendar) -> Iterator[Problem]:
    """Working terms that begin today and reach into a year whose days off nobody knows."""
    today = now()
    terms: list[tuple[str, Term]] = [("default", file.deadlines.default), *file.deadlines.named()]
    for name, term in terms:
        for key, span in (("answer", term.answer), ("solution", term.solution)):
            if span is None or not span.working:
                continue
            path = ("deadlines", name, key)
            try:
                span.after(today, calendar)
            except MissingYear as error:
                said = str(error)
            except ValueError:
                said = "в календаре слишком мало рабочего времени для такого срока"
            else:
                continue
            message = f"{said[:1].upper()}{said[1:]}."
            yield Problem(document.file, message, path, document.place(path), str(span), docs=docs_of(("calendar",)))


def nobody_by_default(document: Document, file: Any) -> Iterator[Problem]:
    """That some incidents will be proposed to nobody."""
    if file.authorities and not any(one.default for one in file.authorities):
        message = "Ведомства с default: true нет: что не подошло другим, не будет предложено никому."
        path = ("authorities",)
        yield Problem(document.file, message, path, document.key(path), docs=docs_of(path))


def ending_years(document: Document, file: Any, calendar: Calendar) -> Iterator[Problem]:
    """Word a month ahead that the known years come to an end."""
    terms: list[Term] = [file.deadlines.default, *(term for _, term in file.deadlines.named())]
    ahead: date = (now() + timedelta(days=31)).date()
    if any(term.working for term in terms) and not calendar.knows(ahead.year):
        message = f"{str(MissingYear(ahead.year))[:1].upper()}{str(MissingYear(ahead.year))[1:]}."
        path = ("calendar",)
        yield Problem(document.file, message, path, document.key(path), docs=docs_of(path))
