"""What the words beside a moment say about it: start or end, the old window, a backup window, the time of a note.

Stems in some twenty languages; Chinese, Japanese and Korean have no word boundaries ("変更" is found anywhere).
"""

import re

from nautobot_circuit_maintenance.reading.candidates.words import pattern

START, END, EXTENDED, NOTE = "start", "end", "extended", "note"
OLD, NEW, BACKUP = "old", "new", "backup"

_EXTENDED = pattern(
    r"""extend(?:ed|s)?_(?:until|till|to|end) verlängert_bis prolong\w*_jusqu (?:ampliad|extendid)\w+_(?:hasta|até)
    prorogat\w_(?:fino|al) verlengd_tot przedłużon\w+_do prodloužen\w*_do förläng\w+_till forl[æe]nget_til продл[её]н\w*_до
    продовжен\w*_до""",
    "延長 延长至 연장",
)
_NOTE = pattern(
    r"""sent\b created\b issued\b posted\b generated\b announced\b reply respond before\b deadline last\b actual(?:ly)?\b
    effecti(?:ve|f) has_begun has_started\b has_ended\b as_of printed\b gesendet erstellt rückfragen envoyé enviad[oa] inviat[oa]
    verzonden wysłano odesláno skickat sendt lähetetty отправлено надіслано antes_d antwort réponse avant_l copyright
    completed\b was\b""",
    "© [(]c[)] 送信 发送",
)
_END = pattern(
    r"""end(?:s|ing|e|et|zeit|tid|ed)?\b finish(?:es)? complet(?:es|ion) conclu until\b till\b to\b fin\b fine\b final\b
    finaliz\w+ fim\b término termin\w+ ende\b einde\b bis\b zum\b koniec zakończ konec konč\w+ ukonč\w+ do\b slut\w* til\b päätty
    loppu bitiş sona оконч конец заверш до\b кінець закінч vége befejez sfâr[sșş] λήξη selesai berakhir hasta\b até\b au\b al\b
    tot\b""",
    r"終了 结束 結束 종료 ende\b slut(?:tid(?:spunkt)?)?\b",
)
_START = pattern(
    r"""start\w* begin\w* commenc\w+ from\b fm\b since\b début debut inici\w+ iníci\w+ inizi\w+ aanvang van\b von\b rozpocz początek
    od\b začát zaháj fra\b från alka\w* başla\w* начал с\b почат kezd\w+ început încep έναρξη mulai desde\b dal\b du\b ab\b
    dalle\b""",
    r"開始 开始 시작 beginn\b anfang\b start(?:tid(?:spunkt)?|zeit)?\b",
)
_ROLES = re.compile(
    f"(?P<{EXTENDED}>{_EXTENDED})|(?P<{NOTE}>{_NOTE})|(?P<{END}>{_END})|(?P<{START}>{_START})", re.IGNORECASE
)

_ID = re.compile(r"(?<!\S)[A-Z]{1,4}[-_/.][^\s:]*\d[^\s:]*")
"""An ID beside a moment names it and does not label it: AB-1 is not "ab" (German: from), AU-SYD-1 not "au" (French: to)."""

_BACKUP = pattern(
    r"""back-?_?up alternat reserv\w* contingen fall-?back ersatz ausweich secours repli\b respaldo riserva rezerw\w* zapasow
    náhradn záložn yedek резерв запасн rezerv\w* tartalék εφεδρ cadangan""",
    "予備 备用 備用 예비",
)
_OLD = pattern(
    r"""old\b previous original former(?:ly)?\b alt(?:er|e|es)?\b bisher ursprünglich ancien précéden anterior antes\b vecchi
    precedent[ei] oude?\b vorige oorspronkelijk stary\b stare\b poprzedni starý původní gamm(?:al|el)\w* tidigare tidligere
    vanha eski\b önceki стар\w+ прежн попередн régi\b eredeti vechi παλι sebelumnya""",
    "変更前 旧 原定 原时间 변경_?전 기존",
)
_NEW = pattern(
    r"""new\b revised? updated? neu(?:er|e|es)?\b jetzt nouve nuev nov[ao]\b nuov[oa] nieuwe? now[yea]\b nov[ýéá]\b nya?\b
    nytt\b nye\b uusi yeni\b нов\w+ új\b nou[ăl]?\b νέ baru\b now\b ahora primary main\b current corrected""",
    "変更後 新 변경_?후",
)
_KINDS = re.compile(f"(?P<{BACKUP}>{_BACKUP})|(?P<{OLD}>{_OLD})|(?P<{NEW}>{_NEW})", re.IGNORECASE)

_RANGE = re.compile(
    r"[-–—~→]|\.\.|"
    + pattern(
        r"""to\b until\b till\b through\b thru\b and\b und\b bis\b auf\b à\b a\b au\b al\b hasta\b y\b e\b até\b às\b as\b alle\b
        fino\b tot\b en\b t/m\b do\b i\b až\b az\b til\b og\b och\b ja\b by\b ends?\b fin\b fim\b ende\b einde\b et\b в\b до\b
        по\b na\b op\b på\b naar\b и\b та\b έως\b s/d\b sampai\b la\b ile\b""",
        "から 至 到 まで 부터",
    ),
    re.IGNORECASE,
)

_LIST = re.compile(pattern(r"and\b und\b y\b e\b et\b i\b og\b och\b en\b ja\b и\b та\b"), re.IGNORECASE)


def role(label: str) -> str:
    """Return START, END, EXTENDED, NOTE, or nothing: what the last word of a label says that says any of it."""
    found = ""
    for match in _ROLES.finditer(_ID.sub(" ", label)):
        found = match.lastgroup or ""
        if found == EXTENDED:
            break
    return found


def kinds(label: str) -> frozenset[str]:
    """Return which of OLD, NEW and BACKUP the words of a label say."""
    return frozenset(match.lastgroup or "" for match in _KINDS.finditer(label))


def is_list(gap: str) -> bool:
    """Return whether what stands between two dates makes them a list: "12 and 13 May"."""
    return _LIST.search(gap) is not None


def is_range(gap: str) -> bool:
    """Return whether what stands between two moments makes them a range."""
    return _RANGE.search(gap) is not None
