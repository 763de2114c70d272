"""A member that Kafka's group takes for dead, though it lives: it was suspended, or its machine had no time for it."""

from contextlib import closing

import pytest
from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from structlog.testing import capture_logs

from bus import TopicPartition
from tests.bus.benches import KafkaBench
from tests.bus.kit import after, by_partition, numbers, record, take, topic
from tests.servers import KafkaServer


def expel(server: KafkaServer, group: str) -> None:
    """All members, as the broker does it when it has heard nothing of them."""
    with closing(KafkaAdminClient(bootstrap_servers=server.bootstrap)) as admin:
        members = [one["member_id"] for one in admin.describe_groups([group])[group]["members"]]
        assert members
        admin.remove_group_members(group, [MemberToRemove(member_id=one) for one in members])


@pytest.mark.parametrize("commits", [True, False], ids=["it commits", "it polls"])
def test_one_that_is_expelled_joins_again_and_nothing_is_lost(kafka_server: KafkaServer, commits: bool) -> None:
    bench, revoked = KafkaBench(kafka_server.bootstrap), list[frozenset[TopicPartition]]()
    name, bus = topic(bench, 2), bench.bus()
    group = f"expelled-{name}"
    bus.publish(name, [record(n) for n in range(20)])

    def on_revoked(partitions: frozenset[TopicPartition]) -> None:
        revoked.append(partitions)
        consumer.commit({at: positions[at] for at in partitions})

    with capture_logs() as logged, closing(bus.consume([name], group, on_revoked=on_revoked)) as consumer:
        got = take(consumer, 20)
        positions = after(got)
        expel(kafka_server, group)
        if commits:
            consumer.commit(positions)
        assert sum(bus.group_lag(name, group).values()) == 20
        again = take(consumer, 20)
        assert revoked == [frozenset(by_partition(got))]
        assert sorted(numbers(again)) == list(range(20))
        consumer.commit(after(again))
    assert sum(bus.group_lag(name, group).values()) == 0
    assert {one["event"] for one in logged} == {"bus_member_expelled"}  # no BusError: the broker answers
    bus.close()
