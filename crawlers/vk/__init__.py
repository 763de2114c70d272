"""VK: walls of communities, through vk_api."""
