import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Mutation, Persister, ReadTransaction, WriteTransaction } from './persister.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);

/** What every persister promises. Call it in the test file of a driver. */
export function describePersister(name: string, create: () => Persister): void {
  describe(`${name} as a persister`, () => {
    let persister: Persister;
    beforeEach(async () => {
      persister = create();
      await persister.open();
    });
    afterEach(async () => await persister.close());

    const put = async (...keys: string[]): Promise<void> =>
      await persister.write(async (tx) => {
        for (const key of keys) await tx.put(key, bytes(`value of ${key}`));
      });
    const keysOf = async (prefix = ''): Promise<string[]> =>
      await persister.read(async (tx) => (await tx.list(prefix)).entries.map(({ key }) => key));

    describeValues(() => persister);
    describeTurns(() => persister);

    it('lists in byte order of UTF-8, not of UTF-16', async () => {
      const expected = ['a', 'a/b', 'aa', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'];
      await put(...expected.toReversed());
      expect(await keysOf()).toEqual(expected);
    });

    it('lists what starts with the prefix and nothing else', async () => {
      await put('a', 'a/', 'a/1', 'a/\u{10ffff}', 'a0', 'b', '\u{10ffff}', '\u{10ffff}x');
      expect(await keysOf('a/')).toEqual(['a/', 'a/1', 'a/\u{10ffff}']);
      expect(await keysOf('\u{10ffff}')).toEqual(['\u{10ffff}', '\u{10ffff}x']);
      expect(await keysOf('none')).toEqual([]);
    });

    it('pages through a listing while entries come and go', async () => {
      await put('p/1', 'p/2', 'p/3', 'p/5', 'q');
      const list = async (after?: string) =>
        await persister.read(async (tx) => await tx.list('p/', { limit: 2, ...(after !== undefined && { after }) }));
      const first = await list();
      expect([first.entries.map(({ key }) => key), first.next]).toEqual([['p/1', 'p/2'], 'p/2']);
      await persister.write(async (tx) => {
        await tx.delete('p/2');
        await tx.put('p/4', bytes('new'));
      });
      const second = await list(first.next);
      expect([second.entries.map(({ key }) => key), second.next]).toEqual([['p/3', 'p/4'], 'p/4']);
      const third = await list(second.next);
      expect([third.entries.map(({ key }) => key), third.next]).toEqual([['p/5'], undefined]);
    });

    it('names no next page where the last entry just fits', async () => {
      await put('p/1', 'p/2');
      const page = await persister.read(async (tx) => await tx.list('p/', { limit: 2 }));
      expect([page.entries.length, page.next]).toEqual([2, undefined]);
    });

    it('starts at the prefix when the cursor lies before it, and ends when it lies behind', async () => {
      await put('a', 'p/1', 'z');
      const list = async (after: string) => await persister.read(async (tx) => await tx.list('p/', { after }));
      expect((await list('a')).entries.map(({ key }) => key)).toEqual(['p/1']);
      expect((await list('z')).entries).toEqual([]);
    });

    it('refuses page sizes that make no sense', async () => {
      for (const limit of [0, -1, 1.5, 10_001]) {
        await expect(persister.read(async (tx) => await tx.list('', { limit }))).rejects.toThrow(RangeError);
      }
    });

    it('equals a sorted map after any sequence of transactions', async () => {
      await fc.assert(fc.asyncProperty(fc.array(randomTransaction, { maxLength: 12 }), runAgainstMap(create)), {
        numRuns: 40,
        seed: 7,
      });
    });
  });
}

function describeValues(current: () => Persister): void {
  it('returns the bytes that were put, the empty ones too', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    await current().write(async (tx) => {
      await tx.put('all', all);
      await tx.put('none', new Uint8Array());
    });
    const read = async (key: string) => await current().read(async (tx) => await tx.get(key));
    expect(await read('all')).toEqual(all);
    expect(await read('none')).toEqual(new Uint8Array());
    expect(await read('absent')).toBeUndefined();
  });

  it('keeps its content when bytes given or received are changed afterwards', async () => {
    const given = Buffer.from('abc');
    await current().write(async (tx) => await tx.put('k', given));
    given[0] = 0;
    const received = await current().read(async (tx) => await tx.get('k'));
    received?.fill(0);
    expect(text(await current().read(async (tx) => await tx.get('k')))).toBe('abc');
  });

  it('replaces, deletes, and takes the delete of an absent key for done', async () => {
    const mutations: Mutation[] = [
      { op: 'put', key: 'k', value: bytes('1') },
      { op: 'put', key: 'k', value: bytes('2') },
      { op: 'delete', key: 'absent' },
      { op: 'put', key: 'gone', value: bytes('3') },
      { op: 'delete', key: 'gone' },
    ];
    await current().write(async (tx) => await tx.mutate(mutations));
    const { entries } = await current().read(async (tx) => await tx.list(''));
    expect(entries.map(({ key, value }) => [key, text(value)])).toEqual([['k', '2']]);
  });

  it('refuses keys that a driver could confuse', async () => {
    for (const key of ['', 'a\0b', '\ud800', 'x'.repeat(1025)]) {
      const put = current().write(async (tx) => await tx.put(key, bytes('')));
      await expect(put).rejects.toMatchObject({ code: 'ERR_PERSISTER_KEY_INVALID' });
      const get = current().read(async (tx) => await tx.get(key));
      await expect(get).rejects.toMatchObject({ code: 'ERR_PERSISTER_KEY_INVALID' });
    }
  });

  it('refuses values beyond 16 MiB', async () => {
    const put = current().write(async (tx) => await tx.put('k', new Uint8Array(16 * 1024 * 1024 + 1)));
    await expect(put).rejects.toMatchObject({ code: 'ERR_PERSISTER_VALUE_TOO_LARGE' });
  });
}

function describeTurns(current: () => Persister): void {
  it('sees its own writes, and leaves nothing of them when the work throws', async () => {
    await current().write(async (tx) => await tx.put('kept', bytes('1')));
    const failing = current().write(async (tx) => {
      await tx.put('kept', bytes('2'));
      await tx.put('new', bytes('3'));
      expect(text(await tx.get('kept'))).toBe('2');
      expect((await tx.list('')).entries).toHaveLength(2);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    const { entries } = await current().read(async (tx) => await tx.list(''));
    expect(entries.map(({ key, value }) => [key, text(value)])).toEqual([['kept', '1']]);
  });

  it('shows readers a state before or after a transaction, never one in between', async () => {
    const seen: (string | undefined)[] = [];
    const look = async (tx: ReadTransaction): Promise<void> => {
      const [a, b] = [text(await tx.get('a')), text(await tx.get('b'))];
      seen.push(`${a}${b}`);
    };
    const writes = [1, 2, 3].map(async (round) => {
      await current().write(async (tx) => {
        await tx.put('a', bytes(`${round}`));
        await Promise.resolve();
        await tx.put('b', bytes(`${round}`));
      });
    });
    await Promise.all([...writes, ...Array.from({ length: 5 }, async () => await current().read(look))]);
    for (const state of seen) expect(['undefinedundefined', '11', '22', '33']).toContain(state);
  });

  it('loses no update of concurrent writers', async () => {
    const increment = async (tx: WriteTransaction): Promise<void> => {
      const before = Number(text(await tx.get('n')) ?? 0);
      await Promise.resolve();
      await tx.put('n', bytes(String(before + 1)));
    };
    await Promise.all(Array.from({ length: 50 }, async () => await current().write(increment)));
    expect(text(await current().read(async (tx) => await tx.get('n')))).toBe('50');
  });

  it('calls back after the commit, before the next transaction, and not at all after a failure', async () => {
    const order: string[] = [];
    const first = current().write(async (tx) => {
      tx.onCommitted(() => order.push('committed'));
      await tx.put('k', bytes('1'));
      order.push('work done');
    });
    const second = current().read(async () => order.push('next'));
    await Promise.all([first, second]);
    expect(order).toEqual(['work done', 'committed', 'next']);
    const failing = current().write(async (tx) => {
      tx.onCommitted(() => order.push('never'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(order).not.toContain('never');
  });

  it('gives up waiting when the signal aborts, and lets the others pass', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = current().write(async () => await promise);
    const abort = new AbortController();
    const waiting = current().write(async (tx) => await tx.put('k', bytes('')), { signal: abort.signal });
    const behind = current().read(async (tx) => await tx.get('k'));
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    resolve();
    await slow;
    expect(await behind).toBeUndefined();
  });

  it('refuses to nest and to use a transaction that is over', async () => {
    const inner = current().write(async () => await current().read(async () => 'inner'));
    await expect(inner).rejects.toMatchObject({ code: 'ERR_PERSISTER_NESTED' });
    const kept = await current().write(async (tx) => tx);
    await expect(kept.put('k', bytes(''))).rejects.toMatchObject({ code: 'ERR_PERSISTER_TRANSACTION_OVER' });
    expect(await current().read(async (tx) => await tx.get('k'))).toBeUndefined();
  });

  it('finishes what was asked for before closing, and refuses what comes later', async () => {
    const write = current().write(async (tx) => await tx.put('k', bytes('')));
    const closing = current().close();
    const late = current().read(async (tx) => await tx.get('k'));
    await expect(late).rejects.toMatchObject({ code: 'ERR_PERSISTER_NOT_OPEN' });
    await Promise.all([write, closing]);
    await current().close();
    await current().open();
    await expect(current().open()).rejects.toMatchObject({ code: 'ERR_PERSISTER_ALREADY_OPEN' });
  });
}

interface RandomTransaction {
  readonly mutations: readonly { op: 'put' | 'delete'; key: string; value: Uint8Array }[];
  readonly fails: boolean;
}

const randomKey = fc.oneof(
  fc.constantFrom('a', 'a/', 'a/b', 'a0', 'ab', 'b'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }).filter((key) => !key.includes('\0')),
);
const randomTransaction: fc.Arbitrary<RandomTransaction> = fc.record({
  mutations: fc.array(
    fc.record({ op: fc.constantFrom('put', 'put', 'delete'), key: randomKey, value: fc.uint8Array({ maxLength: 9 }) }),
    { maxLength: 8 },
  ),
  fails: fc.boolean(),
});

function runAgainstMap(create: () => Persister) {
  return async (transactions: readonly RandomTransaction[]): Promise<void> => {
    const persister = create();
    await persister.open();
    let expected = new Map<string, Uint8Array>();
    for (const { mutations, fails } of transactions) {
      const next = new Map(expected);
      for (const { op, key, value } of mutations) {
        if (op === 'put') next.set(key, value);
        else next.delete(key);
      }
      const write = persister.write(async (tx) => {
        await tx.mutate(mutations);
        if (fails) throw new Error('on purpose');
      });
      await (fails ? expect(write).rejects.toThrow('on purpose') : write);
      if (!fails) expected = next;
    }
    const sorted = [...expected].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const found = await persister.read(async (tx) => await tx.list('', { limit: 10_000 }));
    expect(found.entries.map(({ key, value }) => [key, value])).toEqual(sorted);
    const below = await persister.read(async (tx) => await tx.list('a/'));
    expect(below.entries.map(({ key }) => key)).toEqual(
      sorted.map(([key]) => key).filter((key) => key.startsWith('a/')),
    );
    await persister.close();
  };
}
