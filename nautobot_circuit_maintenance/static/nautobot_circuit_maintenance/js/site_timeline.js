/* The picture of the next days: how many links of each site are down. The numbers are in the page, for screen readers as a table. */
document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("site-timeline");
    if (!place || !window.echarts) {
        return;
    }
    const data = JSON.parse(document.getElementById("site-timeline-data").textContent);
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    // Or Nautobot's script would look for the settings of a chart of its own when the theme changes.
    place.removeAttribute("_echarts_instance_");
    const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const draw = () => {
        const text = style("--bs-body-color");
        const line = style("--bs-border-color");
        const red = style("--bs-danger");
        const orange = style("--bs-warning");
        const blue = style("--bs-primary");
        const names = { type: "category", data: data.sites, inverse: true, axisLabel: { color: text, width: 130, overflow: "truncate" } };
        const common = {
            animation: false,
            aria: { enabled: true, label: { description: data.description } },
            grid: { left: 8, right: 16, top: 8, bottom: 4, containLabel: true },
            tooltip: { appendToBody: true, formatter: (item) => window.echarts.format.encodeHTML(item.value[6] || "") },
        };
        if (data.days) {
            chart.setOption({
                ...common,
                xAxis: { type: "category", data: data.days, axisLabel: { color: text } },
                yAxis: names,
                visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: [line, orange, red] } },
                series: [{ type: "heatmap", data: data.cells, itemStyle: { borderColor: line, borderWidth: 1 } }],
            }, true);
            return;
        }
        const bar = (params, api) => {
            const [from, share, state] = [api.value(1), api.value(3), api.value(4)];
            const start = api.coord([from, api.value(0)]);
            const end = api.coord([api.value(2), api.value(0)]);
            const height = api.size([0, 1])[1] * 0.8;
            const tall = Math.max(share * height, 3);
            const shape = window.echarts.graphic.clipRectByRect(
                { x: start[0], y: start[1] + height / 2 - tall, width: Math.max(end[0] - start[0], 3), height: tall },
                params.coordSys,
            );
            const fill = state === "dark" || state === "down" || state === "one-left" ? red : blue;
            return shape && {
                type: "rect",
                shape,
                style: {
                    fill,
                    opacity: state === "dark" ? 1 : 0.55,
                    stroke: state === "one-left" ? orange : undefined,
                    lineWidth: state === "one-left" ? 3 : 0,
                },
            };
        };
        chart.setOption({
            ...common,
            xAxis: { type: "time", min: data.from, max: data.until, axisLabel: { color: text, hideOverlap: true, formatter: { year: "{MMM} {d}", month: "{MMM} {d}", day: "{ee} {d}", hour: "{HH}:{mm}" } }, splitLine: { show: true, lineStyle: { color: line } } },
            yAxis: names,
            series: [{ type: "custom", renderItem: bar, encode: { x: [1, 2], y: 0 }, data: data.bars, cursor: "pointer" }],
        }, true);
    };
    draw();
    chart.on("click", (item) => {
        if (item.value[5]) {
            window.location = item.value[5];
        }
    });
    document.querySelectorAll("[data-ncm-days]").forEach((button) => {
        button.addEventListener("click", () => {
            const days = Number(button.dataset.ncmDays);
            document.getElementById("site-timeline-title").textContent = `Next ${days === 1 ? "24 hours" : `${days} days`} by site`;
            data.until = data.from + days * 86400000;
            document.querySelectorAll("[data-ncm-days]").forEach((each) => {
                each.setAttribute("aria-pressed", String(each === button));
                each.classList.toggle("btn-primary", each === button);
                each.classList.toggle("btn-secondary", each !== button);
            });
            draw();
        });
    });
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
    window.addEventListener("resize", () => chart.resize());
});
