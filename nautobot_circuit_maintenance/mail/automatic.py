"""Automatic replies: what a program answers without a person (RFC 3834, RFC 3462), and what the app itself sends."""

import re
from email.message import Message

from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.mail.charsets import decode_words, raw_field

OWN_HEADER = "X-Nautobot-Circuit-Maintenance"
"""In every email that the app sends, with the name of the Nautobot that sent it."""
_SUBJECT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|automatische antwort"
    r"|abwesenheits\w+|réponse automatique|absence du bureau|respuesta automática|risposta automatica|fuori sede"
    r"|respost[ae] autom[áà]tic[ao]|automatisch antwoord|autosvar|automatiskt? svar|automaattinen vastaus|automaatvastus"
    r"|odpowiedź automatyczna|automatická odpov[eě][dď]|automatikus válasz|automatski odgovor|samodejni odgovor"
    r"|răspuns automat|automātiskā atbilde|automatinis atsakymas|αυτόματη απάντηση|автоматическ\w+ ответ"
    r"|автоматична відповідь|автоматичен отговор|автоответ|otomatik (?:yanıt|cevap)|תשובה אוטומטית|رد تلقائي"
    r"|trả lời tự động|balasan otomatis|undeliverable|undelivered mail|delivery status notification"
    r"|mail delivery (?:failed|failure)|returned mail|自動応答|自动(?:答复|回复)|自動(?:回覆|回應|答覆)|자동 ?(?:회신|응답))(?!\w)",
    re.IGNORECASE,
)
_REPORTS = ("delivery-status", "disposition-notification")


def automatic_reply(message: Message) -> str:
    """Return why a message is an automatic reply; empty if it is none.

    ``auto-generated`` is none: ticket systems mark their own notices so.
    """
    submitted = raw_field(message, "Auto-Submitted")[:200].partition("(")[0].partition(";")[0].strip().lower()
    if submitted in ("auto-replied", "auto-notified"):
        return f"Automatic reply (Auto-Submitted: {submitted})."
    if message.get_content_type() == "multipart/report":
        kind = message.get_param("report-type", "")
        if isinstance(kind, str) and kind.lower() in _REPORTS:
            return f"Automatic reply: a report of a mail server ({kind.lower()})."
    for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"):
        if raw_field(message, name).strip().lower() not in ("", "no", "false"):
            return f"Automatic reply ({name})."
    if "auto_reply" in raw_field(message, "Precedence")[:200].lower():
        return "Automatic reply (Precedence: auto_reply)."
    subject = decode_words(raw_field(message, "Subject")[:200])
    if _SUBJECT.match(subject):
        return f'Automatic reply (subject "{shortened(subject, 60)}").'
    return ""


def own_notice(message: Message) -> str:
    """Return why a message is an email of the app, of this Nautobot or another one; empty if it is none.

    Read as news of a provider, it would be answered by the next one: a mail loop.
    """
    instance = shortened(decode_words(raw_field(message, OWN_HEADER)[:200]), 60)
    return f"Sent by the app itself ({instance})." if instance else ""
