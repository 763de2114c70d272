"""`python -m tests.simulators.telegram.trusting telegram login region.yaml`: otklik, trusting the simulator.

A client accepts only Telegram's own keys when it connects for the first time. A saved session needs no such trust, so
every other command is plain `otklik`.
"""

from telethon.crypto import rsa

from otklik.main import main
from tests.simulators.telegram import PUBLIC_KEY

rsa.add_key(PUBLIC_KEY, old=False)
main()
