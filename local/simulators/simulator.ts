/**
 * One simulated vendor: its dialect on real HTTP, its memory in a file, its control interface.
 *
 * @module
 */
import type { Clock } from '../../lib/time.ts';
import { createCallLog } from './call-log.ts';
import { answerControl, type Controls } from './control.ts';
import { createGrantLedger } from './grant-ledger.ts';
import { type CommonSettings, parseSettings } from './settings.ts';
import { type Ending, type RunningServer, type SimulatedRequest, serve } from './simulated-http.ts';
import { readState, writeState } from './state-file.ts';
import { createTroubleMaker } from './trouble.ts';
import type { RegisteredClient, Vendor } from './vendor.ts';

export interface SimulatorOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly clients: readonly RegisteredClient[];
  readonly clock: Clock;
  /** Where the state outlives a restart; absent: in memory only. */
  readonly stateFile?: string;
}

/** Starts one vendor on 127.0.0.1. */
export async function startSimulator<S extends CommonSettings>(
  vendor: Vendor<S>,
  options: SimulatorOptions,
): Promise<RunningServer> {
  return serve(options.port, answerAs(vendor, options));
}

/** What one vendor answers to each request, its control interface's included. */
export function answerAs<S extends CommonSettings>(
  vendor: Vendor<S>,
  options: Omit<SimulatorOptions, 'port'>,
): (request: SimulatedRequest) => Ending {
  const { controls, save } = buildControls(vendor, options);
  const { ledger, settings, trouble, log } = controls;
  const context = { clients: options.clients, ledger, settings };
  const routes = vendor.routes(context);

  return (request) => {
    if (request.path.startsWith('/_control/')) {
      const reply = answerControl(request, controls);
      save();
      return reply;
    }
    const route = Object.hasOwn(routes, request.path)
      ? routes[request.path]
      : vendor.elsewhere?.(context, request.path);
    if (!route) return vendor.unknownPath;
    const answer = () => route.answer(request);
    const ending = route.kind === 'token' ? trouble.meet(answer) : answer();
    if (route.kind !== 'api') save();
    log.record(route.kind, request, ending);
    return ending;
  };
}

function buildControls<S extends CommonSettings>(
  vendor: Vendor<S>,
  { clients, clock, stateFile }: Omit<SimulatorOptions, 'port'>,
): { readonly controls: Controls<S>; readonly save: () => void } {
  const stored = stateFile === undefined ? undefined : readState(stateFile);
  const parsed = parseSettings(vendor.settings, vendor.defaults, stored?.settings ?? {});
  let current = parsed.outcome === 'parsed' ? parsed.settings : vendor.defaults;
  const settings = () => current;
  const snapshot = stored ? { snapshot: stored.ledger } : {};
  const ledger = createGrantLedger({ clock, mint: vendor.mint, settings, ...snapshot });
  const trouble = createTroubleMaker();
  const log = createCallLog(clock);

  const changeSettings = (input: Readonly<Record<string, unknown>>): readonly string[] => {
    const changed = parseSettings(vendor.settings, current, input);
    if (changed.outcome === 'refused') return changed.problems;
    current = changed.settings;
    return [];
  };
  const reset = () => {
    current = vendor.defaults;
    for (const part of [ledger, trouble, log]) part.reset();
  };
  const save = () => {
    if (stateFile !== undefined) {
      writeState(stateFile, { settings: current, ledger: ledger.snapshot() });
    }
  };
  return { controls: { clients, ledger, trouble, log, settings, changeSettings, reset }, save };
}
