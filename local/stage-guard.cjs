/**
 * Keeps the stage `local` on this machine: its bundles hold the local access policy and may speak
 * plain HTTP to loopback, so that stage can be run, and neither packaged nor deployed.
 */
module.exports = class StageGuard {
  constructor(serverless) {
    const refuse = () => {
      if (serverless.getProvider('aws').getStage() !== 'local') return;
      throw new serverless.classes.Error(
        'The stage "local" is for the local stack only and cannot be packaged or deployed. ' +
          'Choose another one, such as --stage dev.',
      );
    };
    this.hooks = {
      // Before anything else, and above all before AWS is asked for credentials.
      initialize: () => {
        if (['package', 'deploy'].includes(serverless.processedInput.commands[0])) refuse();
      },
      'before:package:cleanup': refuse,
    };
  }
};
