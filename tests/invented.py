"""Posts put together by chance from invented parts: as many as a test needs, the same for the same seed."""

import random
from datetime import UTC, datetime, timedelta

PLACES = ["в Челябинске", "в Миассе", "в Копейске", "в Златоусте", "в Троицке", "в Карталах", "в Сатке", ""]
TROUBLES = [
    "вторые сутки нет холодной воды",
    "опять отключили отопление, в квартирах холодно",
    "не вывозят мусор третью неделю, баки переполнены",
    "огромная яма на дороге, машины бьют колёса",
    "не горят фонари, вечером ходить страшно",
    "автобус не приходит по часу, дети мёрзнут на остановке",
    "стая бродячих собак бросается на прохожих",
    "к врачу не записаться, талонов нет целый месяц",
    "снег во дворе не чистят, скорая не проехала",
    "нет света в подъезде, лампочку не меняют",
]
CHATTER = [
    "поздравляем ветеранов с праздником",
    "продаю зимнюю резину, почти новая",
    "хоккеисты выиграли третий матч подряд",
    "открыли новый бассейн, приходите всей семьёй",
    "спасибо за чистые улицы",
]
STARTS = ["Добрый день!", "Здравствуйте.", "Сколько можно?", "Помогите!", ""]
START = datetime(2026, 3, 1, tzinfo=UTC)


def posts(count: int, seed: int = 1) -> list[dict[str, str]]:
    """Lines for `otklik replay`: a fifth is chatter, the rest trouble in one of seven towns or nowhere."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        what = draw.choice(CHATTER if draw.random() < 0.2 else TROUBLES)
        place = draw.choice(PLACES)
        when = START + timedelta(minutes=draw.randrange(14 * 24 * 60))
        text = f"{draw.choice(STARTS)} {place} {what}".strip()
        made.append({"id": f"t:{number}", "text": text, "published": when.isoformat()})
    return made
