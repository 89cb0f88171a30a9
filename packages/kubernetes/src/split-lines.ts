const NEWLINE = 0x0a;

/**
 * Lines of UTF-8 text, without their ends, from chunks that may end anywhere, also inside a character.
 * A last line without an end was cut off and is left out. Empty lines are left out, too.
 * @throws {RangeError} When a line is longer than `maxBytes`.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = joined(parts, chunk.subarray(start, end)); // decoded as a whole: characters cut in two are whole again
      [parts, partBytes, start] = [[], 0, end + 1];
      if (line !== '') yield line;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    partBytes += chunk.length - start;
    if (partBytes > maxBytes) throw new RangeError(`a line is longer than ${maxBytes} bytes`);
  }
}

function joined(parts: readonly Buffer[], last: Buffer): string {
  return parts.length === 0 ? last.toString('utf8') : Buffer.concat([...parts, last]).toString('utf8');
}
