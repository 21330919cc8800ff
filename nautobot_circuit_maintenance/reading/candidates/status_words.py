"""The words of status in some twenty languages, and those that make a sentence a condition."""

CANCELLED, COMPLETED, IN_PROCESS = "CANCELLED", "COMPLETED", "IN-PROCESS"
RESCHEDULED, TENTATIVE, CONFIRMED = "RE-SCHEDULED", "TENTATIVE", "CONFIRMED"


STRONG = {
    CANCELLED: r"""stornierung absage entfall annullamento cancelación cancelamento annulering intrekking odwołani\w+ zrušení
        aflysning avlysning inställelse peruutus iptali lemondás anulare pembatalan ακύρωση retirad[oa]\b
        cancel(?:l?ed|l?ations?)\b cancelad[oa]s? will_not_take_place not_take_place called_off
        was_not_completed withdrawn\b abgesagt storniert entfällt annul[ée]\w* annullat[oiae] annulat annulation
        suspendid[oa]s? geannuleerd gaat_niet_door odwoł\w+ anulowan\w+ zrušen\w* inställ[tda]\w* avlys[ta]\w*
        aflys\w+ perut\w+ peruutet\w* iptal отмен[её]?н\w* отменя\w+ отмена скасован\w* törölve törlés elmarad
        ακυρ\w+ batal\w* dibatal\w* anulad[oa]s? anulat\w* anulare\w* anul·lad\w* anul·lat\w* cancel·l\w+ otkazan\w* otkazuje
        odpovedan\w* preklic\w* отказан\w* отказва анулир\w* atšauk\w* atcel\w+ tühist\w* jääb_ära ära_jäetud hủy\b huỷ\b bị_hủy
        aflýst\w* no_longer_go_ahead not_go_ahead not_be_going_ahead not_proceed\b no_longer_take_place not_be_taking_place
        not_be_carried_out stood_down aborted\b findet_nicht_statt finden_nicht_statt nicht_durchgeführt aura_pas_lieu
        auront_pas_lieu no_se_realizará non_avrà_luogo gaan_niet_door ställs_in neproběhne nie_odbęd\w+
        не_состо\w+ не_будут_проводиться""",
    COMPLETED: r"""abschluss_der beendigung fertigmeldung fin_des_travaux finalización conclusão completamento fine_lavori
        afronding zakończenie_prac ukončení slutförande afslutning avslutning valmistuminen tamamlandı
        завершение_работ befejezés finalizare ολοκλήρωση penyelesaian completed\b completion\b
        ticket_resolved is_complete\b are_complete\b is_now_complete\b are_now_complete\b
        has_(?:now_)?ended has_(?:now_)?finished has_been_concluded is_now_over maintenance_end_? closed\b
        successfully abgeschlossen beendet terminée?s? clôture finaliz\w+ concluíd\w+ completat[oiae]
        conclus[oiae] afgerond voltooid zakończ(?:one|on[oy]|yły|ył)\w* dokonč\w+ ukončen\w* avslutat\w*
        avslutad slutför\w+ afsluttet gennemført avsluttet fullført valmistu(?:i|ivat|nut|neet|minen)\b päättynyt tamamlan(?!acak|mas)\w+
        заверш[её]н\w* завершились befejez\w+ finalizat[ăe]? ολοκληρώ\w+ telah_selesai conclu(?:id[oa]s?|yó) achevée?s?\b
        fertiggestellt završen\w* dovršen\w* zaključen\w* končan\w* завршен\w* приключи(?:ха|ли|ло|ла)\b завършен\w* baigt[ia]\b užbaigt\w*
        pabeigt\w* lõpetatud lõppenud đã_hoàn_thành đã_hoàn_tất finalitza\w+ lokið\b""",
    IN_PROCESS: r"""has_(?:now_)?(?:started|begun|commenced) in_progress\b in_process\b underway\b under_way ongoing\b hat_begonnen
        haben_begonnen wurde_begonnen a_commencé ont_commencé ha_comenzado ha_iniciado em_andamento
        foi_iniciad\w+ è_iniziat\w+ sono_iniziat\w+ is_begonnen rozpoczęły_się rozpoczęto byla_zahájena
        har_påbörjats er_påbegyndt er_startet on_alkanut başladı начал(?:ись|ась) розпочат\w* megkezdődött
        a_început έχουν_ξεκινήσει telah_dimulai have_(?:now_)?(?:started|begun|commenced) u_tijeku u_toku započe(?:l[ioa]|to)\b
        v_teku práve_prebieha\w* už_prebieha\w* започна(?:ха|ли|ло|ла)\b prasidėjo alanud\b đã_bắt_đầu""",
    RESCHEDULED: r"""terminwechsel verlegung verlängert verlängerung report_d reprogrammation reprogramación aplazamiento
        reagendamento adiamento remarcação rinvio spostamento posticipo riprogrammazione uitstel verplaatsing
        przesunięci\w+ przełożenie přesun přeložení flytning omläggning utsettelse siirto ertelem\w+ halasztás
        amânare penjadwalan_ulang penundaan αναβολή rescheduled\b re-scheduled\b rescheduling\b re-scheduling\b
        will_be_performed_during_the_alternate reschedule_notif\w+ postpon(?:ed|ement)\b
        has_(?:been_)?(?:moved|changed|revised|updated|extended) moved_to revised\b verschoben verlegt
        verschiebung terminverschiebung terminänderung neuer_termin neue_zeit reporté\w* reportée?s?
        replanifi\w+ déplacé\w* nouvelle_date reprogram\w+ re-program\w+ reagendad\w+ pospuest\w+ aplazad\w+
        adiad[oa]s? adiamento remarcad\w+ rinviat\w+ posticipat\w+ riprogrammat\w+ spostat\w+ spostamento
        verplaatst verzet uitgesteld nieuwe_datum przełożon\w+ przesunięt\w+ zmiana_terminu nowy_termin
        přesunut\w* přeložen\w* odložen\w* změna_termínu nový_termín flyttad\w* framflyttad\w* ombokad
        nytt_datum nytt_tid ny_tid ny_dato flyttet udsat\b siirret\w+ siirtynyt uusi_ajankohta ertelen\w+
        перенес[её]н\w* перенос\w* переносится перенесен\w* átütemez\w* elhalaszt\w* amânat\w* reprogramat
        αναβ\w+ μετατ\w+ ditunda dijadwalkan_ulang perubahan_jadwal jadwal_baru deferred\b brought_forward pushed_back
        have_been_(?:moved|changed|revised|extended) was_moved moved_to odgođen\w* pomaknut\w* premješten\w* novi_termin
        promjena_termina promena_termina prestavljen\w* premaknjen\w* померен\w* одложен\w* отложен\w* преместен\w* нов_срок
        perkel\w+ atidėt\w* pārcelt\w* edasi_lükatud lükatakse_edasi dời_lịch hoãn\b thay_đổi_lịch lùi_lịch ajornat\w*
        reprogramat\w* frestað\b senareläggs skjuts_upp uusi_aika gewijzigde_(?:datum|tijd|planning)""",
    TENTATIVE: r"tentative\b provisional\w* provisoire\w* vorläufig\w* voorlopig\w* to_be_confirmed unconfirmed",
}
OTHER = {
    CANCELLED: "中止 取消 キャンセル 취소 ยกเลิก إلغاء ألغي בוטל ביטול لغو",
    COMPLETED: "完了 已完成 完成 완료 แล้วเสร็จ เสร็จสิ้น اكتمل הושלם הסתיים",
    IN_PROCESS: "開始しました 开始实施 已开始 시작되었 بدأ_العمل",
    RESCHEDULED: """日程変更 日時変更 変更のお知らせ 変更となり 変更いたし 変更になり 延期 改期 时间变更 变更为 时间调整 时间有调整 调整为 時間調整
        일정_?변경 변경되 연기 เลื่อน تأجيل إعادة_جدولة נדחה נדחתה""",
    TENTATIVE: "暂定 仮",
}
WEAK_WORDS = {
    RESCHEDULED: r"""updated?\b correction\b corrected\b changed\b amend\w+ new_(?:date|time|window|start) neu(?:er|e)?\b
        extended\b""",
    IN_PROCESS: r"started\b begun\b commenced\b commencing start_maintenance start_notification",
    COMPLETED: r"ended\b finished\b complete\b fin_effective",
    CONFIRMED: r"confirmed\b scheduled\b planned\b will_be_perform\w+",
}
SUBJECT_WORDS = {
    COMPLETED: r"""fin_de_travaux fin_de_los_trabajos cierre_de término_de encerramento einde_werkzaamheden
        ende_der_arbeiten окончани\w+_работ hoàn_thành hoàn_tất""",
}
"""Elsewhere they are labels of an end that is still to come."""
FUTURE = r"""will\b shall\b expected_to wird\b werden\b sera\b seront\b devrai\w+ será\b serán\b serão\b estará\b estarán\b estarão\b
    sarà\b saranno\b verrà\b verranno\b zal\b zullen\b zostanie\b zostaną\b będzie\b będą\b bude\b budou\b budú\b bo\b bodo\b
    će\b biće\b će_biti ће\b биће\b будет\b будут\b буде\b будуть\b ще\b ќе\b θα\b va_fi\b vor_fi\b se_va\b se_vor\b lesz\b lesznek\b fog\b
    kommer_att ska\b skal\b vil\b akan\b sẽ\b dự_kiến bus\b tiks\b serà\b seran\b verður\b verða\b"""
"""What comes before a word for completed or begun makes it a plan: "wird bis 04:00 Uhr abgeschlossen", "ще приключи"."""
CONDITION = (
    r"""if\b unless\b should\b in_case in_the_event when\b once\b until\b after\b before\b as_soon please_re-?schedule
    requested_(?:that|to) request_you not_(?:be_)?(?:cancel|resched|postpon|complet)\w+ may_be could_be can_be might_be
    to_be_(?:completed|cancelled|rescheduled) will_be_(?:completed|rescheduled|cancelled)_(?:if|by|when) unable_to falls\b wenn\b
    sollte\w* si\b devait sobald nach_abschluss se\b(?!_han?\b) caso\b qualora indien\b als\b mocht\w* jeśli gdy\w* pokud\b
    om\b(?<!information_om) hvis\b
    nothing\b nichts\b rien\b niente\b niets\b jos\b(?<!mai_jos) eğer если\b якщо\b ha\b(?!_\w+(?:d[oa]s?|t[oaie])\b) dacă\b αν\b jika\b
    apabila dopo\b après\b después
    ako\b ukoliko\b če\b ако\b jei\b kui\b nếu\b sau_khi\b""",
    "場合 如果 如有 若 경우",
)
