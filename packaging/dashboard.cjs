/**
 * The body of the CloudWatch dashboard, as a text for `Fn::Sub`: what serverless.yml takes its
 * `DashboardBody` from.
 *
 * From top to bottom: do callers get their tokens, are connections refreshed, what waits, what fails.
 * Functions, queues and alarms are read from serverless.yml, so that a new one is here by itself.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const columns = 24;
const day = 86_400;
const tables = { ConnectionsTable: ['due', 'by_client'], TokensTable: [], SessionsTable: [] };

module.exports = async ({ resolveVariable }) => {
  const service = `evergrant-${await resolveVariable('sls:stage')}`;
  const text = readFileSync(join(process.cwd(), 'serverless.yml'), 'utf8');
  const [, functions = ''] = /^functions:\n([\s\S]*?)^resources:/m.exec(text) ?? [];
  return JSON.stringify({
    start: '-PT12H',
    widgets: inRows([
      ...overview(service, namesIn(text, /^ {4}(\w+Alarm):$/gm)),
      ...callers(service),
      ...refreshes(service),
      ...waiting(service, namesIn(text, /^ {4}(\w+Queue):$/gm)),
      ...failing(service, namesIn(functions, /^ {2}([\w-]+):/gm)),
    ]),
  });
};

function overview(service, alarms) {
  const markdown = `# ${service}\nWhat each metric and alarm means, and what to do: docs/operations.md, "When something is wrong".`;
  return [
    [{ type: 'text', height: 2, properties: { markdown } }],
    [
      {
        type: 'alarm',
        height: 5,
        properties: { title: 'Alarms', alarms: alarms.map((id) => sub(`${id}.Arn`)) },
      },
    ],
  ];
}

function callers(service) {
  const vended = (stat) => [
    ...own(service, 'vend_duration', { outcome: 'vended' }),
    { stat, label: stat },
  ];
  const api = (name, stat) => ['AWS/ApiGateway', name, 'ApiId', sub('HttpApi'), { stat }];
  return [
    [
      graph('Vends by outcome', 'vends', [
        search(service, 'vend_duration', ['outcome'], 'SampleCount'),
      ]),
      graph('Duration of vends', 'ms', [vended('p50'), vended('p90'), vended('p99')]),
      graph('Requests over HTTP', 'requests', [
        api('Count', 'SampleCount'),
        api('4xx', 'Sum'),
        api('5xx', 'Sum'),
      ]),
    ],
  ];
}

function refreshes(service) {
  const byProvider = (name) => search(service, name, ['provider'], 'Sum');
  const maximum = (name) => [...own(service, name), { stat: 'Maximum' }];
  return [
    [
      graph('Refreshes by provider and outcome', 'refreshes', [
        search(service, 'refresh', ['provider', 'outcome'], 'Sum'),
      ]),
      graph('How long the oldest is overdue', 's', [maximum('due_lag'), maximum('held_lag')]),
      graph('Reauthorizations', 'connections', [
        search(service, 'reauthorization_required', ['provider', 'reason'], 'Sum'),
        byProvider('reauthorization_held'),
      ]),
    ],
    [
      graph('Races', 'attempts', [
        byProvider('refresh_race_lost'),
        byProvider('refresh_race_recovered'),
        byProvider('refresh_committed_late'),
      ]),
      graph('Answers that went round the tables', 'answers', [
        byProvider('refresh_sent_to_recovery'),
        search(service, 'recovery', ['outcome'], 'Sum'),
        byProvider('answer_lost'),
      ]),
      graph('Clients refused, providers without an answer', 'times', [
        byProvider('client_refused'),
        byProvider('breaker_opened'),
      ]),
      graph('Events published', 'events', [search(service, 'event_published', ['type'], 'Sum')]),
    ],
  ];
}

function waiting(service, queues) {
  const isDead = (queue) => queue.endsWith('DeadQueue');
  const each = (name, shown) =>
    shown.map((queue) => [
      'AWS/SQS',
      name,
      'QueueName',
      sub(`${queue}.QueueName`),
      { stat: 'Maximum', label: queue.replace(/(Dead)?Queue$/, '').toLowerCase() },
    ]);
  const visible = 'ApproximateNumberOfMessagesVisible';
  const live = queues.filter((queue) => !isDead(queue));
  return [
    [
      graph('Sent by the schedule', 'connections', [own(service, 'refresh_scheduled')]),
      graph('Messages that wait', 'messages', each(visible, live)),
      graph('Oldest message', 's', each('ApproximateAgeOfOldestMessage', live)),
      graph('Dead letters', 'messages', each(visible, queues.filter(isDead))),
    ],
  ];
}

function failing(service, functions) {
  const each = (name, stat) =>
    functions.map((id) => [
      'AWS/Lambda',
      name,
      'FunctionName',
      `${service}-${id}`,
      { stat, label: id },
    ]);
  const throttles = Object.entries(tables).flatMap(([table, indexes]) =>
    [[], ...indexes.map((index) => ['GlobalSecondaryIndexName', index])].flatMap((index) =>
      ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => [
        'AWS/DynamoDB',
        name,
        'TableName',
        sub(table),
        ...index,
      ]),
    ),
  );
  const ages = ['access-token', 'renewal'].flatMap((ring, index) => [
    [...own(service, 'key_age', { ring }), { id: `age${index}`, stat: 'Maximum', visible: false }],
    [{ expression: `age${index} / ${day}`, label: ring }],
  ]);
  return [
    [
      graph('Faults by code', 'lines', [search(service, 'fault', ['fault_code'], 'Sum')]),
      graph('Throttled by DynamoDB', 'requests', throttles),
      graph('Age of the keys', 'days', ages),
    ],
    [
      graph('Errors of functions', 'errors', each('Errors', 'Sum')),
      graph('Throttled by Lambda', 'invocations', each('Throttles', 'Sum')),
      graph('Duration of functions, p99', 'ms', each('Duration', 'p99')),
    ],
  ];
}

/** Where CloudFormation puts a value in. */
function sub(name) {
  return `\${${name}}`;
}

/** One series of a metric of our own. */
function own(service, name, dimensions = {}) {
  return ['Evergrant', name, 'service', service, ...Object.entries(dimensions).flat()];
}

/** All series of a metric of our own that there are: which providers there are, nobody knows here. */
function search(service, name, dimensions, stat) {
  const schema = ['Evergrant', 'service', ...dimensions].join(',');
  const terms = `{${schema}} MetricName="${name}" service="${service}"`;
  return [{ expression: `SEARCH('${terms}', '${stat}', 300)`, label: name }];
}

function graph(title, unit, metrics) {
  const yAxis = { left: { min: 0, label: unit, showUnits: false } };
  const region = sub('AWS::Region');
  const properties = {
    title,
    view: 'timeSeries',
    region,
    period: 300,
    stat: 'Sum',
    yAxis,
    metrics,
  };
  return { type: 'metric', height: 6, properties };
}

/** Gives each widget its place: those of a row side by side, and as wide as each other. */
function inRows(rows) {
  let y = 0;
  return rows.flatMap((row) => {
    const width = columns / row.length;
    const height = Math.max(...row.map((widget) => widget.height));
    const placed = row.map((widget, index) => ({ ...widget, x: index * width, y, width }));
    y += height;
    return placed;
  });
}

function namesIn(text, pattern) {
  return [...text.matchAll(pattern)].map(([, name]) => name);
}
