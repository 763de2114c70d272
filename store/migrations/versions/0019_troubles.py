"""The common trouble of posts that came before it was noted: else the next post on the same matter opens a twin.

By the topic alone: of the words, what is on record may be gone, and what they say is grouping's business.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

TROUBLES = {
    "Выбросы вредных веществ в атмосферу/загрязнение воздуха": "air",
    "Качество электроснабжения": "power",
    "Отсутствие электричества": "power",
    "Ненадлежащее качество или отсутствие отопления": "heating",
    "Отсутствие горячей воды": "hot water",
    "Плохое качество воды": "bad water",
    "Восстановление газоснабжения": "gas",
    "Технические проблемы с записью на прием к врачу": "doctors",
    "Низкая температура воды/слабое давление": "water",
    "Отсутствие холодной воды": "water",
}
"""As grouping had them when it began to note them."""


def upgrade() -> None:
    posts = sa.table("posts", *(sa.column(name) for name in ("common", "topic")), sa.column("relevant", sa.Boolean()))
    erased = sa.text("NOT erased")
    before = sa.and_(posts.c.relevant, posts.c.common.is_(None), posts.c.topic.in_(list(TROUBLES)), erased)
    op.execute(posts.update().where(before).values(common=sa.case(TROUBLES, value=posts.c.topic)))
