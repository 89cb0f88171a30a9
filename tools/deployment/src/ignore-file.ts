/** Whether a path (relative, with `/`) is kept out of a build's context. The last line that matches it, or a folder it is in, decides. */
export type IsIgnored = (path: string) => boolean;

/** Reads a `.dockerignore`: `*`, `**` and `!`, as Docker does. */
export function parseIgnoreFile(text: string): IsIgnored {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isException: line.startsWith('!'), pattern: patternFor(line.replace(/^!/, '')) }));
  return (path) => {
    const last = rules.findLast(({ pattern }) => foldersOf(path).some((folder) => pattern.test(folder)));
    return last !== undefined && !last.isException;
  };
}

/** The path, and each folder it is in. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

function patternFor(line: string): RegExp {
  const parts = line.split(/(\*\*\/|\*)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    return part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
