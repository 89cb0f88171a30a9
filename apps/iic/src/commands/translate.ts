import { ManifestFiles } from '@koko/manifests';
import type { ManifestProblem } from '@koko/manifests';
import { declarativeDocument, referenceOf, Translator } from '@koko/translator';
import type { ObjectProblem, TranslatorOptions } from '@koko/translator';
import { stringify } from 'yaml';
import type { ProcessContext } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { describeObjects } from '../object-names.ts';
import { StartupError } from '../startup-error.ts';
import { readInputs } from './read-input.ts';

export interface TranslateOptions {
  readonly file: string;
  readonly routerFlavor: 'traditional' | 'traditional_compatible' | 'expressions';
  readonly clusterDomain: string;
  readonly ingressClass: string;
  readonly enableDrainSupport: boolean;
  readonly kongWorkspace: string;
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly output: 'yaml' | 'json';
  readonly strict: boolean;
}

/** `iic translate`: the document on stdout, problems on stderr. */
export async function translate(options: TranslateOptions, context: ProcessContext): Promise<ExitCode> {
  const files = new ManifestFiles();
  for (const { name, text } of await readInputs(options.file, context.stdin)) files.set(name, text);
  const unreadable = files.problems().filter(({ code }) => code === 'ERR_MANIFESTS_YAML');
  if (unreadable.length > 0) throw cannotTranslate(unreadable);
  const translator = new Translator(translatorOptions(options));
  translator.apply(files.list().map((object) => ({ reference: referenceOf(object), object })));
  context.stdout.write(formatted(declarativeDocument(translator.entities()), options.output));
  const lines = [...files.problems().map(({ message }) => message), ...[...translator.problems()].map(problemLine)];
  for (const line of lines) context.stderr.write(`${line}\n`);
  return options.strict && lines.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function formatted(document: Readonly<Record<string, unknown>>, output: TranslateOptions['output']): string {
  if (output === 'json') return `${JSON.stringify(document, undefined, 2)}\n`;
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function translatorOptions(options: TranslateOptions): TranslatorOptions {
  const { ingressClass, routerFlavor, clusterDomain, enableDrainSupport, kongWorkspace: workspace } = options;
  const { featureGates } = options;
  return { ingressClass, routerFlavor, clusterDomain, enableDrainSupport, workspace, featureGates };
}

function cannotTranslate(problems: readonly ManifestProblem[]): StartupError {
  return new StartupError('ERR_IIC_FILE', `Cannot translate: ${problems.map(({ message }) => message).join('\n  ')}`);
}

function problemLine({ code, message, objects, path }: ObjectProblem): string {
  const where = path.length === 0 ? '' : ` at ${path.join('.')}`;
  return `${describeObjects(objects)}${where}: ${message} [${code}]`;
}
