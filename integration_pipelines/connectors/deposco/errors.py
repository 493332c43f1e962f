"""What is wrong with a request before it is sent: nothing left the house, a person has to change it."""

from integration_pipelines.remote import Refused


class NotSendable(Refused):
    """Deposco would refuse or spoil this order, so it was not sent (lengths, ship via, enums: Deposco §5)."""

    advice = "Nothing was sent: correct it, then retry."
