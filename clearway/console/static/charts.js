// Charts of the console. Each <div data-chart="kind" data-source="/console/data/..."> fetches its
// data and draws itself with ECharts in the colours of the present theme; a table stands beside
// each chart for whoever cannot see it.
(() => {
  "use strict";
  const drawn = new Map();
  const rootStyle = () => getComputedStyle(document.documentElement);
  const colour = (name) => rootStyle().getPropertyValue(name).trim();
  const words = JSON.parse(document.querySelector("#chart-words")?.textContent || "{}");
  const say = (text) => words[text] || text;

  function common() {
    return {
      textStyle: { fontFamily: colour("--tblr-font-sans-serif"), color: colour("--tblr-body-color") },
      animation: false,
      aria: { enabled: true },
      grid: { left: 56, right: 24, top: 40, bottom: 56 },
      tooltip: { trigger: "axis", confine: true },
    };
  }
  function axis(extra) {
    return {
      axisLine: { lineStyle: { color: colour("--cw-ink-soft") } },
      axisLabel: { color: colour("--cw-ink-soft") },
      splitLine: { lineStyle: { color: colour("--cw-track") } },
      nameTextStyle: { color: colour("--cw-ink-soft") },
      ...extra,
    };
  }

  // A reefer's history and forecast: supply, return, pulp; band of remaining life to come.
  function reefer(data) {
    const line = (name, points, style) => ({
      name: say(name), type: "line", showSymbol: false, data: points, ...style,
    });
    const band = (lower, upper, hue) => [
      { name: "low", type: "line", stack: "band", showSymbol: false, silent: true,
        lineStyle: { opacity: 0 }, data: lower, tooltip: { show: false } },
      { name: say("Forecast"), type: "line", stack: "band", showSymbol: false, silent: true,
        lineStyle: { opacity: 0 }, areaStyle: { color: hue, opacity: 0.22 },
        data: upper.map((point, i) => [point[0], point[1] - lower[i][1]]) },
    ];
    const marks = (data.alarms || []).map((alarm) => ({ xAxis: alarm.at, name: alarm.kind }));
    return {
      ...common(),
      legend: { top: 0, textStyle: { color: colour("--tblr-body-color") },
        data: ["Supply air", "Return air", "Pulp", "Forecast"].map(say) },
      xAxis: axis({ type: "time" }),
      yAxis: axis({ type: "value", name: "°C", scale: true }),
      dataZoom: [{ type: "inside" }],
      series: [
        line("Supply air", data.supply, { lineStyle: { width: 1, color: colour("--cw-blue") }, itemStyle: { color: colour("--cw-blue") } }),
        line("Return air", data.return, { lineStyle: { width: 1, color: colour("--cw-amber") }, itemStyle: { color: colour("--cw-amber") } }),
        line("Pulp", data.pulp, {
          lineStyle: { width: 2.5, color: colour("--tblr-primary") }, itemStyle: { color: colour("--tblr-primary") },
          markLine: {
            symbol: "none", label: { color: colour("--cw-ink-soft"), formatter: "{b}" },
            data: [
              ...(data.limit_c == null ? [] : [{ yAxis: data.limit_c, name: say("Limit"), lineStyle: { color: colour("--cw-red") } }]),
              { xAxis: data.now, name: say("Now"), lineStyle: { color: colour("--cw-ink-soft") } },
              ...marks.map((mark) => ({ ...mark, lineStyle: { color: colour("--cw-red"), type: "dotted" } })),
            ],
          },
        }),
        ...(data.forecast ? band(data.forecast.low, data.forecast.high, colour("--tblr-primary")) : []),
      ],
    };
  }

  // Hours per step and agency (TFA 7.6): median as bar, 90th percentile as a thin bar behind it.
  function release(data) {
    return {
      ...common(),
      grid: { left: 190, right: 40, top: 40, bottom: 40 },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, confine: true,
        valueFormatter: (hours) => `${Number(hours).toFixed(1)} h` },
      legend: { top: 0, textStyle: { color: colour("--tblr-body-color") } },
      xAxis: axis({ type: "value", name: "h" }),
      yAxis: axis({ type: "category", inverse: true, data: data.labels }),
      series: [
        { name: say("Median"), type: "bar", data: data.median, barGap: "-70%", barWidth: 16, z: 3,
          itemStyle: { color: colour("--tblr-primary"), borderRadius: 3 } },
        { name: say("9 of 10 within"), type: "bar", data: data.p90, barWidth: 8, z: 2,
          itemStyle: { color: colour("--cw-amber"), opacity: 0.55, borderRadius: 3 } },
      ],
    };
  }

  // Consignments hour by hour.
  function flow(data) {
    const hues = { lodged: "--cw-blue", released: "--cw-green", examined: "--cw-amber" };
    return {
      ...common(),
      legend: { top: 0, textStyle: { color: colour("--tblr-body-color") } },
      xAxis: axis({ type: "category", data: data.hours }),
      yAxis: axis({ type: "value", minInterval: 1 }),
      series: Object.keys(hues).map((key) => ({
        name: say(key), type: "bar", data: data[key], itemStyle: { color: colour(hues[key]), borderRadius: 2 },
      })),
    };
  }

  // World map: a lane from each country of dispatch to this border, as wide as its consignments.
  async function map(data) {
    if (!echarts.getMap("world")) {
      const world = await (await fetch("/console/static/vendor/countries-110m.json")).json();
      echarts.registerMap("world", cut(topojson.feature(world, world.objects.countries)));
    }
    const most = Math.max(1, ...data.lanes.map((lane) => lane.count));
    const hue = (lane) => lane.not_conform > 0 ? colour("--cw-red") : lane.red > 0 ? colour("--cw-amber") : colour("--tblr-primary");
    return {
      ...common(),
      tooltip: { confine: true, formatter: (one) => one.data?.text || one.name },
      geo: {
        map: "world", roam: true, zoom: 1.15, center: [20, 15], silent: true,
        itemStyle: { areaColor: colour("--cw-track"), borderColor: colour("--tblr-bg-surface") },
      },
      series: [
        { type: "lines", coordinateSystem: "geo", zlevel: 2,
          data: data.lanes.map((lane) => ({
            coords: [lane.from, data.here], text: lane.text,
            lineStyle: { width: 1 + 5 * lane.count / most, color: hue(lane), curveness: 0.25, opacity: 0.75 },
          })) },
        { type: "scatter", coordinateSystem: "geo", zlevel: 3,
          symbolSize: (value) => 6 + 14 * value[2] / most,
          data: data.lanes.map((lane) => ({ value: [...lane.from, lane.count], text: lane.text, itemStyle: { color: hue(lane) } })) },
        { type: "effectScatter", coordinateSystem: "geo", zlevel: 4, symbolSize: 14,
          rippleEffect: { number: 1, scale: 2 }, itemStyle: { color: colour("--tblr-primary") },
          label: { show: true, formatter: data.name, position: "right", color: colour("--tblr-body-color"), fontWeight: 600 },
          data: [{ value: [...data.here, 1], text: data.name }] },
      ],
    };
  }

  // Rings that cross the date line would be drawn as lines across the whole map: drop the far part.
  function cut(features) {
    const crosses = (ring) => ring.some((point, i) => i && Math.abs(point[0] - ring[i - 1][0]) > 180);
    for (const feature of features.features) {
      const shape = feature.geometry;
      if (shape.type === "Polygon" && crosses(shape.coordinates[0])) {
        shape.coordinates[0] = shape.coordinates[0].map(([x, y]) => [x < 0 ? x + 360 : x, y]).map(([x, y]) => [Math.min(x, 180), y]);
      } else if (shape.type === "MultiPolygon") {
        shape.coordinates = shape.coordinates.map((rings) =>
          crosses(rings[0]) ? [rings[0].map(([x, y]) => [x < 0 ? 180 : x, y])] : rings);
      }
    }
    return features;
  }

  const kinds = { reefer, release, flow, map };

  async function draw(element) {
    const answer = await fetch(element.dataset.source, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const option = await kinds[element.dataset.chart](await answer.json());
    let chart = drawn.get(element);
    if (!chart) {
      chart = echarts.init(element, null, { renderer: "svg" });
      drawn.set(element, chart);
      new ResizeObserver(() => chart.resize()).observe(element);
    }
    chart.setOption(option, true);
    element.dataset.drawn = "yes";
  }
  const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);

  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("clearway:theme", drawAll);
  let waiting = null;
  document.addEventListener("DOMContentLoaded", () => document.body.addEventListener("facts", () => {
    if (!waiting) waiting = setTimeout(() => { waiting = null; drawAll(); }, 3000);
  }));
})();
