"""What the words beside a moment say about it: start or end, the old window, a backup window, the time of a note.

Stems in some twenty languages; Chinese, Japanese and Korean have no word boundaries ("変更" is found anywhere).
"""

import re
from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.reading.candidates.words import WORD_END, Vocabulary, Word, pattern

START, END, EXTENDED, NOTE = "start", "end", "extended", "note"
OLD, NEW, BACKUP, ALTERNATE = "old", "new", "backup", "alternate"
"""An alternate night is a backup for some, and one more night for others (Lumen)."""

_EXTENDED = (
    r"""extend(?:ed|s)?_(?:until|till|to|end) verlängert_bis prolong\w*_jusqu ampliad\w+_(?:hasta|até) extendid\w+_(?:hasta|até)
    prorogat\w_(?:fino|al) verlengd_tot przedłużon\w+_do prodloužen\w*_do förläng\w+_till forl[æe]nget_til продл[её]н\w*_до
    продовжен\w*_до produljen\w*_do podaljšan\w*_do predĺžen\w*_do удължен\w*_до pratęst\w*_iki pagarināt\w*_līdz""",
    "延長 延长至 연장",
)
_NOTE = (
    r"""sent\b created\b issued\b posted\b generated\b announced\b reply respond before\b deadline last\b actual(?:ly)?\b
    effecti(?:ve|f) has_begun has_started\b has_ended\b as_of printed\b gesendet erstellt rückfragen envoyé enviad[oa] inviat[oa]
    verzonden wysłano odesláno skickat sendt lähetetty отправлено надіслано antes_d antwort réponse avant_l copyright
    completed\b was\b""",
    "送信 发送",
)
_END = (
    r"""end(?:s|ing|e|et|zeit|zeitpunkt|tid|ed|datum|dato|time|date)?\b eind\w* stop\w*
    finish(?:es)? complet(?:es|ion) conclu until\b till\b to\b fin\b fine\b final\b
    finaliz\w+ fim\b término termin\w+ ende\b einde\b bis\b zum\b koniec końc\w* zakończ konec konč\w+ ukonč\w+ do\b slut\w* til\b päätty
    loppu bitiş sona оконч конец заверш до\b кінець закінч vége befejez sfâr[sșş] λήξη selesai berakhir hasta\b até\b au\b al\b
    tot\b kraj\b završet\w* край\b pabaig\w* iki\b beig\w* līdz\b lõpp kuni\b kết_thúc đến\b tamat\b hingga\b până έως\b μέχρι
    fins\b a_les\b lok\b""",
    "終了 结束 結束 종료 สิ้นสุด ถึง نهاية انتهاء إلى حتى סיום עד",
)
_START = (
    r"""start\w* begin\w* commenc\w+ from\b fm\b since\b début debut inici\w+ iníci\w+ inizi\w+ aanvang van\b von\b rozpocz początek
    od\b začát zaháj fra\b från alka\w* başla\w* начал с\b почат kezd\w+ început încep έναρξη mulai desde\b dal\b du\b ab\b
    dalle\b počet\w* počinj\w* započinj\w* začet\w* začiat\w* pradži\w* nuo\b sākum\w* alg(?:us|ab)\b alates\b bắt_đầu từ\b
    mula\b de_la\b(?!_(?!ora|data)\w) από\b des_de upphaf\b saat_mulai""",
    "開始 开始 เริ่ม بداية بدء התחלה 시작",
)
_ROLES = Vocabulary.of({EXTENDED: _EXTENDED, NOTE: _NOTE, END: _END, START: _START})
_COMPOUNDS = re.compile(
    rf"(?P<{NOTE}>[(]c[)]|©)|(?P<{END}>(?:ende|slut(?:tid(?:spunkt)?)?){WORD_END})"
    rf"|(?P<{START}>(?:beginn|anfang|start(?:tid(?:spunkt)?|zeit)?){WORD_END})",
    re.IGNORECASE,
)
"""Where a word ends with one: "Wartungsbeginn", "Arbeidsslutt"."""

_ID = re.compile(r"(?<!\S)[A-Z]{1,4}[-_/.][^\s:]*\d[^\s:]*")
"""An ID beside a moment names it and does not label it: AB-1 is not "ab" (German: from), AU-SYD-1 not "au" (French: to)."""

_BACKUP = (
    r"""back-?_?up reserv\w* contingen fall-?back ersatz ausweich secours repli\b respaldo riserva rezerw\w* zapasow
    náhradn záložn yedek резерв запасн rezerv\w* tartalék εφεδρ cadangan pričuvn rezervn zálohov dự_phòng varaaika varadato
    varaal atsargin varuaeg""",
    "予備 备用 備用 예비",
)
_OLD = (
    r"""old\b previous original former(?:ly)?\b alt(?:er|e|es)?\b bisher ursprünglich ancien précéden anterior antes\b(?!_d) vecchi
    precedent[ei] oude?\b vorige oorspronkelijk stary\b stare\b poprzedni starý původní gamm(?:al|el)\w* tidigare\b(?!_än) tidligere\b(?!_en[dn])
    vanha eski\b önceki стар\w+ прежн попередн régi\b eredeti vechi παλι sebelumnya stari\b prethodn prejšnj pôvodn предишн
    ankstesn sena\b iepriekš endine cũ\b antig earlier\b(?!_than) initially announced_before instead_of in_place_of anstelle anstatt
    statt_(?:wie|des|dem|bisher|ursprünglich) statt(?<!findet_statt)(?<!finden_statt)_?$ au_lieu en_lugar en_vez invece in_plaats_van zamiast
    místo_(?:původn|dřívějš|plánovan) místo_?$ istället_för i_stedet_for вместо замість umjesto""",
    "変更前 旧 原定 原时间 변경_?전 기존",
)
_VOID = re.compile(
    pattern(
        r"""no_longer_(?:appl|valid|stand|current|in_force) not_(?:apply|valid)\b superseded obsolete hinfällig nicht_mehr_gültig
        gilt_nicht_mehr plus_valable caduque ya_no_(?:es|son|aplica) queda_sin_efecto sem_efeito não_é_mais non_è_più vervalt
        vervallen nieaktualn\w* neplatí již_neplat gäller_inte gælder_ikke gjelder_ikke ei_ole_enää недейств больше_не geçersiz
        érvényét_vesz nu_mai_este tidak_berlaku""",
        "無効 作废 作廢 무효",
    ),
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<!\d)[.!?;](?!\S)|[。\n]")
_NEW = (
    r"""new\b revised? updated? neu(?:er|e|es)?\b jetzt nouve nuev nov[ao]\b nuov[oa] nieuwe? now[yea]\b nov[ýéá]\b ny\b nya\b
    nytt\b nye\b uusi yeni\b нов\w+ új\b nou[ăl]?\b νέ baru\b novi\b nauj jaun uus\b mới\b now\b ahora primary main\b current corrected""",
    "変更後 新 변경_?후",
)
_KINDS = Vocabulary.of({ALTERNATE: ("alternat", "代替"), BACKUP: _BACKUP, OLD: _OLD, NEW: _NEW})

_RANGE = re.compile(
    r"[-–—~→>]|\.\.|^[ ]?/[ ]?$|"
    + pattern(
        r"""to\b until\b till\b through\b thru\b and\b und\b bis\b auf\b à\b a\b au\b al\b hasta\b y\b e\b até\b às\b as\b alle\b
        fino\b tot\b en\b t/m\b do\b i\b až\b az\b til\b og\b och\b ja\b by\b ends?\b fin\b fim\b ende\b einde\b et\b в\b до\b
        по\b na\b op\b på\b naar\b и\b та\b έως\b μέχρι\b s/d\b sampai\b hingga\b la\b ile\b đến\b tới\b iki\b līdz\b kuni\b fins\b
        până\b""",
        "から 至 到 まで 부터 ถึง إلى حتى עד",
    ),
    re.IGNORECASE,
)

_LIST = re.compile(pattern(r"and\b und\b y\b e\b et\b i\b og\b och\b en\b ja\b и\b та\b"), re.IGNORECASE)


_OF = re.compile(r"(?:do|du|van|von|de la)", re.IGNORECASE)
"""Words for "from" or "to" in one language and "of" in another, or in the same: "Fin du chantier", "Início do trabalho"."""
_OF_GAP = re.compile(r"\w*[ ](?:\w+[ ])?")


def role(label: str) -> str:
    """Return START, END, EXTENDED, NOTE, or nothing: what the last word of a label says that says any of it."""
    text = _ID.sub(" ", label)
    found = [(word.start, word.group) for word in _without_of(text, sorted(_ROLES.find(text)))]
    found += [(match.start(), match.lastgroup or "") for match in _COMPOUNDS.finditer(text)]
    if any(group == EXTENDED for _, group in found):
        return EXTENDED
    return max(found)[1] if found else ""


def _without_of(text: str, words: Sequence[Word]) -> Iterator[Word]:
    """Yield the words without those that only join a start or end with what starts or ends."""
    end = None
    for word in words:
        is_joining = end is not None and _OF_GAP.fullmatch(text, end, word.start)
        if not (is_joining and _OF.fullmatch(text, word.start, word.end)):
            yield word
        end = word.end


def kinds(label: str) -> frozenset[str]:
    """Return which of OLD, NEW, BACKUP and ALTERNATE the words of a label say; what is alternate is a backup, too."""
    found = frozenset(word.group for word in _KINDS.find(label))
    return found | {BACKUP} if ALTERNATE in found else found


def is_void(text: str) -> bool:
    """Return whether what stands behind a moment says in the same sentence that it counts no longer."""
    end = _SENTENCE_END.search(text)
    return _VOID.search(text, 0, end.start() if end else len(text)) is not None


def is_list(gap: str) -> bool:
    """Return whether what stands between two dates makes them a list: "12 and 13 May"."""
    return _LIST.search(gap) is not None


def is_range(gap: str) -> bool:
    """Return whether what stands between two moments makes them a range."""
    return _RANGE.search(gap) is not None
