/** One line of a Dockerfile, continued ones joined. */
export interface Instruction {
  /** In capitals: `COPY`. */
  readonly name: string;
  /** All behind the name. */
  readonly text: string;
}

/** What stands between one FROM and the next. */
export interface Stage {
  readonly image: string;
  /** Empty where it has none. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Reads the part of the format that our Dockerfile uses: stages, and instructions with arguments in either form. */
export function parseDockerfile(text: string): readonly Stage[] {
  const instructions = logicalLines(text).map(parseInstruction);
  const values = new Map(instructions.filter(({ name }) => name === 'ARG').map(({ text: arg }) => defaultOf(arg)));
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, n) => {
    const [image = '', , name = ''] = (instructions[start]?.text ?? '').split(/\s+/);
    const filled = image.replaceAll(/\$\{(\w+)\}/g, (_match, argument: string) => values.get(argument) ?? '');
    return { image: filled, name, instructions: instructions.slice(start + 1, starts[n + 1]) };
  });
}

/** Arguments of the form `["a", "b"]`. */
export function listOf(stage: Stage, name: string): readonly string[] {
  return JSON.parse(textOf(stage, name)) as string[]; // a Dockerfile with another form fails its test
}

/** What follows the only instruction of this name. */
export function textOf(stage: Stage, name: string): string {
  const [found, ...others] = stage.instructions.filter((instruction) => instruction.name === name);
  if (found === undefined || others.length > 0) throw new Error(`The Dockerfile should have one ${name} in this stage`);
  return found.text;
}

function logicalLines(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function parseInstruction(line: string): Instruction {
  const [, name = '', text = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
  return { name: name.toUpperCase(), text };
}

function defaultOf(argument: string): [string, string] {
  const [name = '', value = ''] = argument.split('=');
  return [name, value];
}
