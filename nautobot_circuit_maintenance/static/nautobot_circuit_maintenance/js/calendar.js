/* The calendar of maintenance windows: FullCalendar's standard bundle, and a summary of the window that is clicked. */
document.addEventListener("DOMContentLoaded", () => {
    const settings = JSON.parse(document.getElementById("calendar-settings").textContent);
    const summary = document.getElementById("calendar-summary");
    const part = (name) => document.getElementById(`calendar-summary-${name}`);
    const time = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
    const show = ({ event, jsEvent }) => {
        jsEvent.preventDefault();
        const more = event.extendedProps;
        part("title").textContent = event.title;
        part("facts").textContent = [
            `${time.format(event.start)} – ${time.format(event.end)} ${settings.zone}`,
            more.status,
            more.impact || "no impact known",
            more.ack ? "acknowledged" : "unacknowledged",
        ].join(" · ");
        part("open").href = event.url;
        const form = part("acknowledge");
        form.action = `${event.url}acknowledge/`;
        form.elements.seen.value = more.seen;
        form.hidden = !settings.mayAcknowledge || more.ack || more.over;
        summary.showModal();
    };
    part("close").addEventListener("click", () => summary.close());
    const isNarrow = window.matchMedia("(max-width: 767.98px)").matches;
    new FullCalendar.Calendar(document.getElementById("calendar"), {
        initialView: isNarrow ? "listNext" : "dayGridMonth",
        headerToolbar: { left: "prev,next today", center: "title", right: "dayGridMonth,timeGridWeek,listNext" },
        buttonIcons: false,
        buttonText: { prev: "Previous", next: "Next", today: "Today", month: "Month", week: "Week" },
        views: {
            // Work of a night stands on the day on which it begins. Not so in the list, which would end it at midnight.
            dayGridMonth: { displayEventEnd: false, nextDayThreshold: "12:00" },
            timeGridWeek: { dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" } },
            // What is ahead, also on the last day of a month.
            listNext: { type: "list", duration: { days: 30 }, buttonText: "List", listDayFormat: { weekday: "short", day: "numeric", month: "short", year: "numeric" }, listDaySideFormat: false },
        },
        locale: "en-gb",
        firstDay: 1,
        height: "auto",
        dayMaxEvents: 3,
        nowIndicator: true,
        // The server answers in the user's zone: shown as they are written.
        timeZone: settings.zone,
        now: settings.now,
        allDaySlot: false,
        slotEventOverlap: false,
        eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
        slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
        displayEventEnd: true,
        events: settings.events,
        moreLinkDidMount: ({ el }) => {
            // A link without an address that opens something is a button.
            el.setAttribute("role", "button");
            if (!el.getAttribute("aria-controls")) {
                el.removeAttribute("aria-controls");
            }
        },
        eventClick: show,
    }).render();
});
