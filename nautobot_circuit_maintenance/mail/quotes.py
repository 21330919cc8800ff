"""What a message quotes, apart from what it states itself.

Tried on the cases and the corpus before this was written: quotequail 0.5 took PCCW's own notices for forwards ("From:",
"Date:" in their heading), knows no Italian, Polish, Russian and Japanese attributions and needs 5 s for 5,000 lines
"From:"; mail-parser-reply 1 cuts a notice with "From:" and "To:" as times, leaves "> " lines without an attribution, and
needs 7 to 18 s for nested quotes or one long line. Neither finds Outlook's header block in HTML.
"""

import re
from collections.abc import Sequence

_DIVIDER = re.compile(
    r"\s*-{2,}\s*(?:original (?:message|appointment|e?-?mail)|original-?nachricht|originalmeddelande|mail original"
    r"|urspr(?:ü|ue)ngliche (?:nachricht|e?-?mail)|message (?:d[’']origine|original)|mensaje original|messaggio originale"
    r"|(?:oorspronkelijk|origineel) bericht|mensagem original|missatge original|ursprungligt meddelande"
    r"|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość"
    r"|(?:исходное|оригинальное) сообщение|(?:вихідне|оригінальне) повідомлення|оригинално съобщение"
    r"|původní (?:zpráva|e-?mail)|pôvodná správa|(?:izvorna|originalna) poruka|izvirno sporočilo|eredeti üzenet"
    r"|mesaj(?:ul)? original|αρχικό μήνυμα|(?:özgün|orijinal) (?:ileti|mesaj)|הודעה מקורית|الرسالة الأصلية"
    r"|thư gốc|tin nhắn gốc|pesan asli|原始邮件|原邮件|原始郵件|元のメッセージ|원본 메시지)\s*-{2,}\s*",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"[\s>*_-]*(?:begin forwarded message|forwarded message|forwarded by|weitergeleitete nachricht|message transf[ée]r[ée]"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|vidarebefordrat meddelande"
    r"|videresendt melding|przekazana wiadomość|пересылаемое сообщение|转发的邮件|轉寄的郵件|転送メッセージ)\b",
    re.IGNORECASE,
)
_VERBS = (
    r"wrote|writes|schrieb|a écrit|escribió|va escriure|ha scritto|schreef|escreveu|skrev|kirjoitti|napisał(?:\(a\)|a)?"
    r"|пишет|написал|пише|написав|написа|napsal(?:\(a\))?|napísala?|napisa[ol]a?|je pisao|írta|a scris|έγραψε|yazdı|כתב|كتب"
    r"|đã viết|menulis|写道|寫道|さんは書きました|のメール|작성"
)
_ATTRIBUTION = re.compile(
    rf"(?:.*\b(?:{_VERBS})\b.*|.*(?:写道|寫道).*|(?=.*\d)(?=.*@).*)[:：]\s*",
    re.IGNORECASE,  # the last: a date and an address
)
_VERB = re.compile(rf"\b(?:{_VERBS})\b", re.IGNORECASE)
_LONGEST_ATTRIBUTION = 400
_FIELD = r"\W{{0,4}}(?:{})\W{{0,3}}?[:：]"
FROM_WORDS = (
    "from|von|de(?: la)?|da|van|från|fra|od|от|від|από|מאת|من|发件人|寄件者|差出人|보낸 사람|kimden|lähettäjä|saatja|feladó"
    "|pošiljatelj|từ|dari"
)
"""What programs call the field From in the block above a quote."""
_FROM = re.compile(_FIELD.format(FROM_WORDS), re.I)
_SENT = re.compile(
    _FIELD.format(
        "sent|date|sent on|gesendet|datum|envoyé|enviad[ao](?: el| em)?|fecha|inviato|data|verzonden|skickat|sendt|dato"
        "|lähetetty|saadetud|wysłano|odesláno|odoslané|poslano|elküldve|dátum|trimis|στάλθηκε|ημερομηνία|отправлено|надіслано"
        "|изпратено|дата|נשלח|تم الإرسال|التاريخ|đã gửi|ngày|dikirim|tanggal|发送时间|日期|寄件日期|送信日時|日時|보낸 날짜"
        "|gönderilen|gönderildi|gönderme tarihi|tarih"
    ),
    re.I,
)
_REST = re.compile(
    _FIELD.format(
        "subject|betreff|objet|asunto|assunto|assumpte|oggetto|onderwerp|ämne|emne|aihe|teema|temat|předmět|predmet|zadeva"
        "|tárgy|subiect|θέμα|тема|относно|נושא|الموضوع|chủ đề|perihal|subjek|主题|主旨|件名|제목|konu"
        "|to|an|à|para|a|aan|till|til|do|za|prima|komu|címzett|către|προς|кому|до|אל|إلى|đến|tới|kepada|收件人|收件者|宛先"
        "|받는 사람|kime|vastaanottaja|adressaat"
    ),
    re.I,
)
_DAY = re.compile(r"\b\d{1,2}\b")
_TIME = re.compile(r"\d{1,2}:\d\d|\d{4}")
_BLOCK_LINES = 8
_TAGS = r"\s*(?:\[[^\]]{0,60}\]\s*){0,3}"
_REPLY_SUBJECT = re.compile(
    _TAGS + r"(?:re|aw|antw|antwort|sv|odp|res|rif|ynt|atb|vá|bls"
    r"|r|vs|odg|ats|ответ|отв|відп|απ|رد|תשובה|回复|答复|回覆|返信|답장)(?:\[\d+\]|\^\d+)?\s*[:：]",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(
    _TAGS + r"(?:fw|fwd|wg|tr|rv|i|enc|vb|vl|doorst|pd|ilt|prosl|пересл|πρθ|转发|轉寄|転送|전달)\s*[:：]", re.IGNORECASE
)


def is_reply(subject: str, *, answers: bool) -> bool:
    """Return whether a message is a reply, by its subject or because its header names what it answers.

    What a forward quotes is its content.
    """
    if is_forward(subject):
        return False
    return answers or _REPLY_SUBJECT.match(subject) is not None


def is_forward(subject: str) -> bool:
    """Return whether a message forwards another one, by its subject: what it quotes is its content."""
    return _FORWARD_SUBJECT.match(subject) is not None


def newest_text(text: str, *, is_reply: bool) -> str:
    """Return plain text without what it quotes; the same text if it quotes nothing, or contains nothing else."""
    lines = text.splitlines()
    kept = lines[: quote_start(lines, is_reply=is_reply)]
    if is_reply:
        kept = _without_marked(kept)
    return "\n".join(kept) if len(kept) < len(lines) and has_words("".join(kept)) else text


def quote_start(lines: Sequence[str], *, is_reply: bool) -> int:
    """Return the number of the line from which everything is quoted; the number of lines if there is none."""
    for number, line in enumerate(lines):
        start = line[:200]
        if is_forward_mark(start):
            break
        if _DIVIDER.fullmatch(start):
            return number
        if is_reply and _is_header_block(start, lines[number : number + 2 * _BLOCK_LINES]):
            return number
    return len(lines)


def is_attribution(text: str) -> bool:
    """Return whether a string is a line such as "On Friday, Ann <ann@isp.example> wrote:"."""
    return len(text) < _LONGEST_ATTRIBUTION and _ATTRIBUTION.fullmatch(text) is not None


def is_forward_mark(text: str) -> bool:
    """Return whether a string starts with a line such as "---------- Forwarded message ---------"."""
    return _FORWARD.match(text) is not None


def _is_header_block(start: str, lines: Sequence[str]) -> bool:
    """Return whether these lines start with Outlook's block: From, Sent, To, Subject. A period has such lines, too."""
    is_sent_first = _SENT.match(start) is not None  # As GMX and Lotus Notes write it.
    if not (is_sent_first or _FROM.match(start)):
        return False
    block = [line[:500] for line in lines if line.strip()][:_BLOCK_LINES]
    sender = next((line for line in block[: 4 if is_sent_first else 1] if _FROM.match(line)), "")
    value = re.split("[:：]", sender, maxsplit=1)[-1]
    if "@" not in value and (is_sent_first or _TIME.search(value)):
        return False
    return any(_SENT.match(line) for line in block[:4]) and any(_REST.match(line) for line in block[1:])


def _without_marked(lines: list[str]) -> list[str]:
    """Return the lines without those that are marked with ">", and without the attributions above them."""
    kept: list[str] = []
    for line in lines:
        if not line.startswith(">"):
            kept.append(line)
        elif kept:
            _drop_attribution(kept)
    if len(kept) == len(lines):
        _cut_unmarked(kept)
    return kept


def _drop_attribution(kept: list[str]) -> None:
    """Remove the line "On ... wrote:" from the end of these lines; it may be broken into three."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    found = None
    for start in range(end - 1, max(end - 4, -1), -1):
        if not kept[start].strip():
            break
        joined = " ".join(kept[start:end])
        if is_attribution(joined):
            found = start
            if _DAY.search(joined):  # The date is at the start of most.
                break
    if found is not None:
        del kept[found:]


def _cut_unmarked(lines: list[str]) -> None:
    """Cut what follows "On <date>, <name> wrote:", for programs that do not mark the lines of a quote."""
    for number, line in enumerate(lines):
        if "@" in line[:_LONGEST_ATTRIBUTION] and is_attribution(line) and _VERB.search(line):
            del lines[number:]
            return


def has_words(text: str) -> bool:
    """Return whether a string contains letters or digits."""
    return any(character.isalnum() for character in text)
