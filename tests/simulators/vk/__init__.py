"""VK's API over HTTP, as far as walls, boards and searches go: own data, limits, and every misbehaviour on demand."""

from tests.simulators.vk.server import VkSimulator
from tests.simulators.vk.wall import Comment, Community, Endless, Post, Topic, load

__all__ = ["Comment", "Community", "Endless", "Post", "Topic", "VkSimulator", "load"]
