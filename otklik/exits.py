"""Exit codes of every command."""

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
    Exit.SOME_BAD: "сделано не всё: часть строк, записей или проверок с ошибкой (они перечислены)",
    Exit.USAGE: "ошибка в команде, в файле региона, в модели или в окружении: исправьте и повторите",
    Exit.UNREACHABLE: "база или шина не отвечает или не готова (нужен otklik db upgrade), порт консоли занят",
    Exit.BUSY: "с этой папкой данных уже работает другой otklik run",
    Exit.BUG: "ошибка программы: повторите с --debug и сообщите разработчикам",
    Exit.HALTED: "роль остановилась сама: не удалась большая часть записей; они остались в топике",
    Exit.INTERRUPTED: "прервано (Ctrl-C)",
}
