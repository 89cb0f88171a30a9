import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isCoded } from './coded-error.ts';
import type { CertificateSecretOptions } from './commands/certificate-secret.ts';
import type { TranslateOptions } from './commands/translate.ts';
import type { ValidateOptions } from './commands/validate.ts';
import { settings, settingNames, variableFor } from './configuration/settings.ts';
import type { SettingName } from './configuration/settings.ts';
import { featureGates } from './configuration/value-schemas.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Extension } from './extension.ts';

/** What a command needs of the process it runs in. */
export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Runs `iic` with these arguments (without the program's own name) and says how it went.
 * @param extension What `iic run` runs beside the controller's own components.
 */
export async function runCommandLine(
  args: readonly string[],
  context: ProcessContext,
  extension?: Extension,
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const finish = (code: ExitCode): void => void (exitCode = code);
  const program = createProgram({ context, finish, extension });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // it has printed why
    if (!isCoded(error)) throw error;
    context.stderr.write(`iic: ${error.message} [${error.code}]\n`);
    return exitCodes.usage;
  }
}

interface Invocation {
  readonly context: ProcessContext;
  readonly finish: (code: ExitCode) => void;
  readonly extension: Extension | undefined;
}

/** Each command loads its code when it is called, so that `translate` need not wait for servers it never starts. */
function createProgram(invocation: Invocation): Command {
  const { context } = invocation;
  const program = new Command('iic')
    .description('The incremental ingress controller for Kong Gateway')
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    });
  program.addCommand(runCommand(invocation));
  program.addCommand(translateCommand(invocation));
  program.addCommand(validateCommand(invocation));
  program.addCommand(certificatesCommand(invocation));
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

function runCommand({ context, finish, extension }: Invocation): Command {
  const command = new Command('run')
    .description('translate Kubernetes objects and serve the result to Kong data planes, until stopped')
    .option('--config <FILE>', 'read settings from this YAML file (IIC_CONFIG)')
    .option('--print-config', 'print the settings in force as YAML and exit');
  for (const name of settingNames) command.addOption(settingOption(name));
  return command.action(async (options: Record<string, unknown>) => {
    const { config, printConfig, ...flags } = options;
    const named = Object.fromEntries(settingNames.map((name) => [name, flags[camelCase(name)]]));
    const file = config ?? context.env['IIC_CONFIG'];
    const request = {
      flags: named as Partial<Record<SettingName, unknown>>, // keys are the setting names, by construction
      file: typeof file === 'string' ? file : undefined,
      onlyPrint: printConfig === true,
    };
    const { run } = await import('./commands/run.ts');
    finish(await run(request, context, extension));
  });
}

function settingOption(name: SettingName): Option {
  const { schema, description, ...rest } = settings[name];
  const { data: standard } = schema.safeParse(undefined);
  const isShown = standard !== undefined && standard !== '' && typeof standard !== 'object';
  const facts = isShown ? `${variableFor(name)}, default ${standard}` : variableFor(name);
  const flag = 'value' in rest ? `--${name} <${rest.value}>` : `--${name} [true|false]`;
  return new Option(flag, `${description} (${facts})`);
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function translateCommand({ context, finish }: Invocation): Command {
  return new Command('translate')
    .description('print the Kong configuration that Kubernetes manifests make, as a declarative document')
    .requiredOption('-f, --file <FILE|DIR|->', 'manifests: a file, a directory, or - for standard input')
    .addOption(
      choice('--router-flavor <FLAVOR>', 'router of the data planes', [
        'traditional',
        'traditional_compatible',
        'expressions',
      ]),
    )
    .option('--cluster-domain <DOMAIN>', 'appended to host names of Services used as upstreams', '')
    .option('--ingress-class <NAME>', 'translate objects of this ingress class', 'kong')
    .option('--enable-drain-support', 'keep terminating endpoints as targets of weight 0', false)
    .option('--kong-workspace <NAME>', 'workspace that enters the ids', '')
    .option('--feature-gates <NAME=true,…>', 'features to switch on or off', gates, {})
    .addOption(new Option('-o, --output <FORMAT>', 'form of the document').choices(['yaml', 'json']).default('yaml'))
    .option('--strict', 'exit with 1 when there are problems', false)
    .action(async (options: TranslateOptions) => {
      const { translate } = await import('./commands/translate.ts');
      finish(await translate(options, context));
    });
}

function gates(text: string): Readonly<Record<string, boolean>> {
  const parsed = featureGates.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(parsed.error.issues.map(({ message }) => message).join('; '));
}

function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices).default('traditional_compatible');
}

function validateCommand({ context, finish }: Invocation): Command {
  return new Command('validate')
    .description('check a declarative document against the model and its own references')
    .requiredOption('-f, --file <FILE|->', 'the document (YAML or JSON), or - for standard input')
    .addOption(
      choice('--router-flavor <FLAVOR>', 'router of the data planes', [
        'traditional',
        'traditional_compatible',
        'expressions',
      ]),
    )
    .option('--lines', 'read one {"type":"routes","entity":{…}} per line and answer each with one line', false)
    .action(async (options: ValidateOptions) => {
      const { validate } = await import('./commands/validate.ts');
      finish(await validate(options, context));
    });
}

type CertificatesOptions = Omit<CertificateSecretOptions, 'secret'> & {
  readonly secret?: string;
  readonly out?: string;
};

function certificatesCommand({ context }: Invocation): Command {
  return new Command('certificates')
    .description('make a certificate pair that control plane and data planes share')
    .option('--out <DIR>', 'directory for cluster.crt and cluster.key')
    .addOption(
      new Option('--secret <NAME>', 'instead: Secret of a cluster to create, unless it exists').conflicts('out'),
    )
    .option('--namespace <NAME>', 'namespace of that Secret; unless set, that of the Pod or of the kubeconfig')
    .option('--kubeconfig <FILE>', 'cluster of that Secret; a Pod without uses its own')
    .option(
      '--name <NAME>',
      'subject and DNS name; data planes in mode shared insist on the default',
      'kong_clustering',
    )
    .action(async ({ out, secret, ...options }: CertificatesOptions, command: Command) => {
      if (secret !== undefined) {
        const { makeCertificateSecret } = await import('./commands/certificate-secret.ts');
        return makeCertificateSecret({ ...options, secret }, context);
      }
      if (out === undefined) command.error('error: name a place for the pair: --out DIR, or --secret NAME');
      const { makeCertificates } = await import('./commands/certificates.ts');
      await makeCertificates({ ...options, out }, context);
    });
}
