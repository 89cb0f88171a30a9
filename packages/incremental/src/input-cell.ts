import { Source } from './node.ts';

/** An input object, or the place where a query looked for one. */
export class InputCell<O, P> extends Source<O, P> {
  object: object | undefined = undefined;
  readonly key: string;
  readonly #home: Map<string, InputCell<O, P>>;

  constructor(home: Map<string, InputCell<O, P>>, key: string) {
    super();
    this.#home = home;
    this.key = key;
    home.set(key, this);
  }

  override get isNeeded(): boolean {
    return this.object !== undefined || this.readers !== undefined;
  }

  override discard(): void {
    this.#home.delete(this.key);
  }
}
