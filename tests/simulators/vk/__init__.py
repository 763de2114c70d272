"""VK's API over HTTP, as far as walls go: own data, pagination, threads, limits, and every misbehaviour on demand."""

from tests.simulators.vk.server import VkSimulator
from tests.simulators.vk.wall import Comment, Community, Post, load

__all__ = ["Comment", "Community", "Post", "VkSimulator", "load"]
