"""Russian for events and statuses: what people read of them, wherever they do."""

from schemas.incident import IncidentStatus

HAPPENED = {
    "incident.opened": "Новый инцидент",
    "incident.updated": "Изменился",
    "incident.confirmed": "Подтверждён",
    "incident.assigned": "Назначен",
    "incident.waiting": "Ждём заявителя",
    "incident.answered": "Дан ответ",
    "incident.solved": "Решён",
    "incident.closed": "Закрыт",
    "incident.rejected": "Отклонён",
    "incident.reopened": "Открыт снова",
    "incident.merged": "Присоединён к другому",
    "incident.split": "Разделён",
    "incident.moved": "Перенесены публикации",
    "incident.due_soon": "Срок подходит",
    "incident.overdue": "Просрочен",
    "incident.escalated": "Передан выше",
    "incident.redacted": "Стёрты данные",
}
"""What happened, in a word or two. A type that is not here is shown as it is spelt."""
STATUSES = {
    IncidentStatus.NEW: "новый",
    IncidentStatus.CONFIRMED: "подтверждён",
    IncidentStatus.ASSIGNED: "назначен",
    IncidentStatus.WAITING: "ждём заявителя",
    IncidentStatus.ANSWERED: "дан ответ",
    IncidentStatus.SOLVED: "решён",
    IncidentStatus.CLOSED: "закрыт",
    IncidentStatus.REJECTED: "отклонён",
    IncidentStatus.REOPENED: "открыт снова",
    IncidentStatus.MERGED: "присоединён",
}
