import { parseManifests } from '@koko/manifests';
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
  readonly output: 'yaml' | 'json';
  readonly strict: boolean;
}

/** `iic translate`: the document on stdout, problems on stderr. */
export async function translate(options: TranslateOptions, context: ProcessContext): Promise<ExitCode> {
  const parsed = (await readInputs(options.file, context.stdin)).map(({ name, text }) => parseManifests(text, name));
  const fileProblems = parsed.flatMap(({ problems }) => problems);
  if (parsed.some(({ isReadable }) => !isReadable)) throw unreadable(fileProblems);
  const translator = new Translator(translatorOptions(options));
  const objects = parsed.flatMap((file) => file.objects);
  translator.apply(objects.map((object) => ({ reference: referenceOf(object), object })));
  const document = declarativeDocument(translator.entities());
  context.stdout.write(options.output === 'json' ? `${JSON.stringify(document, undefined, 2)}\n` : stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }));
  const lines = [...fileProblems.map(({ message }) => message), ...[...translator.problems()].map(problemLine)];
  for (const line of lines) context.stderr.write(`${line}\n`);
  return options.strict && lines.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function translatorOptions(options: TranslateOptions): TranslatorOptions {
  const { ingressClass, routerFlavor, clusterDomain, enableDrainSupport, kongWorkspace: workspace } = options;
  return { ingressClass, routerFlavor, clusterDomain, enableDrainSupport, workspace };
}

function unreadable(problems: readonly ManifestProblem[]): StartupError {
  const lines = problems.filter(({ code }) => code === 'ERR_MANIFESTS_YAML').map(({ message }) => message);
  return new StartupError('ERR_IIC_FILE', `Cannot translate: ${lines.join('\n  ')}`);
}

function problemLine({ code, message, objects, path }: ObjectProblem): string {
  const where = path.length === 0 ? '' : ` at ${path.join('.')}`;
  return `${describeObjects(objects)}${where}: ${message} [${code}]`;
}
