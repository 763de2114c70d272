"""The fixtures that every other test against a real server stands on."""

import psycopg
from kafka import KafkaAdminClient

from tests.servers import KafkaServer


def test_kafka_answers(kafka_server: KafkaServer) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka_server.bootstrap)
    try:
        cluster = admin.describe_cluster()
    finally:
        admin.close()
    assert [broker["port"] for broker in cluster["brokers"]] == [kafka_server.port]
    assert kafka_server.version.startswith("4.3.1 (commit ")


def test_each_test_gets_an_empty_database(postgres_db: str) -> None:
    with psycopg.connect(postgres_db) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)
