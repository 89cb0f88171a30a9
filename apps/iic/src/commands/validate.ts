import { createInterface } from 'node:readline/promises';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isEntityType, transformEntity, validateDocument, validateEntity } from '@koko/model';
import type { Problem } from '@koko/model';
import { parse } from 'yaml';
import type { ProcessContext } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { StartupError } from '../startup-error.ts';
import { readInput } from './read-input.ts';

export interface ValidateOptions {
  readonly file: string;
  readonly routerFlavor: 'traditional' | 'traditional_compatible' | 'expressions';
  readonly lines: boolean;
}

/** `iic validate`: every problem with its path; exit code 1 when there are any. */
export async function validate(options: ValidateOptions, context: ProcessContext): Promise<ExitCode> {
  return options.lines ? validateLines(options, context) : validateWhole(options, context);
}

async function validateWhole({ file, routerFlavor }: ValidateOptions, context: ProcessContext): Promise<ExitCode> {
  const { name, text } = await readInput(file, context.stdin);
  const { problems } = validateDocument(parseDocument(name, text), { routerFlavor });
  for (const { path, message, code } of problems) context.stdout.write(`${pathText(path)}: ${message} [${code}]\n`);
  if (problems.length === 0) context.stderr.write(`${name}: valid\n`);
  else context.stderr.write(`${name}: ${problems.length} problem${problems.length === 1 ? '' : 's'}\n`);
  return problems.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function parseDocument(name: string, text: string): unknown {
  try {
    return parse(text, { merge: true, logLevel: 'silent' });
  } catch (cause) {
    const reason = (cause as Error).message.split('\n', 1)[0]; // yaml throws only Errors
    throw new StartupError('ERR_IIC_FILE', `Cannot read "${name}": not valid YAML or JSON: ${reason}`, { cause });
  }
}

/** `services[0].routes[1].paths[0]` */
function pathText(path: Problem['path']): string {
  const joined = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return joined === '' ? 'document' : joined.replace(/^\./, '');
}

async function validateLines({ file, routerFlavor }: ValidateOptions, context: ProcessContext): Promise<ExitCode> {
  const input = file === '-' ? context.stdin : await openFile(file);
  let exitCode: ExitCode = exitCodes.ok;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const answer = validateLine(line, routerFlavor);
    if (!answer.ok) exitCode = exitCodes.failed;
    if (!context.stdout.write(`${JSON.stringify(answer)}\n`)) await drained(context.stdout);
  }
  return exitCode;
}

interface LineAnswer {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly filled?: unknown;
}

function validateLine(line: string, routerFlavor: ValidateOptions['routerFlavor']): LineAnswer {
  const request = parseRequest(line);
  if ('problems' in request) return { ok: false, problems: request.problems };
  const { type, entity } = request;
  if (!isEntityType(type)) return refuse('ERR_TYPE_UNKNOWN', ['type'], `unknown entity type "${type}"`);
  const result = validateEntity(type, entity, { routerFlavor });
  // as Kong keeps it: passwords hashed, targets with a port
  return result.ok ? { ok: true, problems: [], filled: transformEntity(type, result.value) } : result;
}

function parseRequest(
  line: string,
): { type: string; entity: Record<string, unknown> } | { problems: readonly Problem[] } {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return refuse('ERR_LINE_JSON', [], 'the line is not valid JSON');
  }
  const { type, entity } = (request ?? {}) as { type?: unknown; entity?: unknown }; // any JSON; checked on the next lines
  if (typeof type !== 'string')
    return refuse('ERR_LINE_SHAPE', ['type'], 'type is missing; name the collection, e.g. "routes"');
  if (typeof entity !== 'object' || entity === null)
    return refuse('ERR_LINE_SHAPE', ['entity'], 'entity is missing; give an object');
  return { type, entity: entity as Record<string, unknown> }; // an object, by the check above
}

function refuse(code: string, path: readonly string[], message: string): { ok: false; problems: readonly Problem[] } {
  return { ok: false, problems: [{ code, path, message }] };
}

async function openFile(file: string): Promise<NodeJS.ReadableStream> {
  await stat(file).catch((cause: unknown) => {
    throw new StartupError('ERR_IIC_FILE', `Cannot read "${file}": it does not exist or is not readable`, { cause });
  });
  return createReadStream(file);
}

async function drained(stream: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve) => stream.once('drain', resolve));
}
