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
        // Only the sites at which something happens in the chosen days; a bar names its site by its place among all.
        const bars = (data.bars || []).filter((each) => each[1] < data.until);
        const shown = data.days ? data.sites.map((_, number) => number) : [...new Set(bars.map((each) => each[0]))].sort((one, other) => one - other);
        const names = {
            type: "category",
            data: shown.map((number) => data.sites[number]),
            inverse: true,
            axisLabel: { color: text, width: 130, overflow: "truncate" },
            // Bands: a bar stands on the lower edge of its own.
            splitArea: { show: true, areaStyle: { color: [style("--bs-tertiary-bg"), "transparent"] } },
        };
        const encode = window.echarts.format.encodeHTML;
        const common = {
            animation: false,
            aria: { enabled: true, label: { description: data.description } },
            grid: { left: 8, right: 32, top: 8, bottom: 4, containLabel: true },
            tooltip: { appendToBody: true, formatter: (item) => [item.value[6] || "", ...(item.value[7] || [])].map(encode).join("<br>") },
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
            const tall = Math.max(share * height, 6);
            const shape = window.echarts.graphic.clipRectByRect(
                { x: start[0], y: start[1] + api.size([0, 1])[1] / 2 - tall, width: Math.max(end[0] - start[0], 3), height: tall },
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
        place.style.height = `${40 + 26 * Math.max(shown.length, 1)}px`;
        chart.resize();
        chart.setOption({
            ...common,
            title: { show: !bars.length, text: "No link of a site is affected.", left: "center", top: "middle", textStyle: { color: text, fontSize: 14 } },
            xAxis: { type: "time", min: data.from, max: data.until, axisLabel: { color: text, hideOverlap: true, formatter: { year: "{ee} {d} {MMM}", month: "{ee} {d} {MMM}", day: "{ee} {d} {MMM}", hour: "{HH}:{mm}" } }, splitLine: { show: true, lineStyle: { color: line } } },
            yAxis: names,
            series: [{ type: "custom", renderItem: bar, encode: { x: [1, 2], y: 0 }, data: bars.map((each) => [shown.indexOf(each[0]), ...each.slice(1)]), cursor: "pointer" }],
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
