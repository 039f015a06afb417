// Charts of the console. Each <div data-chart="kind" data-source="/console/data/..."> fetches its
// data and draws itself with ECharts in the colours of the present theme; a table stands beside
// each chart for whoever cannot see it. The words come with the page, in its language.
(() => {
  "use strict";
  const drawn = new WeakMap();
  const rootStyle = () => getComputedStyle(document.documentElement);
  const colour = (name) => rootStyle().getPropertyValue(name).trim();
  const words = JSON.parse(document.querySelector("#chart-words")?.textContent || "{}");
  const say = (text) => words[text] || text;
  const safe = (text) => echarts.format.encodeHTML(String(text));
  const numbers = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: "UTC", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hour12: false,
  });

  function common() {
    return {
      textStyle: { fontFamily: colour("--tblr-font-sans-serif"), color: colour("--tblr-body-color"), fontSize: 12 },
      animation: false,
      aria: { enabled: true },
      grid: { left: 52, right: 20, top: 44, bottom: 34 },
      tooltip: {
        trigger: "axis", confine: true, backgroundColor: colour("--tblr-bg-surface"),
        borderColor: colour("--tblr-border-color"), textStyle: { color: colour("--tblr-body-color") },
      },
    };
  }
  function legend(data) {
    return { top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 8, itemGap: 18,
      textStyle: { color: colour("--tblr-body-color") }, ...(data ? { data } : {}) };
  }
  function axis(extra) {
    return {
      axisLine: { lineStyle: { color: colour("--cw-track") } },
      axisTick: { show: false },
      axisLabel: { color: colour("--cw-ink-soft"), hideOverlap: true },
      splitLine: { lineStyle: { color: colour("--cw-track") } },
      nameTextStyle: { color: colour("--cw-ink-soft") },
      ...extra,
    };
  }

  // A reefer's history and forecast: supply, return, pulp with its band; when alarms stood.
  function reefer(data, element) {
    if (element.dataset.days && data.now != null) {  // the last days only: what matters for today
      data.since = Math.max(data.since, data.now - element.dataset.days * 86_400_000);
      for (const name of ["supply", "return", "pulp", "pulp_low", "pulp_high", "probe"]) data[name] = data[name].filter((point) => point[0] >= data.since);
      data.spans = data.spans.filter((span) => span.until >= data.since);
      data.events = data.events.filter((event) => event.at >= data.since);
    }
    const line = (name, points, hue, style) => ({
      name: say(name), type: "line", showSymbol: false, data: points, emphasis: { disabled: true },
      itemStyle: { color: hue }, lineStyle: { color: hue, width: 1.3, ...style }, connectNulls: false,
    });
    const [red, soft, pulp] = [colour("--cw-red"), colour("--cw-ink-soft"), colour("--tblr-primary")];
    const hues = { critical: red, warning: colour("--cw-amber"), notice: colour("--cw-blue"), event: soft };
    const spans = [...data.spans, ...data.events.map((event) => ({ name: say("Event"), level: "event", since: event.at, until: event.at }))];
    const left = spans.length ? 104 : 52;
    const ahead = data.forecast || { low: [], middle: [], high: [] };
    const [low, high] = [[...data.pulp_low, ...ahead.low], [...data.pulp_high, ...ahead.high]];
    const hidden = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
    const band = [
      { ...hidden, name: "low", data: low },
      { ...hidden, name: say("8 of 10 outcomes"), itemStyle: { color: pulp, opacity: 0.35 }, areaStyle: { color: pulp, opacity: 0.2 },
        data: high.map((point, i) => [point[0], point[1] == null ? null : point[1] - low[i][1]]) },
      ...(data.forecast ? [line("Likely from now on", ahead.middle, pulp, { width: 2, type: "dashed" })] : []),
    ];
    const mark = (at, name, hue, style) => ({ ...at, name, lineStyle: { color: hue, width: 1.2, ...style }, label: { color: hue } });
    const marks = [
      ...(data.limit_c == null ? [] : [mark({ yAxis: data.limit_c, label: {} }, say("Limit"), red, { type: "solid" })]),
      ...(data.now == null ? [] : [mark({ xAxis: data.now }, say("Now"), soft, { type: "dashed" })]),
    ];
    return {
      ...common(),
      legend: legend(["Pulp", "Likely from now on", "8 of 10 outcomes", "Probe", "Supply air", "Return air"].map(say)),
      grid: [{ left, right: 60, top: 44, bottom: 34 + lanes(spans).height }, { left, right: 60, bottom: 4, height: lanes(spans).height }],
      tooltip: { ...common().tooltip, formatter: (points) => Array.isArray(points) ? [safe(clock.format(points[0].axisValue)) + " UTC",
        ...points.filter((one) => one.seriesName !== "low" && one.seriesName !== say("8 of 10 outcomes") && one.value[1] != null)
          .map((one) => `${one.marker} ${safe(one.seriesName)} <b>${numbers.format(one.value[1])} °C</b>`)].join("<br>") : "" },
      xAxis: [0, 1].map((gridIndex) => axis({ type: "time", gridIndex, min: data.since, max: data.until ?? data.now, splitLine: { show: false }, show: gridIndex === 0 })),
      yAxis: [axis({ type: "value", name: "°C", scale: true }), { type: "value", gridIndex: 1, min: 0, max: lanes(spans).names.length || 1, show: false }],
      useUTC: true,
      series: [
        line("Supply air", data.supply, colour("--cw-blue"), { opacity: 0.55, width: 1 }),
        line("Return air", data.return, colour("--cw-amber"), { opacity: 0.75 }),
        { ...line("Pulp", data.pulp, pulp, { width: 3 }), z: 4,
          markLine: { symbol: "none", silent: true, label: { position: "end", formatter: "{b}" }, data: marks } },
        ...band,
        { name: say("Probe"), type: "scatter", data: data.probe, symbolSize: 4, itemStyle: { color: soft }, z: 5 },
        stood(spans, hues),
      ],
    };
  }

  // A lane below the curve for each kind of alarm, so that what happened stands on one axis.
  const LANE = 16;
  function lanes(spans) {
    const names = [...new Set(spans.map((span) => span.name))].slice(0, 8);
    return { names, height: names.length * LANE };
  }
  function stood(spans, hues) {
    const { names } = lanes(spans);
    const shown = spans.filter((span) => names.includes(span.name));
    return {
      type: "custom", xAxisIndex: 1, yAxisIndex: 1, silent: true, z: 3, tooltip: { show: false },
      encode: { x: [0, 1], y: 2 },
      data: shown.map((span) => [span.since, span.until, names.length - names.indexOf(span.name) - 0.5]),
      renderItem: (params, api) => {
        const span = shown[params.dataIndex];
        const [from, to] = [api.coord([span.since, api.value(2)]), api.coord([span.until, api.value(2)])];
        const x = Math.max(from[0], params.coordSys.x);
        const hue = hues[span.level] || hues.notice;
        const first = shown.findIndex((one) => one.name === span.name) === params.dataIndex;
        return { type: "group", children: [
          { type: "rect", shape: { x, y: from[1] - 4, width: Math.max(3, to[0] - x), height: 8, r: 2 }, style: { fill: hue, opacity: 0.75 } },
          ...(first ? [{ type: "text", style: { text: span.name, fill: hue, x: params.coordSys.x - 8, y: from[1], textAlign: "right", textVerticalAlign: "middle", fontSize: 11 } }] : []),
        ] };
      },
    };
  }

  // The fleet: cautious days of life left against degrees above the limit, a point each.
  function fleet(data, element) {
    const hues = { without_alarm: "--tblr-primary", with_an_alarm: "--cw-amber", over_a_limit: "--cw-red" };
    const text = (at) => `<b>${safe(at[2])}</b> ${safe(at[3])}<br>${numbers.format(at[0])} ${safe(say("days"))}<br>${at[1] > 0 ? "+" : ""}${numbers.format(at[1])} °C`;
    element.dataset.opens = "reefers";
    return {
      ...common(),
      legend: legend(),
      grid: { left: 60, right: 24, top: 40, bottom: 44 },
      tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => text(one.value) },
      xAxis: axis({ type: "value", min: 0, max: 30, name: say("cautious days of life left"), nameLocation: "middle", nameGap: 28 }),
      yAxis: axis({ type: "value", name: say("°C above the limit"), nameTextStyle: { align: "left" } }),
      series: Object.keys(hues).map((tone) => ({
        name: say(tone.replaceAll("_", " ")), type: "scatter", data: data[tone], symbolSize: tone === "without_alarm" ? 5 : 9, cursor: "pointer",
        itemStyle: { color: colour(hues[tone]), opacity: tone === "without_alarm" ? 0.55 : 0.9 },
        ...(tone === "over_a_limit" ? { markLine: { symbol: "none", silent: true, label: { formatter: say("Limit"), position: "insideEndTop", color: colour("--cw-red") },
          lineStyle: { color: colour("--cw-red"), type: "solid", width: 1 }, data: [{ yAxis: 0 }] } } : {}),
      })),
    };
  }

  // Hours per step and agency (TFA 7.6): the median on the way to the ninth decile.
  function release(data) {
    const widest = Math.max(...data.labels.map((label) => label.length), 8);
    const bar = (name, values, style) => ({ name: say(name), type: "bar", data: values, barWidth: 14, barGap: "-100%", ...style });
    return {
      ...common(),
      grid: { left: Math.min(260, 8 + widest * 6.4), right: 30, top: 40, bottom: 34 },
      tooltip: { ...common().tooltip, axisPointer: { type: "shadow" }, valueFormatter: (hours) => `${numbers.format(hours)} h` },
      legend: legend(),
      xAxis: axis({ type: "value", axisLabel: { color: colour("--cw-ink-soft"), formatter: (hours) => `${numbers.format(hours)} h` } }),
      yAxis: axis({ type: "category", inverse: true, data: data.labels, splitLine: { show: false } }),
      series: [
        bar("9 of 10 within", data.p90, { z: 2, itemStyle: { color: colour("--tblr-primary"), opacity: 0.3, borderRadius: 3 } }),
        bar("Median", data.median, { z: 3, itemStyle: { color: colour("--tblr-primary"), borderRadius: 3 } }),
      ],
    };
  }

  // Consignments hour by hour.
  function flow(data) {
    const hues = { lodged: "--cw-blue", released: "--cw-green", examined: "--cw-amber" };
    return {
      ...common(),
      legend: legend(),
      xAxis: axis({ type: "category", data: data.hours }),
      yAxis: axis({ type: "value", minInterval: 1 }),
      series: Object.keys(hues).map((key) => ({
        name: say(key), type: "bar", data: data[key], barGap: "0%", barCategoryGap: "25%", itemStyle: { color: colour(hues[key]), borderRadius: 2 },
      })),
    };
  }

  // World map: a lane from each country of dispatch to this border, as wide as its consignments.
  async function map(data) {
    if (!echarts.getMap("world")) {
      const world = await (await fetch("/console/static/vendor/countries-110m.json")).json();
      echarts.registerMap("world", atlas(topojson.feature(world, world.objects.countries)));
    }
    const most = Math.max(1, ...data.lanes.map((lane) => lane.count));
    const hue = (lane) => lane.not_conform > 0 ? colour("--cw-red") : lane.selected > 0 ? colour("--cw-amber") : colour("--tblr-primary");
    const text = (lane) => `<b>${safe(lane.name)}</b><br>${lane.count} ${safe(say("consignments"))}<br>${lane.selected} ${safe(say("selected"))}<br>${lane.not_conform} ${safe(say("not conform"))}`;
    return {
      ...common(),
      tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => one.data?.lane ? text(one.data.lane) : "" },
      geo: {
        map: "world", roam: "move", center: [12, 20], zoom: 1.25, silent: true, aspectScale: 0.85,
        itemStyle: { areaColor: colour("--cw-land"), borderColor: colour("--cw-sea"), borderWidth: 0.7 },
      },
      series: [
        { type: "lines", coordinateSystem: "geo", z: 2,
          data: data.lanes.map((lane) => ({
            coords: [lane.from, data.here], lane,
            lineStyle: { width: 1 + 5 * lane.count / most, color: hue(lane), curveness: 0.22, opacity: 0.7 },
          })) },
        { type: "scatter", coordinateSystem: "geo", z: 3, symbolSize: (value) => 6 + 12 * Math.sqrt(value[2] / most),
          data: data.lanes.map((lane) => ({ value: [...lane.from, lane.count], lane,
            itemStyle: { color: hue(lane), borderColor: colour("--cw-sea"), borderWidth: 1 } })) },
        { type: "scatter", coordinateSystem: "geo", z: 4, symbolSize: 15, symbol: "diamond",
          itemStyle: { color: colour("--tblr-body-color"), borderColor: colour("--cw-sea"), borderWidth: 2 },
          label: { show: true, formatter: data.name, position: "bottom", distance: 9, color: colour("--tblr-body-color"), fontWeight: 600,
            textBorderColor: colour("--cw-sea"), textBorderWidth: 3 },
          data: [{ value: [...data.here, 1] }] },
      ],
    };
  }

  // Antarctica is left out: no goods come from there and it takes a fifth of the map. Rings that
  // cross the date line would be drawn as lines across the whole map: they are cut there.
  function atlas(features) {
    const isFar = (ring) => ring.some((point, i) => i && Math.abs(point[0] - ring[i - 1][0]) > 180);
    const half = (ring, isEast) => ring.map(([x, y]) => isEast ? [x < 0 ? 180 : x, y] : [x > 0 ? -180 : x, y]);
    features.features = features.features.filter((one) => one.id !== "010");
    for (const feature of features.features) {
      const shape = feature.geometry;
      const polygons = shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
      feature.geometry = { type: "MultiPolygon", coordinates: polygons.flatMap((rings) =>
        isFar(rings[0]) ? [[half(rings[0], true)], [half(rings[0], false)]] : [rings]) };
    }
    return features;
  }

  const kinds = { reefer, fleet, release, flow, map };
  // Other files add kinds of their own (see risk-charts.js).
  window.clearwayCharts = { kinds, common, legend, axis, colour, safe, draw };

  // The numbers stand with the chart, or have an address of their own.
  async function numbersOf(element) {
    if (element.dataset.values) return JSON.parse(element.dataset.values);
    const answer = await fetch(element.dataset.source, { headers: { Accept: "application/json" } });
    return answer.ok ? answer.json() : null;
  }

  async function draw(element) {
    const values = await numbersOf(element);
    if (values === null) return;
    const option = await kinds[element.dataset.chart](values, element);
    if (!element.isConnected) return;
    let chart = drawn.get(element);
    if (!chart) {
      chart = echarts.init(element, null, { renderer: element.dataset.renderer || "svg" });
      chart.on("click", (one) => { if (element.dataset.opens && one.value?.[2]) location.assign(`/console/${element.dataset.opens}/${encodeURIComponent(one.value[2])}`); });
      drawn.set(element, chart);
      // A page that goes away shrinks to nothing, and nothing can be laid out in that.
      new ResizeObserver(() => { if (Math.min(element.clientWidth, element.clientHeight) > 60) chart.resize(); }).observe(element);
      chart.setOption(option);
    } else {
      delete option.geo?.center;  // whoever moved the map keeps it so
      delete option.geo?.zoom;
      chart.setOption(option, { replaceMerge: ["series"] });
    }
    element.dataset.drawn = "yes";
  }
  const drawAll = () => document.querySelectorAll("[data-chart]").forEach((element) => {
    draw(element).catch(() => { element.dataset.drawn = "no"; });
  });

  const REDRAW_MS = 3000;
  let waiting = null;
  document.addEventListener("DOMContentLoaded", () => {
    drawAll();
    document.body.addEventListener("facts", () => {
      if (!waiting) waiting = setTimeout(() => { waiting = null; drawAll(); }, REDRAW_MS);
    });
  });
  document.addEventListener("clearway:theme", drawAll);
  document.addEventListener("htmx:after:swap", () => document.querySelectorAll("[data-values]:not([data-drawn])").forEach((element) => {
    draw(element).catch(() => { element.dataset.drawn = "no"; });
  }));
})();
