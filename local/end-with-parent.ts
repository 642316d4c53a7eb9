/**
 * Preloaded into the functions' process: ends it when the process that started it is gone, however
 * that ended. The channel between the two closes even when the other one is killed.
 *
 * @module
 */
if (process.channel !== undefined && process.channel !== null) {
  process.once('disconnect', () => process.exit());
  process.channel.unref();
}
