// Loads one bundle, gives it one event, and tells what that took. No TypeScript, no channel to its
// parent, nothing loaded beside: whatever is here would be measured too.
const { readFileSync, writeSync } = require('node:fs');

const [bundleFile, eventFile, functionName, timeoutText] = process.argv.slice(2);
const event = JSON.parse(readFileSync(eventFile, 'utf8'));
const context = {
  functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
  awsRequestId: 'a-measurement',
  getRemainingTimeInMillis: () => Number(timeoutText) * 1000 - performance.now(),
};

const beganMs = performance.now();
const { handler } = require(bundleFile);
const importedMs = performance.now();

const tell = (answer) => {
  const answeredMs = performance.now();
  const { user, system } = process.cpuUsage();
  const told = {
    import_ms: importedMs - beganMs,
    handler_ms: answeredMs - importedMs,
    cpu_ms: (user + system) / 1000,
    answer,
  };
  writeSync(3, JSON.stringify(told));
  process.exit();
};

handler(event, context).then(tell, (error) => tell({ error: error.message }));
