"""VK: walls of communities, through vk_api."""

from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkCursor, VkSettings

__all__ = ["VkCollector", "VkCursor", "VkSettings"]
