"""Russian for what the operating system refuses: operators read it in messages."""

import errno

_REFUSALS = {
    errno.ENOSPC: "на диске нет места",
    errno.EDQUOT: "на диске кончилась квота",
    errno.EROFS: "диск только для чтения",
    errno.EACCES: "нет прав",
    errno.EPERM: "нет прав",
    errno.ENOENT: "нет такого файла или папки",
    errno.ENOTDIR: "на пути к файлу — не папка",
    errno.EISDIR: "это папка, а не файл",
    errno.EMFILE: "открыто слишком много файлов",
}


def refusal(error: OSError) -> str:
    """Why the system refused; what is not known stays as the system says it."""
    return _REFUSALS.get(error.errno or 0, error.strerror or type(error).__name__)
