import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { RouterFlavor } from '@koko/model';
import { EventPrinter } from './event-printer.ts';
import type { SimulatedDataPlaneOptions } from './options.ts';
import { resolveOptions } from './options.ts';
import { SimulatedDataPlane } from './simulated-data-plane.ts';
import { tlsIdentity } from './tls-identity.ts';
import type { DataPlaneProtocol } from './version-traits.ts';

/** What the command needs of the process; tests bring their own. */
export interface ProcessContext {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** 0: stopped as asked; 1: something unforeseen; 2: the options, or the files they name, cannot be used. */
export type ExitCode = 0 | 1 | 2;

interface Flags {
  readonly controlPlane?: string;
  readonly protocol?: DataPlaneProtocol;
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly serverName?: string;
  readonly version?: string;
  readonly plugins?: readonly string[];
  readonly nodeId?: string;
  readonly hostname?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly routerFlavor?: RouterFlavor;
  readonly count: number;
  readonly slowReader?: number | 'never';
  readonly reconnectDelay?: { minMs: number; maxMs: number };
  readonly pingInterval?: number;
  readonly initialHash?: string;
  readonly duration?: number;
  readonly verbose?: true;
}

/** Runs the command `data-plane` until a signal, `--duration` or a closed output ends it. */
export async function runCommandLine(argv: readonly string[], context: ProcessContext): Promise<ExitCode> {
  try {
    const flags = parseFlags(argv, context);
    const controller = new AbortController();
    const printer = new EventPrinter(context.stdout, flags.verbose === true, () => controller.abort());
    const planes = createPlanes(flags, printer);
    await runUntilStopped(planes, { context, controller, durationSeconds: flags.duration });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has written its message
    context.stderr.write(`data-plane: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function createPlanes(flags: Flags, printer: EventPrinter): readonly SimulatedDataPlane[] {
  if (flags.count > 1 && flags.nodeId !== undefined) {
    throw new UsageError('--node-id names one data plane, so it cannot be used with --count');
  }
  const options: SimulatedDataPlaneOptions = { ...libraryOptions(flags), onEvent: (event) => printer.print(event) };
  try {
    tlsIdentity(options); // a file that cannot be read is told before anything starts
    const { reader } = resolveOptions(options); // one for all: what all of them get is checked once
    return Array.from({ length: flags.count }, () => new SimulatedDataPlane({ ...options, reader }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function libraryOptions(flags: Flags): SimulatedDataPlaneOptions {
  const { cert, key, label, pingInterval, count: _count, duration: _duration, verbose: _verbose, ...same } = flags;
  return {
    ...same,
    certificate: cert,
    key,
    ...(label === undefined ? {} : { labels: label }),
    ...(pingInterval === undefined ? {} : { pingIntervalMs: pingInterval * 1000 }),
  };
}

async function runUntilStopped(
  planes: readonly SimulatedDataPlane[],
  { context, controller, durationSeconds }: RunOptions,
): Promise<void> {
  const stop = (): void => controller.abort();
  const timer = durationSeconds === undefined ? undefined : setTimeout(stop, durationSeconds * 1000);
  context.on('SIGINT', stop);
  context.on('SIGTERM', stop);
  try {
    await Promise.all(planes.map((plane) => plane.run(controller.signal, () => {})));
  } finally {
    stop(); // one that failed takes the others along
    clearTimeout(timer);
    context.off('SIGINT', stop);
    context.off('SIGTERM', stop);
  }
}

interface RunOptions {
  readonly context: ProcessContext;
  readonly controller: AbortController;
  readonly durationSeconds: number | undefined;
}

function parseFlags(argv: readonly string[], context: ProcessContext): Flags {
  const command = describeCommand();
  command.exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    writeErr: (text) => void context.stderr.write(text),
  });
  command.parse(argv, { from: 'user' });
  return command.opts<Flags>();
}

function describeCommand(): Command {
  return new Command('data-plane')
    .description('A simulated Kong Gateway data plane: prints one JSON line for whatever happens to it.')
    .option('--control-plane <url>', 'where to connect (default: wss://127.0.0.1:3100)')
    .addOption(new Option('--protocol <name>', 'hybrid-mode protocol (default: wrpc)').choices(['wrpc', 'v1']))
    .option('--version <version>', "Kong's version (default: 3.1.1 for wrpc, 3.9.3 for v1)")
    .requiredOption('--cert <file>', 'client certificate, PEM; `iic certificates` makes a pair')
    .requiredOption('--key <file>', 'private key of that certificate, PEM')
    .option('--ca <file>', 'what the control plane is verified against (default: the client certificate itself)')
    .option('--server-name <name>', 'name the control plane must prove (default: kong_clustering)')
    .option('--plugins <names>', 'enabled plugins, comma separated (default: what the version ships)', parseNames)
    .option('--node-id <uuid>', 'kept over reconnects (default: random)')
    .option('--hostname <name>', "reported host name (default: the machine's)")
    .option('--label <key:value>', 'label to report; may be given several times', collectLabel)
    .addOption(
      new Option('--router-flavor <name>', 'how it matches routes (default: traditional_compatible)').choices([
        'traditional_compatible',
        'traditional',
        'expressions',
      ]),
    )
    .option('--count <number>', 'how many data planes to run', parseCount, 1)
    .option('--slow-reader <ms|never>', 'pause reading after every frame, or never read', parseSlowReader)
    .option('--reconnect-delay <min-max>', 'seconds between connections (default: 5-10)', parseDelay)
    .option('--ping-interval <seconds>', 'seconds between pings (default: 30)', parseSeconds)
    .option('--initial-hash <hash>', 'hash to report before the first configuration, as after a restart')
    .option('--duration <seconds>', 'stop after so many seconds (default: run until Ctrl-C)', parseSeconds)
    .option('--verbose', 'also print pings and frames received')
    .allowExcessArguments(false);
}

const MAX_COUNT = 10_000;
/** 24.8 days: longer timers would fire at once. */
const MAX_SECONDS = 2_147_483;

const parseNames = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

function parseCount(text: string): number {
  const value = parsePositive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
  if (value > MAX_COUNT) throw new InvalidArgumentError(`Expected at most ${MAX_COUNT}.`);
  return value;
}

function parseSeconds(text: string): number {
  const value = parsePositive(text);
  return value <= MAX_SECONDS ? value : tooLong(MAX_SECONDS, 'seconds');
}

function parseSlowReader(text: string): number | 'never' {
  if (text === 'never') return text;
  const value = parsePositive(text);
  return value <= MAX_SECONDS * 1000 ? value : tooLong(MAX_SECONDS * 1000, 'ms');
}

function tooLong(max: number, unit: string): never {
  throw new InvalidArgumentError(`Expected at most ${max} ${unit}.`);
}

function parseDelay(text: string): { minMs: number; maxMs: number } {
  const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected seconds as in 5-10, or 2.');
  const minMs = Math.round(Number(match[1]) * 1000);
  const maxMs = match[2] === undefined ? minMs : Math.round(Number(match[2]) * 1000);
  if (maxMs > MAX_SECONDS * 1000) tooLong(MAX_SECONDS, 'seconds');
  if (maxMs < minMs) throw new InvalidArgumentError('The second number must not be below the first.');
  return { minMs, maxMs };
}

function collectLabel(text: string, labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('Expected key:value.');
  return { ...labels, [text.slice(0, colon)]: text.slice(colon + 1) };
}
