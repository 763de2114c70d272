"""Exit codes of every command, and which error ends with which."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    SOME_BAD = 1
    USAGE = 2
    UNREACHABLE = 3
    BUSY = 4
    BUG = 5
    HALTED = 6
    INTERRUPTED = 130


MEANING = {
    Exit.OK: "всё сделано",
    Exit.SOME_BAD: "сделано не всё: часть строк, записей или проверок с ошибкой (они перечислены); "
    "или так сейчас нельзя: не то состояние, не та версия, другое решение",
    Exit.USAGE: "ошибка в команде (в том числе нет такого инцидента, темы, файла), в файле региона, в модели или в "
    "окружении: исправьте и повторите",
    Exit.UNREACHABLE: "база, шина или получатель не отвечает, база не готова (нужен otklik db upgrade), "
    "порт консоли занят, диск полон",
    Exit.BUSY: "с этой папкой данных уже работает другой otklik run, или это прошлое уже собирает другой процесс",
    Exit.BUG: "ошибка программы: повторите с --debug и сообщите разработчикам",
    Exit.HALTED: "роль остановилась сама: не удалась большая часть записей; они остались в топике",
    Exit.INTERRUPTED: "прервано (Ctrl-C)",
}


class Failed(Exception):
    """A command can't do what was asked; the message is for the operator, in Russian."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.code = code


CODES = {
    "otklik.config.problems:ConfigErrors": Exit.USAGE,
    "classifier.modelfile:ModelError": Exit.USAGE,
    "classifier.places.columns:PlacesError": Exit.USAGE,
    "classifier.training.data:DataError": Exit.USAGE,
    "bus.base:BusError": Exit.UNREACHABLE,
    "store.errors:StoreError": Exit.UNREACHABLE,
    "sinks.base:DeliveryFailed": Exit.UNREACHABLE,
    "console.server:ConsoleError": Exit.UNREACHABLE,
    "incidents.refusals:NoSuch": Exit.USAGE,
    "incidents.refusals:Invalid": Exit.USAGE,
    "incidents.refusals:Refused": Exit.SOME_BAD,
    "bus.worker:TooManyFailures": Exit.HALTED,
    "builtins:OSError": Exit.UNREACHABLE,
}
"""By name, since to import them all would take every command a second."""


def exit_code(error: Exception) -> Exit:
    """The code for an error that ended a command; BUG for one that nobody expected."""
    if isinstance(error, Failed):
        return error.code
    names = (f"{one.__module__}:{one.__qualname__}" for one in type(error).__mro__)
    return next((CODES[name] for name in names if name in CODES), Exit.BUG)
