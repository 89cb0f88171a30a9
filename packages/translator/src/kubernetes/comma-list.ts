/** Items of an annotation such as `a, b,,c`: trimmed, empty ones dropped. */
export function parseCommaList(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
