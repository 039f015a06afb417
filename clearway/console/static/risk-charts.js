// Charts of the pages of risk. Names and units come with the numbers, in the page's language; a
// table beside each chart has the same numbers. Colour never speaks alone: series differ in shape.
(() => {
  "use strict";
  const { kinds, common, legend, axis, colour, safe } = window.clearwayCharts;
  const language = document.documentElement.lang;
  const HUES = ["--tblr-primary", "--cw-amber", "--cw-ink-soft", "--cw-red", "--cw-green"];
  const SYMBOLS = ["circle", "diamond", "triangle", "rect", "pin"];

  const asNumber = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1, notation: "compact" });
  function words(value, unit) {
    if (value == null) return "–";
    if (unit === "%") return `${asNumber.format(Math.round(value * 1000) / 10)} %`;
    return `${asNumber.format(value)}${unit ? ` ${unit}` : ""}`;
  }
  const tick = (unit) => ({ color: colour("--cw-ink-soft"), hideOverlap: true,
    formatter: (value) => unit === "%" ? `${asNumber.format(Math.round(value * 1000) / 10)} %` : short.format(value) });
  const span = (low, high, unit) => low == null ? "" : ` (${words(low, unit)} – ${words(high, unit)})`;
  const named = (names) => names.map((name, place) => ({ name, icon: SYMBOLS[place % SYMBOLS.length] }));
  const room = (labels, most = 220) => Math.min(most, 14 + Math.max(4, ...labels.map((one) => one.length)) * 6.6);

  // A whisker from low to high; horizontal where the values lie on the x axis.
  function whiskers(points, hue, isFlat) {
    return {
      type: "custom", silent: true, z: 4, tooltip: { show: false }, encode: isFlat ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
      data: points.filter((one) => one[1] != null),
      renderItem: (params, api) => {
        const at = api.value(0);
        const from = api.coord(isFlat ? [api.value(1), at] : [at, api.value(1)]);
        const to = api.coord(isFlat ? [api.value(2), at] : [at, api.value(2)]);
        const cap = (point) => isFlat
          ? { x1: point[0], y1: point[1] - 4, x2: point[0], y2: point[1] + 4 }
          : { x1: point[0] - 4, y1: point[1], x2: point[0] + 4, y2: point[1] };
        const style = { stroke: hue, lineWidth: 1.5, fill: "none" };
        return { type: "group", children: [
          { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style },
          { type: "line", shape: cap(from), style }, { type: "line", shape: cap(to), style },
        ] };
      },
    };
  }

  // {labels, series: [{name, points: [[value, low, high]]}], unit, usual?: {name, value}}
  kinds.intervals = (data) => ({
    ...common(),
    grid: { left: room(data.labels), right: 36, top: data.series.length > 1 || data.usual ? 40 : 12, bottom: 30 },
    legend: data.series.length > 1 ? { ...legend(named(data.series.map((one) => one.name))), itemWidth: 12, itemHeight: 12 } : undefined,
    tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => `<b>${safe(one.name)}</b><br>${safe(one.seriesName)} ${safe(words(one.value[0], data.unit) + span(one.value[2], one.value[3], data.unit))}` },
    xAxis: axis({ type: "value", min: 0, axisLabel: tick(data.unit) }),
    yAxis: axis({ type: "category", data: data.labels, inverse: true, splitLine: { show: false }, axisLabel: { color: colour("--tblr-body-color"), width: 210, overflow: "truncate" } }),
    series: data.series.flatMap((one, place) => {
      const hue = colour(HUES[place]);
      return [
        { name: one.name, type: "scatter", symbol: SYMBOLS[place], symbolSize: 11, itemStyle: { color: hue }, z: 5,
          data: one.points.map((point, row) => ({ name: data.labels[row], value: [point[0], row, point[1], point[2]] })).filter((each) => each.value[0] != null),
          ...(data.usual && !place ? { markLine: { symbol: "none", silent: true, lineStyle: { color: colour("--cw-ink-soft"), type: "dashed" },
            label: { formatter: data.usual.name, position: "start", color: colour("--cw-ink-soft") }, data: [{ xAxis: data.usual.value }] } } : {}) },
        whiskers(one.points.map((point, row) => [row, point[1], point[2]]), hue, true),
      ];
    }),
  });

  // {labels, series: [{name, values, unit?, right?, line?, stack?}], unit, limit?: {name, value}}
  kinds.bars = (data) => ({
    ...common(),
    legend: data.series.length > 1 ? legend() : undefined,
    grid: { left: 58, right: data.series.some((one) => one.right) ? 62 : 20, top: data.name ? 62 : 44, bottom: 40 },
    tooltip: { ...common().tooltip, axisPointer: { type: "shadow" }, formatter: (points) => [`<b>${safe(points[0].name)}</b>`,
      ...points.map((one) => `${one.marker} ${safe(one.seriesName)} <b>${safe(words(one.value, data.series[one.seriesIndex].unit ?? data.unit))}</b>`)].join("<br>") },
    xAxis: axis({ type: "category", data: data.labels, splitLine: { show: false }, axisLabel: { color: colour("--cw-ink-soft"), margin: 14, hideOverlap: true } }),
    yAxis: [axis({ type: "value", min: 0, axisLabel: tick(data.unit), name: data.name ?? "", nameTextStyle: { align: "left", color: colour("--cw-ink-soft") } }),
      ...(data.series.some((one) => one.right) ? [axis({ type: "value", min: 0, splitLine: { show: false }, axisLabel: tick(data.series.find((one) => one.right).unit) })] : [])],
    series: data.series.map((one, place) => ({
      name: one.name, data: one.values, type: one.line ? "line" : "bar", stack: one.stack, yAxisIndex: one.right ? 1 : 0, barGap: "0%", barMaxWidth: 34,
      symbol: SYMBOLS[place], symbolSize: 8, lineStyle: { width: 2, type: place % 2 ? "dashed" : "solid" },
      itemStyle: { color: colour(HUES[place % HUES.length]), borderRadius: one.stack ? 0 : 2, ...(one.pale ? { opacity: 0.4 } : {}) },
      ...(data.limit && !place ? { markLine: { symbol: "none", silent: true, lineStyle: { color: colour("--cw-red"), width: 1.4 },
        label: { formatter: data.limit.name, position: "insideEndTop", color: colour("--cw-red") }, data: [{ yAxis: data.limit.value }] } } : {}),
    })),
  });

  // {labels, series: [{name, points: [[value, low, high]]}], unit, marks?: [{at, name}]}: over time
  kinds.trend = (data) => ({
    ...common(),
    legend: { ...legend(named(data.series.map((one) => one.name))), itemWidth: 12, itemHeight: 12 },
    grid: { left: 58, right: 24, top: data.name ? 62 : 44, bottom: 40 },
    tooltip: { ...common().tooltip, formatter: (points) => [`<b>${safe(points[0].name)}</b>`, ...points.filter((one) => one.seriesType === "line" && one.seriesName && data.series.some((each) => each.name === one.seriesName))
      .map((one) => { const point = data.series.find((each) => each.name === one.seriesName).points[one.dataIndex] ?? []; return `${one.marker} ${safe(one.seriesName)} <b>${safe(words(point[0], data.unit))}</b>${safe(span(point[1], point[2], data.unit))}`; })].join("<br>") },
    xAxis: axis({ type: "category", data: data.labels, splitLine: { show: false }, axisLabel: { color: colour("--cw-ink-soft"), margin: 14, hideOverlap: true } }),
    yAxis: axis({ type: "value", min: 0, ...(data.most ? { max: data.most } : {}), axisLabel: tick(data.unit), name: data.name ?? "", nameTextStyle: { align: "left", color: colour("--cw-ink-soft") } }),
    series: data.series.flatMap((one, place) => {
      const hue = colour(HUES[place % HUES.length]);
      return [
        { name: one.name, type: "line", data: one.points.map((point) => point[0]), symbol: SYMBOLS[place], symbolSize: 8, z: 5, connectNulls: true,
          itemStyle: { color: hue }, lineStyle: { color: hue, width: 2, type: place % 2 ? "dashed" : "solid" },
          ...(data.marks?.length && !place ? { markLine: { symbol: ["none", "pin"], silent: true, lineStyle: { color: colour("--cw-red"), type: "dotted", width: 1.5 },
            label: { formatter: (mark) => mark.name, color: colour("--cw-red"), position: "insideEndTop" }, data: data.marks.map((mark) => ({ xAxis: mark.at, name: mark.name })) } } : {}) },
        whiskers(one.points.map((point, at) => [at, point[1], point[2]]), hue, false),
      ];
    }),
  });

  // {points: [[said, observed, low, high, count]], names: {said, observed, perfect, count}}
  kinds.reliability = (data) => {
    const hue = colour("--tblr-primary");
    const top = Math.min(1, Math.max(0.1, ...data.points.flatMap((one) => [one[0], one[3] ?? one[1]])) * 1.05);
    const scale = (count) => 7 + 15 * Math.sqrt((count || 0) / Math.max(1, ...data.points.map((one) => one[4] || 0)));
    const unit = axis({ type: "value", min: 0, max: top, axisLabel: tick("%") });
    return {
      ...common(),
      grid: { left: 62, right: 24, top: 22, bottom: 50 },
      tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => `${safe(data.names.said)} <b>${safe(words(one.value[0], "%"))}</b><br>${safe(data.names.observed)} <b>${safe(words(one.value[1], "%"))}</b>${safe(span(one.value[2], one.value[3], "%"))}${one.value[4] == null ? "" : `<br>${safe(asNumber.format(one.value[4]))} ${safe(data.names.count)}`}` },
      xAxis: { ...unit, name: data.names.said, nameLocation: "middle", nameGap: 30 },
      yAxis: { ...unit, name: data.names.observed, nameLocation: "middle", nameGap: 46 },
      series: [
        { type: "line", silent: true, symbol: "none", data: [[0, 0], [top, top]], lineStyle: { color: colour("--cw-ink-soft"), type: "dashed", width: 1 },
          endLabel: { show: false }, tooltip: { show: false } },
        { type: "scatter", data: data.points, symbolSize: (value) => scale(value[4]), itemStyle: { color: hue, opacity: 0.85 }, z: 5 },
        whiskers(data.points.map((one) => [one[0], one[2], one[3]]), hue, false),
      ],
    };
  };

  const heatRoom = (data, element) => Math.min(room(data.features, 330), Math.round(element.clientWidth * 0.4));

  // {weeks, features, cells: [[week, feature, value]], names: {stable, moved, shifted}}: PSI
  kinds.heat = (data, element) => ({
    ...common(),
    grid: { left: heatRoom(data, element), right: 16, top: 40, bottom: 34 },
    tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => `<b>${safe(data.features[one.value[1]])}</b><br>${safe(data.weeks[one.value[0]])}: PSI ${safe(asNumber.format(one.value[2]))}` },
    xAxis: axis({ type: "category", data: data.weeks, splitLine: { show: false } }),
    yAxis: axis({ type: "category", data: data.features, inverse: true, splitLine: { show: false }, axisLabel: { color: colour("--tblr-body-color"), interval: 0, width: heatRoom(data, element) - 16, overflow: "break", lineHeight: 13, fontSize: element.clientWidth < 700 ? 10 : 12 } }),
    visualMap: { type: "piecewise", top: 0, left: 0, orient: "horizontal", itemWidth: 12, itemHeight: 10, itemGap: 6, padding: 2, textStyle: { color: colour("--tblr-body-color"), fontSize: element.clientWidth < 700 ? 10 : 12 },
      pieces: [
        { lt: 0.1, label: `${data.names.stable} < 0.1`, color: colour("--cw-track") },
        { gte: 0.1, lt: 0.25, label: `${data.names.moved} 0.1 – 0.25`, color: "#e3a53b" },
        { gte: 0.25, label: `${data.names.shifted} ≥ 0.25`, color: "#b3262c" },
      ] },
    series: [{ type: "heatmap", data: data.cells, itemStyle: { borderColor: colour("--tblr-bg-surface"), borderWidth: 2, borderRadius: 2 },
      label: { show: element.clientWidth / data.weeks.length > 60, fontSize: 10, formatter: (one) => one.value[2] >= 0.1 ? one.value[2].toFixed(2) : "",
        color: "#fff", textBorderColor: "#3b2c12", textBorderWidth: 2 } }],
  });

  // {points: [[weight, hits, revenue]], chosen, names: {hits, revenue, weight, chosen}, unit}
  kinds.frontier = (data) => {
    const point = (one) => ({ value: [one[2], one[1], one[0]] });
    const at = data.points[data.chosen];
    return {
      ...common(),
      grid: { left: 64, right: 40, top: 44, bottom: 48 },
      tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => `${safe(data.names.weight)} <b>${safe(asNumber.format(one.value[2]))}</b><br>${safe(data.names.hits)} <b>${safe(words(one.value[1], "%"))}</b><br>${safe(data.names.revenue)} <b>${safe(words(one.value[0], data.unit))}</b>` },
      xAxis: axis({ type: "value", scale: true, axisLabel: tick(data.unit), name: data.names.revenue, nameLocation: "middle", nameGap: 28 }),
      yAxis: axis({ type: "value", scale: true, axisLabel: tick("%"), name: data.names.hits, nameLocation: "middle", nameGap: 48 }),
      series: [
        { type: "line", data: data.points.map(point), symbol: "circle", symbolSize: 8, smooth: false, itemStyle: { color: colour("--tblr-primary") }, lineStyle: { color: colour("--tblr-primary"), width: 2 } },
        { type: "scatter", data: [point(at)], symbol: "diamond", symbolSize: 20, z: 6, itemStyle: { color: colour("--cw-amber"), borderColor: colour("--tblr-bg-surface"), borderWidth: 2 },
          label: { show: true, position: "top", distance: 8, formatter: data.names.chosen, color: colour("--tblr-body-color"), fontWeight: 600, textBorderColor: colour("--tblr-bg-surface"), textBorderWidth: 3 } },
      ],
    };
  };

  // {kinds: [name], nodes: [{id, name, kind, note, path?}], links: [{from, to, name, dashed?}]}
  kinds.network = (data, element) => {
    const shapes = ["circle", "diamond", "triangle", "rect", "roundRect", "pin"];
    const hues = ["--tblr-primary", "--cw-red", "--cw-amber", "--cw-blue", "--cw-green", "--cw-ink-soft"];
    const degree = {};
    for (const link of data.links) for (const end of [link.from, link.to]) degree[end] = (degree[end] || 0) + 1;
    element.dataset.path = "yes";
    return {
      ...common(),
      legend: { ...legend(data.kinds.map((name, place) => ({ name, icon: shapes[place % shapes.length] }))), itemWidth: 13, itemHeight: 13 },
      tooltip: { ...common().tooltip, trigger: "item", formatter: (one) => one.dataType === "edge" ? safe(one.data.value) : `<b>${safe(one.data.full)}</b><br>${safe(one.data.note)}` },
      series: [{
        type: "graph", layout: "force", roam: "move", top: 40, draggable: true, force: { repulsion: 260, edgeLength: [60, 130], gravity: 0.12, layoutAnimation: false },
        categories: data.kinds.map((name, place) => ({ name, symbol: shapes[place % shapes.length], itemStyle: { color: colour(hues[place % hues.length]) } })),
        label: { show: true, position: "right", color: colour("--tblr-body-color"), fontSize: 11, width: 150, overflow: "truncate", textBorderColor: colour("--tblr-bg-surface"), textBorderWidth: 2 },
        labelLayout: { hideOverlap: true },
        data: data.nodes.map((one) => ({ id: one.id, name: one.name, full: one.name, note: one.note, path: one.path, category: one.kind,
          symbolSize: one.isCentre ? 26 : 11 + Math.min(9, degree[one.id] || 0), ...(one.isCentre ? { label: { fontWeight: 700, fontSize: 13 } } : {}) })),
        edges: data.links.map((one) => ({ source: one.from, target: one.to, label: one.name,
          lineStyle: { color: one.dashed ? colour("--cw-red") : colour("--cw-ink-soft"), type: one.dashed ? "dashed" : "solid", width: one.dashed ? 2 : 1.1, opacity: 0.75, curveness: 0.06 } }))
          .map(({ label, ...edge }) => ({ ...edge, value: label, label: { show: false } })),
      }],
    };
  };

  // The slider of the frontier: it moves the mark of the chart and tells what that weight brings.
  function slide(slider) {
    const chart = document.querySelector(slider.dataset.moves);
    const table = JSON.parse(chart.dataset.values);
    const show = () => {
      table.chosen = Number(slider.value);
      const [weight, hits, revenue] = table.points[table.chosen];
      chart.dataset.values = JSON.stringify(table);
      slider.setAttribute("aria-valuetext", `${words(hits, "%")}, ${words(revenue, table.unit)}`);
      for (const [name, text] of Object.entries({ weight: asNumber.format(weight), hits: words(hits, "%"), revenue: words(revenue, table.unit) })) {
        document.querySelectorAll(`[data-shows="${name}"]`).forEach((place) => { place.textContent = text; });
      }
      document.querySelectorAll("input[data-takes=weight]").forEach((field) => { field.value = weight; });
      window.clearwayCharts.draw(chart);
    };
    slider.addEventListener("input", show);
    show();
  }
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("input[data-moves]").forEach(slide));
})();
