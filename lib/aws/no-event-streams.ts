/**
 * What the bundles have in place of the SDK's event streams, in which none of our requests is
 * answered. The SDK imports them when one is: a bundle that holds something to import later can be
 * neither shaken nor joined into one scope.
 *
 * @module
 */

/** As the SDK's Lambda client wants it: the settings, with nothing added. */
export function resolveEventStreamSerdeConfig<Settings>(settings: Settings): Settings {
  return settings;
}

/** @throws {Error} always: what asks for it has an event stream to read. */
export function eventStreamSerdeProvider(): never {
  throw new Error('event streams are left out of the bundles');
}

/** What the SDK constructs to read one: it cannot be. */
export const EventStreamSerde = eventStreamSerdeProvider;
