"""Russian for what people see of incidents: statuses, events, urgency."""

from schemas.incident import IncidentStatus

STATUSES = {
    IncidentStatus.NEW: "новый",
    IncidentStatus.CONFIRMED: "подтверждён",
    IncidentStatus.ASSIGNED: "передан",
    IncidentStatus.WAITING: "ждёт жителя",
    IncidentStatus.ANSWERED: "дан ответ",
    IncidentStatus.SOLVED: "решён",
    IncidentStatus.CLOSED: "закрыт",
    IncidentStatus.REJECTED: "отклонён",
    IncidentStatus.REOPENED: "возвращён",
    IncidentStatus.MERGED: "объединён с другим",
}
EVENTS = {
    "incident.opened": "открыт",
    "incident.updated": "изменились публикации",
    "incident.confirmed": "подтверждён",
    "incident.assigned": "передан",
    "incident.waiting": "ждёт жителя",
    "incident.answered": "дан ответ",
    "incident.solved": "решён",
    "incident.closed": "закрыт",
    "incident.rejected": "отклонён",
    "incident.reopened": "возвращён в работу",
    "incident.merged": "объединён с другим",
    "incident.split": "разделён",
    "incident.moved": "публикации перенесены",
    "incident.due_soon": "срок близко",
    "incident.overdue": "просрочен",
    "incident.escalated": "передан выше",
    "incident.redacted": "стёрты данные",
}
"""What happened, by the type of the event. A type that is not here is shown as it is spelt."""
URGENCY = {"now": "срочно", "soon": "скоро", "normal": "обычная"}
"""The most urgent first."""
