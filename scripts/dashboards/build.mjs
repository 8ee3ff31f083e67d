// A Grafana board from rows of panels: only what our boards need of schema version 39.

const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };
const WIDTH = 24;

/** @returns a query of a panel; `legend` in Grafana's own braces */
export const query = (expr, legend = '') => ({ expr, legend });

const panel = (type, title, description, width, queries, fieldConfig, options) => ({
  type,
  title,
  description,
  width,
  queries,
  fieldConfig,
  options,
});

/** Lines over time. `limit`: a red line where it becomes too much. */
export function lines(title, description, unit, queries, { width = 12, limit, stack = false } = {}) {
  const steps = [{ color: 'green', value: null }, ...(limit === undefined ? [] : [{ color: 'red', value: limit }])];
  const custom = {
    lineWidth: 1,
    fillOpacity: stack ? 40 : 0,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: stack ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: limit === undefined ? 'off' : 'line' },
  };
  const defaults = { unit, min: 0, custom, thresholds: { mode: 'absolute', steps } };
  const legend = { displayMode: 'table', placement: 'right', calcs: ['lastNotNull', 'max'], showLegend: true };
  const options = { legend, tooltip: { mode: 'multi', sort: 'desc' } };
  return panel('timeseries', title, description, width, queries, { defaults, overrides: [] }, options);
}

/** One number; red from `limit` on, or below it where `low` is said. */
export function number(title, description, unit, queries, { width = 4, limit, low = false } = {}) {
  const colours = low ? ['red', 'green'] : ['green', 'red'];
  const steps = [
    { color: limit === undefined ? 'blue' : colours[0], value: null },
    ...(limit === undefined ? [] : [{ color: colours[1], value: limit }]),
  ];
  const defaults = { unit, thresholds: { mode: 'absolute', steps }, noValue: 'no data' };
  const options = {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    colorMode: 'background',
    graphMode: 'area',
    textMode: 'auto',
  };
  return panel('stat', title, description, width, queries, { defaults, overrides: [] }, options);
}

/** Which of several states each of some things was in, over time: series of a one-hot figure that are 1. */
export function states(title, description, queries, { width = 12 } = {}) {
  const defaults = {
    custom: { fillOpacity: 70, lineWidth: 0 },
    mappings: [{ type: 'value', options: { 1: { text: 'yes', color: 'blue' } } }],
    thresholds: { mode: 'absolute', steps: [{ color: 'transparent', value: null }] },
  };
  const options = { mergeValues: true, showValue: 'never', rowHeight: 0.9, legend: { showLegend: false } };
  return panel('state-timeline', title, description, width, queries, { defaults, overrides: [] }, options);
}

/** The newest value of each series, one a line. */
export function table(title, description, unit, queries, { width = 12 } = {}) {
  const hidden = { Time: true, __name__: true, instance: true, job: true };
  return {
    ...panel('table', title, description, width, queries, { defaults: { unit }, overrides: [] }, { showHeader: true }),
    transformations: [{ id: 'organize', options: { excludeByName: hidden } }],
  };
}

const refOf = (at) => String.fromCharCode(65 + at);

function placed(rows) {
  const panels = [];
  let y = 0;
  for (const { title, height = 8, panels: row } of rows) {
    panels.push({ type: 'row', title, collapsed: false, panels: [], gridPos: { h: 1, w: WIDTH, x: 0, y } });
    y += 1;
    let x = 0;
    for (const { width, queries, ...rest } of row) {
      if (x + width > WIDTH) {
        x = 0;
        y += height;
      }
      const instant = rest.type === 'table';
      const targets = queries.map(({ expr, legend }, at) => ({
        refId: refOf(at),
        datasource: DATASOURCE,
        expr,
        ...(legend === '' ? {} : { legendFormat: legend }),
        ...(instant ? { instant: true, format: 'table' } : {}),
      }));
      panels.push({ ...rest, datasource: DATASOURCE, targets, gridPos: { h: height, w: width, x, y } });
      x += width;
    }
    y += height;
  }
  return panels.map((one, at) => ({ id: at + 1, ...one }));
}

const PIPELINE = {
  name: 'pipeline',
  type: 'query',
  datasource: DATASOURCE,
  query: { query: 'label_values(sluice_flow_verdict, pipeline)', refId: 'pipeline' },
  refresh: 2,
  includeAll: true,
  allValue: '.*',
  multi: true,
  current: { text: 'All', value: '$__all' },
};
const FLOW = {
  ...PIPELINE,
  name: 'flow',
  query: { query: 'label_values(sluice_flow_verdict{pipeline=~"$pipeline"}, flow)', refId: 'flow' },
};

/** @param rows `{ title, height?, panels }`, the panels laid out from left to right */
export function board({ uid, title, description, flows = false, rows }) {
  const source = { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} };
  const link = {
    title: 'other boards of Sluice',
    type: 'dashboards',
    tags: ['sluice'],
    asDropdown: true,
    includeVars: true,
    keepTime: true,
  };
  return {
    uid,
    title,
    description,
    tags: ['sluice'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    templating: { list: [source, PIPELINE, ...(flows ? [FLOW] : [])] },
    annotations: { list: [] },
    links: [link],
    panels: placed(rows),
  };
}
