"""From bytes and the environment to values: what is no YAML, no variable and no key, with the whole message."""

import pytest

from otklik.config import ConfigErrors, load
from tests.otklik.region_file import GOOD, KEY, errors, only, read, said


def test_variables_whole_in_part_and_by_default(file):
    text = GOOD + (
        "  - id: hook\n"
        '    webhook: {url: "https://${HOST}/${PATH_:-otklik}", secret: ${SECRET}}\n'
        "bus: ${BUS:-sqlite:///b.db}\n"
    )
    config = read(file, text, KEY | {"HOST": "dispatch.example", "SECRET": "whsec_" + "QUFB" * 8})
    hook = config.file.sinks[1].settings
    assert str(hook.url) == "https://dispatch.example/otklik"
    assert hook.secret.get_secret_value() == "whsec_" + "QUFB" * 8
    assert config.file.bus == "sqlite:///b.db"


def test_a_variable_may_be_in_a_file(file, tmp_path):
    (tmp_path / "token").write_text("vk-token\n")
    text = GOOD.replace("authorities:", "  - id: vk\n    vk: {wall: public1, token: ${VK}}\nauthorities:")
    config = read(file, text, KEY | {"VK_FILE": str(tmp_path / "token")})
    assert config.file.sources[1].settings.token.get_secret_value() == "vk-token"


def test_a_missing_variable_is_named_with_its_place(file):
    assert only(file, GOOD + "store: sqlite:///${DATA}/store.db\n") == said(
        "region.yaml:11:8  store",
        "Не задана переменная окружения DATA (или DATA_FILE с путём к файлу).",
        "Подробнее: docs/configuration.md#секреты",
    )


def test_a_variable_whose_file_is_missing(file):
    assert only(file, GOOD + "store: sqlite:///${DATA}/store.db\n", KEY | {"DATA_FILE": "/nowhere/x"}) == said(
        "region.yaml:11:8  store",
        "Файл из переменной DATA_FILE не читается: /nowhere/x (нет такого файла или папки).",
        "Подробнее: docs/configuration.md#секреты",
    )


def test_a_reference_that_is_none(file):
    assert only(file, GOOD + 'store: "sqlite:///${my data}/store.db"\n') == said(
        "region.yaml:11:8  store",
        "«${my data}» не понято.",
        "Можно: ${ПЕРЕМЕННАЯ} или ${ПЕРЕМЕННАЯ:-значение по умолчанию}",
        "Подробнее: docs/configuration.md#секреты",
    )


def test_no_author_key(file):
    assert only(file, GOOD, {}) == said(
        "окружение",
        "Не задана переменная окружения OTKLIK_AUTHOR_KEY (или OTKLIK_AUTHOR_KEY_FILE с путём к файлу).",
        "Создайте ключ один раз, храните его и не меняйте: export OTKLIK_AUTHOR_KEY=$(openssl rand -hex 32)",
        "Подробнее: docs/configuration.md#секреты",
    )


def test_a_short_author_key_is_not_shown(file):
    message = only(file, GOOD, {"OTKLIK_AUTHOR_KEY": "hunter2"})
    assert message == said(
        "окружение",
        "Ключ OTKLIK_AUTHOR_KEY слишком короткий: 7 символов, нужно не меньше 32.",
        "Создайте ключ один раз, храните его и не меняйте: export OTKLIK_AUTHOR_KEY=$(openssl rand -hex 32)",
        "Подробнее: docs/configuration.md#секреты",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", said("region.yaml", "Файл пуст. Начните со строки region: chelyabinsk.")),
        ("- a\n- b\n", said("region.yaml:1:1", "Наверху файла должны быть ключи: region, sources…")),
        (
            "region: chelyabinsk\n\tsources: []\n",
            said("region.yaml:2:1", "Здесь не может начинаться значение: чаще всего это табуляция вместо пробелов."),
        ),
        (
            "region: chelyabinsk\nsources: [a, b\nsinks: []\n",
            said(
                "region.yaml:3:6",
                "Не закрыта скобка, или между значениями в скобках нет запятой. Скобка открыта в строке 2: ошибка там "
                "или ниже; проверьте и кавычки.",
            ),
        ),
        (
            "region: chelyabinsk\nsources: [a b: c d: e]\n",
            said("region.yaml:2:19", "Не закрыта скобка, или между значениями в скобках нет запятой."),
        ),
        ('region: "chel\nsources: []\n', said("region.yaml:1:9", "Не закрыта кавычка.")),
        (
            "region: a: b\n",
            said("region.yaml:1:10", "Лишнее двоеточие или сбитый отступ: возьмите значение в кавычки."),
        ),
        (
            "a: &a [*a]\n",
            said("region.yaml:1:4  a[0]", "Якоря и ссылки (&, *) в этом месте не кончаются. Напишите значения прямо."),
        ),
    ],
)
def test_not_a_file_of_a_region(file, text, expected):
    assert only(file, text) == expected


def test_no_file(file):
    with pytest.raises(ConfigErrors) as caught:
        load(file, KEY)
    assert str(caught.value) == said(
        "region.yaml", "Такого файла нет. Укажите файл региона, например configs/chelyabinsk.yaml."
    )


def test_another_encoding(file):
    file.write_bytes("region: челябинск\n".encode("cp1251"))
    with pytest.raises(ConfigErrors) as caught:
        load(file, KEY)
    assert str(caught.value) == said("region.yaml", "Файл не в UTF-8: байт 9 не читается. Сохраните его в UTF-8.")


@pytest.mark.parametrize("text", ["[" * 3000, "sources: " + "[" * 3000 + "]" * 3000])
def test_endless_nesting_is_refused(file, text):
    assert only(file, text) == "region.yaml\n  Разделы вложены друг в друга слишком глубоко. Это не файл региона."


def test_aliases_that_explode_are_refused(file):
    lines = ["region: chelyabinsk", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = errors(file, "\n".join(lines))
    assert len(found) == 1
    assert "Якоря и ссылки (&, *) в этом месте не кончаются." in found[0]
